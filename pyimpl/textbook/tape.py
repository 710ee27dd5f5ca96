"""Define-by-run differentiation: `Variable`s that remember how they were made, over the pullbacks
of this package.

`apply(f, *variables)` runs `f.pullback` and records its `back`; f is any function, activation, loss
or layer here. `loss.backward()` calls the recorded `back`s from the last to the first. Gradients
add up, in every variable on the way, until `cleargrad()`.
"""

from heapq import heappop, heappush
from itertools import count

import numpy as np

from ..core.broadcasting import unbroadcast
from ..core.pullback import Gradient, differentiable, pullback
from ..functions import activations
from ..losses import mse as mean_of_squares

__all__ = ["Variable", "apply", "as_variable", "linear", "mean_squared_error"]

_numbers = count()


class _Call:
    """One recorded call.

    Calls are numbered as they are made, so the largest number first is a topological order.
    """

    def __init__(self, f, inputs, outputs, back):
        self.f, self.inputs, self.back = f, inputs, back
        # arrays, not Variables: those point here, and a cycle would keep the graph alive
        self.outputs = outputs
        self.number = next(_numbers)


class Variable:
    """An array `.data` with a gradient `.grad`, an array of the same shape, or None.

    The array is not copied, so `w.data -= lr * w.grad` updates whoever shares it. Python numbers
    beside a Variable take its dtype. `.layer_grads` is filled by `backward`: layer -> gradient,
    with the layer's field names.
    """

    __array_ufunc__ = None  # or NumPy would take `array * variable` entry by entry

    def __init__(self, data):
        self.data = np.asarray(data)
        if self.data.dtype.kind not in "fiub":
            raise ValueError(
                f"Variable expects an array of real numbers, got {type(data).__name__}"
            )
        self.grad: np.ndarray | None = None
        self.layer_grads: dict = {}
        self._call: _Call | None = None
        self._index = 0  # among the outputs of the call

    def cleargrad(self):
        """Forget the gradients, so that the next `backward` starts from none."""
        self.grad = None
        self.layer_grads = {}

    def backward(self, dy=None):
        """Add the gradient of this scalar to `.grad` of every Variable that it was made of.

        Gradients of the layers among the calls are summed in this variable's `.layer_grads`. `dy`
        is the cotangent to start from where this is not a scalar. Raises ValueError where it is
        missing, or has another shape.
        """
        if dy is None and self.data.ndim:
            raise ValueError(
                f"backward starts from a scalar, got shape {self.data.shape}; give the cotangent "
                "as backward(dy)"
            )
        dy = np.ones_like(self.data) if dy is None else np.asarray(dy, self.data.dtype)
        if dy.shape != self.data.shape:
            raise ValueError(
                f"backward expects a cotangent of shape {self.data.shape}, got {dy.shape}"
            )
        waiting: list[tuple[int, _Call]] = []
        cotangents: dict[int, list] = {}  # of the waiting calls, by number: one for every output

        def arrive(variable, g):
            g = unbroadcast(
                np.asarray(g), variable.data.shape
            )  # the one place: operators below leave it to this
            variable.grad = _sum(variable.grad, g)
            call = variable._call
            if call is None:
                return
            if call.number not in cotangents:
                cotangents[call.number] = [None] * len(call.outputs)
                heappush(waiting, (-call.number, call))
            arrived = cotangents[call.number]
            arrived[variable._index] = _sum(arrived[variable._index], g)

        arrive(self, dy)
        while waiting:
            _, call = heappop(waiting)
            dys = [
                np.zeros_like(y) if g is None else g
                for y, g in zip(call.outputs, cotangents.pop(call.number), strict=True)
            ]
            df, *dxs = call.back(tuple(dys) if len(dys) > 1 else dys[0])
            if df is not None:
                self.layer_grads[call.f] = _sum(self.layer_grads.get(call.f), df)
            for variable, dx in zip(call.inputs, dxs, strict=True):
                if dx is not None:
                    arrive(variable, dx)

    def sum(self, axis=None, keepdims=False):
        """The sum of all entries, or along `axis`."""
        return apply(_total, self, axis=axis, keepdims=keepdims)

    def mean(self, axis=None, keepdims=False):
        """The mean of all entries, or along `axis`."""
        total = self.sum(axis, keepdims)
        return total / (self.data.size // max(total.data.size, 1))

    def __add__(self, other):
        return apply(_add, self, self._beside(other))

    def __sub__(self, other):
        return apply(_subtract, self, self._beside(other))

    def __mul__(self, other):
        return apply(_multiply, self, self._beside(other))

    def __truediv__(self, other):
        return apply(_divide, self, self._beside(other))

    def __rsub__(self, other):
        return self._beside(other) - self

    def __rtruediv__(self, other):
        return self._beside(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def __matmul__(self, other):
        return apply(_matmul, self, other)

    def __rmatmul__(self, other):
        return apply(_matmul, other, self)

    def __pow__(self, exponent):
        if not isinstance(exponent, int | float):
            raise TypeError(f"Variable ** exponent expects a number, got {exponent!r}")
        return apply(_power, self, exponent=exponent)

    def __neg__(self):
        return apply(_negate, self)

    def _beside(self, other):
        number = type(other) in (bool, int, float)
        return (
            Variable(np.asarray(other, self.data.dtype))
            if number and self.data.dtype.kind == "f"
            else as_variable(other)
        )

    def __repr__(self):
        return f"Variable({self.data!r})"


def as_variable(x) -> Variable:
    """x, as a Variable if it is not one."""
    return x if isinstance(x, Variable) else Variable(x)


def apply(f, *xs, **options):
    """`f(*xs)` of Variables or arrays, recorded: a Variable, or a tuple of them where f gives a
    tuple.

    f is called "inside a gradient". The gradient of f itself, where it is a layer, cannot be kept
    by f: it goes into `loss.layer_grads[f]` of the variable whose `backward` is called, ready for
    `update(state, f, loss.layer_grads[f])`.
    """
    inputs = tuple(as_variable(x) for x in xs)
    y, back = pullback(f, *(x.data for x in inputs), **options)
    outputs = tuple(Variable(part) for part in (y if isinstance(y, tuple) else (y,)))
    call = _Call(f, inputs, tuple(output.data for output in outputs), back)
    for index, output in enumerate(outputs):
        output._call, output._index = call, index
    return outputs if isinstance(y, tuple) else outputs[0]


def linear(x, W, b=None):
    """`x @ W + b`; x is (..., n_in), W is (n_in, n_out), b is (n_out,) or None."""
    y = apply(_matmul, x, W)
    return y if b is None else y + b


def sigmoid(x):
    """`1 / (1 + exp(-x))`."""
    return apply(activations.sigmoid, x)


def relu(x):
    """`max(0, x)`."""
    return apply(activations.relu, x)


def tanh(x):
    """`tanh(x)`."""
    return apply(activations.tanh, x)


def mean_squared_error(a, b):
    """`mean((a - b)^2)` over all entries; a and b have one shape."""
    return apply(mean_of_squares, a, b)


def _sum(a, b):
    """a + b, field by field where they are gradients of layers; None counts as zero."""
    if a is None or b is None:
        return a if b is None else b
    if isinstance(a, Gradient):
        return Gradient(**{name: _sum(part, getattr(b, name)) for name, part in vars(a).items()})
    if isinstance(a, tuple):
        return tuple(_sum(*parts) for parts in zip(a, b, strict=True))
    return a + b


# The operators. Their gradients may still have the broadcast shape.


@differentiable
def _add(x, y):
    return x + y, lambda dz: (None, dz, dz)


@differentiable
def _subtract(x, y):
    return x - y, lambda dz: (None, dz, -dz)


@differentiable
def _multiply(x, y):
    return x * y, lambda dz: (None, dz * y, dz * x)


@differentiable
def _divide(x, y):
    return x / y, lambda dz: (None, dz / y, -dz * x / (y * y))


@differentiable
def _power(x, exponent):
    return x**exponent, lambda dy: (
        None,
        dy * (exponent * x ** (exponent - 1)) if exponent else None,
    )


@differentiable
def _negate(x):
    return -x, lambda dy: (None, -dy)


@differentiable
def _matmul(x, y):
    if x.ndim < 2 or y.ndim < 2:
        raise ValueError(
            "a matrix product of Variables expects at least two axes on both sides, got "
            f"{x.shape} and {y.shape}"
        )
    return x @ y, lambda dz: (None, dz @ y.swapaxes(-1, -2), x.swapaxes(-1, -2) @ dz)


@differentiable
def _total(x, axis, keepdims):
    y = x.sum(axis, keepdims=keepdims)

    def total_back(dy):
        if axis is not None and not keepdims:
            dy = np.expand_dims(dy, axis)
        return None, np.broadcast_to(dy, x.shape)

    return y, total_back
