"""What a user's pair is tried on: drawn arrays of given shapes, or the caller's own.

A shape is written as `batch,5`: numbers, and names for sizes that are drawn, the same for the same
name everywhere. Behind a colon stands what the entries are: `batch,5:positive`. An empty shape is a
number.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from .draws import ELEMENTS, GRID, drawn_fill, drawn_whole

SIZES = (1, 5)
WHOLE = {"int": (-8, 8), "natural": (0, 16), "bool": (0, 1)}
COMPLEX = "complex"
DECIMAL = ("real", "positive", "wide")  # of which some are decimals, such as prices
CENTS = 200  # parts of a decimal: half of them lie between two cents
MOST_INDEX = 2**62  # which Julia can count from 1
MOST_BYTES = 2**28  # of all inputs of a case, in Float64


@dataclass(frozen=True)
class Shape:
    """The shape of one argument, and the kind of its entries."""

    sizes: tuple[int | str, ...]
    kind: str = "real"

    @classmethod
    def parsed(cls, text: str) -> "Shape":
        """From `batch,5:positive`. Raises ValueError for anything else."""
        sizes, _, kind = text.partition(":")
        parts = [part.strip() for part in sizes.split(",")] if sizes.strip() else []
        wrong = [part for part in parts if not re.fullmatch(r"\d+|[A-Za-z_]\w*", part)]
        if wrong:
            raise ValueError(
                "a shape is written as `batch,5`, sizes and names of sizes with commas between; "
                f"got {wrong[0]!r} in {text!r}"
            )
        kind = kind.strip() or "real"
        if kind not in (*ELEMENTS, *WHOLE, COMPLEX) and not re.fullmatch(r"index:[1-9]\d*", kind):
            raise ValueError(
                f"entries are {', '.join([*ELEMENTS, *WHOLE, COMPLEX])} or index:N, got {kind!r} "
                f"in {text!r}"
            )
        if kind.startswith("index:") and int(kind[6:36]) > MOST_INDEX:
            raise ValueError(f"index:N takes an N of at most {MOST_INDEX}, got {text!r}"[:200])
        return cls(tuple(int(part) if part.isdigit() else part for part in parts), kind)

    def __str__(self):
        return ",".join(map(str, self.sizes)) + ("" if self.kind == "real" else f":{self.kind}")


@dataclass(frozen=True)
class Drawn:
    """Arguments that Hypothesis draws: one array per shape."""

    shapes: tuple[Shape, ...]
    sizes: tuple[int, int] = SIZES

    def __post_init__(self):
        largest = sum(  # of Python's integers, which do not overflow
            8 * math.prod(self.sizes[1] if isinstance(size, str) else size for size in shape.sizes)
            for shape in self.shapes
        )
        if largest > MOST_BYTES:
            raise ValueError(
                f"inputs of up to {_gigabytes(largest)} are more than the "
                f"{_gigabytes(MOST_BYTES)} that are compared: give smaller sizes"
            )

    def strategy(self, entrywise: bool = True) -> st.SearchStrategy[list[np.ndarray]]:
        """The arguments, as a list; entries of small arrays are drawn one by one, so that they can
        shrink, unless told otherwise.
        """

        @st.composite
        def drawn(draw):
            lowest, highest = self.sizes
            sizes: dict[str, int] = {}
            for name in dict.fromkeys(
                size for shape in self.shapes for size in shape.sizes if isinstance(size, str)
            ):
                sizes[name] = draw(st.integers(lowest, highest))
            fill = _fill(draw, entrywise)
            return [
                fill(
                    tuple(sizes[size] if isinstance(size, str) else size for size in shape.sizes),
                    shape.kind,
                )
                for shape in self.shapes
            ]

        return drawn()


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.2g} GB" if size < 10**18 else "10^9 GB and more"  # a float may overflow


def _fill(draw: Callable, entrywise: bool):
    real = drawn_fill(draw, False, entrywise)

    def fill(shape, kind):
        if kind == COMPLEX:
            return np.asarray(real(shape, "real") + 1j * real(shape, "real"))
        # Training is drawn as a whole, on the grid: its sums are to be as exact as they can.
        if kind in DECIMAL and entrywise and draw(st.sampled_from((False, False, True))):
            low, high = (bound * CENTS // GRID for bound in ELEMENTS[kind])
            return np.asarray(drawn_whole(draw, shape, low, high, entrywise) / CENTS)
        if kind not in WHOLE:
            return real(shape, kind)
        numbers = drawn_whole(draw, shape, *WHOLE[kind], entrywise)
        return numbers.astype(bool) if kind == "bool" else numbers

    return fill


@dataclass(frozen=True)
class Given:
    """The caller's own arguments: every entry is a list of arrays."""

    cases: tuple[tuple[np.ndarray, ...], ...]

    def __post_init__(self):
        for case in self.cases:
            size = sum(array.nbytes for array in case)
            if size > MOST_BYTES:
                raise ValueError(
                    f"inputs of {_gigabytes(size)} are more than the {_gigabytes(MOST_BYTES)} "
                    "that are compared: give smaller arrays"
                )
            for i, array in enumerate(case, 1):
                if isinstance(array, np.ma.MaskedArray):
                    raise ValueError(f"input {i} is masked: its mask would be lost")
                if array.dtype.kind not in "biufc" or array.dtype.itemsize > 16:
                    raise ValueError(
                        f"input {i} is of dtype {array.dtype}: expected real or complex numbers, "
                        "integers or Booleans"
                    )


@dataclass(frozen=True)
class FromStrategies:
    """Arguments from the caller's own Hypothesis strategies, one for each."""

    strategies: tuple[st.SearchStrategy, ...]

    def strategy(self) -> st.SearchStrategy[list[np.ndarray]]:
        """The arguments, as a list of arrays."""
        return st.tuples(*self.strategies).map(lambda xs: [np.asarray(x) for x in xs])


Inputs = Drawn | Given | FromStrategies


def arrays(*shapes: str, sizes: tuple[int, int] = SIZES) -> Drawn:
    """Arguments of these shapes, drawn: `arrays("batch,5", "batch:positive")`; named sizes lie
    between the two of `sizes`.

    Entries are `real` (multiples of 1/32 between -4 and 4), `positive`, `probability`, `small`,
    `wide`, `int`, `natural`, `bool`, `complex`, or `index:N` (from 0 to N - 1). Raises ValueError
    for a shape that cannot be read.
    """
    return Drawn(tuple(map(Shape.parsed, shapes)), sizes)


def as_inputs(inputs: Any) -> Inputs:
    """`arrays(...)`, Hypothesis strategies or arrays (one, or a sequence), or a list of tuples of
    arrays: several cases.
    """
    if isinstance(inputs, Drawn | Given | FromStrategies):
        return inputs
    if isinstance(inputs, st.SearchStrategy):
        return FromStrategies((inputs,))
    if isinstance(inputs, np.ndarray | int | float):
        return Given(((np.asanyarray(inputs),),))
    if (
        isinstance(inputs, Sequence)
        and inputs
        and all(isinstance(part, st.SearchStrategy) for part in inputs)
    ):
        return FromStrategies(tuple(inputs))
    if isinstance(inputs, list) and inputs and all(isinstance(part, tuple) for part in inputs):
        return Given(tuple(tuple(np.asanyarray(x) for x in part) for part in inputs))
    if isinstance(inputs, Sequence) and inputs and not isinstance(inputs, str):
        return Given((tuple(np.asanyarray(x) for x in inputs),))
    raise TypeError(
        "inputs must be arrays(...), arrays of numbers or Hypothesis strategies, got "
        f"{type(inputs).__name__} {inputs!r}"
    )
