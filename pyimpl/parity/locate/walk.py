"""Two models walked through, stage by stage, on the same inputs.

Both are run once, taken apart and laid side by side. Every stage of Python's is then run on the
inputs that Julia's had: what it gives otherwise, the stage has added; what else differs it has
inherited. Backwards the same, with the cotangents that came back in Julia. The first stage whose
addition is beyond the tolerance of its own case is the one at fault.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..case.case import Case
from ..case.draws import generated
from ..case.dtypes import DTYPES
from ..case.inputs import Given, as_inputs
from ..case.names import Kind
from ..judge.findings import Finding, Report, enter
from ..pair.julia_trace import Evaluates
from ..pair.pair import Pair, Result
from ..pair.weights import Weighed, Weights
from ..progress import busy
from ..reference.session import JuliaSide
from .constants import adopt
from .models import Models
from .stages import Stage, left_out, whole

CASES = 6
EXPLAINING = 30.0  # seconds for all stages together


class Reference(Evaluates, Protocol):
    """A Julia that evaluates models: live, or what was recorded of one."""

    name: str
    versions: dict[str, str]


@dataclass
class Located:
    """Two models compared stage by stage."""

    python: str
    julia: str
    reference: str
    versions: dict[str, str]
    stages: list[Stage]
    guilty: int | None = None
    direction: str = ""  # forward or backward
    inside: str = ""  # the intermediate of the guilty stage at which it goes wrong
    explanations: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # of the models as a whole
    weighed: Weighed | None = None  # the weights that they were compared with

    @property
    def agrees(self) -> bool:
        """Whether no stage adds anything beyond rounding."""
        return self.guilty is None


def locate(
    python: Any,
    julia: str,
    inputs: Any,
    *,
    file: str | Path | None = None,
    state: Any = None,
    mode: str = "auto",
    dtypes: Sequence[str] = DTYPES,
    cases: int = CASES,
    seed: int = 0,
    exact_literals: bool = False,
    weights: str = Weights.AUTO,
    reference: Reference | None = None,
) -> Located:
    """Find the first stage of two models that differs.

    `python` is a module of PyTorch, a layer or model of pyimpl, an object with `forward` and
    `backward`, or a list or dict of stages (functions, layers, modules, objects); `julia` an
    expression for a Flux model, or a vector or tuple of functions and layers. They may be cut
    differently: a stage is what lies between two places that both have. `inputs` as for
    `crosscheck`; arrays are the same memory on both sides. Parameters are those of the Python
    model, or of `state`: nested dicts and lists as `read_state` gives of a file; or as `weights`
    says, see `crosscheck`. Constants that
    Julia writes in single precision count as differences with `exact_literals` only. Raises
    ValueError where layers or their arrays cannot be matched or both models refuse their inputs,
    JuliaSubjectError, NoJulia.
    """
    from ..explain import explain
    from ..explain.explaining import SECONDS
    from ..reference.session import session
    from .culprit import where_inside

    path = Path(file) if file is not None else None
    if path is not None and not path.is_file():
        raise FileNotFoundError(f"there is no Julia file {path}")
    if mode not in ("auto", "train", "test"):
        raise ValueError(f"mode is auto, train or test, got {mode!r}")
    side = whole(python)  # what has no stages need not wait for Julia
    reached = reference if reference is not None else session()
    if hasattr(reached, "hurry"):
        reached.hurry()
    models = Models(
        side,
        JuliaSide(julia, path),
        reached,
        "test" if mode == "test" else "train",
        left_out(python, side),
        tuple(dtypes),
        np.random.default_rng(seed),
        Weights(weights),
    )
    walked = _first_cases(models.pair, inputs, cases, seed)
    with busy("laying the models side by side"):
        models.meet(walked[0], state)
    found = Located(type(python).__name__, julia, reached.name, reached.versions, [])
    with busy("case") as step:
        for number, case in enumerate(walked, 1):
            step(number, len(walked))
            models.walk(models.pair.case(case.all(Kind.INPUT)))
    stages = found.stages = models.stages
    found.notes, found.weighed = models.notes, models.weighed
    with busy("proving which array is which"):
        models.prove(models.pair.case(walked[-1].all(Kind.INPUT)))
    if not exact_literals:
        with busy("constants in single precision"):
            adopted = [stage for stage in stages if not stage.agrees and adopt(stage)]
        found.notes += _adoptions(adopted)
    forward, backward = _differing(stages, "float64")
    if not forward and not backward:
        forward, backward = _differing(stages)  # in Float32 only: rounding
    if forward or backward:
        found.guilty, found.direction = (
            (forward[0], "forward") if forward else (backward[-1], "backward")
        )
        until = time.monotonic() + EXPLAINING
        guilty = stages[found.guilty]
        with busy("explaining what differs") as step:
            differing = [guilty, *(s for s in stages if not s.agrees and s is not guilty)]
            for number, stage in enumerate(differing, 1):
                step(number, len(differing), stage.kind)
                stage.inside = models.rewired.get(id(stage), "") or where_inside(stage)
                left = until - time.monotonic()
                if left > 0:
                    stage.explanations = explain(result_of(stage, reached), min(SECONDS, left))
        found.explanations, found.inside = guilty.explanations, guilty.inside
    return found


def _adoptions(stages: Sequence[Stage]) -> list[str]:
    """What was adopted of Julia's constants, each with its stages."""
    by_words: dict[str, list[str]] = {}
    for stage in stages:
        by_words.setdefault(stage.adopted, []).append(stage.name)
    return [
        f"taken over from Julia: {words} ({', '.join(names)})" for words, names in by_words.items()
    ]


def _differing(stages: Sequence[Stage], dtype: str = "") -> tuple[list[int], list[int]]:
    """The stages that differ, forward and backward."""

    def differs(findings: Sequence[Finding]) -> bool:
        return any(not dtype or finding.verdict.case.dtype == dtype for finding in findings)

    return [i for i, s in enumerate(stages) if differs(s.forward_findings)], [
        i for i, s in enumerate(stages) if differs(s.backward_findings)
    ]


def result_of(stage: Stage, reference: Reference) -> Result:
    """The check of one stage alone, on Julia's own inputs."""
    report = Report(stage.pair)
    result = Result(stage.pair, report, reference.name, reference.versions)
    for evidence in stage.evidence:
        report.cases += 1
        enter(report, evidence.case, evidence.julia)
    result.evidence = stage.evidence
    differing = [evidence for evidence in stage.evidence if not evidence.agrees]
    result.smallest = min(differing, key=lambda e: e.case.size, default=None)
    return result


def _first_cases(pair: Pair, inputs: Any, count: int, seed: int) -> list[Case]:
    drawn = as_inputs(inputs)
    if isinstance(drawn, Given):
        return [pair.case(xs) for xs in drawn.cases]
    return generated(drawn.strategy().map(pair.case), count, str(seed), with_simplest=False)
