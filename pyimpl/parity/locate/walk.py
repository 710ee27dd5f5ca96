"""Two models, stage by stage: the error that each inherited and the error that it added, forward in
order and backward in reverse.

Every stage is run on Julia's own input (and Julia's own cotangent): what then differs, the stage
has added. The first stage whose addition is beyond the tolerance of its own case is the one at
fault.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.draws import generated
from ..case.inputs import Given, as_inputs
from ..case.names import Kind, Name, numbered
from ..judge.findings import DTYPES, Finding, Report, enter
from ..judge.verdict import absolute_errors
from ..pair.crossing import OF_PARAMETERS, STATISTICS, received, sent
from ..pair.matching import prove
from ..pair.pair import Evidence, Pair, Result
from ..progress import busy
from ..reference.session import JuliaSide
from ..sides.functions import FunctionSide
from ..sides.side import PythonSide
from .stages import Stage, Stages, paired, stages_of

CASES = 6
DX = numbered(Kind.INPUT_GRADIENT, 1)


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
    reference: Stages | None = None,
) -> Located:
    """Find the first stage of two models that differs.

    `python` is a Chain, a torch.nn.Sequential, or a list or dict of stages (functions, layers,
    modules, objects with `forward` and `backward`); `julia` an expression for a Flux Chain, or a
    vector or tuple of functions and layers. `inputs` as for `crosscheck`; arrays are the same
    memory on both sides. Parameters are those of the Python model, or of `state`: nested dicts and
    lists as `read_state` gives of a file. Raises ValueError where the stages or their arrays cannot
    be matched or both models refuse their inputs, JuliaSubjectError, NoJulia.
    """
    from ..explain import explain
    from ..reference.session import session
    from .culprit import where_inside

    path = Path(file) if file is not None else None
    if path is not None and not path.is_file():
        raise FileNotFoundError(f"there is no Julia file {path}")
    stages_of(python)  # what has none need not wait for Julia
    reached = reference if reference is not None else session()
    stages = paired(python, JuliaSide(julia, path), reached, mode, state)
    found = Located(type(python).__name__, julia, reached.name, reached.versions, stages)
    walked = _first_cases(stages[0].pair, inputs, cases, seed)
    with busy("case") as step:
        for number, case in enumerate(walked, 1):
            step(number, len(walked))
            _walk(stages, case, reached, tuple(dtypes), np.random.default_rng(seed))
    with busy("proving which array is which") as step:
        for number, stage in enumerate(stages, 1):
            step(number, len(stages), stage.kind)
            if stage.julia_names and stage.evidence:
                proving = stage.evidence[-1].case
                ask = partial(_asked, stage, reached)
                stage.matches = prove(
                    stage.matches,
                    replace(proving, arrays=_without_cotangents(proving)),
                    stage.pair.evaluate,
                    ask,
                )
    forward, backward = _differing(stages, "float64")
    if not forward and not backward:
        forward, backward = _differing(stages)  # in Float32 only: rounding
    if forward or backward:
        found.guilty, found.direction = (
            (forward[0], "forward") if forward else (backward[-1], "backward")
        )
        stage = stages[found.guilty]
        with busy(f"explaining what differs in {stage.kind}"):
            found.explanations = explain(result_of(stage, reached))
            found.inside = where_inside(stage)
    return found


def _differing(stages: Sequence[Stage], dtype: str = "") -> tuple[list[int], list[int]]:
    """The stages that differ, forward and backward."""

    def of(findings: Sequence[Finding]) -> bool:
        return any(not dtype or finding.verdict.case.dtype == dtype for finding in findings)

    return [i for i, s in enumerate(stages) if of(s.forward_findings)], [
        i for i, s in enumerate(stages) if of(s.backward_findings)
    ]


def result_of(stage: Stage, reference: Stages) -> Result:
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


def _without_cotangents(case: Case) -> dict[Name, np.ndarray]:
    return {name: array for name, array in case.arrays.items() if name.kind is not Kind.COTANGENT}


def _asked(stage: Stage, reached: Stages, cases: Sequence[Case]) -> Iterator[Outcome]:
    """Julia's outcomes of cases in Python's names."""
    source = stage.pair.julia
    if stage.together:
        source = JuliaSide(f"(xs...) -> {source.expression}(xs)", source.file)
    for outcome in reached.evaluate(
        source, stage.pair.layout, [sent(case, stage.matches) for case in cases]
    ):
        yield received(outcome, stage.matches, dropped=(Kind.PLAIN, Kind.ARGUMENT, Kind.STATE))


def _evaluated(stage: Stage, case: Case) -> Outcome:
    """Python's outcome without what Julia's is not asked for."""
    return _Plain(stage).evaluate(case)


class _Plain:
    """The Python side of a stage, without the arrays that are not compared."""

    def __init__(self, stage: Stage):
        self._side: PythonSide = stage.pair.python
        self._alone = {path for path in self._side.parameters() if path not in stage.julia_names}
        self._statistics = {
            Name(Kind.PARAMETER_GRADIENT, path)
            for path, name in stage.julia_names.items()
            if name.rpartition(".")[2] in STATISTICS
        }
        if stage.together and isinstance(self._side, FunctionSide):
            self._side = replace(self._side, subject=Together(self._side.subject))
        self.subject, self.framework = self._side.subject, self._side.framework
        self.has_gradient, self.is_model = self._side.has_gradient, self._side.is_model

    def parameters(self) -> dict[str, np.ndarray]:
        """Those of the side."""
        return self._side.parameters()

    def evaluate(self, case: Case) -> Outcome:
        outcome = self._side.evaluate(case)
        arrays = {
            name: array
            for name, array in outcome.arrays.items()
            if name.kind not in (Kind.PLAIN, Kind.ARGUMENT)
            and name not in self._statistics
            and not (name.kind in OF_PARAMETERS and name.path in self._alone)
        }
        return replace(outcome, arrays=arrays)


class Together:
    """A function of a tuple as one of several arguments."""

    def __init__(self, function: Any):
        self._function = function
        if hasattr(function, "pullback"):
            self.pullback = self._pullback

    def __call__(self, *xs):
        return self._function(xs)

    def _pullback(self, *xs):
        y, back = self._function.pullback(xs)
        return y, lambda dy: (None, *back(dy)[1])


def _walk(
    stages: list[Stage],
    first: Case,
    reached: Stages,
    dtypes: tuple[str, ...],
    rng: np.random.Generator,
) -> None:
    """One input through both models and back."""
    theirs: dict[str, list[np.ndarray]] = {
        dtype: first.cast(dtype).all(Kind.INPUT) for dtype in dtypes
    }
    mine = dict(theirs)
    inputs: list[tuple[dict, dict]] = []
    outputs: list[tuple[dict, dict]] = []
    for number, stage in enumerate(stages):
        stage.together = number > 0 and len(theirs[dtypes[0]]) > 1 and not stage.julia_names
        if number > 0 and not stage.together:
            theirs, mine = (
                {dtype: xs[:1] for dtype, xs in side.items()} for side in (theirs, mine)
            )
        inputs.append((theirs, mine))
        cases = {dtype: _case_in(stage, theirs[dtype], dtype) for dtype in dtypes}
        outcomes = dict(zip(dtypes, _asked(stage, reached, list(cases.values())), strict=True))
        _judge(stage, cases, outcomes, stage.forward_findings)
        on_theirs = {dtype: _evaluated(stage, cases[dtype]) for dtype in dtypes}
        on_mine = {
            dtype: _evaluated(stage, _case_in(stage, mine[dtype], dtype)) for dtype in dtypes
        }
        for dtype in dtypes:
            _raise(stage.added, dtype, _distance(on_theirs[dtype].output, outcomes[dtype].output))
            _raise(
                stage.inherited, dtype, _distance(on_mine[dtype].output, on_theirs[dtype].output)
            )
        refused = [
            outcome[dtype].error for outcome in (on_theirs, outcomes) for dtype in dtypes[:1]
        ]
        if all(refused):
            raise ValueError(
                f"both sides refuse the input of stage {stage.name}, {stage.kind}: "
                f"«{refused[0]}», in Julia «{refused[1]}»"
            )
        if any(outcome.output is None for outcome in (*outcomes.values(), *on_mine.values())):
            return  # an error: what comes after has no input
        theirs = {dtype: outputs_of(outcomes[dtype]) for dtype in dtypes}
        mine = {dtype: outputs_of(on_mine[dtype]) for dtype in dtypes}
        outputs.append((theirs, mine))
    if theirs[dtypes[0]][0].dtype.kind != "f":
        return
    dys = [np.asarray(rng.integers(-128, 129, y.shape) / 32) for y in theirs[dtypes[0]]]
    their_dy = {dtype: [dy.astype(dtype) for dy in dys] for dtype in dtypes}
    my_dy: dict[str, list[np.ndarray]] | None = their_dy
    for stage, (their_xs, my_xs), (their_ys, my_ys) in zip(
        reversed(stages), reversed(inputs), reversed(outputs), strict=True
    ):
        their_dy, my_dy = _for_all(their_dy, their_ys), my_dy and _for_all(my_dy, my_ys)
        cases = {
            dtype: _case_in(stage, their_xs[dtype], dtype, their_dy[dtype]) for dtype in dtypes
        }
        outcomes = dict(zip(dtypes, _asked(stage, reached, list(cases.values())), strict=True))
        if stage.pair.python.has_gradient:
            _judge(stage, cases, outcomes, stage.backward_findings)
            on_theirs = {dtype: _evaluated(stage, cases[dtype]) for dtype in dtypes}
            for dtype in dtypes:
                _raise(
                    stage.backward_added,
                    dtype,
                    _distance(on_theirs[dtype].arrays.get(DX), outcomes[dtype].arrays.get(DX)),
                )
        elif "no backward pass in Python: its gradients are not compared" not in stage.notes:
            stage.notes.append("no backward pass in Python: its gradients are not compared")
        if my_dy is not None and stage.pair.python.has_gradient:
            on_mine = {
                dtype: _evaluated(stage, _case_in(stage, my_xs[dtype], dtype, my_dy[dtype]))
                for dtype in dtypes
            }
            for dtype in dtypes:
                one, other = (side[dtype].arrays.get(DX) for side in (on_mine, on_theirs))
                _raise(stage.backward_inherited, dtype, _distance(one, other))
            my_dy = _cotangents(on_mine, my_xs)
        else:
            my_dy = None  # what came back to the stages before, nobody knows
        following = _cotangents(outcomes, their_xs)
        if following is None:
            return
        their_dy = following


def outputs_of(outcome: Outcome) -> list[np.ndarray]:
    """All outputs."""
    return [
        array for name, array in outcome.outputs().items() if not name.path or name.path.isdigit()
    ]


def _for_all(
    dys: dict[str, list[np.ndarray]], ys: dict[str, list[np.ndarray]]
) -> dict[str, list[np.ndarray]]:
    """Cotangents of all outputs: zero for those that did not go on."""
    return {
        dtype: [*dys[dtype], *(np.zeros_like(y) for y in ys[dtype][len(dys[dtype]) :])]
        for dtype in dys
    }


def _cotangents(
    outcomes: dict[str, Outcome], xs: dict[str, list[np.ndarray]]
) -> dict[str, list[np.ndarray]] | None:
    """The gradients of the inputs, zero where none flows; None where there is none at all."""
    if any(DX not in outcome.arrays for outcome in outcomes.values()):
        return None
    return {
        dtype: [
            outcome.arrays.get(numbered(Kind.INPUT_GRADIENT, i), np.zeros_like(x))
            for i, x in enumerate(xs[dtype], 1)
        ]
        for dtype, outcome in outcomes.items()
    }


def _case_in(
    stage: Stage, xs: Sequence[np.ndarray], dtype: str, dys: Sequence[np.ndarray] = ()
) -> Case:
    """Julia's numbers of that precision, to the bit."""
    return stage.pair.case(xs, dys).cast(dtype)


def _judge(
    stage: Stage, cases: dict[str, Case], outcomes: dict[str, Outcome], findings: list[Finding]
) -> None:
    """Per dtype on its own: what Julia gave the stage in Float32 is not what it gave it in Float64,
    rounded.
    """
    plain = replace(stage.pair, python=_Plain(stage))
    for dtype, case in cases.items():
        report = Report(plain)
        enter(report, case.cast(np.float64), {dtype: outcomes[dtype]})
        findings += report.findings
        stage.blind |= report.blind
        stage.trusted |= report.trusted
        if dtype in report.worst:
            _raise(stage.ulps, dtype, report.worst[dtype].ulps)
        stage.evidence.append(
            Evidence(case.cast(np.float64), {dtype: outcomes[dtype]}, not report.findings)
        )


def _raise(errors: dict[str, float], dtype: str, error: float) -> None:
    errors[dtype] = max(errors.get(dtype, 0.0), error)


def _distance(one: np.ndarray | None, other: np.ndarray | None) -> float:
    """The largest difference; infinite where they cannot be compared."""
    if one is None or other is None or one.shape != other.shape:
        return np.inf
    return float(np.max(absolute_errors(one, other), initial=0))
