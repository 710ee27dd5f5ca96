"""The stages of two models: which is which, with their arrays matched, and what becomes of them in
a walk.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np

from ..case.case import Case, Outcome
from ..case.inputs import Given
from ..case.names import Name
from ..judge.findings import Finding
from ..pair.matching import Match, by_the_others, match
from ..pair.pair import Evidence, Pair
from ..reference.session import JuliaSide, Layout
from ..sides.framework import Framework
from ..sides.frameworks import FRAMEWORKS, framework_of, side_of
from ..sides.functions import FUNCTIONS
from ..sides.side import SECONDS, PythonSide


class Stages(Protocol):
    """A Julia that evaluates stages: live, or what was recorded of one."""

    name: str
    versions: dict[str, str]

    def evaluate(self, side: JuliaSide, layout: Layout, cases: Sequence[Case]) -> Iterator[Outcome]:
        """One outcome per case, in Python's orientation."""
        ...

    def call(self, name: str, *arguments: Any) -> Any:
        """A function of the Julia side."""
        ...


@dataclass
class Stage:
    """One stage of both models, and what it does to the error.

    Errors are the largest over all cases, absolute.
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
    together: bool = False  # it takes what the stage before gives as one tuple
    notes: list[str] = field(default_factory=list)  # what was not compared, and why
    blind: set[Name] = field(default_factory=set)
    trusted: set[Name] = field(default_factory=set)

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


def stages_of(model: Any) -> dict[str, Any]:
    """The stages of a Python model by name. Raises ValueError for what has none."""
    if isinstance(model, dict):
        return {str(name): layer for name, layer in model.items()}
    if isinstance(model, tuple | list):
        return {str(i): layer for i, layer in enumerate(model)}
    stages = next(
        (found for framework in FRAMEWORKS if (found := _stages_in(framework, model)) is not None),
        None,
    )
    if stages is None:
        raise ValueError(
            "expected a Chain, a Sequential, or a list or dict of stages, got "
            f"{type(model).__name__}"
        )
    return stages


def _stages_in(framework: Framework, model: Any) -> dict[str, Any] | None:
    return framework.stages(model) if framework.recognises(model) else None


def paired(python: Any, julia: JuliaSide, reached: Stages, mode: str, state: Any) -> list[Stage]:
    mine = stages_of(python)
    theirs = [
        line.split("\t") for line in reached.call("stages", *julia.config.values()).splitlines()
    ]
    if len(mine) != len(theirs):
        left, right = (
            [f"{name} {_kind(part)}" for name, part in mine.items()],
            [" ".join(line) for line in theirs],
        )
        raise ValueError(
            f"the models have {len(left)} and {len(right)} stages\n  python: {', '.join(left)}\n "
            f" julia: {', '.join(right)}"
        )
    stages: list[Stage] = []
    for number, ((name, subject), (_, kind)) in enumerate(
        zip(mine.items(), theirs, strict=True), 1
    ):
        side, unmatched = _side(subject, list(mine.values()))
        source = JuliaSide(f"({julia.expression})[{number}]", julia.file)
        pair = Pair(
            f"stage {name}", side, source, Given(()), Layout("reversed"), _mode(mode, side, kind)
        )
        shapes = {
            path: array.shape for path, array in side.parameters().items() if path not in unmatched
        }
        found = reached.call("parameters", *source.config.values())
        try:
            matches = match(
                shapes,
                {path: np.shape(array) for path, array in found.items()},
                partial(side.framework.transposed, side),
            )
        except ValueError as problem:
            raise ValueError(f"stage {name}, {kind}: {problem}") from None
        stage = Stage(name, kind, pair, {m.python: m.julia for m in matches}, matches)
        stage.notes += [f"{path}: Julia has no such array, it is set to zero" for path in unmatched]
        stages.append(stage)
    _by_the_others(stages)
    if state is not None:
        for number, stage in enumerate(stages, 1):
            _put_in(stage, state, stage.name, number)
    return stages


def _side(subject: Any, others: Sequence[Any]) -> tuple[PythonSide, tuple[str, ...]]:
    """The side of a stage, and those of its arrays that Julia does not have.

    A function takes the arrays of the framework that the stages around it are of.
    """
    framework = framework_of(subject)
    if framework is FUNCTIONS and not hasattr(subject, "pullback"):
        for around in dict.fromkeys(map(framework_of, others)):
            side = around.function(subject, SECONDS)
            if side is not None:
                return side, ()
    side = side_of(subject)
    return side.framework.shared(side)


def _by_the_others(stages: Sequence[Stage]) -> None:
    """A square array lies as those of the same name do in the other stages of its class, where
    their shapes tell.
    """
    shapes = [
        {path: array.shape for path, array in stage.pair.python.parameters().items()}
        for stage in stages
    ]
    every = [
        (stage, own, found)
        for stage, own in zip(stages, shapes, strict=True)
        for found in stage.matches
    ]
    kinds = [(type(stage.pair.python.subject), found.python) for stage, _, found in every]
    settled = iter(
        by_the_others(
            [found for *_, found in every], [own[found.python] for _, own, found in every], kinds
        )
    )
    for stage in stages:
        stage.matches = [next(settled) for _ in stage.matches]


def _mode(mode: str, side: PythonSide, kind: str) -> str:
    """`auto` is as inside a gradient, but nothing is dropped: random numbers are not shared."""
    if not side.is_model:
        return "function"
    if mode not in ("auto", "train", "test"):
        raise ValueError(f"mode is auto, train or test, got {mode!r}")
    return ("test" if "Dropout" in kind else "train") if mode == "auto" else mode


def _put_in(stage: Stage, state: Any, name: str, number: int) -> None:
    """The arrays of a state into the Python stage."""
    layers = state.get("layers", state) if isinstance(state, dict) else state
    part = layers.get(name) if isinstance(layers, dict) else layers[number - 1]
    own = stage.pair.python.parameters()
    for found in stage.matches:
        value = part
        for key in found.julia.split("."):
            value = value[int(key)] if isinstance(value, list) else (value or {}).get(key)
        if not isinstance(value, np.ndarray):
            raise ValueError(f"the state has no {found.julia} for stage {name}")
        mapped = found.mapping.forth(value)
        if mapped.shape != own[found.python].shape:
            raise ValueError(
                f"the state's {found.julia} for stage {name} has shape {mapped.shape}, expected "
                f"{own[found.python].shape}"
            )
        own[found.python][...] = mapped


def _kind(subject: Any) -> str:
    return getattr(subject, "__name__", None) or type(subject).__name__
