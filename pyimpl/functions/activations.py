"""NNlib's activation functions: value and slope, with NNlib's answers at the kinks.

Every activation works entry by entry on an array of any shape and keeps its dtype. The slope is
taken from the input x or the output y, whichever NNlib takes it from, and blocks rather than
multiplies where it is zero: an infinite or NaN cotangent does not pass a closed gate, as in Julia,
where `false * NaN` is 0. Source: NNlib.jl 0.9.36, `src/activations.jl`.
"""

import math
from collections.abc import Callable

import numpy as np

from ..core.expect import as_float

__all__ = [
    "ACTIVATIONS",
    "celu",
    "elu",
    "gelu",
    "gelu_erf",
    "gelu_sigmoid",
    "gelu_tanh",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "identity",
    "leakyrelu",
    "lisht",
    "logcosh",
    "logsigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "sigmoid_fast",
    "silu",
    "softplus",
    "softshrink",
    "softsign",
    "swish",
    "tanh",
    "tanh_fast",
    "tanhshrink",
    "thresholdrelu",
    "trelu",
]

SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772
GELU_CUBIC = 0.044715
LOG_2 = math.log(2.0)

ACTIVATIONS: dict[str, "Activation"] = {}


class Activation:
    """`y = act(x)`, entry by entry; `back(dy)` gives `(None, dx)`, and None for a parameter such as
    elu's alpha, which is taken in x's dtype. A number gives a number.

    (Flux returns NaN for the gradient of such a parameter, its mark for "not implemented".)
    """

    def __init__(self, name: str, value: Callable, slope: Callable):
        self.__name__ = name
        self.__doc__ = value.__doc__
        self.value = value
        self.slope = slope

    def __call__(self, x, *parameters):
        x = as_float(self.__name__, x)
        return self.value(x, *self._given(x, parameters))[()]

    def _given(self, x, parameters) -> tuple:
        return tuple(x.dtype.type(parameter) for parameter in parameters)

    def pullback(self, x, *parameters):
        x = as_float(self.__name__, x)
        given = self._given(x, parameters)
        y = self.value(x, *given)[()]

        def act_back(dy):
            dx = self.slope(np.asarray(dy)[()], x, y, *given)
            return None, dx, *(None for _ in parameters)

        return y, act_back

    def __repr__(self):
        return self.__name__

    def __reduce__(self):
        return _by_name, (self.__name__,)

    def __deepcopy__(self, memo):
        return self


def _by_name(name):
    return ACTIVATIONS[name]


def activation(slope: Callable):
    """Enter the decorated formula into `ACTIVATIONS`; `slope(dy, x, y, *parameters)` is dy times
    the derivative.
    """

    def enter(value):
        act = Activation(value.__name__, value, slope)
        ACTIVATIONS[value.__name__] = act
        return act

    return enter


def as_activation(who: str, act):
    """`act`, if it can be what a layer applies to every entry. Raises ValueError for a name, for a
    function without a pullback, and for what does not go entry by entry, such as softmax.
    """
    name = act if isinstance(act, str) else getattr(act, "__name__", repr(act))
    if not hasattr(act, "pullback"):
        hint = f": the function pyimpl.{act} itself" if isinstance(act, str) else ""
        raise ValueError(
            f"{who} expects an activation such as relu, or a function made with @differentiable, "
            f"got {act!r}{hint}"
        )
    if getattr(act, "whole_arrays", False):
        raise ValueError(
            f"{who} expects an activation that goes entry by entry, got {name}: put it behind the "
            f"layer, Chain({who}(...), {name})"
        )
    return act


def fast(act):
    """What NNlib's `fast_act` makes of an activation inside Dense, Conv, Scale and the recurrent
    cells.
    """
    if act is tanh:
        return tanh_fast
    return sigmoid_fast if act is sigmoid else act


def let_through(passes, dy):
    """`np.where(passes, dy, 0)`, in a third of the time: the bits of dy, and'ed with all ones or
    all zeros.
    """
    if not (np.ndim(passes) and np.ndim(dy)):
        return np.where(passes, dy, 0)[()]
    bits = f"i{dy.itemsize}"
    mask = passes.view(np.int8).astype(bits)
    np.negative(mask, out=mask)
    return np.bitwise_and(mask, dy.view(bits), out=mask).view(dy.dtype)


class Identity(Activation):
    """`x`, whatever it is: integers stay so, and of several arguments it is the tuple."""

    def __call__(self, *xs):
        return xs[0] if len(xs) == 1 else xs

    def pullback(self, *xs):
        if len(xs) == 1:
            return xs[0], lambda dy: (None, dy)
        return xs, lambda dys: (None, *dys)


identity = ACTIVATIONS["identity"] = Identity("identity", lambda x: x, lambda dy, x, y: dy)
identity.__doc__ = Identity.__doc__


# Sigmoids.


def _sigmoid_slope(dy, x, y):
    return dy * (y * (1 - y))


@activation(_sigmoid_slope)
def sigmoid(x):
    """`1 / (1 + exp(-x))`, in the form that cannot overflow."""
    t = np.exp(-np.abs(x))
    return np.where(x < 0, t, 1) / (1 + t)


@activation(_sigmoid_slope)
def sigmoid_fast(x):
    """`1 / (1 + exp(-x))`; exactly 0 below -80, as in NNlib."""
    return (x >= -80) / (1 + np.exp(-np.maximum(x, -80)))


@activation(lambda dy, x, y: let_through((y > 0) & (y < 1), dy / 6))
def hardsigmoid(x):
    """`clamp((x + 3) / 6, 0, 1)`; the slope is 0 at both ends (NNlib before 0.9.36: 1 in the flat
    parts).
    """
    return np.clip((x + 3) / 6, 0, 1)


@activation(lambda dy, x, y: dy * sigmoid_fast.value(-x))
def logsigmoid(x):
    """`log(sigmoid(x)) = -softplus(-x)`."""
    return -softplus.value(-x)


# Hyperbolic tangents.


def _tanh_slope(dy, x, y):
    return dy * (1 - y * y)


@activation(_tanh_slope)
def tanh(x):
    """`tanh(x)`, accurate."""
    return np.tanh(x)


TANH_32 = (
    (1.0, 0.1346604, 0.0035974074, 2.2332108e-5, 1.587199e-8),
    (1.0, 0.4679937, 0.026262015, 0.0003453992, 8.7767893e-7),
)
TANH_64 = (
    1.0,
    -0.33333333333324583,
    0.13333333325511604,
    -0.05396823125794372,
    0.02186660872609521,
    -0.008697141630499953,
)


def _horner(x, coefficients):
    result = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result = result * x + coefficient
    return result


@activation(_tanh_slope)
def tanh_fast(x):
    """NNlib's `tanh_fast`: within about 5 ulp of tanh; in float32 it can give 1.0000001.

    Float32: a quotient of polynomials in x^2, exactly the sign from x^2 >= 66 on. Float64: a
    polynomial for x^2 < 0.017, else `(exp(2x) - 1) / (exp(2x) + 1)`, the sign for x^2 > 900. Other
    dtypes: tanh.
    """
    x2 = np.minimum(x * x, 1e4)
    if x.dtype == np.float32:
        small = np.clip(x2, 0, 66)
        return np.where(
            x2 < 66, x * (_horner(small, TANH_32[0]) / _horner(small, TANH_32[1])), np.sign(x)
        )
    if x.dtype == np.float64:
        e = np.exp(np.clip(2 * x, -60, 60))
        y = np.where(x2 < 0.017, x * _horner(np.minimum(x2, 1), TANH_64), (e - 1) / (e + 1))
        return np.where(x2 > 900, np.sign(x), y)
    return np.tanh(x)


@activation(lambda dy, x, y: let_through((y > -1) & (y < 1), dy))
def hardtanh(x):
    """`clamp(x, -1, 1)`; slope 0 at both ends."""
    return np.clip(x, -1, 1)


@activation(lambda dy, x, y: dy * ((x - y) * (x - y)))
def tanhshrink(x):
    """`x - tanh(x)`; its slope is tanh(x)^2."""
    return x - tanh_fast.value(x)


def _lisht_slope(dy, x, y):
    t = np.tanh(x)
    return dy * (t + x * (1 - t * t))


@activation(_lisht_slope)
def lisht(x):
    """`x * tanh(x)`."""
    return x * tanh_fast.value(x)


# Rectifiers.


@activation(lambda dy, x, y: let_through(y > 0, dy))
def relu(x):
    """`max(0, x)`; NaN stays NaN, the slope at 0 is 0."""
    return np.maximum(x, 0)


@activation(lambda dy, x, y: let_through((y > 0) & (y < 6), dy))
def relu6(x):
    """`clamp(x, 0, 6)`; slope 0 at both ends."""
    return np.clip(x, 0, 6)


@activation(lambda dy, x, y, a=0.01: np.where(y > 0, dy, a * dy))
def leakyrelu(x, a=0.01):
    """`x` where x > 0, `a * x` elsewhere; the slope at 0 is a."""
    return np.where(x > 0, x, a * x)


class Threshold(Activation):
    """An activation whose parameter x is compared with: it is not rounded to x's dtype."""

    def _given(self, x, parameters):
        return tuple(np.asarray(parameter, np.float64) for parameter in parameters)


def _trelu(x, theta=1.0):
    """`x` where x > theta, 0 elsewhere; slope 0 at theta, and, as in NNlib, wherever the result is
    not positive, whatever theta.
    """
    return np.where(x <= theta, 0, x)


trelu = ACTIVATIONS["trelu"] = Threshold(
    "trelu", _trelu, lambda dy, x, y, theta=1.0: let_through(y > 0, dy)
)


@activation(lambda dy, x, y, lam=0.5: let_through(y != 0, dy))
def softshrink(x, lam=0.5):
    """`x` moved towards 0 by lam, and 0 where it would cross it; slope 0 at both ends. With a
    negative lam it is x + lam up to -lam, and x - lam above.
    """
    low, high = x - lam, x + lam
    return np.where(high > 0, np.where(low < 0, 0, low), high)


# Exponential units. NNlib takes exp(x) - 1, not expm1(x): near 0 from below the error is about eps,
# not eps * |x|.


def _exp_where(condition, x):
    """exp(x) where the condition holds, and 1 elsewhere, where it might be infinite."""
    with np.errstate(over="ignore"):
        return np.exp(np.where(condition, x, 0))


@activation(lambda dy, x, y, alpha=1.0: np.where(y >= 0, dy, dy * (y + alpha)))
def elu(x, alpha=1.0):
    """`x` where x >= 0, `alpha * (exp(x) - 1)` elsewhere; the slope at 0 is 1."""
    return np.where(x >= 0, x, alpha * (_exp_where(~(x >= 0), x) - 1))


@activation(
    lambda dy, x, y: dy * np.where(y > 0, SELU_SCALE, y + SELU_ALPHA * SELU_SCALE).astype(y.dtype)
)
def selu(x):
    """`scale * elu(x, alpha)` with the self-normalising constants; the slope at 0 is scale *
    alpha.
    """
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * (_exp_where(~(x > 0), x) - 1))


@activation(lambda dy, x, y, alpha=1.0: np.where(y > 0, dy, dy * (y / alpha + 1)))
def celu(x, alpha=1.0):
    """`x` where x >= 0, `alpha * (exp(x / alpha) - 1)` elsewhere."""
    below = ~(x >= 0)
    return np.where(below, alpha * (_exp_where(below, x / alpha) - 1), x)


# Gates: x times something between 0 and 1.


def _gelu_tanh_slope(dy, x, y):
    x2 = x * x
    t = 1 + GELU_CUBIC * x2
    w = tanh_fast.value(math.sqrt(2 / math.pi) * x * t)
    return dy * (
        (1 + w) / 2 + x * math.sqrt(2 / math.pi) * (t + 2 * GELU_CUBIC * x2) * (1 - w * w) / 2
    )


def _gelu_sigmoid_slope(dy, x, y):
    x2 = x * x
    t = 1 + GELU_CUBIC * x2
    s = sigmoid_fast.value(math.sqrt(8 / math.pi) * x * t)
    return dy * (s * (1 - s) * math.sqrt(8 / math.pi) * (t + 2 * GELU_CUBIC * x2) * x + s)


@activation(_gelu_tanh_slope)
def gelu_tanh(x):
    """`x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))`: what Flux calls gelu (PyTorch:
    `approximate="tanh"`).
    """
    return x / 2 * (1 + tanh_fast.value(math.sqrt(2 / math.pi) * x * (1 + GELU_CUBIC * x * x)))


@activation(_gelu_tanh_slope)
def gelu(x):
    """`gelu_tanh`: Flux's gelu is the tanh form."""
    return gelu_tanh.value(x)


@activation(_gelu_sigmoid_slope)
def gelu_sigmoid(x):
    """`x * sigmoid(sqrt(8/pi) * x * (1 + 0.044715 x^2))`: the same mathematics as `gelu_tanh`."""
    return x * sigmoid_fast.value(math.sqrt(8 / math.pi) * x * (1 + GELU_CUBIC * x * x))


_erf = np.vectorize(math.erf, otypes=[np.float64])


def _normal_cdf(x):
    return (0.5 * (1 + _erf(x / math.sqrt(2)))).astype(x.dtype)


@activation(
    lambda dy, x, y: dy * (_normal_cdf(x) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi))
)
def gelu_erf(x):
    """`x * Phi(x)` with the normal distribution function Phi: the exact form, PyTorch's default."""
    return x * _normal_cdf(x)


@activation(lambda dy, x, y: dy * (y + sigmoid_fast.value(x) * (1 - y)))
def swish(x):
    """`x * sigmoid(x)`, also called SiLU."""
    return x * sigmoid_fast.value(x)


@activation(lambda dy, x, y: np.where(x > 3, dy, np.where(x < -3, 0, dy * (x / 3 + 0.5))))
def hardswish(x):
    """`x * hardsigmoid(x)`; the slope is -1/2 at -3 and 3/2 at 3."""
    return x * hardsigmoid.value(x)


def _mish_slope(dy, x, y):
    t = np.tanh(softplus.value(x))
    return dy * (t + x * (1 - t * t) * sigmoid.value(x))


@activation(_mish_slope)
def mish(x):
    """`x * tanh(softplus(x))`."""
    return x * np.tanh(softplus.value(x))


# Smooth hinges.


@activation(lambda dy, x, y: dy * sigmoid_fast.value(x))
def softplus(x):
    """`log(1 + exp(x))`, in the form that cannot overflow."""
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


@activation(lambda dy, x, y: dy / ((1 + np.abs(x)) * (1 + np.abs(x))))
def softsign(x):
    """`x / (1 + |x|)`."""
    return x / (1 + np.abs(x))


@activation(lambda dy, x, y: dy * (1 - 2 * sigmoid.value(-2 * x)))
def logcosh(x):
    """`log(cosh(x))`, as `x + softplus(-2x) - log(2)`."""
    return x + softplus.value(-2 * x) - LOG_2


silu = swish  # other names of the same functions
thresholdrelu = trelu
