"""Reads a folder of real Flux outcomes (`index.json` and one .npz per group) as cases and outcomes
of this project.

What a case evaluated is written in the folder as a Julia expression, such as `p -> Chain(Dense(p.w,
p.b, tanh), LayerNorm(5; eps=1f-3))`. The expression is read in three steps. `as_python` rewrites it
to Python's syntax, `Reader` walks the syntax tree, and `BUILDERS` says for every name of Flux's
which twin stands for it: a builder has the signature of Flux's constructor or function, takes
Julia's numbers (axes counted from 1, sizes with the width first) and makes the twin. So a layer
inside of a `Chain` is read as one that stands alone.

Nothing is dropped in silence. A name, an argument or a keyword that no builder has raises
`Untranslatable`, which the test reports as it is. `config`, the folder's other account of the same
case, is held against what the builders were given: every key of it must be an option that was read
from the expression, with the value that was read there.

What this file does not do: judge. It hands out cases, twins and Flux's outcomes; the test compares.
"""

import ast
import inspect
import json
import keyword
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, make_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import pyimpl
from pyimpl import ACTIVATIONS, Gradient, differentiable
from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.case.twin import jitter
from pyimpl.parity.catalogue.activations import SLACK

FIELDS = {
    "β": "shift",
    "γ": "scale",
    "μ": "mean",
    "σ²": "var",
    "λ": "act",
    "σ": "act",
    "ϵ": "eps",
    "Wh_h̃": "Wh_candidate",
}


class Untranslatable(Exception):
    """Something of an entry has no translation here.

    Not an error of the twin's: `evaluate` lets it through to the test.
    """


@dataclass(frozen=True)
class Entry:
    """One case of the folder: the twin that answers for it, its inputs, and what Flux made of
    them.
    """

    label: str
    row: str
    case: Case
    build: Callable[[Case], Any]
    flux: Outcome
    version: str  # of Flux
    names: frozenset[
        str
    ]  # every name in the expression: rows that the case is made of, among others


# Conversions, each in one place.


def reverse(sizes):
    """Sizes of the spatial axes, in Julia width first, in our order; one number stands for all
    axes.
    """
    return tuple(sizes[::-1]) if isinstance(sizes, tuple | list) else sizes


def reverse_pad(pad, rank: int):
    """A padding in our order: a number, one for every spatial axis, or low and high of each.

    `SamePad()` is the same in both.
    """
    if not isinstance(pad, tuple | list) or len(pad) != 2 * rank:
        return reverse(pad)
    pairs = [pad[i : i + 2] for i in range(0, len(pad), 2)]
    return tuple(size for pair in reversed(pairs) for size in pair)


def axes(dims):
    """Dimensions of a Julia array, counted from 1, as axes of the reversed array; `:`, all of them,
    is None.
    """
    if dims == COLON:
        return None
    return tuple(-d for d in dims) if isinstance(dims, tuple | list) else -dims


def number(value):
    """A number that takes on the type of the array it meets; Float32 literals keep their value."""
    return (
        float(value)
        if isinstance(value, float | np.floating)
        else tuple(map(number, value))
        if isinstance(value, tuple)
        else value
    )


def zero_based(indices):
    """Indices written in an expression. (Those among the inputs are made 0-based when the folder is
    read.)
    """
    return np.asarray(indices) - 1 if isinstance(indices, list | tuple) else indices


def as_layer(value):
    """Whatever can be called in Julia as something with a `pullback`: a function or a lambda
    becomes one.
    """
    if hasattr(value, "pullback"):
        return value
    if callable(value):
        return closure(value)
    raise Untranslatable(f"cannot be translated: {value!r} where a layer or a function is expected")


# Differentiable functions from expressions such as `(q, k) -> softmax(q; dims=2)`: a tape of what
# was applied.


@dataclass(eq=False)
class Traced:
    """A value inside of a lambda that is differentiated; `back(dy)` gives the gradients of all it
    depends on.

    These are keyed by the number of an input, or by the `id` of a layer that the lambda uses.
    """

    value: Any
    back: Callable[[Any], dict]

    def __getitem__(self, i):
        def item_back(dy):
            return self.back(
                tuple(dy if place == i else zeros(part) for place, part in enumerate(self.value))
            )

        return Traced(self.value[i], item_back)


def zeros(value):
    """What an output that nothing depends on has for a cotangent."""
    return tuple(map(zeros, value)) if isinstance(value, tuple | list) else np.zeros_like(value)


def value_of(thing):
    """The plain value, of tuples and lists that of every part."""
    if isinstance(thing, Traced):
        return thing.value
    return type(thing)(map(value_of, thing)) if isinstance(thing, tuple | list) else thing


def is_twin(thing) -> bool:
    """Whether it is a layer or a rule."""
    return is_dataclass(thing) and not isinstance(thing, Traced)


def is_number(thing) -> bool:
    """Whether it is a number written in the expression."""
    return isinstance(thing, int | float | np.floating)


def is_traced(thing) -> bool:
    """Whether something of it is differentiated."""
    return isinstance(thing, Traced) or (
        isinstance(thing, tuple | list) and any(map(is_traced, thing))
    )


def add_gradients(one, other):
    """The gradient of what is used twice."""
    if one is None or other is None:
        return one if other is None else other
    if isinstance(one, Gradient):
        return Gradient(
            **{name: add_gradients(part, getattr(other, name)) for name, part in vars(one).items()}
        )
    return tuple(map(add_gradients, one, other)) if isinstance(one, tuple) else one + other


def gather(thing, dy) -> dict:
    """The gradients of all that `thing` depends on, for a cotangent of the same form."""
    if isinstance(thing, Traced):
        return {} if dy is None else thing.back(dy)
    found: dict = {}
    if isinstance(thing, tuple | list) and dy is not None:
        for part, dpart in zip(thing, dy, strict=True):
            for key, gradient in gather(part, dpart).items():
                found[key] = add_gradients(found.get(key), gradient)
    return found


def apply(function, *xs, **options):
    """`function(*xs)`, recorded where one of xs is differentiated; elsewhere it is a call outside
    of any gradient.
    """
    if not is_traced(xs):
        return function(*xs, **options)
    y, back = function.pullback(
        *map(value_of, xs), **{name: value_of(option) for name, option in options.items()}
    )

    def apply_back(dy):
        own, *dxs = back(dy)
        found = gather(xs[: len(dxs)], tuple(dxs))  # what comes after them is no array
        if own is not None:
            found[id(function)] = add_gradients(found.get(id(function)), own)
        return found

    return Traced(y, apply_back)


def call(function, *xs):
    """`function(*xs)`, of a twin or of a function over `apply`."""
    return apply(function, *xs) if hasattr(function, "pullback") else function(*xs)


def closure(function, captured: dict[str, Any] | None = None):
    """A Python function over `apply` as a layer; what it captures are the layer's fields, as they
    are of a closure in Julia.
    """
    captured = captured or {}
    if getattr(function, "uses_traced", False):
        raise Untranslatable(
            "cannot be translated: a function that uses what is differentiated, handed to "
            "another one"
        )

    def pullback(self, *xs):
        y = function(*(Traced(x, lambda dx, i=i: {i: dx}) for i, x in enumerate(xs)))

        def closure_back(dy):
            found = gather(y, dy)
            own = (
                Gradient(**{name: found.get(id(part)) for name, part in captured.items()})
                if captured
                else None
            )
            return own, *(found.get(i) for i in range(len(xs)))

        return value_of(y), closure_back

    body = {"pullback": pullback, "__call__": lambda self, *xs: function(*xs)}
    return make_dataclass(
        spelled(function) or "Closure", list(captured), namespace=body, eq=False, repr=False
    )(**captured)


# Builders. Names, order and defaults of the arguments are Flux's. A default that is not Flux's is
# `...`: the twin's own applies, which is Flux's of the version that is in force.


def given(**options):
    """The options that are not left to the twin."""
    return {name: value for name, value in options.items() if value is not ...}


def dense(weight: np.ndarray, bias=True, act=pyimpl.identity):
    return pyimpl.Dense(weight, bias, as_layer(act))


def scale(scale: np.ndarray, bias=True, act=pyimpl.identity):
    bias = np.zeros_like(scale) if bias is True else None if bias is False else bias
    return pyimpl.Scale(scale, bias, as_layer(act))


def scale_of_ones(*size_act, bias=True):
    act = pyimpl.identity if isinstance(size_act[-1], int) else size_act[-1]
    size = tuple(part for part in size_act if isinstance(part, int))
    return scale(np.ones(reverse(size), np.float32), bias, act)


def bilinear(weight: np.ndarray, bias=True, act=pyimpl.identity):
    return pyimpl.Bilinear(weight, bias, as_layer(act))


def embedding(weight: np.ndarray):
    return pyimpl.Embedding(weight)


def embedding_bag(weight: np.ndarray, reduction=None):
    return pyimpl.EmbeddingBag(weight, "mean" if reduction is None else spelled(reduction))


def convolution(kind):
    def build(
        weight: np.ndarray, bias=True, act=pyimpl.identity, *, stride=1, pad=0, dilation=1, **more
    ):
        rank = weight.ndim - 2
        more = {name: reverse(value) for name, value in more.items()}
        sizes = dict(stride=reverse(stride), pad=reverse_pad(pad, rank), dilation=reverse(dilation))
        return kind(weight, bias, as_layer(act), **sizes, **more)

    own = {pyimpl.Conv: {"groups": 1}, pyimpl.ConvTranspose: {"outpad": 0, "groups": 1}}.get(
        kind, {}
    )
    return with_keywords(build, own)


def calc_padding(layer, pad, k, dilation, stride):
    """What Flux makes of a padding: of `SamePad()` low and high of every axis, of an odd number of
    cells the larger half low.
    """
    if not isinstance(pad, pyimpl.SamePad):
        return pad
    dilation, stride = (
        (size,) * len(k) if isinstance(size, int) else size for size in (dilation, stride)
    )
    shrink = stride if spelled(layer) == "ConvTranspose" else (1,) * len(k)
    totals = [(size - s) * d for size, s, d in zip(k, shrink, dilation, strict=True)]
    return tuple(half for total in totals for half in (-(-total // 2), total // 2))


def pool(kind):
    def build(k: tuple, *, pad=0, stride=...):
        return kind(reverse(k), pad=reverse_pad(pad, len(k)), **given(stride=reverse(stride)))

    return build


def adaptive_pool(kind):
    return lambda out: kind(reverse(out))


def global_pool(kind):
    return lambda: kind()


def upsample(mode: str = "nearest", *, scale=None, size=None):
    return pyimpl.Upsample(mode, scale=reverse(scale), size=reverse(size))


def upsample_by(scale, mode: str = "nearest"):
    return pyimpl.Upsample(mode, scale=reverse(scale))


def pixel_shuffle(r):
    return pyimpl.PixelShuffle(r)


def batch_norm(
    chs: int,
    act=pyimpl.identity,
    *,
    affine=True,
    track_stats=True,
    active=None,
    eps=...,
    momentum=...,
):
    options = given(eps=eps, momentum=number(momentum))
    return pyimpl.BatchNorm(
        chs, as_layer(act), affine=affine, track_stats=track_stats, active=active, **options
    )


def instance_norm(
    chs: int,
    act=pyimpl.identity,
    *,
    affine=False,
    track_stats=False,
    active=None,
    eps=...,
    momentum=...,
):
    options = given(eps=eps, momentum=number(momentum))
    return pyimpl.InstanceNorm(
        chs, as_layer(act), affine=affine, track_stats=track_stats, active=active, **options
    )


def group_norm(
    chs: int, groups: int, act=pyimpl.identity, *, affine=True, active=None, eps=..., momentum=...
):
    return pyimpl.GroupNorm(
        chs, groups, as_layer(act), affine=affine, **given(eps=eps)
    )  # active and momentum: Flux has no use for them


def from_fields(build):
    """The constructor that takes the fields of Flux's BatchNorm or InstanceNorm one by one."""

    def build_from_fields(
        act, beta, gamma, mu, var, eps, momentum, affine, track_stats, active, chs
    ):
        layer = build(
            chs,
            act,
            affine=affine,
            track_stats=track_stats,
            active=active,
            eps=eps,
            momentum=momentum,
        )
        layer.shift, layer.scale, layer.mean, layer.var = beta, gamma, mu, var
        return layer

    return build_from_fields


def group_norm_from_fields(
    groups, act, beta, gamma, mu, var, eps, momentum, affine, track_stats, active, chs
):
    layer = group_norm(chs, groups, act, affine=affine, active=active, eps=eps, momentum=momentum)
    layer.shift, layer.scale = beta, gamma
    return layer


def layer_norm(size: tuple, act=pyimpl.identity, *, affine=True, eps=...):
    return pyimpl.LayerNorm(reverse(size), as_layer(act), affine=affine, **given(eps=eps))


def layer_norm_of_numbers(*size_act, affine=True, eps=...):
    act = pyimpl.identity if isinstance(size_act[-1], int) else size_act[-1]
    return layer_norm(
        tuple(part for part in size_act if isinstance(part, int)), act, affine=affine, eps=eps
    )


def layer_norm_from_fields(act, diag, eps, size, affine):
    layer = layer_norm(size, act, affine=affine, eps=eps)
    layer.diag = diag if affine else None
    return layer


def weight_norm(layer, which="weight", *, dims=-1):
    rank = getattr(layer, FIELDS.get(which, which)).ndim
    dims = 0 if dims == -1 else tuple(range(rank)) if dims == COLON else axes(dims)
    return pyimpl.WeightNorm(layer, FIELDS.get(which, which), dims=dims)


def dropout(p, *, dims=":", active=None):
    return pyimpl.Dropout(
        number(p), active=active
    )  # dims shape the mask: what depends on it is random, and in no folder


def dropout_from_fields(p, dims, active, rng):
    return dropout(p, active=active)


def alpha_dropout(p, *, active=None):
    return pyimpl.AlphaDropout(number(p), active=active)


def joint(kind):
    """Chain, Parallel, PairwiseFusion: layers with or without names, after a connection or none."""

    def build(*layers, **named):
        if len(layers) > len(front) and isinstance(
            layers[-1], dict | list | tuple
        ):  # Chain([a, b]), Chain((a = a, b = b))
            *layers, last = layers
            layers, named = (layers, last) if isinstance(last, dict) else ([*layers, *last], {})
        return kind(
            *map(as_layer, layers), **{name: as_layer(layer) for name, layer in named.items()}
        )

    front = () if kind is pyimpl.Chain else ("connection",)
    if not front:
        return build

    def build_connected(connection, *layers, **layers_by_name):
        return build(connection, *layers, **layers_by_name)

    return build_connected


def maxout(*layers):
    return pyimpl.Maxout(*map(as_layer, layers[0] if isinstance(layers[0], tuple) else layers))


def skip_connection(layers, connection):
    return pyimpl.SkipConnection(as_layer(layers), as_layer(connection))


def cell(kind):
    """From arrays; `state0` is what the cells of Flux before 0.15 have."""

    def build(Wi: np.ndarray, Wh: np.ndarray, bias, *more, act=...):
        made = kind(Wi.shape[0], Wh.shape[0], **given(act=act))
        made.Wi, made.Wh = Wi, Wh
        setattr(made, made.bias_field, None if bias is False else bias)
        extra = [name for name in ("Wh_candidate", "state0") if hasattr(made, name)]
        if len(more) != len(extra):
            raise Untranslatable(f"cannot be translated: {kind.__name__} of {3 + len(more)} arrays")
        for name, value in zip(extra, more, strict=True):
            setattr(made, name, value)
        return made

    if kind is not pyimpl.RNNCell:
        return build
    return lambda act, Wi, Wh, bias, *more: build(Wi, Wh, bias, *more, act=as_layer(act))


def recurrence(kind):
    def build(cell, *, return_state=False):
        return kind(cell, return_state=return_state)

    return build


def attention(nheads, q_proj, k_proj, v_proj, attn_drop, out_proj):
    layer = pyimpl.MultiHeadAttention(q_proj.weight.shape[1], nheads=nheads)
    layer.q_proj, layer.k_proj, layer.v_proj, layer.attn_drop, layer.out_proj = (
        q_proj,
        k_proj,
        v_proj,
        attn_drop,
        out_proj,
    )
    return layer


def attend(q, k, v, bias=None, *, fdrop=pyimpl.identity, mask=None, nheads=1):
    if fdrop is not pyimpl.identity:
        raise Untranslatable("cannot be translated: option fdrop of dot_product_attention")
    return apply(
        pyimpl.dot_product_attention,
        q,
        k,
        v,
        *(() if bias is None else (bias,)),
        nheads=nheads,
        mask=mask,
    )


def causal_mask(x, *, dims=2):
    return pyimpl.make_causal_mask(value_of(x), dims=axes(dims))


def along(function, default):
    """softmax and its kin."""
    return with_keywords(
        lambda x, **options: apply(function, x, dims=axes(options.get("dims", default))),
        {"dims": default},
    )


def normalise(x, *, dims=..., eps=...):
    return apply(pyimpl.normalise, x, **given(dims=dims if dims is ... else axes(dims), eps=eps))


def glu(x, dim=1):
    return apply(pyimpl.glu, x, dims=axes(dim))


def pad_by(function, axes_of_a_number: Callable[[int], int]):
    """The pad functions.

    `dims` says which dimensions the padding speaks of, in the same order; without it, the first
    ones.
    """

    def build(x, pad, *value, dims=None):
        rank = np.ndim(value_of(x))
        if dims is None or dims == COLON:
            all_of_them = axes_of_a_number(rank)
            dims = range(
                1,
                1
                + (
                    all_of_them
                    if isinstance(pad, int) or len(pad) in (all_of_them, 2 * all_of_them)
                    else len(pad) // 2
                ),
            )
        dims = (dims,) if isinstance(dims, int) else tuple(dims)
        return apply(function, x, pad, *map(number, value), dims=axes(dims))

    return build


def constant_padding(x, pad, val=0, *, dims=None):
    return pad_by(pyimpl.pad_constant, lambda rank: rank)(x, pad, val, dims=dims)


def padding(function, axes_of_a_number=lambda rank: rank - 2):
    return lambda x, pad, *, dims=None: pad_by(function, axes_of_a_number)(x, pad, dims=dims)


def conv_function(x, w, *, stride=1, pad=0, dilation=1, flipped=False, groups=1):
    sizes = dict(
        stride=reverse(stride),
        pad=reverse_pad(pad, np.ndim(value_of(x)) - 2),
        dilation=reverse(dilation),
    )
    return apply(pyimpl.conv, x, w, **sizes, flipped=flipped, groups=groups)


def pool_function(function):
    def build(x, k: tuple, *, pad=0, stride=...):
        return apply(
            function, x, reverse(k), pad=reverse_pad(pad, len(k)), **given(stride=reverse(stride))
        )

    return build


def upsample_function(function):
    def build(x, scale=None, *, size=None):
        return apply(
            function, x, **({"scale": reverse(scale)} if size is None else {"size": reverse(size)})
        )

    return build


def plain(function):
    """A function of arrays alone."""
    return lambda *xs: apply(function, *xs)


def stacked(xs, *, dims):
    return apply(pyimpl.stack, xs, dims=axes(dims))


def unstacked(x, *, dims):
    return apply(pyimpl.unstack, x, dims=axes(dims))


def unsqueezed(x, *, dims):
    return apply(pyimpl.unsqueeze, x, dims=axes(dims))


def chunked(x, n=None, *, size=None, dims=...):
    return apply(pyimpl.chunk, x, n, size=size, **given(dims=dims if dims is ... else axes(dims)))


def reduced(function):
    """`sum` and `mean`, which keep the dimensions they run over."""

    def rule(x, dims=None):
        over = tuple(range(x.ndim)) if dims is None else dims
        y = function(x, axis=over, keepdims=dims is not None)
        share = y.dtype.type(1 if function is np.sum else y.size / x.size)
        shape = np.sum(x, axis=over, keepdims=True).shape
        return y, lambda dy: (None, np.broadcast_to(np.reshape(dy, shape) * share, x.shape))

    return lambda x, *, dims=":": apply(differentiable(rule), x, dims=axes(dims))


def entrywise(operation, back):
    """An operation on two arrays or numbers, which are broadcast; `back(a, b, dy)` gives both
    gradients.
    """

    def unbroadcast(gradient, x):
        gradient = np.sum(gradient, tuple(range(np.ndim(gradient) - np.ndim(x))))
        return np.sum(
            gradient, tuple(axis for axis, n in enumerate(np.shape(x)) if n == 1), keepdims=True
        ).reshape(np.shape(x))

    def rule(a, b):
        return operation(a, b), lambda dy: (
            None,
            *(unbroadcast(d + 0 * dy, x) for d, x in zip(back(a, b, dy), (a, b), strict=True)),
        )

    return differentiable(rule)


ARITHMETIC = {  # by the sign that `as_python` writes
    ast.Add: entrywise(np.add, lambda a, b, dy: (dy, dy)),
    ast.Sub: entrywise(np.subtract, lambda a, b, dy: (dy, -dy)),
    ast.Mod: entrywise(np.multiply, lambda a, b, dy: (dy * b, dy * a)),
    ast.FloorDiv: entrywise(np.true_divide, lambda a, b, dy: (dy / b, -dy * a / (b * b))),
}


def largest(x, *, dims):
    """`maximum`, the reduction of an EmbeddingBag; it is not called."""
    raise Untranslatable("cannot be translated: a call of maximum")


AGGREGATIONS = ("mean", "sum", "identity")  # what the twin knows by name


def aggregation(agg):
    """`agg` of a loss: a name, or a function."""
    name = agg if isinstance(agg, str) else spelled(agg)
    return name if name in AGGREGATIONS else as_layer(agg)


LOSS_OPTIONS: dict[str, Callable] = {"agg": aggregation, "dims": axes}  # all others are numbers


def loss(function, **defaults):
    """A loss with the keywords `defaults`."""

    def build(prediction, target, **options):
        options = given(**defaults | options)
        agg = options.get("agg", "mean")
        # A function of the user's is called here, for it may use other inputs: `agg = x -> mean(w
        # .* x)`. kldivergence calls it twice.
        called_here = (
            callable(agg)
            and spelled(agg) not in AGGREGATIONS
            and function is not pyimpl.kldivergence
        )
        if called_here:
            options["agg"] = "identity"
        y = apply(
            function,
            prediction,
            target,
            **{name: LOSS_OPTIONS.get(name, number)(value) for name, value in options.items()},
        )
        return call(agg, y) if called_here else y

    return with_keywords(build, defaults)


def with_keywords(build, names: dict[str, Any]):
    """`build` with the keywords `names` and their defaults in place of its `**`."""
    parameters = list(inspect.signature(build).parameters.values())[:-1]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in names.items()
    ]
    build.__signature__ = inspect.Signature(parameters)
    return build


def label_smoothing(y, alpha, *, dims=1):
    return apply(pyimpl.label_smoothing, y, alpha=alpha, dims=None if dims == 0 else axes(dims))


def ctc_loss(prediction, target):
    return apply(pyimpl.ctc_loss, prediction, zero_based(target))


RULE_NAMES = {"eps": "epsilon", "lam": "lambda_"}  # `lambda` cannot be a name in Python
ONLY_BY_NAME = ("centred", "couple", "throw")  # the flags of Optimisers' rules


def rule(kind):
    """A rule of Optimisers.jl: its settings have the same order there."""
    ours = {RULE_NAMES.get(field.name, field.name): field.name for field in fields(kind)}

    def build(*settings, **named):
        settings = dict(zip(ours, settings, strict=False)) | named
        return kind(**{ours[name]: number(value) for name, value in given(**settings).items()})

    by_name, by_place = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter(name, by_name if name in ONLY_BY_NAME else by_place, default=...)
        for name in ours
    ]
    build.__signature__ = inspect.Signature(parameters)
    return build


def optimiser_chain(*rules):
    return pyimpl.OptimiserChain(*rules)


def mixed_precision(*precision_rule):
    return pyimpl.MixedPrecision(*precision_rule)


def filled(value):
    """`zeros` and `ones`."""

    def build(*sizes):
        dtype, sizes = (np.float64, sizes) if isinstance(sizes[0], int) else (sizes[0], sizes[1:])
        return np.full(reverse(sizes), value, dtype)

    return build


def element_type(x):
    return value_of(x).dtype.type


def size_along(x, d):
    return np.shape(value_of(x))[-d]


def type_of(x):
    """Part of Julia's way to write a type parameter, as in `RNN{false, typeof(cell)}(cell)`; it
    says nothing new.
    """


def fixed_second(function, value):
    """`Base.Fix2`: a function of its first argument."""
    return lambda x: call(function, x, value)


def precision(convert):
    return lambda model: convert(model)


def same_pad():
    return pyimpl.SamePad()


COLON = ":"
RULES = (
    "Descent Momentum Nesterov RMSProp Rprop Adam RAdam AdaMax OAdam AdaGrad AdaDelta AMSGrad "
    "NAdam AdamW AdaBelief Lion "
    "WeightDecay SignDecay ClipGrad ClipNorm AccumGrad"
)
WITH_AGG = "mse mae poisson_loss hinge_loss squared_hinge_loss logitbinarycrossentropy"

# Everything that can be called. Of several builders the first is taken whose arguments fit.
BUILDERS: dict[str, tuple[Callable, ...]] = {
    "Dense": (dense,),
    "Scale": (scale, scale_of_ones),
    "Bilinear": (bilinear,),
    "Embedding": (embedding,),
    "EmbeddingBag": (embedding_bag,),
    "Chain": (joint(pyimpl.Chain),),
    "Parallel": (joint(pyimpl.Parallel),),
    "PairwiseFusion": (joint(pyimpl.PairwiseFusion),),
    "Maxout": (maxout,),
    "SkipConnection": (skip_connection,),
    "Conv": (convolution(pyimpl.Conv),),
    "CrossCor": (convolution(pyimpl.CrossCor),),
    "ConvTranspose": (convolution(pyimpl.ConvTranspose),),
    "DepthwiseConv": (convolution(pyimpl.DepthwiseConv),),
    "SamePad": (same_pad,),
    "calc_padding": (calc_padding,),
    "MaxPool": (pool(pyimpl.MaxPool),),
    "MeanPool": (pool(pyimpl.MeanPool),),
    "GlobalMaxPool": (global_pool(pyimpl.GlobalMaxPool),),
    "GlobalMeanPool": (global_pool(pyimpl.GlobalMeanPool),),
    "AdaptiveMaxPool": (adaptive_pool(pyimpl.AdaptiveMaxPool),),
    "AdaptiveMeanPool": (adaptive_pool(pyimpl.AdaptiveMeanPool),),
    "Upsample": (upsample, upsample_by),
    "PixelShuffle": (pixel_shuffle,),
    "BatchNorm": (batch_norm, from_fields(batch_norm)),
    "InstanceNorm": (instance_norm, from_fields(instance_norm)),
    "GroupNorm": (group_norm, group_norm_from_fields),
    "LayerNorm": (layer_norm, layer_norm_from_fields, layer_norm_of_numbers),
    "WeightNorm": (weight_norm,),
    "Dropout": (dropout, dropout_from_fields),
    "AlphaDropout": (alpha_dropout,),
    **{
        f"{name}Cell": (cell(getattr(pyimpl, f"{name}Cell")),)
        for name in ("RNN", "LSTM", "GRU", "GRUv3")
    },
    **{
        name: (recurrence(getattr(pyimpl, name)),)
        for name in ("RNN", "LSTM", "GRU", "GRUv3", "Recurrence")
    },
    "T14": (
        recurrence(pyimpl.Recurrence),
    ),  # of the prelude of flux-0.14.25: a cell over a sequence
    "MultiHeadAttention": (attention,),
    "dot_product_attention": (attend,),
    "make_causal_mask": (causal_mask,),
    "softmax": (along(pyimpl.softmax, 1),),
    "logsoftmax": (along(pyimpl.logsoftmax, 1),),
    "logsumexp": (along(pyimpl.logsumexp, COLON),),
    "glu": (glu,),
    "normalise": (normalise,),
    "flatten": (plain(pyimpl.flatten),),
    "pad_constant": (constant_padding,),
    "pad_zeros": (padding(pyimpl.pad_zeros, lambda rank: rank),),
    **{
        name: (padding(getattr(pyimpl, name)),)
        for name in ("pad_repeat", "pad_reflect", "pad_symmetric", "pad_circular")
    },
    "conv": (conv_function,),
    "maxpool": (pool_function(pyimpl.maxpool),),
    "meanpool": (pool_function(pyimpl.meanpool),),
    "pixel_shuffle": (lambda x, r: apply(pyimpl.pixel_shuffle, x, r=r),),
    **{
        f"upsample_{mode}": (upsample_function(getattr(pyimpl, f"upsample_{mode}")),)
        for mode in "nearest linear bilinear trilinear".split()
    },
    "batched_mul": (plain(pyimpl.batched_mul),),
    "batched_vec": (plain(pyimpl.batched_vec),),
    "stack": (stacked,),
    "unstack": (unstacked,),
    "batch": (plain(pyimpl.batch),),
    "unbatch": (plain(pyimpl.unbatch),),
    "unsqueeze": (unsqueezed,),
    "chunk": (chunked,),
    "sum": (reduced(np.sum),),
    "mean": (reduced(np.mean),),
    "maximum": (largest,),
    **{name: (loss(getattr(pyimpl, name), agg="mean"),) for name in WITH_AGG.split()},
    "huber_loss": (loss(pyimpl.huber_loss, agg="mean", delta=1),),
    "msle": (loss(pyimpl.msle, agg="mean", eps=...),),
    "crossentropy": (loss(pyimpl.crossentropy, dims=1, agg="mean", eps=...),),
    "logitcrossentropy": (loss(pyimpl.logitcrossentropy, dims=1, agg="mean"),),
    "binarycrossentropy": (loss(pyimpl.binarycrossentropy, agg="mean", eps=...),),
    "kldivergence": (loss(pyimpl.kldivergence, dims=1, agg="mean", eps=...),),
    "focal_loss": (loss(pyimpl.focal_loss, dims=1, agg="mean", gamma=2, eps=...),),
    "binary_focal_loss": (loss(pyimpl.binary_focal_loss, agg="mean", gamma=2, eps=...),),
    "dice_coeff_loss": (loss(pyimpl.dice_coeff_loss, smooth=1),),
    "tversky_loss": (loss(pyimpl.tversky_loss, beta=0.7),),
    "siamese_contrastive_loss": (loss(pyimpl.siamese_contrastive_loss, agg="mean", margin=1),),
    "label_smoothing": (label_smoothing,),
    "ctc_loss": (ctc_loss,),
    **{name: (rule(getattr(pyimpl, name)),) for name in RULES.split()},
    "OptimiserChain": (optimiser_chain,),
    "MixedPrecision": (mixed_precision,),
    "zeros": (filled(0),),
    "ones": (filled(1),),
    "eltype": (element_type,),
    "size": (size_along,),
    "typeof": (type_of,),
    "Fix2": (fixed_second,),
    **{name: (precision(getattr(pyimpl, name)),) for name in ("f16", "f32", "f64")},
}

# Names that stand for a value.
VALUES: dict[str, Any] = {
    **ACTIVATIONS,
    **{
        "σ": pyimpl.sigmoid,
        "hardσ": pyimpl.hardsigmoid,
        "logσ": pyimpl.logsigmoid,
        "silu": pyimpl.swish,
        "thresholdrelu": pyimpl.trelu,
    },
    **{"+": pyimpl.add, "vcat": pyimpl.vcat},
    **{
        "true": True,
        "false": False,
        "nothing": None,
        "Inf": np.inf,
        "Inf32": np.float32(np.inf),
        "pi": np.pi,
        "π": np.pi,
    },
    **{"Float16": np.float16, "Float32": np.float32, "Float64": np.float64},
}
MODULES = ("Flux", "NNlib", "Optimisers", "MLUtils", "Losses", "Base", "Statistics")
TYPE_PARAMETERS = dict.fromkeys(
    ("RNN", "LSTM", "GRU", "GRUv3", "Recurrence"), "return_state"
)  # the first in the braces


# Reading an expression.

TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<number>(\d+\.?\d*|\.\d+)([ef][+-]?\d+)?)|(?P<name>[^\W\d][\w!]*)|(?P<other>->|=>|\|>|::|\.[-+*/^=]|//|==|.)
    """,
    re.DOTALL,
)
IN_PYTHON = {
    "=>": "@",
    "|>": "|",
    "^": "**",
    ".^": "**",
    ".+": "+",
    ".-": "-",
    ".*": "%",
    "./": "//",
    ".=": "==",
    "{": "[",
    "}": "]",
}
RANGE = "<<"
BLOCK, PLUS, DOT = "__block__", "__plus__", "__dot__"


def as_python(julia: str) -> str:
    """A Julia expression in Python's syntax, for the parser only.

    >>> as_python("x -> NNlib.leakyrelu.(x, 0.2f0)")
    'lambda x : NNlib.leakyrelu.__dot__(x, Float32(0.2e0))'
    >>> as_python("(c = Dense(p.w; ); SkipConnection(c, +))")
    '__block__(c := Dense(p.w, ), SkipConnection(c, __plus__))'

    Signs that Python lacks become such that are not needed here: `=>` is `@`, `|>` is `|`, a range
    `a:b` is `a << b`, `x .* y` is `x % y` (while `*` is the product of numbers), `x .= y` is `x ==
    y`. What has no counterpart (`for`, `...`, matrices) is left for Python's parser to refuse.
    """
    tokens = [(match.lastgroup, match.group()) for match in TOKEN.finditer(julia.strip())]
    written: list[str] = []
    brackets: list[
        tuple[int, bool]
    ] = []  # where each open one stands in `written`, and whether it is that of a call
    opened = {}  # a closing bracket -> the opening one

    def near(i, step):
        """The nearest token that is no space."""
        i += step
        while 0 <= i < len(tokens) and tokens[i][0] == "space":
            i += step
        return tokens[i] if 0 <= i < len(tokens) else ("end", "")

    last = [0]  # where tokens begin in `written`, spaces apart
    skip = False
    for i, (kind, text) in enumerate(tokens):
        (before_kind, before), (after_kind, after) = near(i, -1), near(i, 1)
        if skip:
            skip = False
            continue
        alone = before in ("(", ",", ";", "=") and after in (")", ",", ";")
        if kind == "number" and "f" in text:
            text = f"Float32({text.replace('f', 'e')})"
        elif kind == "name" and keyword.iskeyword(text):
            text += "_"
        elif text == "->" and before_kind == "name":
            written[last[-1]] = f"lambda {before}"
            text = ":"
        elif text == "->" and last[-1] in opened:
            written[opened[last[-1]]], written[last[-1]] = "lambda ", ": "
            text = ""
        elif text == ":" and alone:
            text = repr(COLON)
        elif text == ":" and after_kind == "name" and before in ("(", ",", ";", "=", "["):
            text, skip = f'"{after}"', True
        elif text == ":":
            text = RANGE
        elif text in ("+", ".+") and alone:
            text = PLUS
        elif text in ("(", "[", "{"):
            brackets.append(
                (
                    len(written),
                    text == "(" and (before_kind == "name" or before in (".", ")", "]", "}")),
                )
            )
            text = f"{DOT}(" if before == "." and text == "(" else IN_PYTHON.get(text, text)
        elif text in (")", "]", "}") and brackets:
            opened[len(written)] = brackets.pop()[0]
            text = IN_PYTHON.get(text, text)
        elif text == "=" and brackets and not brackets[-1][1]:
            text = ":="
        elif text == ";" and brackets:
            start, is_call = brackets[-1]
            if written[start] == "(" and not is_call:
                written[start] = f"{BLOCK}("
            text = "," if written[start].endswith("(") else ";"
        elif kind == "other":
            text = IN_PYTHON.get(text, text)
        if kind != "space":
            last.append(len(written))
        written.append(text)
    return re.sub(r"(\(|,)(\s*),", r"\1\2", "".join(written))


@cache
def parsed(julia: str) -> ast.expr:
    """The syntax tree of a Julia expression.

    Raises Untranslatable for one that `as_python` does not know how to write.
    """
    try:
        return ast.parse(as_python(julia), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise Untranslatable(f"cannot be translated: the syntax of {julia} ({error})") from None


@dataclass(frozen=True)
class Option:
    """An argument that a builder was given, or a default that it has."""

    name: str
    value: Any
    text: str = ""  # as it was written


class Named:
    """A name of `BUILDERS` in an expression: it can be called, or handed to a layer as a
    function.
    """

    def __init__(self, name: str, reader: "Reader", fixed: dict[str, Any] | None = None):
        self.__name__, self._reader, self.fixed = name, reader, fixed or {}

    def __call__(self, *arguments, **options):
        return self._reader.build(self.__name__, arguments, self.fixed | options, {})


class Parameters(dict):
    """`p`, the arrays by name; a layer gets copies of them, for what it changes is its own."""


def spelled(value) -> str:
    """How Flux calls a function; nothing for what has no name."""
    return "+" if value is pyimpl.add else getattr(value, "__name__", "")


def fitted(builder, arguments, options) -> inspect.BoundArguments | None:
    """The arguments as the builder names them; None where it has not these arguments, or wants them
    of another type.
    """
    signature = inspect.signature(builder)
    try:
        bound = signature.bind(*arguments, **options)
    except TypeError:
        return None
    wanted = {key: signature.parameters[key].annotation for key in bound.arguments}
    wanted = {
        key: kind
        for key, kind in wanted.items()
        if isinstance(kind, type) and kind is not inspect.Parameter.empty
    }
    return (
        bound
        if all(isinstance(bound.arguments[key], kind) for key, kind in wanted.items())
        else None
    )


def settings_of(made) -> Iterator[Option]:
    """The settings of a layer or a rule, defaults included: numbers, names, activations; sizes only
    where their order is Julia's.
    """
    kinds = int | float | np.floating | str | type(pyimpl.identity)
    for name, value in ((field.name, getattr(made, field.name)) for field in fields(made)):
        if isinstance(value, kinds) or (
            isinstance(value, tuple) and hasattr(made, "apply")
        ):  # the pairs of a rule
            yield Option(name, value)
        if name == "weight" and np.ndim(value) > 2:
            yield Option("k", reverse(value.shape[2:]))


class Reader:
    """Makes the twin of one expression, and keeps every option that was read on the way in
    `options`.
    """

    def __init__(self, row: str):
        self.row = row
        self.options: list[Option] = []

    def refuse(self, what: str):
        raise Untranslatable(f"cannot be translated: {what} of row {self.row}")

    def read(self, node: ast.expr, scope: dict[str, Any]) -> Any:
        """The value of an expression, `scope` being the local names."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            self.refuse(f"the syntax of {ast.unparse(node)}")
        return method(node, scope)

    def name(self, name: str):
        """What a name stands for everywhere."""
        if name in BUILDERS:
            return Named(name, self)
        return VALUES[name] if name in VALUES else self.refuse(f"the name {name}")

    def build(self, name: str, arguments, options: dict[str, Any], texts: dict):
        """What Flux's `name` makes of its arguments; all of them are remembered as options.

        `texts` says how they were written, by place or by keyword.
        """
        for builder in BUILDERS[name]:
            bound = fitted(builder, arguments, options)
            if bound is not None:
                break
        else:
            known = {
                key for builder in BUILDERS[name] for key in inspect.signature(builder).parameters
            }
            unknown = [f"option {key.rstrip('_')}" for key in options if key not in known]
            self.refuse(", ".join(unknown) or f"the arguments of {name}: {describe(arguments)}")
        made = builder(*bound.args, **bound.kwargs)
        bound.apply_defaults()
        for key, value in bound.arguments.items():
            if key == "size_act":  # LayerNorm(4, 3, tanh)
                key, value = "size", tuple(part for part in value if is_number(part))
            text = texts.get(key) or next(
                (texts.get(i, "") for i, argument in enumerate(arguments) if argument is value), ""
            )
            if value is not ...:
                self.options.append(Option(key.rstrip("_"), value, text))
        if is_twin(made):
            self.options += settings_of(made)
        return made

    # One method for every kind of syntax that is understood.

    def _constant(self, node, scope):
        return node.value

    def _name(self, node, scope):
        return (
            pyimpl.add
            if node.id == PLUS
            else scope[node.id]
            if node.id in scope
            else self.name(node.id)
        )

    def _attribute(self, node, scope):
        if (
            isinstance(node.value, ast.Name | ast.Attribute)
            and ast.unparse(node.value).split(".")[-1] in MODULES
        ):
            return self.name(node.attr)
        owner = self.read(node.value, scope)
        if (
            node.attr == DOT
        ):  # f.(x): what our functions of numbers do anyway, and no other function
            entrywise = (
                isinstance(owner, type | type(pyimpl.identity))
                or getattr(owner, "__name__", "") == "function"
            )
            return (
                owner
                if entrywise
                else self.refuse(f"the syntax of {ast.unparse(node.value)}.(...)")
            )
        if isinstance(owner, Parameters):
            return (
                owner[node.attr].copy()
                if node.attr in owner
                else self.refuse(f"the array p.{node.attr}, which is not there,")
            )
        field = FIELDS.get(node.attr, node.attr)
        return (
            getattr(owner, field)
            if hasattr(owner, field)
            else self.refuse(f"the field {node.attr} of {type(owner).__name__}")
        )

    def _call(self, node, scope):
        if isinstance(node.func, ast.Name) and node.func.id == BLOCK:
            scope = dict(scope)
            return [self.read(part, scope) for part in node.args][-1]
        function = self.read(node.func, scope)
        arguments = [self.read(argument, scope) for argument in node.args]
        options = {option.arg: self.read(option.value, scope) for option in node.keywords}
        if isinstance(function, Named):
            texts = {i: ast.unparse(argument) for i, argument in enumerate(node.args)}
            texts |= {option.arg: ast.unparse(option.value) for option in node.keywords}
            return self.build(function.__name__, arguments, function.fixed | options, texts)
        if isinstance(function, type):  # Float32(0.1)
            return function(*map(value_of, arguments))
        if hasattr(function, "pullback"):
            self.options += [
                Option("arg", value) for value in arguments[1:] if function in ACTIVATIONS.values()
            ]
            self.options += [
                Option(key, value, ast.unparse(node)) for key, value in options.items()
            ]
            return apply(function, *arguments, **options)
        return (
            call(function, *arguments)
            if callable(function) and not options
            else self.refuse(f"a call of {ast.unparse(node.func)}")
        )

    def _lambda(self, node, scope):
        names = [argument.arg for argument in node.args.args]

        def function(*values):
            return self.read(node.body, scope | dict(zip(names, values, strict=True)))

        used = {part.id for part in ast.walk(node.body) if isinstance(part, ast.Name)} - set(names)
        function.uses_traced = any(
            is_traced(value) for name, value in scope.items() if name in used
        )
        captured = {name: value for name, value in scope.items() if name in used and is_twin(value)}
        return closure(function, captured) if captured else function

    def _tuple(self, node, scope):
        if any(isinstance(part, ast.NamedExpr) for part in node.elts):
            return {part.target.id: self.read(part.value, scope) for part in node.elts}
        return tuple(self.read(part, scope) for part in node.elts)

    def _list(self, node, scope):
        return [self.read(part, scope) for part in node.elts]

    def _namedexpr(self, node, scope):
        scope[node.target.id] = self.read(node.value, scope)
        return scope[node.target.id]

    def _compare(self, node, scope):
        """`x .= y`: y is copied into x, which is a field of a layer."""
        target, value = node.left, self.read(node.comparators[0], scope)
        owner = self.read(target.value, scope) if isinstance(target, ast.Attribute) else None
        if not isinstance(node.ops[0], ast.Eq) or not is_twin(owner):
            self.refuse(f"the syntax of {ast.unparse(node)}")
        name = FIELDS.get(target.attr, target.attr)
        setattr(
            owner,
            name,
            np.broadcast_to(value, np.shape(getattr(owner, name))).astype(
                getattr(owner, name).dtype
            ),
        )

    def _subscript(self, node, scope):
        owner, index = self.read(node.value, scope), self.read(node.slice, scope)
        if isinstance(owner, Named) and owner.__name__ in TYPE_PARAMETERS:
            return Named(
                owner.__name__,
                self,
                {TYPE_PARAMETERS[owner.__name__]: index[0] if isinstance(index, tuple) else index},
            )
        if isinstance(index, int) and isinstance(owner, Traced | tuple | list):
            return owner[index - 1]
        return self.refuse(f"the syntax of {ast.unparse(node)}")

    def _unaryop(self, node, scope):
        value = self.read(node.operand, scope)
        if not isinstance(node.op, ast.USub):
            self.refuse(f"the syntax of {ast.unparse(node)}")
        return -value if is_number(value) else apply(ARITHMETIC[ast.Mod], -1, value)

    def _binop(self, node, scope):
        left, right = self.read(node.left, scope), self.read(node.right, scope)
        kind, numbers = type(node.op), is_number(left) + is_number(right)
        if kind is ast.BitOr:
            return right(left)
        if kind is ast.LShift and numbers == 2:
            return tuple(range(left, right + 1))
        if kind is ast.Pow and numbers == 2:
            return left**right
        if kind is ast.Mult and numbers:  # of two arrays Julia makes the product of matrices
            kind = ast.Mod
        if kind is ast.Div and is_number(right):
            kind = ast.FloorDiv
        if kind not in ARITHMETIC or not all(
            is_number(side) or isinstance(value_of(side), np.ndarray) for side in (left, right)
        ):
            self.refuse(f"the syntax of {ast.unparse(node)}")
        return apply(ARITHMETIC[kind], left, right)


def describe(arguments) -> str:
    """Arguments for a message."""
    return (
        ", ".join(
            f"an array {a.shape}" if isinstance(a, np.ndarray) else spelled(a) or repr(a)
            for a in arguments
        )
        or "none"
    )


# The other account.

# Names that `config` may have for options that are called otherwise in `BUILDERS` or in the twin.
SYNONYMS = {
    "dim": "dims",
    "epsilon": "eps",
    "lambda": "lam",
    "G": "groups",
    "σ": "act",
    "λ": "act",
    "dropout_prob": "p",
}
ABOUT_THE_DATA = ("zero_grad_at",)  # says how the arrays were drawn, which are in the folder


def confirm(config: dict[str, Any], julia: str, reader: Reader) -> None:
    """Every key of the folder's `config` must be an option that the reader has read, and its value
    the one that was read.

    Raises Untranslatable for a key that no builder knows, and for a value that the expression
    contradicts.
    """
    for key, value in config.items():
        if key in ABOUT_THE_DATA or (key == "expr" and value == julia):
            continue
        options = [option for option in reader.options if option.name in (key, SYNONYMS.get(key))]
        if not any(same(value, option.value, option.text) for option in options):
            read = ", ".join(
                dict.fromkeys(str(spelled(option.value) or option.value) for option in options)
            )
            reader.refuse(
                f"option {key}={value!r}" + (f" (the expression has {read})" if read else "")
            )


def same(said, value, text: str = "") -> bool:
    """Whether what `config` says is what the expression has: `"tanh"` for tanh, `[1, 1]` for 1,
    `true` for a bias that is an array.
    """
    if isinstance(value, np.ndarray):
        return said is True or (isinstance(said, str) and said in re.split(r"[\W_]+", text))
    if isinstance(said, list):
        parts = value if isinstance(value, tuple | list) else [value] * len(said)
        if len(parts) == 2 * len(said) and len(said) > 1:
            said = [size for size in said for _ in range(2)]
        return len(parts) == len(said) and all(map(same, said, parts))
    if isinstance(value, tuple | list) and not isinstance(said, str):
        return len(value) > 0 and all(same(said, part) for part in value)
    if isinstance(said, bool) or isinstance(value, bool) or said is None or value is None:
        return said is value
    if isinstance(said, str):
        if isinstance(value, str):
            return said.lstrip(":") == value.lstrip(":")
        return VALUES.get(said) is value or said in (spelled(value), type(value).__name__)
    return is_number(said) and is_number(value) and np.float32(said) == np.float32(value)


# Entries.


def translate(
    julia: str,
    config: dict[str, Any],
    row: str,
    mode: str,
    parameters: dict[str, np.ndarray],
    nudge=None,
) -> Any:
    """The twin of an expression, with what passes between its layers nudged if the judge asks for
    that (`Case.jitter`).

    Raises Untranslatable at once, or for what is inside of a lambda as soon as it is called.
    """
    reader = Reader(row)
    read = reader.read(parsed(julia), {})
    if mode == "steps":
        confirm(config, julia, reader)
        return read
    if mode != "function" and isinstance(parsed(julia), ast.Lambda):
        read = read(Parameters(parameters))
    twin = as_layer(read)
    if nudge:
        jitter(twin, *nudge)
    pullback = twin.pullback

    def confirmed(*xs):
        y, back = pullback(*xs)
        confirm(config, julia, reader)
        return y, lambda dy: back(alike(y, iter(dy)) if isinstance(y, tuple) else dy)

    if mode == "function" or not is_dataclass(twin):
        return differentiable(confirmed)
    twin.pullback = confirmed
    return twin


def alike(y, dys: Iterator):
    """Cotangents, one for every array, in the form of the output: an LSTMCell gives (h, (h, c))."""
    return tuple(alike(part, dys) for part in y) if isinstance(y, tuple) else next(dys)


def _ours(name: str) -> str:
    """A name in the folder as this project writes it."""
    name = name.replace("after.", "state.", 1) if name.startswith("after.") else name
    parts = [str(int(part) - 1) if part.isdigit() else part for part in name.split(".")]
    of_users = [
        before == "layers" for before in ("", *parts)
    ]  # a layer of a Chain or a Parallel may be called β
    return ".".join(
        part if by_user else FIELDS.get(part, part)
        for part, by_user in zip(parts, of_users, strict=False)
    )


def _rule_outcome(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Parameters after every step; the state is stored after the last one only."""
    last = sum(name.startswith("x") for name in arrays)
    renamed = {}
    for name, array in arrays.items():
        if array.dtype == bool:  # where a rule has nothing to keep, Optimisers keeps `false`
            continue
        renamed[f"x@{name[1:]}" if name.startswith("x") else f"{_ours(name)}@{last}"] = array
    return renamed


def read(folder: Path) -> Iterator[Entry]:
    """The entries of a folder. One that cannot be translated says so when its twin is built."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    groups: dict[str, dict[str, dict[str, np.ndarray]]] = {}
    for group in {entry["group"] for entry in index["cases"]}:
        cases = groups.setdefault(group, {})
        with np.load(folder / f"{group}.npz", allow_pickle=False) as archive:
            for key in archive.files:
                number, name = key.split("/", 1)
                cases.setdefault(number, {})[name] = archive[key]
    for entry in index["cases"]:
        yield _entry(entry, groups[entry["group"]][entry["case"]], index["versions"]["Flux"])


def _roughest(names: frozenset[str]) -> str:
    """Of the activations in an expression the one that the judge grants most: cells with gates have
    a tanh that is not written.
    """
    gated = names & {"LSTM", "GRU", "GRUv3", "LSTMCell", "GRUCell", "GRUv3Cell"}
    inside = (names & ACTIVATIONS.keys()) | ({"tanh"} if gated else set()) or {"identity"}
    return max(sorted(inside), key=lambda name: SLACK[name].ulps if name in SLACK else 0)


def _entry(entry: dict, arrays: dict[str, np.ndarray], version: str) -> Entry:
    row, mode, julia, config = entry["row"], entry["mode"], entry["julia"], entry["config"]
    inputs = {
        name.removeprefix("in/"): array for name, array in arrays.items() if name.startswith("in/")
    }
    flux = {
        name.removeprefix("out/"): array
        for name, array in arrays.items()
        if name.startswith("out/")
    }
    data = {
        name: array - 1 if array.dtype.kind == "i" and not name.startswith("param.") else array
        for name, array in inputs.items()
    }
    if mode == "function" and "dy" in data:
        data["dy1"] = data.pop("dy")
    if mode == "steps":
        outcome = _rule_outcome(flux)
    else:
        settings = (
            ("grad.", "after.") if mode != "function" else ()
        )  # of these the numbers are settings of layers
        outcome = {
            _ours(name): array
            for name, array in flux.items()
            if array.ndim or not name.startswith(settings)
        }
        if "GRU" not in julia:  # before Flux 0.15 RNNCell and LSTMCell had a `b`, too
            outcome = {
                re.sub(r"(cell\.|^grad\.|^state\.)b$", r"\1bias", name): array
                for name, array in outcome.items()
            }
    label = f"{row}-{entry['group']}-{entry['case']}-{entry['dtype']}-{mode}"
    names = frozenset(re.findall(r"\w+", julia))
    case = Case(row, {"act": _roughest(names)} | config, data, mode, origin=label)

    def build(case: Case):
        return translate(julia, config, row, mode, case.parameters(), case.jitter)

    return Entry(label, row, case, build, Outcome(outcome), version, names)
