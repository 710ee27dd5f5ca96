"""A run of a model, taken apart: the calls of its innermost parts, in order, and every array that
went in or came out of one.

A value that goes from one call into another has one number in both, so that the calls are the nodes
of a graph, and what lies between two of its values can be run alone: `Trace.between`.

    >>> x, y, z = 0, 1, 2  # numbers of values
    >>> calls = [Call("fc", "Linear", (x,), (y,)), Call("relu", "relu", (y,), (z,))]
    >>> trace = Trace((x,), (z,), calls)
    >>> [call.path for call in trace.needed([z], {y})]
    ['relu']
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind
from .side import PythonSide

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Piece:
    """An array of a model, or one of so many equal blocks of it along an axis."""

    name: str
    block: int = 0
    blocks: int = 1
    axis: int = 0

    def __str__(self):
        return f"{self.name}[{self.block + 1} of {self.blocks}]" if self.blocks > 1 else self.name

    def block_of(self, array: np.ndarray) -> np.ndarray:
        """This part of the array, which is not copied."""
        size = array.shape[self.axis] // self.blocks
        place: list[slice] = [slice(None)] * array.ndim
        place[self.axis] = slice(self.block * size, (self.block + 1) * size)
        return array[tuple(place)] if self.blocks > 1 else array

    def shape_of(self, shape: Shape) -> Shape:
        """The shape of this part of an array of that shape."""
        sizes = list(shape)
        if self.blocks > 1:
            sizes[self.axis] //= self.blocks
        return tuple(sizes)


Unit = dict[str, Piece]  # what a layer within a layer has, by the names that it has elsewhere


@dataclass(frozen=True, eq=False)
class Call:
    """One call of an innermost part: a layer, or a function of arrays between the layers.

    Attributes:
        path: where it stands in the model, `encoder.0.conv`; of a function, with its name last.
        kind: what it is: the name of its class, or of the function.
        inputs: the numbers of the values that went in, by the order of arguments.
        outputs: the numbers of the values that came out.
        arrays: the shapes of its own arrays of floating-point numbers, by their path in the model.
        act: the activation that is part of it; empty where that is none.
        inside: path and turn of the call of a larger part that this one is made by, as attention
            calls its projections; None where no such call is in the list. It comes after its own.
        splits: ways in which it falls into layers one after the other, as a stack of recurrent
            layers does, or the projections of attention that are packed in one array.
        turn: how often the same part was called before.
        place: where it was called from, in words.
        cotangents, input_gradients, gradients, after: what went backwards through it, by the
            position of output or input and by the path of an array, and its arrays afterwards;
            known of Julia's calls only.
    """

    path: str
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    arrays: dict[str, Shape] = field(default_factory=dict)
    act: str = ""
    inside: tuple[str, int] | None = None
    splits: tuple[tuple[Unit, ...], ...] = ()
    turn: int = 0
    place: str = ""
    cotangents: dict[int, np.ndarray] = field(default_factory=dict)
    input_gradients: dict[int, np.ndarray] = field(default_factory=dict)
    gradients: dict[str, np.ndarray] = field(default_factory=dict)
    after: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, int]:
        """Path and turn."""
        return self.path, self.turn

    @property
    def label(self) -> str:
        """The path, and which of several calls it is."""
        return f"{self.path}#{self.turn + 1}" if self.turn else self.path


@dataclass(frozen=True)
class Part:
    """A part of a model as a side of its own; `paths` are its arrays as the model calls them, by
    the names that the side has for them.
    """

    side: PythonSide
    paths: dict[str, str]


@dataclass(eq=False)
class Trace:
    """All calls of one run, in order, with the values by their numbers.

    `error` says why it ended early; then there are no outputs.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    calls: list[Call]
    values: dict[int, np.ndarray] = field(default_factory=dict)
    error: str = ""
    # Keys of calls: see `hide`.
    hidden: set[tuple[str, int]] = field(default_factory=set, kw_only=True)

    def hide(self, keys: Collection[tuple[str, int]]) -> None:
        """Take a value for what comes out of the other calls alone: of a layer that calls others,
        either it or these are to be seen.
        """
        self.hidden = set(keys)

    def moving(self) -> list[Call]:
        """The calls whose outputs depend on an input of the model, in order. What they read of
        values that are made of the model's own arrays, such as a transposed weight, are their own
        arrays.
        """
        fixed, producers = self.fixed(), self.producers()

        def arrays(call: Call) -> dict[str, Shape]:
            own = dict(call.arrays)
            for number in call.inputs:
                if number in fixed and number in producers:
                    own |= arrays(self.calls[producers[number]])
            return own

        return [
            replace(call, arrays=arrays(call))
            for call in self.calls
            if not call.outputs or not set(call.outputs) <= fixed
        ]

    def producers(self) -> dict[int, int]:
        """The position of the call that a value came from, by the value: of calls within each other
        the innermost.
        """
        found: dict[int, int] = {}
        for place, call in enumerate(self.calls):
            if call.key not in self.hidden:
                for number in call.outputs:
                    found.setdefault(number, place)
        return found

    def fixed(self) -> set[int]:
        """The values that depend on no input of the model: made of its own arrays, or constants.

        One that comes out of no call may depend on anything.
        """
        fixed: set[int] = set()
        for call in self.calls:
            if fixed.issuperset(call.inputs):
                fixed.update(call.outputs)
        return fixed

    def needed(self, outputs: Sequence[int], given: Collection[int]) -> list[Call]:
        """The calls that make the outputs of the given values and the model's inputs, in order."""
        producers = self.producers()
        places: set[int] = set()
        waiting = [number for number in outputs if number not in given]
        while waiting:
            place = producers.get(waiting.pop())
            if place is not None and place not in places:
                places.add(place)
                waiting += [n for n in self.calls[place].inputs if n not in given]
        return [self.calls[place] for place in sorted(places)]

    def reads(self, calls: Sequence[Call], given: Collection[int]) -> list[int]:
        """What these calls read of the given values and the model's inputs, each once, in order."""
        made = {number for call in calls for number in call.outputs if number not in given}
        read = [n for call in calls for n in call.inputs if n not in made]
        known = set(given) | set(self.inputs)
        return [number for number in dict.fromkeys(read) if number in known]

    def between(self, inputs: Sequence[int], outputs: Sequence[int]) -> "Part | None":
        """What makes the outputs of the inputs, to be run alone; None where it cannot be."""
        return None

    def teach(self, part: "Part", inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Tell a part of the same model that an earlier run has shown how this run went: where its
        inputs have other shapes, its calls may be others.
        """


def with_turns(calls: Sequence[Call]) -> list[Call]:
    """The calls, each told which of several calls of its part it is."""
    seen: dict[str, int] = {}
    counted = []
    for call in calls:
        counted.append(replace(call, turn=seen.get(call.path, 0)))
        seen[call.path] = counted[-1].turn + 1
    return counted


def ended_early(outcome: Outcome) -> Trace:
    """The trace of a run that gave nothing."""
    return Trace((), (), [], {}, outcome.error or "no outcome")


def single_call(side: PythonSide, case: Case) -> Trace:
    """The trace of a side whose inside is not known: one call of all of it."""
    xs = case.all(Kind.INPUT)
    outcome = side.evaluate(case)
    ys = list(outcome.outputs().values())
    inputs = tuple(range(len(xs)))
    outputs = tuple(range(len(xs), len(xs) + len(ys)))
    shapes = {name: array.shape for name, array in side.parameters().items()}
    kind = getattr(side.subject, "__name__", type(side.subject).__name__)
    calls = [Call("", kind, inputs, outputs, shapes)] if ys else []
    values = dict(enumerate([*xs, *ys]))
    return SingleCall(inputs, outputs, calls, values, outcome.error or "", side)


@dataclass(eq=False)
class SingleCall(Trace):
    """One call: its only part is the side itself."""

    side: Any = None

    def between(self, inputs: Sequence[int], outputs: Sequence[int]) -> Part | None:
        """The side."""
        return Part(self.side, {name: name for name in self.side.parameters()})
