"""The textbooks' optimiser rules, in the interface of `pyimpl.optimise`: `state, dx =
rule.apply(state, x, g)`, then `x -= dx`.

The learning rate is called `lr` as in the books; `adjust` takes it as `eta` too. What is made of
hyper-parameters alone is computed in double precision and then converted to x's dtype.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..optimise.rules import Rule

__all__ = ["AdaGrad", "AdaGradNoEps", "Adam", "Momentum", "SGD"]

TINY = 1e-7  # added to a root, outside of it


class TextbookRule(Rule):
    """What the rules below share: the name of the learning rate."""

    lr: float

    def __post_init__(self):
        if self.lr < 0:
            raise ValueError(
                f"{type(self).__name__} expects a learning rate of at least 0, got {self.lr}"
            )

    def adjust(self, **changes):
        if "eta" in changes:
            changes["lr"] = changes.pop("eta")
        return super().adjust(**changes)


@dataclass(frozen=True)
class SGD(TextbookRule):
    """`x -= lr * g`."""

    lr: float = 0.01

    def apply(self, state, x, g):
        return state, x.dtype.type(self.lr) * g


@dataclass(frozen=True)
class Momentum(TextbookRule):
    """`v = rho * v - lr * g; x += v`: Flux's Momentum with the sign of v turned."""

    lr: float = 0.01
    rho: float = 0.9

    def init(self, x):
        return np.zeros_like(x)

    def apply(self, v, x, g):
        T = x.dtype.type
        v = T(self.rho) * v - T(self.lr) * g
        return v, -v


@dataclass(frozen=True)
class AdaGrad(TextbookRule):
    """`h += g^2; x -= lr * g / (sqrt(h) + 1e-7)`; h starts at 0 (Flux: at 1e-8, which is also its
    epsilon).
    """

    lr: float = 0.01

    def init(self, x):
        return np.zeros_like(x)

    def apply(self, h, x, g):
        T = x.dtype.type
        h = h + g * g
        return h, T(self.lr) * g / (np.sqrt(h) + T(TINY))


@dataclass(frozen=True)
class AdaGradNoEps(TextbookRule):
    """`h += g^2; x -= lr * g / sqrt(h)`; h starts at 1e-8, and no epsilon is added.

    The rule of experiment E5.
    """

    lr: float = 0.01

    def init(self, x):
        return np.full_like(x, 1e-8)

    def apply(self, h, x, g):
        h = h + g * g
        dx = x.dtype.type(self.lr) * g
        dx /= np.sqrt(h)
        return h, dx


@dataclass(frozen=True)
class Adam(TextbookRule):
    """`m += (1 - beta1) * (g - m); v += (1 - beta2) * (g^2 - v); x -= lr_t * m / (sqrt(v) + 1e-7)`.

    `lr_t = lr * sqrt(1 - beta2^t) / (1 - beta1^t)`, with t counted from 1: the bias correction is
    in the learning rate, so the epsilon weighs more than Flux's in the first steps. The state is
    (m, v, t).
    """

    lr: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999

    def init(self, x):
        return np.zeros_like(x), np.zeros_like(x), 0

    def apply(self, state, x, g):
        T = x.dtype.type
        m, v, t = state
        t = t + 1
        lr_t = self.lr * math.sqrt(1 - self.beta2**t) / (1 - self.beta1**t)
        m = m + T(1 - self.beta1) * (g - m)
        v = v + T(1 - self.beta2) * (g * g - v)
        return (m, v, t), T(lr_t) * m / (np.sqrt(v) + T(TINY))
