"""Recurrent cells and the layers that run them over a sequence. Flux: `src/layers/recurrent.jl`.

A cell is a pure function `cell(x, state) -> (output, state)`. A layer takes x of shape (batch,
time, features), or (time, features) without a batch, and gives the outputs of all times; the state
before the first is zero or given, the one after the last is part of the result with `return_state`.
The inputs of all times are multiplied with Wi at once.
"""

from dataclasses import dataclass, fields, make_dataclass
from typing import Any, ClassVar, overload

import numpy as np

from ..core.broadcasting import unbroadcast
from ..core.expect import as_float, expect_features
from ..core.pullback import Gradient
from ..core.tree import children
from ..core.versions import since
from ..functions.activations import (
    Activation,
    as_activation,
    fast,
    sigmoid_fast,
    tanh,
    tanh_fast,
)
from ..initialise import glorot_uniform
from .combine import Joint, sum_gradients
from .dense import make_bias
from .layer import Layer

__all__ = [
    "GRU",
    "GRUCell",
    "GRUv3",
    "GRUv3Cell",
    "LSTM",
    "LSTMCell",
    "RNN",
    "RNNCell",
    "Recurrence",
]

sigmoid = sigmoid_fast.value


class Cell(Layer):
    """A cell of Flux's. `Cell(n_in, n_out, *, bias=True, init_kernel, init_recurrent_kernel,
    rng=None)` draws its arrays.

    `step(gx, state)`, with gx the input times Wi plus the bias, gives the next state and
    `step_back(*dstate)`: the gradient of gx, that of the state before, and for each recurrent
    weight what it was multiplied with and the gradient of the product.
    """

    Wi: np.ndarray  # (n_in, gates * n_out)
    Wh: np.ndarray  # (n_out, gates * n_out)
    gates = 1
    states = 1
    bias_field = "bias"
    learnt: ClassVar[type["Cell"] | None] = (
        None  # the same cell as it was before Flux 0.15, with a state0 that is learnt
    )

    def __new__(cls, *_, **__):
        return super().__new__(cls.learnt if cls.learnt and since("initial state") == "0" else cls)

    def __init__(
        self,
        n_in,
        n_out,
        *,
        bias: bool | np.ndarray = True,
        init_kernel=glorot_uniform,
        init_recurrent_kernel=glorot_uniform,
        rng=None,
    ):
        self.Wi = self._drawn(init_kernel, (n_in, self.gates * n_out), rng)
        self.Wh = self._drawn(init_recurrent_kernel, (n_out, self.gates * n_out), rng)
        setattr(
            self, self.bias_field, make_bias(type(self).__name__, bias, self.gates * n_out, self.Wi)
        )

    def _drawn(self, init, shape, rng):
        who = type(self).__name__
        weight = as_float(who, init(shape, rng=rng))
        if weight.shape != shape:
            raise ValueError(
                f"{who} expects its initialiser to make an array of shape {shape}, got one of "
                f"shape {weight.shape}"
            )
        return weight

    def step(self, gx, state):
        """The next state, and the backward pass of the step."""
        raise NotImplementedError

    def initialstates(self):
        """The state before the first step: zeros of shape (n_out,), for an LSTM a pair of them.

        Flux: `initialstates`.
        """
        return self.as_given(
            [np.zeros(self.Wh.shape[0], self.Wh.dtype) for _ in range(self.states)]
        )

    def initial_gradient(self, gradient, dstart):
        """Where the initial state is a parameter, put its gradient (n_out,) into that of the
        cell.
        """

    def as_given(self, parts):
        """The parts of a state as users see them: a tuple only where there are several."""
        return tuple(parts) if self.states > 1 else parts[0]

    def pullback(self, x, *state):  # x: (batch, n_in) or (n_in,)
        hs, last, back = unroll(self, np.asarray(x)[None], *state)

        def cell_back(dy):
            gradient, dxs, *dstate = back([dy[0]], dy[1])
            return gradient, dxs[0], *dstate

        return (hs[0], last), cell_back

    def __repr__(self):
        return f"{type(self).__name__}({self.Wi.shape[0]} => {self.Wh.shape[0]})"


def unroll(cell: Cell, xs, *state):  # xs: (time, batch, n_in) or (time, n_in)
    """The hidden states of all times, the last state, and `back(dhs, dlast)`: gradients of the
    cell, of xs and of a given state.
    """
    n_in, n_out = cell.Wi.shape[0], cell.Wh.shape[0]
    xs = as_float(repr(cell), xs)
    expect_features(repr(cell), xs[0] if len(xs) else xs, n_in)
    start = state[0] if state else cell.initialstates()
    start = start if cell.states > 1 else (start,)
    batch = xs.shape[1:-1]
    if (
        len(batch) > 1
        or len(xs) == 0
        or len(start) != cell.states
        or any(h.shape not in ((n_out,), (*batch, n_out)) for h in start)
    ):
        came = f"x of shape {xs.shape[1:]} at {len(xs)} times, states {[h.shape for h in start]}"
        raise ValueError(
            f"{cell!r} expects (batch, {n_in}) or ({n_in},), and {cell.states} state(s) (batch, "
            f"{n_out}) or ({n_out},), got {came}"
        )
    bias = getattr(cell, cell.bias_field)
    gx = xs @ cell.Wi if bias is None else xs @ cell.Wi + bias
    now = tuple(np.broadcast_to(h, (*batch, n_out)) for h in start)
    hs, steps = [], []
    for gx_now in gx:
        now, step_back = cell.step(gx_now, now)
        hs.append(now[0])
        steps.append(step_back)

    def unroll_back(dhs, dlast):
        dnow = (0,) * cell.states if dlast is None else dlast if cell.states > 1 else (dlast,)
        dgx = np.empty_like(gx)
        products: dict[str, list] = {}
        for t in reversed(range(len(steps))):
            dh = dnow[0] if dhs is None or dhs[t] is None else dhs[t] + dnow[0]
            dgx[t], dnow, terms = steps[t](dh, *dnow[1:])
            for name, term in terms.items():
                products.setdefault(name, []).append(term)
        rows = dgx.reshape(-1, dgx.shape[-1])
        gradient = Gradient(**dict.fromkeys(name for name, _ in children(cell)))
        gradient.Wi = (xs.reshape(-1, n_in).T @ rows).astype(cell.Wi.dtype, copy=False)
        if bias is not None:
            setattr(gradient, cell.bias_field, rows.sum(0).astype(bias.dtype, copy=False))
        for name, terms in products.items():
            inputs, grads = (
                np.concatenate([np.atleast_2d(part) for part in parts])
                for parts in zip(*terms, strict=True)
            )
            dweight = np.zeros_like(getattr(cell, name))
            dweight[:, : grads.shape[1]] = inputs.T @ grads  # of GRUv3's Wh, two blocks of three
            setattr(gradient, name, dweight)
        dstart = [unbroadcast(dh, h.shape) for dh, h in zip(dnow, start, strict=True)]
        if not state:
            cell.initial_gradient(gradient, dstart)
        return gradient, dgx @ cell.Wi.T, *([cell.as_given(dstart)] if state else [])

    return hs, cell.as_given(now), unroll_back


def _blocks(x, count):
    """Equal parts of the last axis."""
    width = x.shape[-1] // count
    return (x[..., i * width : (i + 1) * width] for i in range(count))


@dataclass(eq=False, init=False, repr=False)
class RNNCell(Cell):
    """`h' = act(x @ Wi + h @ Wh + bias)`, returned as output and state.

    `RNNCell(n_in, n_out, act=tanh, ...)`. Flux: `RNNCell`.
    """

    act: Activation
    Wi: np.ndarray  # (n_in, n_out)
    Wh: np.ndarray  # (n_out, n_out)
    bias: np.ndarray | None  # (n_out,)

    def __init__(self, n_in, n_out, act=tanh, **options):
        self.act = as_activation("RNNCell", act)
        super().__init__(n_in, n_out, **options)

    def step(self, gx, state):
        (h,) = state
        y, act_back = fast(self.act).pullback(gx + h @ self.Wh)

        def step_back(dh):
            dz = act_back(dh)[1]
            return dz, (dz @ self.Wh.T,), {"Wh": (h, dz)}

        return (y,), step_back


@dataclass(eq=False, init=False, repr=False)
class LSTMCell(Cell):
    """`c' = sigmoid(f) * c + sigmoid(i) * tanh(g)`, `h' = sigmoid(o) * tanh(c')`; output h', state
    (h', c'). Flux: `LSTMCell`.

    i, f, g, o are the four blocks of `x @ Wi + h @ Wh + bias` in this order, which is PyTorch's.
    The bias starts at zero, that of the forget gate included (Flux up to 0.14: 1). Hochreiter and
    Schmidhuber 1997.
    """

    Wi: np.ndarray  # (n_in, 4 n_out)
    Wh: np.ndarray  # (n_out, 4 n_out)
    bias: np.ndarray | None  # (4 n_out,)

    gates = 4
    states = 2

    def __init__(self, n_in, n_out, **options):
        super().__init__(n_in, n_out, **options)
        forget = getattr(self, self.bias_field)
        if forget is not None and since("LSTM bias") == "0":
            forget[n_out : 2 * n_out] = 1

    def step(self, gx, state):
        h, c = state
        i, f, g, o = _blocks(gx + h @ self.Wh, 4)
        i, f, g, o = sigmoid(i), sigmoid(f), tanh_fast.value(g), sigmoid(o)
        c_next = f * c + i * g
        t = tanh_fast.value(c_next)

        def step_back(dh, dc):
            dc = dc + dh * o * (1 - t * t)
            dz = np.concatenate(
                [
                    dc * g * (i * (1 - i)),
                    dc * c * (f * (1 - f)),
                    dc * i * (1 - g * g),
                    dh * t * (o * (1 - o)),
                ],
                axis=-1,
            )
            return dz, (dz @ self.Wh.T, dc * f), {"Wh": (h, dz)}

        return (o * t, c_next), step_back


@dataclass(eq=False, init=False, repr=False)
class GRUCell(Cell):
    """`h' = (1 - z) * tanh(x_n + r * h_n) + z * h`, returned as output and state. Flux: `GRUCell`.

    r, z (both through a sigmoid) and n are the three blocks, x_ of `x @ Wi + b`, h_ of `h @ Wh`:
    the reset gate multiplies the product and not the bias (PyTorch has a second bias inside). Cho
    et al. 2014, version 1.
    """

    Wi: np.ndarray  # (n_in, 3 n_out)
    Wh: np.ndarray  # (n_out, 3 n_out)
    b: np.ndarray | None  # (3 n_out,)

    gates = 3
    bias_field = "b"

    def step(self, gx, state):
        (h,) = state
        xr, xz, xn = _blocks(gx, 3)
        hr, hz, hn = _blocks(h @ self.Wh, 3)
        r, z = sigmoid(xr + hr), sigmoid(xz + hz)
        n = tanh_fast.value(xn + r * hn)

        def step_back(dh):
            dn = dh * (1 - z) * (1 - n * n)
            dr, dz = dn * hn * (r * (1 - r)), dh * (h - n) * (z * (1 - z))
            dgx, dgh = (
                np.concatenate([dr, dz, dn], axis=-1),
                np.concatenate([dr, dz, dn * r], axis=-1),
            )
            return dgx, (dh * z + dgh @ self.Wh.T,), {"Wh": (h, dgh)}

        return ((1 - z) * n + z * h,), step_back


@dataclass(eq=False, init=False, repr=False)
class GRUv3Cell(Cell):
    """`h' = (1 - z) * tanh(x_n + (r * h) @ Wh_candidate) + z * h`, returned as output and state.
    Flux: `GRUv3Cell`.

    As `GRUCell`, with the reset gate on the state before the product. The third block of Wh exists
    and is not used (Flux's docstring shows it in the formula, its code does not have it there). Cho
    et al. 2014, version 3.
    """

    Wi: np.ndarray  # (n_in, 3 n_out)
    Wh: np.ndarray  # (n_out, 3 n_out)
    b: np.ndarray | None  # (3 n_out,)
    Wh_candidate: np.ndarray  # (n_out, n_out)  Flux: Wh_h̃

    gates = 3
    bias_field = "b"

    def __init__(self, n_in, n_out, *, init_recurrent_kernel=glorot_uniform, rng=None, **options):
        super().__init__(
            n_in, n_out, init_recurrent_kernel=init_recurrent_kernel, rng=rng, **options
        )
        self.Wh_candidate = self._drawn(init_recurrent_kernel, (n_out, n_out), rng)

    def step(self, gx, state):
        (h,) = state
        width = 2 * h.shape[-1]
        weight = self.Wh[:, :width]
        r, z = _blocks(sigmoid(gx[..., :width] + h @ weight), 2)
        n = tanh_fast.value(gx[..., width:] + (r * h) @ self.Wh_candidate)

        def step_back(dh):
            dn = dh * (1 - z) * (1 - n * n)
            dreset = dn @ self.Wh_candidate.T
            dgates = np.concatenate(
                [dreset * h * (r * (1 - r)), dh * (h - n) * (z * (1 - z))], axis=-1
            )
            before = dh * z + dreset * r + dgates @ weight.T
            return (
                np.concatenate([dgates, dn], axis=-1),
                (before,),
                {"Wh": (h, dgates), "Wh_candidate": (r * h, dn)},
            )

        return ((1 - z) * n + z * h,), step_back


def _learnt(kind: type[Cell]) -> type[Cell]:
    """`kind` as it was before Flux 0.15: with `state0`, the state before the first step as a
    parameter - an array (1, n_out), for an LSTM a pair of them - and a bias that is called `b`, as
    it still is in a GRU.
    """

    def __init__(self, n_in, n_out, *arguments, **options):
        kind.__init__(self, n_in, n_out, *arguments, **options)
        self.state0 = self.as_given(
            [np.zeros((1, n_out), self.Wh.dtype) for _ in range(self.states)]
        )

    def parts(self):
        return self.state0 if self.states > 1 else (self.state0,)

    def initialstates(self):
        return self.as_given([part[0] for part in parts(self)])

    def initial_gradient(self, gradient, dstart):
        gradient.state0 = self.as_given([dh[None] for dh in dstart])

    body: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": kind.__doc__,
        "learnt": None,
        "bias_field": "b",
        "__init__": __init__,
        "initialstates": initialstates,
        "initial_gradient": initial_gradient,
    }
    names = ["b" if field.name == "bias" else field.name for field in fields(kind)]  # type: ignore
    # A dataclass cannot drop a field of the one that it extends, so the fields are set anew.
    body["__dataclass_fields__"] = fields_called(*names, "state0")
    return type(f"{kind.__name__}WithState0", (kind,), body)


def fields_called(*names: str) -> dict[str, Any]:
    """The fields of a dataclass that has just these."""
    return make_dataclass("Named", names).__dataclass_fields__  # type: ignore[attr-defined]


RNNCell.learnt, LSTMCell.learnt, GRUCell.learnt, GRUv3Cell.learnt = CELLS_WITH_STATE0 = tuple(
    map(_learnt, (RNNCell, LSTMCell, GRUCell, GRUv3Cell))
)


@dataclass(eq=False, repr=False)
class Recurrence(Joint):
    """`cell` over the times of a sequence: x is (batch, time, features) or (time, features). Flux:
    `Recurrence`.

    `Recurrence(cell, return_state=False)`; `layer(x)` starts from the cell's `initialstates()`,
    `layer(x, state)` from the given state. The result is the outputs of all times, with
    `return_state` the pair of them and the last state.
    """

    cell: Any
    return_state: bool = False

    trainable = ("cell",)

    def initialstates(self):
        """The state before the first step. Flux: `initialstates`."""
        return self.cell.initialstates()

    def run(self, apply, x, *state):
        who = type(self).__name__
        if np.ndim(x) not in (2, 3):
            raise ValueError(
                f"{who} expects x of shape (batch, time, features) or (time, features), got x of "
                f"shape {np.shape(x)}"
            )
        if isinstance(self.cell, Cell):
            expect_features(repr(self.cell), np.asarray(x), self.cell.Wi.shape[0])
        xs = np.moveaxis(np.asarray(x), -2, 0)
        ys, last, back = (
            unroll(self.cell, xs, *state)
            if isinstance(self.cell, Cell)
            else _scan(self.cell, apply, xs, *state)
        )
        y = np.stack(ys, axis=-2)

        def recurrence_back(dy):
            dys, dlast = dy if self.return_state else (dy, None)
            dcell, dxs, *dstate = back(None if dys is None else np.moveaxis(dys, -2, 0), dlast)
            return Gradient(cell=dcell, return_state=None), np.moveaxis(dxs, 0, -2), *dstate

        return ((y, last) if self.return_state else y), recurrence_back


def _scan(cell, apply, xs, *state):
    """What `unroll` does, for any cell, step by step."""
    now = state[0] if state else cell.initialstates()
    ys, backs = [], []
    for x in xs:
        (y, now), back = apply(cell, x, now)
        ys.append(y)
        backs.append(back)

    def scan_back(dys, dnow):
        dcell, dxs = None, []
        for t in reversed(range(len(backs))):
            dused, dx, dnow = backs[t]((None if dys is None else dys[t], dnow))
            dcell = sum_gradients(dcell, dused)
            dxs.append(dx)
        return dcell, np.stack(dxs[::-1]), *([dnow] if state else [])

    return ys, now, scan_back


class OneCell(Recurrence):
    """A cell of one kind over a sequence: made with it, or of it."""

    kind: ClassVar[type[Cell]]

    @overload
    def __init__(self, cell: Cell, *, return_state: bool = False): ...

    @overload
    def __init__(
        self,
        n_in,
        n_out,
        *,
        return_state: bool = False,
        bias: bool | np.ndarray = True,
        init_kernel=glorot_uniform,
        init_recurrent_kernel=glorot_uniform,
        rng=None,
    ): ...

    def __init__(self, *arguments, return_state=False, **options):
        drawn = not (arguments and isinstance(arguments[0], self.kind))
        super().__init__(self.kind(*arguments, **options) if drawn else arguments[0], return_state)


@dataclass(eq=False, init=False, repr=False)
class RNN(OneCell):
    """An `RNNCell` over a sequence: `RNN(n_in, n_out, act=tanh, *, return_state=False, ...)` or
    `RNN(cell, ...)`. Flux: `RNN`.
    """

    kind = RNNCell

    @overload
    def __init__(self, cell: Cell, *, return_state: bool = False): ...

    @overload
    def __init__(
        self,
        n_in,
        n_out,
        act=tanh,
        *,
        return_state: bool = False,
        bias: bool | np.ndarray = True,
        init_kernel=glorot_uniform,
        init_recurrent_kernel=glorot_uniform,
        rng=None,
    ): ...

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)


@dataclass(eq=False, init=False, repr=False)
class LSTM(OneCell):
    """An `LSTMCell` over a sequence, its state a pair (h, c); arguments as for `GRU`.

    Flux: `LSTM`.
    """

    kind = LSTMCell


@dataclass(eq=False, init=False, repr=False)
class GRU(OneCell):
    """A `GRUCell` over a sequence: `GRU(n_in, n_out, *, return_state=False, ...)` or `GRU(cell,
    ...)`. Flux: `GRU`.
    """

    kind = GRUCell


@dataclass(eq=False, init=False, repr=False)
class GRUv3(OneCell):
    """A `GRUv3Cell` over a sequence: `GRUv3(n_in, n_out, *, return_state=False, ...)` or
    `GRUv3(cell, ...)`. Flux: `GRUv3`.
    """

    kind = GRUv3Cell
