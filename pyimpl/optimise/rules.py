"""Optimiser rules: each is its hyper-parameters and two functions on one array, `init` and `apply`.

`state, dx = rule.apply(state, x, g)` takes a parameter and its gradient and gives what is to be
subtracted from the parameter; it may reuse the arrays of `state`, and changes neither x nor g (but
see `mixed_precision.py`). Every hyper-parameter is converted to x's dtype first, and powers of beta
are accumulated in it, as in Julia. Names, defaults and formulas: Optimisers.jl 0.4, `src/rules.jl`.
Kin of Adam and other adaptive rules: `adaptive.py`.
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


class Rule:
    """What rules share: no state, and learning rates that cannot be negative."""

    eta: float
    elementwise = True  # every entry is treated by itself
    outermost = False  # it cannot be inside a chain

    def __post_init__(self):
        if getattr(self, "eta", 0.0) < 0:
            raise ValueError(
                f"{type(self).__name__} expects a learning rate of at least 0, got {self.eta}"
            )

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
        v = T(self.rho) * v + T(self.eta) * g
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
        return rho * v - eta * g, (1 + rho) * eta * g - rho * rho * v


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

    def apply(self, state, x, g):
        T = x.dtype.type
        eta, rho, eps = T(self.eta), T(self.rho), T(self.eps)
        q, lin = state
        q = rho * q + (1 - rho) * (g * g)
        spread = q
        if self.centred:
            lin = rho * lin + (1 - rho) * g
            spread = q - lin * lin
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
        acc = acc + g * g
        return acc, g * (T(self.eta) / (np.sqrt(acc) + T(self.eps)))


class AdamMoments(Rule):
    """What Adam and its kin share: running means m of g and v of g^2, and the powers of both
    betas.
    """

    beta: tuple[float, float]
    eps: float

    def init(self, x):
        T = x.dtype.type
        return np.zeros_like(x), np.zeros_like(x), (T(self.beta[0]), T(self.beta[1]))

    def means(self, state, x, g):
        """The next state; its arrays are those of `state`."""
        T = x.dtype.type
        b1, b2 = T(self.beta[0]), T(self.beta[1])
        m, v, (power1, power2) = state
        m *= b1
        m += (1 - b1) * g
        v *= b2
        v += (1 - b2) * (g * g)
        return m, v, (power1 * b1, power2 * b2)

    def direction(self, state, x, g):
        """The next state, and `m/(1 - b1^t) / (sqrt(v/(1 - b2^t)) + eps)` in an array of its
        own.
        """
        power1, power2 = state[2]
        m, v, powers = self.means(state, x, g)
        root = v / (1 - power2)
        np.sqrt(root, out=root)
        root += x.dtype.type(self.eps)
        direction = m / (1 - power1)
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
        with np.errstate(divide="ignore"):
            factor = np.minimum(x.dtype.type(self.omega) / norm, 1)
        return state, g * factor.astype(x.dtype)


@dataclass(frozen=True)
class AccumGrad(Rule):
    """Nothing for `n - 1` steps, then the mean of the last n gradients; rules after it in a chain
    run only then.
    """

    n: int = 2

    def init(self, x):
        return np.zeros_like(x), 1

    def apply(self, state, x, g):
        acc, counter = state
        acc = (g / self.n).astype(x.dtype, copy=False) if counter == 1 else acc + g / self.n
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
