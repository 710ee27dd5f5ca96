"""Layers that join several layers or several inputs. Flux: `src/layers/basic.jl`.

A connection is a differentiable function of all it joins, such as `vcat` or `add`. Where a layer
takes several inputs they come as arguments, or as one tuple, which then gets one tuple of
gradients.
"""

from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from ..core.expect import as_float, fitting, is_size
from ..core.pullback import Gradient, differentiable, pullback
from ..functions.activations import Activation, as_activation, fast, identity
from ..initialise import glorot_uniform
from .containers import checked_layers, chosen_layers, listed
from .dense import make_bias
from .layer import Layer

__all__ = ["Bilinear", "Maxout", "PairwiseFusion", "Parallel", "SkipConnection", "add", "vcat"]


@differentiable
def vcat(*xs):
    """The arrays one after the other along the last axis, that of the features.

    Flux: `vcat`, which joins along the first.
    """
    xs = tuple(as_float("vcat", x) for x in xs)
    if any(x.ndim == 0 or x.shape[:-1] != xs[0].shape[:-1] for x in xs):
        raise ValueError(
            "vcat expects arrays that differ on the last axis only, got shapes "
            f"{', '.join(str(x.shape) for x in xs)}"
        )
    ends = np.cumsum([x.shape[-1] for x in xs[:-1]])
    return np.concatenate(xs, axis=-1), lambda dy: (None, *np.split(dy, ends, axis=-1))


@differentiable
def add(*xs):
    """The sum of arrays of one shape; nothing is broadcast. Flux: `+`."""
    xs = tuple(as_float("add", x) for x in xs)
    if any(x.shape != xs[0].shape for x in xs):
        raise ValueError(
            f"add expects arrays of one shape, got shapes {', '.join(str(x.shape) for x in xs)}"
        )
    return sum(xs[1:], start=xs[0]), lambda dy: (None, *(dy for _ in xs))


def sum_gradients(one, other):
    """The gradient of something used twice: sums of arrays, field by field; None counts as zero."""
    if one is None or other is None:
        return one if other is None else other
    if isinstance(one, Gradient):
        return Gradient(
            **{name: sum_gradients(part, getattr(other, name)) for name, part in vars(one).items()}
        )
    if isinstance(one, tuple):
        return tuple(map(sum_gradients, one, other))
    return one + other


def outside(f, *xs):
    """`f(*xs)` outside a gradient, in the form of a pullback."""
    return f(*xs), None


class Joint(Layer):
    """A layer around layers: `run(apply, *xs)` says what it does, `apply` whether inside a gradient
    or outside.
    """

    def run(self, apply, *xs):
        """The output and the backward pass, with `y, back = apply(layer, *xs)` for every part."""
        raise NotImplementedError

    def __call__(self, *xs):
        return self.run(outside, *xs)[0]

    def pullback(self, *xs):
        return self.run(pullback, *xs)


def _splat(xs):
    """The inputs, and how to hand back their gradients, whether they come as one tuple or each for
    itself.
    """
    if len(xs) == 1 and isinstance(xs[0], tuple):
        return xs[0], lambda dxs: (tuple(dxs),)
    return xs, tuple


def _shapes(xs) -> str:
    return " of shapes " + ", ".join(str(np.shape(x)) for x in xs)


def _alike(layers, gradients):
    """The gradients of several layers in the form in which these are kept."""
    return (
        Gradient(**dict(zip(layers, gradients, strict=True)))
        if isinstance(layers, dict)
        else tuple(gradients)
    )


class Indexed(Joint):
    """A joint layer whose layers are reached as those of a Chain: by number, name or slice."""

    layers: Any  # a tuple, or a dict by name

    def _with(self, *layers, **named):
        raise NotImplementedError

    def __getitem__(self, index):
        return chosen_layers(self.layers, index, self._with)

    def __len__(self):
        return len(self.layers)


@dataclass(eq=False, init=False, repr=False)
class Maxout(Indexed):
    """The largest, entry by entry, of what the layers make of x. `Maxout(*layers)`,
    `Maxout(make_layer, n)`. Flux: `Maxout`.

    At a tie the later layer gets the gradient. Goodfellow et al. 2013.
    """

    layers: Any  # a tuple

    def __init__(self, *layers):
        if len(layers) == 2 and is_size(layers[1]):
            layers = tuple(layers[0]() for _ in range(layers[1]))
        self.layers = checked_layers("Maxout", layers, {})

    def _with(self, *layers):
        return Maxout(*layers)

    def run(self, apply, x):
        ys, backs = zip(*(apply(layer, x) for layer in self.layers), strict=True)
        y, wins = ys[0], []
        for other in ys[1:]:
            wins.append(y > other)
            y = np.maximum(y, other)

        def maxout_back(dy):
            dys = []
            for win in reversed(wins):
                dys.append(np.where(win, 0, dy))
                dy = np.where(win, dy, 0)
            dlayers, dxs = zip(
                *(back(d) for back, d in zip(backs, [dy, *reversed(dys)], strict=True)), strict=True
            )
            return Gradient(layers=dlayers), sum(dxs[1:], start=dxs[0])

        return y, maxout_back


@dataclass(eq=False, repr=False)
class SkipConnection(Joint):
    """`connection(layers(x), x)`. Flux: `SkipConnection`."""

    layers: Any
    connection: Any

    def run(self, apply, x):
        z, layers_back = apply(self.layers, x)
        y, connection_back = apply(self.connection, z, x)

        def skip_back(dy):
            dconnection, dz, dx = connection_back(dy)
            dlayers, through = layers_back(dz)
            return Gradient(layers=dlayers, connection=dconnection), sum_gradients(through, dx)

        return y, skip_back


@dataclass(eq=False, init=False, repr=False)
class Parallel(Indexed):
    """`connection(f(x), g(x), ...)`, or with several inputs `connection(f(x1), g(x2), ...)`. Flux:
    `Parallel`.

    `Parallel(connection, *layers)` or `Parallel(connection, name=layer, ...)`; `parallel[i]` is a
    layer, `parallel[i:j]` a Parallel of some of them. One layer alone takes any number of inputs,
    one after the other. Raises ValueError where layers and inputs are
    several and not equally many.
    """

    connection: Any
    layers: tuple | dict[str, Any]

    def __init__(self, connection, *layers, **named):
        self.connection, self.layers = connection, checked_layers("Parallel", layers, named)
        if not self.layers:
            raise ValueError("Parallel expects at least one layer, got none")

    def _with(self, *layers, **named):
        return Parallel(self.connection, *layers, **named)

    def run(self, apply, *xs):
        xs, handed_back = _splat(xs)
        layers = listed(self.layers)
        count = max(len(layers), len(xs))
        if not xs or (len(xs) > 1 and 1 < len(layers) != len(xs)):
            raise ValueError(
                f"Parallel of {len(layers)} layers expects one input or {len(layers)}, got "
                f"{len(xs)}{_shapes(xs)}"
            )
        pairs = zip(layers * (count // len(layers)), xs * (count // len(xs)), strict=True)
        zs, backs = zip(*(apply(layer, x) for layer, x in pairs), strict=True)
        y, connection_back = apply(self.connection, *zs)

        def parallel_back(dy):
            dconnection, *dzs = connection_back(dy)
            dlayers, dxs = zip(
                *(back(dz) for back, dz in zip(backs, dzs, strict=True)), strict=True
            )
            gradient = Gradient(
                connection=dconnection, layers=_alike(self.layers, _fold(dlayers, len(layers)))
            )
            return gradient, *handed_back(_fold(dxs, len(xs)))

        return y, parallel_back


def _fold(gradients, count):
    """One gradient for each of `count` things that were used in turn."""
    folded = list(gradients[:count])
    for i, gradient in enumerate(gradients[count:]):
        folded[i % count] = sum_gradients(folded[i % count], gradient)
    return folded


@dataclass(eq=False, init=False, repr=False)
class PairwiseFusion(Indexed):
    """`y1 = f1(x1)`, then `y_i = f_i(connection(y_(i-1), x_i))`; the result is the tuple of all y.
    Flux: `PairwiseFusion`.

    `PairwiseFusion(connection, *layers)` or with names. A single input serves as every x_i: so does
    Flux's code, while its docstring draws the chain differently. Raises ValueError for another
    number of inputs than layers.
    """

    connection: Any
    layers: tuple | dict[str, Any]

    def __init__(self, connection, *layers, **named):
        self.connection, self.layers = connection, checked_layers("PairwiseFusion", layers, named)

    def _with(self, *layers, **named):
        return PairwiseFusion(self.connection, *layers, **named)

    def run(self, apply, *xs):
        layers = listed(self.layers)
        single = len(xs) == 1 and not isinstance(xs[0], tuple)
        xs, handed_back = (
            (xs * len(layers), lambda dxs: tuple(_fold(dxs, 1))) if single else _splat(xs)
        )
        if len(xs) != len(layers):
            raise ValueError(
                f"PairwiseFusion of {len(layers)} layers expects one input or {len(layers)}, got "
                f"{len(xs)}{_shapes(xs)}"
            )
        ys: list = []
        steps = []
        for layer, x in zip(layers, xs, strict=True):
            u, connection_back = apply(self.connection, ys[-1], x) if ys else (x, None)
            y, layer_back = apply(layer, u)
            ys.append(y)
            steps.append((layer_back, connection_back))

        def fusion_back(dys):
            dconnection, dlayers, dxs, onward = None, [], [], None
            for (layer_back, connection_back), dy in zip(
                reversed(steps), reversed(dys), strict=True
            ):
                dlayer, dx = layer_back(sum_gradients(dy, onward))
                if connection_back is not None:
                    dused, onward, dx = connection_back(dx)
                    dconnection = sum_gradients(dconnection, dused)
                dlayers.append(dlayer)
                dxs.append(dx)
            gradient = Gradient(connection=dconnection, layers=_alike(self.layers, dlayers[::-1]))
            return gradient, *handed_back(dxs[::-1])

        return tuple(ys), fusion_back


@dataclass(eq=False, init=False, repr=False)
class Bilinear(Layer):
    """`z[o] = act(sum over i, j of x[i] * y[j] * weight[j, i, o] + bias[o])`. Flux: `Bilinear`.

    `Bilinear((n_x, n_y), n_out, act=identity, *, bias=True, init=glorot_uniform, rng=None)` draws
    the weight, an integer for both sizes; `Bilinear(weight, bias=True, act=identity)` takes it. One
    input stands for both.
    """

    weight: np.ndarray  # (n_y, n_x, n_out)
    bias: np.ndarray | None  # (n_out,)
    act: Activation

    @overload
    def __init__(self, weight: np.ndarray, bias: bool | np.ndarray = True, act=identity): ...

    @overload
    def __init__(
        self,
        sizes: int | tuple[int, int],
        n_out,
        act=identity,
        *,
        bias: bool | np.ndarray = True,
        init=glorot_uniform,
        rng=None,
    ): ...

    def __init__(self, first, *arguments, **options):
        rule = _given if isinstance(first, np.ndarray) else _drawn
        form = (
            "Bilinear((n_x, n_y), n_out, act=identity) or Bilinear(weight, bias=True, act=identity)"
        )
        weight, bias, act = fitting("Bilinear", form, rule, (first, *arguments), options)
        self.act = as_activation("Bilinear", act)
        self.weight = as_float("Bilinear", weight)
        if self.weight.ndim != 3:
            raise ValueError(
                f"Bilinear expects a weight of shape (n_y, n_x, n_out), got {self.weight.shape}"
            )
        self.bias = make_bias("Bilinear", bias, self.weight.shape[2], self.weight)

    def pullback(self, *xs):  # x: (batch, n_x), y: (batch, n_y), both or one; or without a batch
        given, handed_back = _splat(xs)
        x, y = (as_float("Bilinear", part) for part in (given if len(given) == 2 else given * 2))
        n_y, n_x, n_out = self.weight.shape
        if (
            x.ndim not in (1, 2)
            or x.shape[:-1] != y.shape[:-1]
            or (x.shape[-1], y.shape[-1]) != (n_x, n_y)
        ):
            shapes = f"x of shape {x.shape} and y of shape {y.shape}"
            raise ValueError(
                f"Bilinear(({n_x}, {n_y}) => {n_out}) expects (batch, {n_x}) and (batch, {n_y}), "
                f"got {shapes}"
            )
        rows, columns = x.reshape(-1, n_x), y.reshape(-1, n_y)
        flat = self.weight.reshape(n_y, n_x * n_out)
        folded = (columns @ flat).reshape(-1, n_x, n_out)  # the weight, summed with y
        z = (rows[:, None, :] @ folded)[:, 0, :]
        if self.bias is not None:
            z = z + self.bias
        out, act_back = fast(self.act).pullback(z.reshape(*x.shape[:-1], n_out))

        def bilinear_back(dout):
            dz = act_back(dout)[1].reshape(-1, n_out)
            outer = (rows[:, :, None] * dz[:, None, :]).reshape(-1, n_x * n_out)
            dx = (folded @ dz[:, :, None])[:, :, 0].reshape(x.shape)
            dy = (outer @ flat.T).reshape(y.shape)
            dweight = (
                (columns.T @ outer).reshape(self.weight.shape).astype(self.weight.dtype, copy=False)
            )
            dbias = None if self.bias is None else dz.sum(0).astype(self.bias.dtype, copy=False)
            dxs = handed_back((dx, dy)) if len(given) == 2 else (dx + dy,)
            return Gradient(weight=dweight, bias=dbias, act=None), *dxs

        return out, bilinear_back


def _drawn(sizes, n_out, act=identity, *, bias=True, init=glorot_uniform, rng=None):
    n_x, n_y = (sizes, sizes) if is_size(sizes) else sizes
    return init((n_y, n_x, n_out), rng=rng), bias, act


def _given(weight, bias=True, act=identity):
    return weight, bias, act
