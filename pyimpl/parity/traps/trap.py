"""What is known of one trap, in one entry.

`explain` tries its patterns, transformations, factors and settings on the Python side, `locate` its
steps inside of a layer, `matching` its ways in which one array may follow from another.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .syntax import Rule

Move = Callable[[np.ndarray], np.ndarray]
Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Way:
    """A transformation of an array, its inverse (None: gradients do not pass through it), and how
    it is told.
    """

    words: str  # {0} is the name of the array
    forth: Move
    back: Move | None
    cost: float = 3.0  # of several explanations the cheapest is told
    group: str = ""  # ways of one group are also tried on several arrays at once

    def undone(self, array: np.ndarray) -> np.ndarray:
        """The array as it was before. Raises ValueError where there is no way back."""
        if self.back is None:
            raise ValueError(f"{self.words} cannot be undone")
        return self.back(array)


@dataclass(frozen=True)
class Factor:
    """A number by which a result may be too large: `factor` takes a size, of one axis or of all."""

    words: str  # {0} is the name of the size, such as x1.shape[0]
    factor: Callable[[float], float]


@dataclass(frozen=True)
class LossScale:
    """A number by which a loss may be too large; `factor` takes the shape of the output."""

    words: str
    factor: Callable[[tuple[int, ...]], float]


@dataclass(frozen=True)
class Step:
    """A named intermediate of a layer made in another way from those before it.

    `change` is a function of the intermediates, or a value for a setting of the formula.
    """

    name: str
    words: str
    change: Any


def no_ways(*_: Any) -> Iterator[Any]:
    """What most traps have of most things."""
    return iter(())


@dataclass(frozen=True)
class Trap:
    """A known way in which two correct programs differ.

    Attributes:
        name: the key by which it is known.
        cause: the sentence that a user reads.
        patterns: rules that find it in source, and write the place in the other way.
        inputs: of an array that goes in, the ways in which it may have to be given.
        results: of a result and Julia's, the ways in which it may have to be given back.
        factors: numbers that depend on sizes, by which a result may be too large.
        settings: of the name and value of a setting, (words, other value).
        loss_scales: numbers by which a loss may be too large.
        steps: of the kind of a layer, the ways in which its intermediates may be made.
        mappings: of a shape, the ways in which Python's array may follow from Julia's.

    Example: `TRAPS["gates"].cause` is "the gates stand in another order in the blocks of an array".
    """

    name: str
    cause: str
    patterns: Sequence[Rule] = ()
    inputs: Callable[[np.ndarray], Iterator[Way]] = no_ways
    results: Callable[[np.ndarray, np.ndarray], Iterator[Way]] = no_ways
    factors: Sequence[Factor] = ()
    settings: Callable[[str, Any], Iterator[tuple[str, Any]]] = no_ways
    loss_scales: Sequence[LossScale] = ()
    steps: Mapping[str, Callable[[], Iterator[Step]]] = field(default_factory=dict)
    mappings: Callable[[tuple[int, ...]], Iterator[Way]] = no_ways


def times(factor: float) -> Move:
    """The array times a number, in its own type."""
    return lambda x: (x * factor).astype(x.dtype) if x.dtype.kind == "f" else x * factor


def constant(words: str, factor: float) -> Iterator[Way]:
    """A floating-point result times a number, and divided by it."""
    yield Way(f"{{0}} times {words}", times(factor), times(factor))
    if factor > 0:
        yield Way(f"{{0}} divided by {words}", times(1 / factor), times(1 / factor))
