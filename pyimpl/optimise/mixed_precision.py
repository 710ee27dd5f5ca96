"""Training in low precision with a copy of the parameters in a higher one.

Source: Optimisers.jl 0.4, `src/rules.jl`.
"""

from dataclasses import dataclass
from typing import overload

import numpy as np

from .rules import Rule

__all__ = ["MixedPrecision"]


@dataclass(frozen=True, init=False)
class MixedPrecision(Rule):
    """`rule` steps a copy of x that is kept in `precision`, and x becomes the copy, rounded.
    Micikevicius et al. 2018.

    `MixedPrecision(rule)` keeps float32, `MixedPrecision(precision, rule)` any other floating-point
    type. Steps too small for a float16 parameter add up in the copy. The state is the copy and the
    rule's state, both in `precision`. It wraps a whole OptimiserChain and cannot be inside one.
    Raises TypeError for what is no rule or no floating-point type.

    The gradient keeps its own precision until it meets the state, as in Flux: Adam squares a
    float16 gradient in float16, which makes 0 of 1e-4 and infinity of 300. Scale the loss, or
    convert the gradient.
    """

    precision: np.dtype
    rule: Rule

    elementwise = False  # it sets x itself, which a group of small parameters has only copies of
    outermost = True

    @overload
    def __init__(self, rule: Rule, /): ...

    @overload
    def __init__(self, precision, rule: Rule, /): ...

    def __init__(self, *arguments):
        precision, rule = arguments if len(arguments) == 2 else (np.float32, *arguments)
        if not isinstance(rule, Rule) or np.dtype(precision).kind != "f":
            raise TypeError(
                "MixedPrecision expects a rule, or a floating-point type and a rule, got "
                f"{', '.join(map(repr, arguments))}"
            )
        object.__setattr__(self, "precision", np.dtype(precision))
        object.__setattr__(self, "rule", rule)

    def init(self, x):
        if x.dtype.kind == "c":
            raise ValueError(f"MixedPrecision expects a real parameter, got {x.dtype}")
        copy = x.astype(self.precision)
        return copy, self.rule.init(copy)

    def apply(self, state, x, g):
        copy, inner = state
        if not np.can_cast(g.dtype, self.precision):
            g = g.astype(self.precision)
        inner, dx = self.rule.apply(inner, copy, g)
        if dx is not None:
            copy -= dx
        x[...] = copy  # x minus a difference would be rounded twice
        return (copy, inner), None

    def adjust(self, **changes):
        return MixedPrecision(self.precision, self.rule.adjust(**changes))
