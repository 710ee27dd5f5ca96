"""A stage held against Julia's outcome of it, and what comes of that entered in the stage."""

from dataclasses import replace

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from ..judge.findings import Finding, Report, enter
from ..judge.verdict import absolute_errors
from ..pair.crossing import OF_PARAMETERS, STATISTICS
from ..pair.pair import Evidence
from ..sides.side import PythonSide
from .stages import Stage


class Compared:
    """The Python side of a stage, without the arrays that are not compared."""

    def __init__(self, stage: Stage):
        self._side: PythonSide = stage.pair.python
        self._alone = {path for path in self._side.parameters() if path not in stage.julia_names}
        self._statistics = {
            Name(Kind.PARAMETER_GRADIENT, path)
            for path, name in stage.julia_names.items()
            if name.rpartition(".")[2] in STATISTICS
        }
        self.subject, self.framework = self._side.subject, self._side.framework
        self.has_gradient, self.is_model = self._side.has_gradient, self._side.is_model

    def parameters(self) -> dict[str, np.ndarray]:
        """Those of the side."""
        return self._side.parameters()

    def _is_compared(self, name: Name) -> bool:
        return not (
            name.kind in (Kind.PLAIN, Kind.ARGUMENT)
            or name in self._statistics
            or (name.kind in OF_PARAMETERS and name.path in self._alone)
        )

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of the side, of which the rest is left out."""
        outcome = self._side.evaluate(case)
        arrays = {name: a for name, a in outcome.arrays.items() if self._is_compared(name)}
        none = frozenset(name for name in outcome.none if self._is_compared(name))
        return replace(outcome, arrays=arrays, none=none)


def judge(stage: Stage, cases: dict[str, Case], outcomes: dict[str, Outcome]) -> None:
    """Hold a stage against what Julia made of the cases, one in each dtype.

    Per dtype on its own: what Julia gave the stage in Float32 is not what it gave it in Float64,
    rounded. What differs in an output or a state is a finding forward, what differs in a gradient
    one backward.
    """
    plain = replace(stage.pair, python=Compared(stage))
    for dtype, case in cases.items():
        report = Report(plain)
        enter(report, case.cast(np.float64), {dtype: outcomes[dtype]})
        for finding in report.findings:
            forward, backward = _directions(finding)
            if forward:
                stage.forward_findings.append(finding)
            if backward:
                stage.backward_findings.append(finding)
        stage.blind |= report.blind
        stage.trusted |= report.trusted
        if dtype in report.worst:
            larger(stage.ulps, dtype, report.worst[dtype].ulps)
        stage.evidence.append(
            Evidence(case.cast(np.float64), {dtype: outcomes[dtype]}, not report.findings)
        )


def _directions(finding: Finding) -> tuple[bool, bool]:
    """Whether something differs forward, and whether something does backward."""
    names = [d.array for d in finding.verdict.differences if not d.agrees]
    back = [name is not None and name.is_gradient for name in names]
    return not all(back) or not back, any(back)


def larger(errors: dict[str, float], dtype: str, error: float) -> None:
    """The larger of what is known and this."""
    errors[dtype] = max(errors.get(dtype, 0.0), error)


def distance(one: np.ndarray | None, other: np.ndarray | None) -> float:
    """The largest difference; infinite where they cannot be compared."""
    if one is None or other is None or one.shape != other.shape:
        return np.inf
    return float(np.max(absolute_errors(one, other), initial=0))
