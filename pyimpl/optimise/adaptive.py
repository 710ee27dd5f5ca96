"""More rules whose step adapts to the gradients that an entry has seen: kin of Adam, AdaDelta, and
the rules of signs.

Source: Optimisers.jl 0.4, `src/rules.jl`. What is said in `rules.py` holds here: m and v are
running means of g and g^2, b1^t and b2^t powers of both betas, accumulated in x's dtype.
"""

from dataclasses import dataclass, field

import numpy as np

from ..core.versions import since
from .rules import AdamMoments, Rule, abs2, expect_order, small

__all__ = ["AMSGrad", "AdaBelief", "AdaDelta", "AdaMax", "Lion", "NAdam", "OAdam", "RAdam", "Rprop"]


@dataclass(frozen=True)
class RAdam(AdamMoments):
    """Adam times `sqrt((r-4)(r-2)q / ((q-4)(q-2)r))` once r > 4 (PyTorch: 5), before that `dx = eta
    * m/(1 - b1^t)`. Liu et al. 2020.

    Here `q = 2/(1 - b2) - 1` and `r = q - 2t * b2^t/(1 - b2^t)`.
    """

    eta: float = 0.001
    beta: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def init(self, x):
        return *super().init(x), 1

    def apply(self, state, x, g):
        T = x.dtype.type
        *moments, t = state
        power1, power2 = moments[2]
        moments, dx = self.direction(moments, x, g)
        longest = (2 / (1 - T(self.beta[1])) - 1).real
        length = longest - (2 * t * power2 / (1 - power2)).real
        if length > 4:
            rectify = np.sqrt(
                (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            )
            return (*moments, t + 1), dx * T(self.eta) * rectify
        return (*moments, t + 1), moments[0] / (1 - power1) * T(self.eta)


@dataclass(frozen=True)
class AdaMax(AdamMoments):
    """`u = max(b2 * u, |g|); dx = eta/(1 - b1^t) * m / (u + eps)`. Kingma and Ba 2015."""

    eta: float = 0.001
    beta: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def apply(self, state, x, g):
        expect_order(self, x)
        T = x.dtype.type
        b1, b2 = T(self.beta[0]), T(self.beta[1])
        m, u, (power1, power2) = state
        m[...] = b1 * m + (1 - b1) * g
        u[...] = np.maximum(b2 * u, np.abs(g))
        dx = T(self.eta) / (1 - power1) * m / (u + self.epsilon(x.dtype))
        return (m, u, (power1 * b1, power2 * b2)), dx


@dataclass(frozen=True)
class OAdam(AdamMoments):
    """`dx = 2 * a - (the step before's a)`, where a is Adam's dx: optimistic Adam.

    Daskalakis et al. 2018.
    """

    eta: float = 0.001
    beta: tuple[float, float] = (0.5, 0.9)
    eps: float = 1e-8

    def init(self, x):
        return *super().init(x), np.zeros_like(x)

    def apply(self, state, x, g):
        *moments, previous = state
        moments, a = self.direction(moments, x, g)
        a *= x.dtype.type(self.eta)
        dx = 2 * a - previous
        previous[...] = a
        return (*moments, previous), dx


@dataclass(frozen=True)
class AMSGrad(Rule):
    """`top = max(top, v); dx = eta * m / (sqrt(top) + eps)`: no bias correction; m, v and top start
    at eps. Reddi et al. 2018.
    """

    eta: float = 0.001
    beta: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def init(self, x):
        return tuple(np.full_like(x, self.eps) for _ in range(3))

    def apply(self, state, x, g):
        expect_order(self, x)
        T = x.dtype.type
        b1, b2 = T(self.beta[0]), T(self.beta[1])
        m, v, top = state
        m[...] = b1 * m + (1 - b1) * g
        v[...] = b2 * v + (1 - b2) * abs2(g)
        top[...] = np.maximum(top, v)
        return state, T(self.eta) * m / (np.sqrt(top) + small(x.dtype, self.eps))


@dataclass(frozen=True)
class NAdam(AdamMoments):
    """`dx = eta * (b1 * m/(1 - b1^(t+1)) + (1 - b1) * g/(1 - b1^t)) / (sqrt(b2 * v/(1 - b2^t)) +
    eps)`; no schedule of b1. Dozat 2016.
    """

    eta: float = 0.001
    beta: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def apply(self, state, x, g):
        T = x.dtype.type
        b1, b2 = T(self.beta[0]), T(self.beta[1])
        power1, power2 = state[2]
        m, v, powers = self.means(state, x, g)
        ahead = b1 * m / (1 - b1 * power1) + (1 - b1) * g / (1 - power1)
        root = np.sqrt(v * b2 / (1 - power2)) + self.epsilon(x.dtype)
        return (m, v, powers), ahead / root * T(self.eta)


@dataclass(frozen=True)
class AdaBelief(AdamMoments):
    """`s = b2 * s + (1 - b2) * (g - m)^2 + eps; dx = eta * m/(1 - b1^t) / (sqrt(s/(1 - b2^t)) +
    eps)`. Zhuang et al. 2020.

    m is the new one.
    """

    eta: float = 0.001
    beta: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-16

    def apply(self, state, x, g):
        T = x.dtype.type
        b1, b2, eps = T(self.beta[0]), T(self.beta[1]), self.epsilon(x.dtype)
        m, s, (power1, power2) = state
        m[...] = b1 * m + (1 - b1) * g
        s[...] = b2 * s + (1 - b2) * abs2(g - m) + eps
        return (m, s, (power1 * b1, power2 * b2)), T(self.eta) * m / (1 - power1) / (
            np.sqrt(s / (1 - power2)) + eps
        )


@dataclass(frozen=True)
class AdaDelta(Rule):
    """`acc = rho * acc + (1 - rho) * g^2; dx = g * sqrt(steps + eps) / sqrt(acc + eps)`; then
    steps, the same mean of dx^2. Zeiler 2012.
    """

    rho: float = 0.9
    eps: float = 1e-8

    def init(self, x):
        return np.zeros_like(x), np.zeros_like(x)

    def apply(self, state, x, g):
        T = x.dtype.type
        rho, eps = T(self.rho), small(x.dtype, self.eps)
        acc, steps = state
        acc[...] = rho * acc + (1 - rho) * abs2(g)
        dx = np.asarray(g * np.sqrt(steps + eps) / np.sqrt(acc + eps))
        steps[...] = rho * steps + (1 - rho) * abs2(dx)
        return state, dx


def _literal(value: float) -> float:
    """A default of Rprop: a Float32 literal before 0.15."""
    return float(np.float32(value)) if since("Rprop") == "0" else value


@dataclass(frozen=True)
class Rprop(Rule):
    """`dx = step * sign(g)`; step times ell[1] where g keeps its sign, times ell[0] where it turns,
    within gamma.

    Riedmiller and Braun 1993. Where the sign turns nothing is subtracted, and the next gradient
    finds no sign to compare with.
    """

    eta: float = field(default_factory=lambda: _literal(1e-3))
    ell: tuple[float, float] = field(default_factory=lambda: (0.5, _literal(1.2)))
    gamma: tuple[float, float] = field(default_factory=lambda: (_literal(1e-6), 50.0))

    def init(self, x):
        return np.zeros_like(x), np.full_like(x, self.eta)

    def apply(self, state, x, g):
        expect_order(self, x)
        T = x.dtype.type
        before, step = state
        trend = before * g
        longer = np.minimum(step * T(self.ell[1]), T(self.gamma[1]))
        shorter = np.maximum(step * T(self.ell[0]), T(self.gamma[0]))
        step[...] = np.where(trend > 0, longer, np.where(trend < 0, shorter, step))
        before[...] = np.where(trend < 0, 0, g)
        return state, step * np.sign(before)


@dataclass(frozen=True)
class Lion(Rule):
    """`m = b2 * g + (1 - b2) * m; dx = eta * sign((b2 - b1) * g + b1 * m)`, with the new m. Chen et
    al. 2023.

    The paper has `b2 * m + (1 - b2) * g`: in Optimisers.jl, and here, the betas' roles are
    exchanged, so m is nearly the last gradient.
    """

    eta: float = 0.001
    beta: tuple[float, float] = (0.9, 0.999)

    def init(self, x):
        return np.zeros_like(x)

    def apply(self, m, x, g):
        T = x.dtype.type
        b1, b2 = T(self.beta[0]), T(self.beta[1])
        m[...] = b2 * g + (1 - b2) * m
        return m, T(self.eta) * np.sign((b2 - b1) * g + b1 * m)
