"""A list or dict of stages, each a subject of its own, that run one after the other."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, Kind, Name, numbered
from .composed import ComposedSide, Link
from .framework import Framework
from .functions import FunctionSide
from .side import SECONDS, PythonSide
from .trace import Part, Trace, with_turns


@dataclass
class StageList:
    """The sides of all stages, by name; `subject` is what the user has."""

    subject: Any
    sides: dict[str, PythonSide]
    alone: tuple[str, ...] = ()  # arrays that Julia's layers do not have: they are zero
    has_gradient: bool = True
    is_model: bool = True

    @property
    def framework(self) -> Framework:
        """That of the first stage."""
        return next(iter(self.sides.values())).framework

    def parameters(self) -> dict[str, np.ndarray]:
        """Every array of every stage, by its path: the name of the stage first."""
        return {
            f"{stage}.{name}": array
            for stage, side in self.sides.items()
            for name, array in side.parameters().items()
        }

    def evaluate(self, case: Case) -> Outcome:
        """The outputs of the last stage, outside a gradient."""
        trace = self.trace(case)
        if trace.error:
            return Outcome(error=trace.error)
        return Outcome({OUTPUT.part(i): trace.values[n] for i, n in enumerate(trace.outputs)})

    def trace(self, case: Case) -> Trace:
        """The traces of all stages, one after the other."""
        whole = StageListTrace((), (), [])
        arrays = [(array, whole.add(array)) for array in case.all(Kind.INPUT)]
        whole.inputs = tuple(number for _, number in arrays)
        for stage, side in self.sides.items():
            together = len(arrays) > 1 and not side.parameters() and bool(whole.parts)
            if together and isinstance(side, FunctionSide):
                side = replace(side, subject=Together(side.subject))
            if whole.parts and not together:
                arrays = arrays[:1]
            own = {
                Name(Kind.PARAMETER, name): case.arrays[Name(Kind.PARAMETER, f"{stage}.{name}")]
                for name in side.parameters()
            }
            xs = {numbered(Kind.INPUT, i): x for i, (x, _) in enumerate(arrays, 1)}
            mode = case.mode if side.is_model else "function"
            trace = side.framework.trace(side, replace(case, arrays=xs | own, mode=mode))
            arrays = whole.append(stage, trace, [number for _, number in arrays])
            if trace.error or not arrays:
                whole.error = trace.error or f"stage {stage} gave nothing"
                return whole
        whole.outputs = tuple(number for _, number in arrays)
        whole.calls = with_turns(whole.calls)
        return whole


class Together:
    """A function of a tuple as one of several arguments."""

    def __init__(self, function: Any):
        self._function = function
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        if hasattr(function, "pullback"):
            self.pullback = self._pullback

    def __call__(self, *xs):
        return self._function(xs)

    def _pullback(self, *xs):
        y, back = self._function.pullback(xs)
        return y, lambda dy: (None, *back(dy)[1])


@dataclass(eq=False)
class StageListTrace(Trace):
    """Traces one after the other, with numbers that go on from one to the next."""

    parts: dict[str, tuple[Trace, dict[int, int]]] = field(default_factory=dict)
    _owners: list[tuple[str, int]] = field(default_factory=list)  # of every call: stage, place

    def add(self, array: np.ndarray) -> int:
        """The number of another value."""
        number = len(self.values)
        self.values[number] = array
        return number

    def append(
        self, stage: str, trace: Trace, inputs: Sequence[int]
    ) -> list[tuple[np.ndarray, int]]:
        """Add the trace of a stage that was given these values; its outputs with their numbers."""
        prefix = f"{stage}."

        def path_of(path: str) -> str:
            return f"{prefix}{path}" if path else stage

        numbers = dict(zip(trace.inputs, inputs, strict=False))
        for number, array in trace.values.items():
            if number not in numbers:
                numbers[number] = self.add(array)
        for place, call in enumerate(trace.calls):
            self.calls.append(
                replace(
                    call,
                    path=path_of(call.path),
                    inputs=tuple(numbers[n] for n in call.inputs),
                    outputs=tuple(numbers[n] for n in call.outputs),
                    arrays={f"{stage}.{name}": shape for name, shape in call.arrays.items()},
                    inside=call.inside and (path_of(call.inside[0]), call.inside[1]),
                    splits=tuple(
                        tuple(
                            {
                                name: replace(piece, name=f"{stage}.{piece.name}")
                                for name, piece in unit.items()
                            }
                            for unit in way
                        )
                        for way in call.splits
                    ),
                )
            )
            self._owners.append((stage, place))
        self.parts[stage] = trace, {ours: theirs for theirs, ours in numbers.items()}
        return [(trace.values[number], numbers[number]) for number in trace.outputs]

    def hide(self, keys: Collection[tuple[str, int]]) -> None:
        """In the traces of the stages, too."""
        super().hide(keys)
        hidden: dict[str, set[tuple[str, int]]] = {}
        for call, (stage, place) in zip(self.calls, self._owners, strict=True):
            if call.key in self.hidden:
                hidden.setdefault(stage, set()).add(self.parts[stage][0].calls[place].key)
        for stage, (trace, _) in self.parts.items():
            trace.hide(hidden.get(stage, ()))

    def _spans(
        self, inputs: Sequence[int], outputs: Sequence[int]
    ) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
        """What has to be run of every stage, with the values that go in and out of it."""
        places = {id(call): place for place, call in enumerate(self.calls)}
        needed = self.needed(outputs, set(inputs))
        by_stage: dict[str, list[int]] = {}
        for call in needed:
            place = places[id(call)]
            by_stage.setdefault(self._owners[place][0], []).append(place)
        spans = []
        for stage, of_stage in by_stage.items():
            calls = [self.calls[place] for place in of_stage]
            made = [n for call in calls for n in call.outputs]
            read = [n for call in calls for n in call.inputs if n not in made or n in inputs]
            wanted = {
                *outputs,
                *(
                    n
                    for call in needed
                    if self._owners[places[id(call)]][0] != stage
                    for n in call.inputs
                ),
            }
            ends = tuple(n for n in made if n in wanted and n not in inputs)
            if len(calls) == 1:  # which may be a stage that gives all of its outputs
                ends = calls[0].outputs
            spans.append((stage, tuple(dict.fromkeys(read)), ends))
        return spans

    def between(self, inputs: Sequence[int], outputs: Sequence[int]) -> Part | None:
        """The part of one stage, or parts of several one after the other."""
        links = []
        for stage, reads, ends in self._spans(inputs, outputs):
            trace, numbers = self.parts[stage]
            part = trace.between([numbers[n] for n in reads], [numbers[n] for n in ends])
            if part is None:
                return None
            paths = {name: f"{stage}.{path}" for name, path in part.paths.items()}
            links.append(Link(part.side, paths, reads, ends))
        if len(links) == 1 and links[0].spans(inputs, outputs):
            return Part(links[0].side, links[0].paths)
        if not links:
            return None
        side = ComposedSide(links, tuple(inputs), tuple(outputs))
        return Part(side, {name: name for name in side.parameters()})

    def teach(self, part: Part, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """How this run went, told to the part of every stage."""
        spans = self._spans(inputs, outputs)
        links = part.side.links if isinstance(part.side, ComposedSide) else [part]
        parts = [Part(link.side, link.paths) for link in links]  # type: ignore[attr-defined]
        for (stage, reads, ends), inner in zip(spans, parts, strict=False):
            trace, numbers = self.parts[stage]
            trace.teach(inner, [numbers[n] for n in reads], [numbers[n] for n in ends])


def stage_list(
    model: Any, framework_of: Callable[[Any], Any], seconds: float = SECONDS
) -> StageList:
    """The sides of a list or dict of stages.

    A function takes the arrays of the framework that the stages around it are of. Raises TypeError
    for a stage that is of no framework.
    """
    stages = model.items() if isinstance(model, dict) else enumerate(model)
    subjects = {str(name): subject for name, subject in stages}
    frameworks = {name: framework_of(subject) for name, subject in subjects.items()}
    sides: dict[str, PythonSide] = {}
    alone: list[str] = []
    for name, subject in subjects.items():
        side = frameworks[name].side(subject, None, seconds)
        if isinstance(side, FunctionSide) and not hasattr(subject, "pullback"):
            around = dict.fromkeys(frameworks.values())
            made = (framework.function(subject, seconds) for framework in around)
            side = next((found for found in made if found is not None), side)
        sides[name], left_out = side.framework.shared(side)
        alone += [f"{name}.{array}" for array in left_out]
    return StageList(model, sides, tuple(alone))
