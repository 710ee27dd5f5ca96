"""The machine epsilon that formulas contain: Flux writes `eps(eltype(x))` into losses, weight
normalisation and the ties of pooling.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

_instead: ContextVar[type | None] = ContextVar("the type whose epsilon counts", default=None)


def machine_epsilon(dtype) -> float:
    """The distance from 1 to the next larger number of a floating-point type.

    >>> machine_epsilon(np.float32) == 2.0**-23
    True
    """
    return float(np.finfo(_instead.get() or dtype).eps)


@contextmanager
def with_epsilon_of(dtype: type) -> Iterator[None]:
    """Within the block, formulas contain the epsilon of this type, whatever they work in.

    So the formula of one precision can be evaluated in a higher one, where its own rounding does
    not disturb.
    """
    token = _instead.set(dtype)
    try:
        yield
    finally:
        _instead.reset(token)
