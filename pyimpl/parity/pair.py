"""A user's own pair, checked: a Python subject and a Julia expression, on drawn or given inputs, in both precisions.

    from pyimpl.parity import arrays, crosscheck

    crosscheck(my_function, "MyModule.my_function", file="my.jl", inputs=arrays("batch,5"))

Where they differ, Hypothesis looks for the smallest inputs on which they do, and `explain` for what makes the difference vanish.
"""

import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from .case import Case, Outcome
from .checking import DTYPES, Finding, RowReport, enter
from .draws import drawn_fill, generated
from .evaluators.recorded import Recorded
from .inputs import Given, Inputs, as_inputs
from .julia_side import SECONDS as JULIA_SECONDS
from .julia_side import JuliaSession, JuliaSide, Layout, parsed_layout, session
from .python_side import SECONDS, DifferencesSide, FunctionSide, PythonSide, side_of
from .verdict import MOST_ROUNDING, rounding, sensitivity

CASES = 50
SMALLEST = "smallest"  # the origin of a recorded case that a search among smaller and smaller ones ended with
MODEL_SLACK = 16.0
KEPT = 24  # cases of each sort that are kept as evidence for `explain`


@dataclass(frozen=True)
class Pair:
    """What is checked: both sides, their inputs, and how arrays cross between them."""

    name: str
    python: PythonSide
    julia: JuliaSide
    inputs: Inputs
    layout: Layout = Layout()
    mode: str = "function"  # of a model: auto, train or test
    config: dict[str, Any] = field(default_factory=dict)
    origin: str | None = None  # file.py:name of the Python subject
    gradient: str = "auto"  # auto: where the Python side has one; none; differences: Julia's against central differences of the Python side

    # What a row of the catalogue would say:
    constant = False

    @property
    def key(self) -> str:
        """The name under which the pair is recorded."""
        return self.name

    def evaluate(self, case: Case) -> Outcome:
        """The Python side's outcome."""
        return self.python.evaluate(case)

    def slack_ulps(self, case: Case) -> float:
        """Models are given some: what is rounded inside a layer, where it may cancel, is not measured."""
        return MODEL_SLACK if self.python.is_model else 0.0

    def responses(self, case: Case, julia: dict[str, Outcome]) -> dict[str, dict[str, np.ndarray]]:
        """Per dtype, how sensitive every entry of the outcome is: to its inputs, and to what is rounded on the way to it."""
        to_inputs, inner = sensitivity(self.evaluate, case), rounding(self.evaluate, case, julia)
        base = self.evaluate(case.cast(np.float64)).arrays
        measured = self.python.differences(case) if isinstance(self.python, DifferencesSide) and "dy1" in case.arrays else {}
        found: dict[str, dict[str, np.ndarray]] = {dtype: {} for dtype in julia}
        for name, response in to_inputs.items():
            rounded = inner.get(name, np.zeros(()))
            rounded = rounded if rounded.shape == response.shape else np.zeros(response.shape)
            off = measured[name][1] if name in measured else 0.0  # what is measured is not known to the last bit
            most = MOST_ROUNDING * (np.abs(base[name]) + response)
            for dtype in julia:
                allowed = np.minimum(rounded, most) if dtype == "float32" else rounded
                found[dtype][name] = response + allowed + off / np.finfo(dtype).eps
        return found

    @property
    def argument_names(self) -> list[str]:
        """x1, x2, ... as the Python function calls them, where it can be asked."""
        return argument_names(self.python.subject)

    def case(self, xs: Sequence[np.ndarray], dys: Sequence[np.ndarray] = (), origin: str = "drawn") -> Case:
        """A case of these inputs and cotangents, with the model's parameters, in Float64."""
        arrays = {f"x{i}": np.asarray(x, np.float64 if x.dtype.kind == "f" else None) for i, x in enumerate(xs, 1)}
        arrays |= {f"param.{path}": array.astype(np.float64) for path, array in self.python.parameters().items()}
        arrays |= {f"dy{i}": np.asarray(dy) for i, dy in enumerate(dys, 1)}
        return Case(self.name, self.config, arrays, self.mode, origin=origin)

    def completed(self, xs: Sequence[np.ndarray], fill: Callable[[tuple[int, ...], str], np.ndarray], origin: str = "drawn") -> Case:
        """A case of these inputs: with the model's parameters, and a cotangent for every output of floating-point numbers."""
        case = self.case(xs, origin=origin)
        if self.gradient == "none" or (self.gradient == "auto" and not self.python.has_gradient):
            return case
        outcome = self.evaluate(case)
        outputs = [name for name in outcome.arrays if name == "y" or name.startswith("y.")]
        for i, name in enumerate(outputs, 1):
            if outcome.arrays[name].dtype.kind == "f":
                case.arrays[f"dy{i}"] = fill(outcome.arrays[name].shape, "real")
        return case

    def cases(self) -> st.SearchStrategy[Case]:
        """Cases whose inputs are drawn."""
        assert not isinstance(self.inputs, Given)
        inputs = self.inputs.strategy()

        @st.composite
        def completed(draw):
            return self.completed(draw(inputs), drawn_fill(draw, False))

        return completed()


def argument_names(subject: Any) -> list[str]:
    """The names of the positional arguments of a function; none where it cannot be asked."""
    try:
        found = inspect.signature(subject).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


@dataclass(frozen=True)
class Evidence:
    """A case (in Float64) with what Julia made of it in every dtype."""

    case: Case
    julia: dict[str, Outcome]
    agrees: bool


@dataclass
class Result:
    """What the check of a pair came to. `report.findings` has the smallest disagreement first."""

    pair: Pair
    report: RowReport
    reference: str  # live or recorded
    versions: dict[str, str]
    evidence: list[Evidence] = field(default_factory=list)
    smallest: Evidence | None = None
    explanations: list[Any] = field(default_factory=list)
    bundle: Path | None = None
    provenance: dict[str, Any] = field(default_factory=dict)  # of a recording

    @property
    def name(self) -> str:
        """That of the reference."""
        return self.reference

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.report.findings


class Disagreement(AssertionError):
    """Both sides differ: the message is the story, `result` has everything."""

    def __init__(self, message: str, result: Result):
        super().__init__(message)
        self.result = result


def crosscheck(
    python: Any,
    julia: str,
    inputs: Any,
    *,
    file: str | Path | None = None,
    backward: Callable[..., Any] | None = None,
    layout: str | dict[str, str] | None = None,
    mode: str | None = None,
    gradient: str = "auto",
    calls: int = 1,
    dtypes: Sequence[str] = DTYPES,
    cases: int = CASES,
    seed: int = 0,
    name: str | None = None,
    reference: str = "auto",
    recording: str | Path | None = None,
    bundle: str | Path | None = None,
    seconds: float = SECONDS,
    raises: bool = True,
) -> Result:
    """Check that a Python subject and a Julia expression agree.

    `python` is a function of arrays (with `backward(dy, *xs)` or a `pullback` its gradients are checked too), a layer of `pyimpl`, or a
    PyTorch module. `julia` is an expression, evaluated after `file` has been read: the name of a function, an anonymous function, a model.
    `inputs` are `arrays(...)`, Hypothesis strategies, or arrays. `layout`: "same" (A[i, j] is A[i, j]: the default for functions),
    "reversed" (the same memory: the default for layers and models), or a dict from arguments and "y" to one of them. `calls`: how often the
    function is called in a row. `gradient`: "auto", "none", or "differences" (Julia's against central differences of the Python function).
    `reference`: "live", "recorded" with `recording`, or "auto".

    `seconds`: how long one call may take.

    Returns the Result; raises Disagreement, an AssertionError, where the sides differ, unless `raises` is False. A `bundle` directory is
    written on disagreement. Raises NoJulia or NoRecording where there is no reference, ValueError and TypeError for wrong arguments.
    """
    from .bundle import write_bundle
    from .explain import explain
    from .story import story

    pair = make_pair(
        python,
        julia,
        inputs,
        file=file,
        backward=backward,
        layout=layout,
        mode=mode,
        gradient=gradient,
        calls=calls,
        name=name,
        seconds=seconds,
    )
    result = check_pair(pair, open_reference(pair, reference, recording, seconds), tuple(dtypes), cases, seed)
    if not result.agrees:
        result.explanations = explain(result)
        if bundle is not None:
            result.bundle = write_bundle(Path(bundle), result)
        if raises:
            raise Disagreement(story(result), result)
    return result


def make_pair(
    python: Any,
    julia: str,
    inputs: Any,
    *,
    file: str | Path | None = None,
    backward: Callable[..., Any] | None = None,
    layout: str | dict[str, str] | None = None,
    mode: str | None = None,
    gradient: str = "auto",
    calls: int = 1,
    name: str | None = None,
    origin: str | None = None,
    seconds: float = SECONDS,
) -> Pair:
    """The pair that the arguments of `crosscheck` describe; `origin` is where the Python subject can be loaded again.

    Raises ValueError, TypeError and FileNotFoundError for wrong ones.
    """
    side = side_of(python, backward, seconds)
    if gradient == "differences":
        if not isinstance(side, FunctionSide):
            raise ValueError("gradients are measured by central differences for functions only; a model has its own")
        side = DifferencesSide(python, seconds=seconds)
    if gradient not in ("auto", "none", "differences"):
        raise ValueError(f'gradient is "auto", "none" or "differences", got {gradient!r}')
    if calls < 1:
        raise ValueError(f"calls must be at least 1, got {calls}")
    path = Path(file) if file is not None else None
    if path is not None and not path.is_file():
        raise FileNotFoundError(f"there is no Julia file {path}")
    default = "reversed" if side.is_model else "same"
    lies = parsed_layout(default if layout is None else layout, argument_names(python), default)
    called = name or getattr(python, "__name__", type(python).__name__)
    config: dict[str, Any] = {"calls": calls} if calls > 1 else {}
    wanted = mode or ("auto" if side.is_model else "function")
    return Pair(called, side, JuliaSide(julia, path), as_inputs(inputs), lies, wanted, config, origin, gradient)


class LivePair:
    """Live Julia, as what a pair is held against."""

    name = "live"

    def __init__(self, session: JuliaSession):
        self._session = session
        self.versions = session.versions

    def prepare(self, pair: Pair) -> None:
        """Have Julia read its side. Raises JuliaSubjectError where it cannot."""
        self._session.describe(pair.julia)

    def outcomes(self, pair: Pair, cases: Sequence[Case], dtypes: tuple[str, ...]) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """Every case with Julia's outcome in every dtype."""
        found = self._session.evaluate(pair.julia, pair.layout, [case.cast(dtype) for case in cases for dtype in dtypes])
        for case in cases:
            yield case, {dtype: next(found) for dtype in dtypes}


def open_reference(pair: Pair, reference: str, recording: str | Path | None, seconds: float = JULIA_SECONDS) -> "LivePair | Recorded":
    """Live Julia, a call of which may take so many seconds, or the pair's recording. Raises NoJulia and NoRecording."""
    from .evaluators.live import NoJulia
    from .evaluators.recorded import NoRecording

    path = Path(recording) if recording is not None else None
    if reference not in ("auto", "live", "recorded"):
        raise ValueError(f'the reference is "auto", "live" or "recorded", got {reference!r}')
    if reference != "recorded":
        try:
            return LivePair(session(reference == "live", seconds))
        except NoJulia:
            if reference == "live" or path is None:
                raise
    if path is None:
        raise NoRecording("no recording was named: give one with recording=FILE, made before with a live Julia")
    found = Recorded(path)
    if pair.key not in found.rows():
        raise NoRecording(f"{path} has no case of {pair.key}, only of {', '.join(found.rows())}")
    return found


def check_pair(pair: Pair, reference: "LivePair | Recorded", dtypes: tuple[str, ...] = DTYPES, count: int = CASES, seed: int = 0) -> Result:
    """Check a pair on `count` drawn cases, or on all that were given or recorded; where they differ, look for the smallest that does."""
    report = RowReport(pair)  # type: ignore[arg-type]  # a pair says of itself what a row says
    result = Result(pair, report, reference.name, reference.versions, provenance=getattr(reference, "provenance", {}))
    if isinstance(reference, LivePair):
        reference.prepare(pair)
    if isinstance(reference, Recorded):
        for case, outcomes in reference.pairs(pair, dtypes, None, seed):
            _judge(result, case, outcomes)
    elif isinstance(pair.inputs, Given):
        cases = [pair.completed(xs, _seeded(seed), f"given {i}") for i, xs in enumerate(pair.inputs.cases, 1)]
        for case, outcomes in reference.outcomes(pair, cases, dtypes):
            _judge(result, case, outcomes)
    else:
        for case, outcomes in reference.outcomes(pair, generated(pair.cases(), count, str(seed)), dtypes):
            _judge(result, case, outcomes)
        if not result.agrees and not any(finding.verdict.lost for finding in result.report.findings):
            _shrink(result, reference, dtypes, count, seed)
    differing = [evidence for evidence in result.evidence if not evidence.agrees]
    if result.smallest is None and differing:
        result.smallest = min(differing, key=lambda evidence: (evidence.case.origin != SMALLEST, evidence.case.size))
    result.report.findings.sort(
        key=lambda finding: (result.smallest is None or finding.case is not result.smallest.case, finding.case.size)
    )
    return result


def _judge(result: Result, case: Case, outcomes: dict[str, Outcome]) -> None:
    before = len(result.report.findings)
    result.report.cases += 1
    enter(result.report, case, outcomes)
    agrees = len(result.report.findings) == before
    if sum(other.agrees == agrees for other in result.evidence) < KEPT:
        result.evidence.append(Evidence(case, outcomes, agrees))


def manner(finding: Finding) -> str:
    """In what way it differs: by a refusal, in shape or dtype, by one side not being finite, or in value."""
    worst = finding.verdict.worst
    if worst is None or worst.array == "refusal":
        return "refusal"
    if worst.reason:
        return worst.reason.partition(" has ")[2].partition(" ")[0] or "names"
    return "value" if np.isfinite([worst.python, worst.julia]).all() else "not finite"


def _shrink(result: Result, reference: LivePair, dtypes: tuple[str, ...], count: int, seed: int) -> None:
    """Hypothesis goes through the same draws again, and from the first case that differs to ever smaller ones.

    It keeps to the most frequent manner of differing: the smallest of all is often a degenerate case that has troubles of its own.
    """
    pair = result.pair
    last: list[Evidence] = []
    manners = Counter(manner(finding) for finding in result.report.findings)
    wanted = max(manners, key=lambda name: (manners[name], name == "value"))

    class Differs(Exception):
        pass

    @seeded(str(seed))
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
    )
    @given(pair.cases())
    def agree(case):
        ((_, outcomes),) = reference.outcomes(pair, [case], dtypes)
        if any(manner(finding) == wanted for finding in judged(pair, case, outcomes)):
            last[:] = [Evidence(case, outcomes, False)]
            raise Differs

    try:
        agree()
    except (Differs, Flaky):
        result.smallest = last[0]
        found = judged(pair, last[0].case, last[0].julia)
        result.report.findings = sorted(found, key=lambda finding: manner(finding) != wanted) + result.report.findings


def judged(pair: Pair, case: Case, outcomes: dict[str, Outcome]) -> list[Finding]:
    """The disagreements of one case."""
    report = RowReport(pair)  # type: ignore[arg-type]
    enter(report, case, outcomes)
    return report.findings


def _seeded(seed: int) -> Callable[[tuple[int, ...], str], np.ndarray]:
    rng = np.random.default_rng(seed)
    return lambda shape, kind: np.asarray(rng.integers(-128, 129, shape) / 32)
