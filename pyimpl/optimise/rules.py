"""Optimiser rules: each is its hyper-parameters and two functions on one array, `init` and `apply`.

`state, dx = rule.apply(state, x, g)` takes a parameter and its gradient and gives what is to be
subtracted from the parameter; it writes into the arrays of `state`, which keep x's dtype whatever
that of g, and changes neither x nor g (but see `mixed_precision.py`). Every hyper-parameter is
converted to x's dtype first, and powers of beta are accumulated in it, as in Julia. x may be
complex: squares are those of the absolute value, and rules that compare entries refuse it. Names,
defaults and formulas: Optimisers.jl 0.4.8, `src/rules.jl`. Kin of Adam and other adaptive rules:
`adaptive.py`.
"""

from dataclasses import dataclass

import numpy as np

from ..core.versions import since

__all__ = [
    "AccumGrad",
    "AdaGrad",
    "Adam",
    "AdamW",
    "ClipGrad",
    "ClipNorm",
    "Descent",
    "Momentum",
    "Nesterov",
    "OptimiserChain",
    "RMSProp",
    "Rule",
    "SignDecay",
    "WeightDecay",
]


def abs2(z: np.ndarray) -> np.ndarray:
    """`|z|^2`, a real array. Julia: `abs2`."""
    return z.real * z.real + z.imag * z.imag if z.dtype.kind == "c" else z * z


def small(dtype: np.dtype, eps: float):
    """`eps` in `dtype`; float16 gets at least 1e-7, unless it is 0. Optimisers: `_eps`."""
    return dtype.type(max(eps, 1e-7) if dtype == np.float16 and eps != 0 else eps)


def expect_order(rule: "Rule", x: np.ndarray) -> None:
    """Of two complex numbers none is the larger one. Julia: a MethodError of `isless`."""
    if x.dtype.kind == "c":
        raise ValueError(
            f"{type(rule).__name__} compares entries and expects a real parameter, got {x.dtype}"
        )


PAIRS = ("beta", "ell", "gamma")  # hyper-parameters that are two numbers each


class Rule:
    """What rules share: no state, and learning rates that cannot be negative."""

    eta: float
    elementwise = True  # every entry is treated by itself
    outermost = False  # it cannot be inside a chain

    def __post_init__(self):
        who = type(self).__name__
        for name, value in vars(self).items():
            if name in PAIRS:
                if np.shape(value) != (2,) or not all(map(_is_number, value)):
                    raise ValueError(f"{who} expects two numbers for {name}, got {value!r}")
            elif not _is_number(value):
                raise ValueError(f"{who} expects a number for {name}, got {value!r}")
        if getattr(self, "eta", 0.0) < 0:
            raise ValueError(f"{who} expects a learning rate of at least 0, got {self.eta}")

    def init(self, x):
        """The state before the first step."""
        return None

    def apply(self, state, x, g):
        """The new state, and what to subtract from x; None in its place: leave x alone this
        time.
        """
        raise NotImplementedError

    def adjust(self, **changes):
        """A copy with the hyper-parameters that this rule has replaced by `changes`; others are
        ignored, as in Flux.
        """
        return type(self)(**{name: changes.get(name, value) for name, value in vars(self).items()})


def _is_number(value) -> bool:
    return np.ndim(value) == 0 and np.asarray(value).dtype.kind in "biuf"


@dataclass(frozen=True)
class Descent(Rule):
    """`dx = eta * g`. The default is Julia's Float32 literal 0.1f0."""

    eta: float = float(np.float32(0.1))

    def __post_init__(self):
        """Optimisers.jl asks for a learning rate of at least 0 in every rule but this one."""

    def apply(self, state, x, g):
        return state, x.dtype.type(self.eta) * g


@dataclass(frozen=True)
class Momentum(Rule):
    """`v = rho * v + eta * g; dx = v`: the learning rate is inside the velocity (PyTorch:
    outside).
    """

    eta: float = 0.01
    rho: float = 0.9

    def init(self, x):
        return np.zeros_like(x)

    def apply(self, v, x, g):
        T = x.dtype.type
        v[...] = T(self.rho) * v + T(self.eta) * g
        return v, v


@dataclass(frozen=True)
class Nesterov(Rule):
    """`dx = -rho^2 * v + (1 + rho) * eta * g` with the old v; then `v = rho * v - eta * g`."""

    eta: float = 0.001
    rho: float = 0.9

    def init(self, x):
        return np.zeros_like(x)

    def apply(self, v, x, g):
        T = x.dtype.type
        eta, rho = T(self.eta), T(self.rho)
        dx = (1 + rho) * eta * g - rho * rho * v
        v[...] = rho * v - eta * g
        return v, dx


@dataclass(frozen=True)
class RMSProp(Rule):
    """`q = rho * q + (1 - rho) * g^2; dx = g * eta / (sqrt(q - lin^2) + eps)`; lin, the mean
    gradient, only if centred.
    """

    eta: float = 0.001
    rho: float = 0.9
    eps: float = 1e-8
    centred: bool = False

    def init(self, x):
        return np.zeros_like(x), np.zeros_like(x) if self.centred else None

    def adjust(self, **changes):
        if changes.get("centred", self.centred) != self.centred:
            raise ValueError(
                "RMSProp expects to stay centred or not, for the two have different states, got "
                f"centred={changes['centred']}"
            )
        return super().adjust(**changes)

    def apply(self, state, x, g):
        T = x.dtype.type
        eta, rho, eps = T(self.eta), T(self.rho), small(x.dtype, self.eps)
        q, lin = state
        q[...] = rho * q + (1 - rho) * abs2(g)
        spread = q
        if self.centred:
            lin[...] = rho * lin + (1 - rho) * g
            spread = q - abs2(lin)
        return (q, lin), g * (eta / (np.sqrt(spread) + eps))


@dataclass(frozen=True)
class AdaGrad(Rule):
    """`acc += g^2; dx = g * eta / (sqrt(acc) + eps)`; acc starts at eps."""

    eta: float = 0.1
    eps: float = 1e-8

    def init(self, x):
        return np.full_like(x, self.eps)

    def apply(self, acc, x, g):
        T = x.dtype.type
        acc += abs2(g)
        return acc, g * (T(self.eta) / (np.sqrt(acc) + small(x.dtype, self.eps)))


class AdamMoments(Rule):
    """What Adam and its kin share: running means m of g and v of g^2, and the powers of both
    betas.
    """

    beta: tuple[float, float]
    eps: float

    def init(self, x):
        T = x.dtype.type
        return np.zeros_like(x), np.zeros_like(x), (T(self.beta[0]), T(self.beta[1]))

    def epsilon(self, dtype):
        """eps as it is added to the root."""
        return small(dtype, self.eps)

    def means(self, state, x, g):
        """The next state; its arrays are those of `state`."""
        T = x.dtype.type
        b1, b2 = T(self.beta[0]), T(self.beta[1])
        m, v, (power1, power2) = state
        m *= b1
        m += (1 - b1) * g
        v *= b2
        v += (1 - b2) * abs2(g)
        return m, v, (power1 * b1, power2 * b2)

    def direction(self, state, x, g):
        """The next state, and `m/(1 - b1^t) / (sqrt(v/(1 - b2^t)) + eps)` in an array of its
        own.
        """
        power1, power2 = state[2]
        m, v, powers = self.means(state, x, g)
        root = np.asarray(v / (1 - power2))  # of an array without axes NumPy makes a number
        np.sqrt(root, out=root)
        root += self.epsilon(x.dtype)
        direction = np.asarray(m / (1 - power1))
        direction /= root
        return (m, v, powers), direction


@dataclass(frozen=True)
class Adam(AdamMoments):
    """`dx = m/(1 - b1^t) / (sqrt(v/(1 - b2^t)) + eps) * eta`; m, v are running means of g and g^2.

    Kingma and Ba 2015.
    """

    eta: float = 0.001
    beta: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def __new__(cls, *_, **__):
        return super().__new__(AdamInFloat64 if cls is Adam and since("Adam") == "0" else cls)

    def apply(self, state, x, g):
        state, dx = self.direction(state, x, g)
        dx *= x.dtype.type(self.eta)
        return state, dx


@dataclass(frozen=True)
class AdamInFloat64(Adam):
    """Adam before Flux 0.13: its settings are Float64, and so is everything computed for an entry
    before it is stored.
    """

    elementwise = False  # its powers of beta are a tuple of plain numbers

    def init(self, x):
        return np.zeros_like(x), np.zeros_like(x), self.beta

    def apply(self, state, x, g):
        if x.dtype.kind == "c":
            raise ValueError(f"Adam before Flux 0.13 expects a real parameter, got {x.dtype}")
        m, v, powers = state
        (b1, b2), g = self.beta, g.astype(np.float64)
        m = (b1 * m.astype(np.float64) + (1 - b1) * g).astype(x.dtype)
        v = (b2 * v.astype(np.float64) + (1 - b2) * g * g).astype(x.dtype)
        dx = (
            m.astype(np.float64)
            / (1 - powers[0])
            / (np.sqrt(v.astype(np.float64) / (1 - powers[1])) + self.eps)
            * self.eta
        )
        return (m, v, (powers[0] * b1, powers[1] * b2)), dx.astype(x.dtype)


@dataclass(frozen=True)
class AdamW(AdamMoments):
    """Adam's direction a with decoupled weight decay: `dx = eta * (a + lam * x)`; with
    `couple=False`: `eta * a + lam * x`.

    With the `semantics` of a version before 0.15 this makes the chain of rules that it was.
    """

    eta: float = 0.001
    beta: tuple[float, float] = (0.9, 0.999)
    lam: float = 0.0
    eps: float = 1e-8
    couple: bool = True

    def __new__(cls, eta=0.001, beta=(0.9, 0.999), lam=0.0, eps=1e-8, couple=True):
        if since("AdamW") == "0":
            return OptimiserChain(Adam(1.0, beta, eps), WeightDecay(lam), Descent(eta))
        if since("AdamW") == "0.12.10":
            return OptimiserChain(Adam(eta, beta, eps), WeightDecay(lam))
        return super().__new__(cls)

    def epsilon(self, dtype):
        """eps, in float16 too: Optimisers.jl has no minimum for it here."""
        return dtype.type(self.eps)

    def apply(self, state, x, g):
        T = x.dtype.type
        state, a = self.direction(state, x, g)
        if self.couple:
            return state, T(self.eta) * (a + T(self.lam) * x)
        return state, T(self.eta) * a + T(self.lam) * x


@dataclass(frozen=True)
class WeightDecay(Rule):
    """`dx = g + lam * x`: L2 regularisation when it comes first in a chain."""

    lam: float = 5e-4

    def apply(self, state, x, g):
        return state, g + x.dtype.type(self.lam) * x


@dataclass(frozen=True)
class SignDecay(Rule):
    """`dx = g + lam * sign(x)`: L1 regularisation when it comes first in a chain."""

    lam: float = 1e-3

    def apply(self, state, x, g):
        return state, g + x.dtype.type(self.lam) * np.sign(x)


@dataclass(frozen=True)
class ClipGrad(Rule):
    """Every entry of g clamped to [-delta, delta]."""

    delta: float = 10.0

    def apply(self, state, x, g):
        expect_order(self, x)
        delta = x.dtype.type(self.delta)
        return state, np.clip(g, -delta, delta)


@dataclass(frozen=True)
class ClipNorm(Rule):
    """`g * min(omega / |g|_p, 1)`, each array by itself.

    Raises ValueError where the norm is not finite, unless `throw=False`.
    """

    omega: float = 10.0
    p: float = 2.0
    throw: bool = True

    elementwise = False

    def apply(self, state, x, g):
        norm = np.linalg.norm(np.ravel(g), self.p)
        if self.throw and not np.isfinite(norm):
            raise ValueError(
                f"ClipNorm expects a finite gradient, got one of shape {g.shape} with "
                f"{self.p}-norm {norm}"
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.minimum(np.float64(self.omega) / np.float64(norm), 1)
        return state, g * x.dtype.type(factor)


@dataclass(frozen=True)
class AccumGrad(Rule):
    """Nothing for `n - 1` steps, then the mean of the last n gradients; rules after it in a chain
    run only then.
    """

    n: int

    def __post_init__(self):
        if not isinstance(self.n, int | np.integer) or self.n < 1:
            raise ValueError(f"AccumGrad expects at least one gradient to add up, got {self.n!r}")

    def init(self, x):
        return np.zeros_like(x), 1

    def apply(self, state, x, g):
        acc, counter = state
        acc[...] = g / self.n if counter == 1 else acc + g / self.n
        return (acc, 1 if counter == self.n else counter + 1), acc if counter == self.n else None


@dataclass(frozen=True, init=False)
class OptimiserChain(Rule):
    """The rules one after the other, each given what the one before made of the gradient."""

    rules: tuple[Rule, ...]

    def __init__(self, *rules):
        for rule in rules:
            if rule.outermost:
                raise ValueError(
                    f"OptimiserChain expects rules that {type(rule).__name__} can wrap as a "
                    f"whole, got {rule!r} inside"
                )
        object.__setattr__(self, "rules", rules)

    @property
    def elementwise(self):  # type: ignore[override]
        return all(rule.elementwise for rule in self.rules)

    def init(self, x):
        return tuple(rule.init(x) for rule in self.rules)

    def apply(self, state, x, g):
        states = list(state)
        for i, rule in enumerate(self.rules):
            states[i], g = rule.apply(states[i], x, g)
            if g is None:
                break
        return tuple(states), g

    def adjust(self, **changes):
        return OptimiserChain(*(rule.adjust(**changes) for rule in self.rules))
