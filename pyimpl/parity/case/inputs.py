"""What a user's pair is tried on: drawn arrays of given shapes, or the caller's own.

A shape is written as `batch,5`: numbers, and names for sizes that are drawn, the same for the same
name everywhere. Behind a colon stands what the entries are: `batch,5:positive` (`entries.py` has
all kinds). An empty shape is a number.

Before it may stand the name of a keyword, and behind it a question mark where the value may be
missing: `gain=:positive?`. `list n` is a list, `tuple 3` a tuple; `{rate=:positive; steps=:int}` is
a dict or NamedTuple, `Config{...}` an object of the class, or struct, of that name.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from .arguments import ARRAY, LIST, MAYBE, NONE, RECORD, TUPLE, Argument, Form
from .draws import ELEMENTS, GRID, drawn_fill, drawn_whole
from .entries import Entries
from .values import called, needs_words

SIZES = (1, 5)
DECIMAL = ("real", "positive", "wide")  # of which some are decimals, such as prices
CENTS = 200  # parts of a decimal: half of them lie between two cents
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
        entries = Entries.parsed(kind)
        if entries.kind in ("size", "random") and parts:
            raise ValueError(f"{entries.kind} is a value of its own, without sizes: got {text!r}")
        return cls(tuple(int(part) if part.isdigit() else part for part in parts), str(entries))

    @property
    def entries(self) -> Entries:
        """What its entries are."""
        return Entries.parsed(self.kind)

    def __str__(self):
        return ",".join(map(str, self.sizes)) + ("" if self.kind == "real" else f":{self.kind}")


def parsed_argument(text: str) -> tuple[Argument, list[Shape]]:
    """One argument, and the shapes of the arrays that it is made of. Raises ValueError.

    >>> argument, shapes = parsed_argument("mode=:text:sum|mean?")
    >>> argument.keyword, argument.form.kind, [str(shape) for shape in shapes]
    ('mode', 'maybe', [':bool', ':text:sum|mean'])
    """
    named = re.fullmatch(r"([A-Za-z_]\w*)=(.*)", text.strip(), re.DOTALL)
    form, shapes = _parsed_value(named[2] if named else text)
    return Argument(form, named[1] if named else ""), shapes


def _parsed_value(text: str) -> tuple[Form, list[Shape]]:
    text = text.strip()
    if text.endswith("?"):
        form, shapes = _parsed_value(text[:-1])
        return Form(MAYBE, (form,)), [Shape((), "bool"), *shapes]
    if text == ":none":
        return Form(NONE), []
    if record := re.fullmatch(r"([A-Za-z_]\w*)?\{(.*)\}", text, re.DOTALL):
        return _parsed_record(record[1] or "", _split(record[2]), text)
    listed = re.fullmatch(r"(list|tuple)(?:\s+(.*))?", text)
    shape = Shape.parsed((listed[2] or "") if listed else text)
    form = shape.entries.form
    if listed is None:
        return form, [shape]
    if form.kind != ARRAY or not shape.sizes:
        raise ValueError(f"a {listed[1]} has a size, and numbers as entries: got {text!r}")
    return Form(LIST if listed[1] == "list" else TUPLE), [shape]


def _parsed_record(called: str, parts: list[str], text: str) -> tuple[Form, list[Shape]]:
    names, forms, shapes = [], [], []
    for part in parts:
        argument, its_shapes = parsed_argument(part)
        if not argument.keyword or argument.keyword in names:
            raise ValueError(f"parts are written as `name=shape; name=shape`, got {text!r}")
        names.append(argument.keyword)
        forms.append(argument.form)
        shapes += its_shapes
    return Form(RECORD, tuple(forms), tuple(names), called=called), shapes


def _split(text: str) -> list[str]:
    """At the semicolons that stand in no braces of their own."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        if letter == ";" and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]


@dataclass(frozen=True)
class Drawn:
    """Arguments that Hypothesis draws: one array per shape.

    `arguments` says what the arrays become; nothing where each is an argument by place.
    """

    shapes: tuple[Shape, ...]
    sizes: tuple[int, int] = SIZES
    arguments: tuple[Argument, ...] = ()

    def __post_init__(self):
        low, high = self.sizes
        if not 0 <= low <= high:
            raise ValueError(f"sizes lie between two numbers: got {low} and {high}")
        named = {size for shape in self.shapes for size in shape.sizes if isinstance(size, str)}
        for shape in self.shapes:
            if shape.entries.kind == "size" and shape.entries.detail not in named:
                raise ValueError(f"no argument has the size {shape.entries.detail}: {shape}")
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
            sizes = {name: draw(st.integers(*self.sizes)) for name in self.named_sizes()}
            fill = _fill(draw, entrywise)
            return [self.filled(shape, sizes, fill) for shape in self.shapes]

        return drawn()

    def named_sizes(self) -> list[str]:
        """The names of sizes, each once."""
        sizes = (size for shape in self.shapes for size in shape.sizes if isinstance(size, str))
        return list(dict.fromkeys(sizes))

    @staticmethod
    def filled(shape: Shape, sizes: Mapping[str, int], fill: Callable) -> np.ndarray:
        """An array of a shape, where the named sizes are these, by `fill(lengths, entries)`."""
        if shape.entries.kind == "size":
            return np.asarray(sizes[shape.entries.detail], np.int64)
        lengths = tuple(sizes[size] if isinstance(size, str) else size for size in shape.sizes)
        return fill(lengths, shape.entries)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.2g} GB" if size < 10**18 else "10^9 GB and more"  # a float may overflow


def _fill(draw: Callable, entrywise: bool):
    real = drawn_fill(draw, False, entrywise)

    def whole(shape, low, high):
        return drawn_whole(draw, shape, low, high, entrywise)

    def fill(shape: tuple[int, ...], entries: Entries):
        # Training is drawn as a whole, on the grid: its sums are to be as exact as they can.
        plain = entries.kind in DECIMAL and not entries.detail
        if plain and entrywise and draw(st.sampled_from((False, False, True))):
            low, high = (bound * CENTS // GRID for bound in ELEMENTS[entries.kind])
            return np.asarray(whole(shape, low, high) / CENTS)
        return entries.drawn(shape, whole, real)

    return fill


@dataclass(frozen=True)
class Given:
    """The caller's own arguments: every entry is a list of arrays."""

    cases: tuple[Sequence[np.ndarray], ...]

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
    """Arguments from the caller's own Hypothesis strategies: one for each, the last ones by
    keyword, or one that draws a tuple of all.
    """

    strategies: tuple[st.SearchStrategy, ...]
    keywords: tuple[str, ...] = ()
    together: bool = False

    def strategy(self) -> st.SearchStrategy[list[np.ndarray]]:
        """The arguments, as a list of arrays."""
        drawn = self.strategies[0] if self.together else st.tuples(*self.strategies)
        return drawn.map(lambda values: called(tuple(values), self.keywords))


Inputs = Drawn | Given | FromStrategies


def arrays(*shapes: str, sizes: tuple[int, int] = SIZES) -> Drawn:
    """Arguments of these shapes, drawn: `arrays("batch,5", "batch:positive")`; named sizes lie
    between the two of `sizes`.

    Entries are `real` (multiples of 1/32 between -4 and 4), `positive`, `probability`, `small`,
    `wide`, `int`, `natural`, `bool`, `complex`, `index:N` (from 0 to N - 1) or any other of
    `entries.py`. Keywords, lists and records are written as the head of this file says. Raises
    ValueError for a shape that cannot be read.
    """
    parsed = [parsed_argument(shape) for shape in shapes]
    arguments = tuple(argument for argument, _ in parsed)
    plain = all(argument.is_plain for argument in arguments)
    leaves = tuple(shape for _, its_shapes in parsed for shape in its_shapes)
    return Drawn(leaves, sizes, () if plain else arguments)


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
        return Given(tuple(map(_given, inputs)))
    if isinstance(inputs, Sequence) and inputs and not isinstance(inputs, str):
        return Given((_given(inputs),))
    raise TypeError(
        "inputs must be arrays(...), arrays of numbers or Hypothesis strategies, got "
        f"{type(inputs).__name__} {inputs!r}"
    )


def _given(values: Sequence[Any]) -> Sequence[np.ndarray]:
    if any(map(needs_words, values)):
        return called(values)
    return tuple(np.asanyarray(x) for x in values)
