"""The stages of two models, and what becomes of them in a walk: a stage is what both do between two
cuts, as Python's own side that can be run alone, with its arrays matched.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.inputs import Given
from ..case.names import OUTPUT, Kind, Name, numbered
from ..judge.findings import Finding
from ..pair.crossing import STATISTICS
from ..pair.matching import Match
from ..pair.pair import Evidence, Pair
from ..pair.weights import Weighed
from ..reference.session import Layout
from ..sides.framework import Framework
from ..sides.frameworks import FRAMEWORKS, framework_of, side_of
from ..sides.functions import FUNCTIONS
from ..sides.side import PythonSide
from ..sides.stage_list import StageList, stage_list
from ..sides.trace import Call, Part, Trace
from .segments import Segment, Sort

NO_WAY_BACK = "no backward pass in Python: its gradients are not compared"
OWN_CODE = "the model's own code in Julia: what goes back through it is not known"


@dataclass
class Stage:
    """One stage of both models, and what it does to the error.

    Errors are the largest over all cases, absolute. A stage is guilty where what it adds is more
    than rounding: given Julia's own input it still gives something else.

        python           julia         inherited   added
        0 Linear, 1 ReLU layers.0 Dense(relu)  0   0         agrees
        2 Linear         layers.1 Dense        0   0.5       differs: here it arises
        3 Softmax        layers.2 softmax      0.5 2.2e-16   agrees, for all that it inherits
    """

    name: str
    kind: str  # what Julia calls it
    pair: Pair
    julia_names: dict[str, str]  # Python's name of an array -> Julia's
    matches: list[Match] = field(default_factory=list)
    inherited: dict[str, float] = field(default_factory=dict)  # per dtype, of the output
    added: dict[str, float] = field(default_factory=dict)
    backward_inherited: dict[str, float] = field(
        default_factory=dict
    )  # of the gradient of the input
    backward_added: dict[str, float] = field(default_factory=dict)
    ulps: dict[str, float] = field(
        default_factory=dict
    )  # what was added, in ulp at the scale of the terms; anything in the outcome
    forward_findings: list[Finding] = field(default_factory=list)
    backward_findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what was not compared, and why
    blind: set[Name] = field(default_factory=set)
    trusted: set[Name] = field(default_factory=set)
    adopted: str = ""  # constants that Julia writes in single precision, which explain all of it
    inside: str = ""  # of what differs: the intermediate at which it goes wrong
    explanations: list[Any] = field(default_factory=list)
    sort: Sort = Sort.CALL
    main: tuple[Call | None, Call | None] = (None, None)  # the calls that give it its name
    python_calls: list[Call] = field(default_factory=list)  # what Python does here, in order
    julia_calls: list[Call] = field(default_factory=list)
    takes: list[str] = field(default_factory=list)  # where its inputs come from, in Python
    paths: dict[str, str] = field(default_factory=dict)  # of its arrays in the model, by name
    shapes: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)  # of the first case

    @property
    def mistrusted(self) -> set[Name]:
        """Arrays that were zero, constant or not finite in every case: their agreement proves
        nothing.
        """
        return self.blind - self.trusted

    @property
    def agrees(self) -> bool:
        """Whether it adds nothing beyond rounding."""
        return not self.forward_findings and not self.backward_findings

    @property
    def shows(self) -> list[str]:
        """What differs, as it is written."""
        return ["refusal" if name is None else str(name) for name in self.differing]

    @property
    def differing(self) -> list[Name | None]:
        """The arrays that differ on Julia's own inputs."""
        findings = [*self.forward_findings, *self.backward_findings]
        return list(
            dict.fromkeys(
                d.array for finding in findings for d in finding.verdict.differences if not d.agrees
            )
        )

    @property
    def in_python(self) -> str:
        """What Python does here, by the paths in its model."""
        return self._here(self.main[0], self.python_calls)

    @property
    def in_julia(self) -> str:
        """What Julia does here, by the paths in its model."""
        return self._here(self.main[1], self.julia_calls)

    def _here(self, main: Call | None, calls: Sequence[Call]) -> str:
        done = ", ".join(map(_told, calls))
        if self.sort is Sort.CALL:
            return done or "nothing"
        place = f"into {main.label or main.kind}" if main else "what comes out"
        return f"{place}: {done}" if done else place


def _told(call: Call) -> str:
    act = f"({call.act})" if call.act else ""
    named = call.path.rpartition(".")[2] == call.kind
    return (call.label if named else f"{call.label} {call.kind}".strip()) + act


def whole(model: Any) -> PythonSide | StageList:
    """The side of a whole model, or of a list or dict of stages. Raises ValueError for what has no
    stages.
    """
    try:
        if isinstance(model, tuple | list | dict):
            return stage_list(model, framework_of)
        side, _ = (found := side_of(model)).framework.shared(found)
    except TypeError as wrong:
        raise ValueError(str(wrong)) from None
    if side.framework is FUNCTIONS:
        raise ValueError(
            "expected a model, or a list or dict of stages, got the function "
            f"{getattr(model, '__name__', type(model).__name__)}"
        )
    return side


def left_out(model: Any, side: PythonSide | StageList) -> tuple[str, ...]:
    """The arrays that Julia's layers do not have: they are set to zero."""
    if isinstance(side, StageList):
        return side.alone
    found = side_of(model)
    return found.framework.shared(found)[1]


def frameworks_in(side: PythonSide | StageList) -> list[Framework]:
    """Those that a model is of."""
    if isinstance(side, StageList):
        return list(dict.fromkeys(part.framework for part in side.sides.values()))
    return [next(each for each in FRAMEWORKS if each is side.framework)]


class Handed:
    """The side of a place where a model takes a value and does nothing to it."""

    subject: Any = None
    has_gradient = False
    is_model = False
    framework = FUNCTIONS

    def parameters(self) -> dict[str, np.ndarray]:
        """None."""
        return {}

    def evaluate(self, case: Case) -> Outcome:
        """What goes in."""
        return Outcome(named(case.all(Kind.INPUT)))


def named(arrays: Sequence[np.ndarray]) -> dict[Name, np.ndarray]:
    """Outputs: y of one, y.0, y.1, ... of several."""
    if len(arrays) == 1:
        return {OUTPUT: np.array(arrays[0])}
    return {OUTPUT.part(i): np.array(array) for i, array in enumerate(arrays)}


def stage_of(segment: Segment, python: Trace, models: Pair, alone: Sequence[str]) -> Stage | None:
    """The stage of a segment of two models; None where Python's part of it cannot be run alone."""
    part: Part | None = Part(Handed(), {})
    if segment.python_calls:
        part = python.between(segment.python_inputs, segment.python_outputs)
    if part is None:
        return None
    name, kind = _called(segment)
    names = {path: name for name, path in part.paths.items()}
    prefix = _shared_path(segment.julia_calls)
    own: dict[Match, Match] = {
        match: replace(
            match,
            python=names[match.python],
            julia=match.julia.removeprefix(prefix),
            mine=match.mine and replace(match.mine, name=names[match.python]),
            theirs=match.theirs and replace(match.theirs, name=match.julia.removeprefix(prefix)),
        )
        for match in models.matches
        if match.python in names and any(match.julia in call.arrays for call in segment.julia_calls)
    }
    moving = {call.key for call in python.moving()}
    side = part.side
    mode = models.mode if side.is_model else "function"
    pair = Pair(f"stage {name}", side, models.julia, Given(()), Layout("reversed"), mode)
    pair = replace(pair, weighed=_weighed(models.weighed, own, names, prefix))
    stage = Stage(
        name,
        kind,
        pair,
        {match.python: match.julia for match in own.values()},
        list(own.values()),
        sort=segment.sort,
        main=segment.main,
        python_calls=[call for call in segment.python_calls if call.key in moving],
        julia_calls=list(segment.julia_calls),
        takes=[_source(python, number) for number in segment.python_inputs],
        paths=dict(part.paths),
    )
    stage.notes += [
        f"{names[path]}: Julia has no such array, it is set to zero"
        for path in alone
        if path in names
    ]
    if not segment.backward and segment.sort is not Sort.OUT and not segment.rewired:
        stage.notes.append(OWN_CODE)
    return stage


def _weighed(
    models: Weighed | None, own: dict[Match, Match], names: dict[str, str], prefix: str
) -> Weighed | None:
    """What the models' weights are to a stage, in its own names."""
    if models is None:
        return None
    return replace(
        models,
        own={names[path]: array for path, array in models.own.items() if path in names},
        theirs={
            found.julia: models.theirs[match.julia]
            for match, found in own.items()
            if match.julia in models.theirs
        },
        arrays=tuple(
            replace(each, match=own[each.match]) for each in models.arrays if each.match in own
        ),
    )


def _source(trace: Trace, number: int) -> str:
    """The call that a value comes out of, in words."""
    place = trace.producers().get(number)
    if place is not None:
        return trace.calls[place].label or trace.calls[place].kind
    return "x" if number in trace.inputs else "a value"


def _called(segment: Segment) -> tuple[str, str]:
    """The name of a stage, by Python's path, and its kind, by Julia's word."""
    mine, theirs = segment.main
    name = mine.label or mine.kind if mine else theirs.label or theirs.kind if theirs else "output"
    kind = theirs.kind if theirs else "what comes out"
    if segment.sort is Sort.INTO:
        return f"into {name}", f"what goes into {kind}"
    return name, kind


def _shared_path(calls: Sequence[Call]) -> str:
    """The path that is left out of Julia's names, where a stage is a single call."""
    return f"{calls[0].path}." if len(calls) == 1 and calls[0].path else ""


def julia_outcome(
    segment: Segment, julia: Trace, backward: bool, statistics: bool = False
) -> Outcome:
    """What Julia made of a segment: outputs, and what went back; of the running statistics where
    that is asked for.
    """
    arrays = named([julia.values[number] for number in segment.julia_outputs])
    prefix = _shared_path(segment.julia_calls)
    none: set[Name] = set()
    for call in segment.julia_calls:
        for path, array in call.after.items():
            arrays[Name(Kind.STATE, path.removeprefix(prefix))] = array
        if not backward:
            continue
        for path in call.arrays:
            name = Name(Kind.PARAMETER_GRADIENT, path.removeprefix(prefix))
            if name.last in STATISTICS and not statistics:
                continue
            if path in call.gradients:
                known = arrays.get(name)
                found = call.gradients[path]
                arrays[name] = found if known is None else known + found
            elif name not in arrays:
                none.add(name)
    if backward:
        for i, number in enumerate(segment.julia_inputs, 1):
            dx = _input_gradient(segment.julia_calls, number)
            if dx is not None:
                arrays[numbered(Kind.INPUT_GRADIENT, i)] = dx
    return Outcome(arrays, frozenset(none))


def _input_gradient(calls: Sequence[Call], number: int) -> np.ndarray | None:
    """What the calls of a segment hand back to one of its inputs, in all."""
    found: np.ndarray | None = None
    for call in calls:
        for at, dx in call.input_gradients.items():
            if call.inputs[at] == number:
                found = dx if found is None else found + dx
    return found


def cotangents(segment: Segment, julia: Trace) -> list[np.ndarray] | None:
    """What came back to the outputs of a segment in Julia, zero where nothing did; None where
    nothing is known of it.
    """
    if not segment.backward:
        return None
    found: list[np.ndarray] = []
    known = False
    for number in segment.julia_outputs:
        value = julia.values[number]
        dy = next(
            (
                call.cotangents[at]
                for call in reversed(segment.julia_calls)
                for at, output in enumerate(call.outputs)
                if output == number
                and at in call.cotangents
                and call.cotangents[at].size == value.size
            ),
            None,
        )
        known |= dy is not None
        if value.dtype.kind == "f":
            found.append(np.zeros_like(value) if dy is None else dy.reshape(value.shape))
    return found if known else None
