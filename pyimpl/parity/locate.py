"""Two models, stage by stage: the error that each inherited and the error that it added, forward in order and backward in reverse.

Every stage is run on Julia's own input (and Julia's own cotangent): what then differs, the stage has added. The first stage
whose addition is beyond the tolerance of its own case is the one at fault.
"""

import copy
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .case import Case, Outcome
from .checking import DTYPES, Finding, RowReport, enter
from .draws import generated
from .evaluators import recorded
from .inputs import Given, as_inputs
from .julia_side import JuliaSession, JuliaSide, Layout
from .matching import TRANSPOSED, Match, match, prove
from .pair import Evidence, Pair, Result
from .python_side import FunctionSide, PythonSide, TorchSide, side_of

CASES = 6
STATISTICS = ("mean", "var")  # Zygote gives gradients of them in test mode, which nobody uses


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
    """One stage of both models, and what it does to the error. Errors are the largest over all cases, absolute."""

    name: str
    kind: str  # what Julia calls it
    pair: Pair
    julia_names: dict[str, str]  # Python's name of an array -> Julia's
    matches: list[Match] = field(default_factory=list)
    inherited: dict[str, float] = field(default_factory=dict)  # per dtype, of the output
    added: dict[str, float] = field(default_factory=dict)
    backward_inherited: dict[str, float] = field(default_factory=dict)  # of the gradient of the input
    backward_added: dict[str, float] = field(default_factory=dict)
    ulps: dict[str, float] = field(default_factory=dict)  # what was added, in ulp at the scale of the terms; anything in the outcome
    forward_findings: list[Finding] = field(default_factory=list)
    backward_findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    together: bool = False  # it takes what the stage before gives as one tuple
    notes: list[str] = field(default_factory=list)  # what was not compared, and why
    blind: set[str] = field(default_factory=set)
    trusted: set[str] = field(default_factory=set)

    @property
    def mistrusted(self) -> set[str]:
        """Arrays that were zero, constant or not finite in every case: their agreement proves nothing."""
        return self.blind - self.trusted

    @property
    def agrees(self) -> bool:
        """Whether it adds nothing beyond rounding."""
        return not self.forward_findings and not self.backward_findings

    @property
    def differing(self) -> list[str]:
        """The arrays that differ on Julia's own inputs."""
        findings = [*self.forward_findings, *self.backward_findings]
        return list(dict.fromkeys(d.array for finding in findings for d in finding.verdict.differences if not d.agrees))


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

    `python` is a Chain, a torch.nn.Sequential, or a list or dict of stages (functions, layers, modules, objects with `forward` and
    `backward`); `julia` an expression for a Flux Chain, or a vector or tuple of functions and layers. `inputs` as for `crosscheck`; arrays
    are the same memory on both sides. Parameters are those of the Python model, or of `state`: nested dicts and lists as `read_state` gives
    of a file. Raises ValueError where the stages or their arrays cannot be matched or both models refuse their inputs, JuliaSubjectError,
    NoJulia.
    """
    from .explain import explain
    from .inside import where_inside
    from .julia_side import session

    reached = reference if reference is not None else session()
    path = Path(file) if file is not None else None
    if path is not None and not path.is_file():
        raise FileNotFoundError(f"there is no Julia file {path}")
    stages = _paired(python, JuliaSide(julia, path), reached, mode, state)
    found = Located(type(python).__name__, julia, reached.name, reached.versions, stages)
    for case in _first_cases(stages[0].pair, inputs, cases, seed):
        _walk(stages, case, reached, tuple(dtypes), np.random.default_rng(seed))
    for stage in stages:
        if stage.julia_names and stage.evidence:
            proving = stage.evidence[-1].case
            ask = partial(_asked, stage, reached)
            stage.matches = prove(stage.matches, replace(proving, arrays=_without_dy(proving)), stage.pair.evaluate, ask)
    forward, backward = _differing(stages, "float64")
    if not forward and not backward:
        forward, backward = _differing(stages)  # in Float32 only: rounding
    if forward or backward:
        found.guilty, found.direction = (forward[0], "forward") if forward else (backward[-1], "backward")
        stage = stages[found.guilty]
        result = result_of(stage, reached)
        found.explanations = explain(result)
        found.inside = where_inside(stage)
    return found


def _differing(stages: Sequence[Stage], dtype: str = "") -> tuple[list[int], list[int]]:
    """The stages that differ, forward and backward."""

    def of(findings: Sequence[Finding]) -> bool:
        return any(not dtype or finding.verdict.case.dtype == dtype for finding in findings)

    return [i for i, s in enumerate(stages) if of(s.forward_findings)], [i for i, s in enumerate(stages) if of(s.backward_findings)]


def result_of(stage: Stage, reference: Stages) -> Result:
    """The check of one stage alone, on Julia's own inputs."""
    report = RowReport(stage.pair)  # type: ignore[arg-type]  # a pair says of itself what a row says
    result = Result(stage.pair, report, reference.name, reference.versions)
    for evidence in stage.evidence:
        report.cases += 1
        enter(report, report.row, evidence.case, evidence.julia)
    result.evidence = stage.evidence
    differing = [evidence for evidence in stage.evidence if not evidence.agrees]
    result.smallest = min(differing, key=lambda e: sum(x.size for x in e.case.arrays.values()), default=None)
    return result


def stages_of(model: Any) -> dict[str, Any]:
    """The stages of a Python model by name. Raises ValueError for what has none."""
    layers = getattr(model, "layers", model)
    if hasattr(model, "named_children"):  # a module of PyTorch's
        return dict(model.named_children())
    if isinstance(layers, dict):
        return {str(name): layer for name, layer in layers.items()}
    if isinstance(layers, tuple | list):
        return {str(i): layer for i, layer in enumerate(layers)}
    raise ValueError(f"expected a Chain, a Sequential, or a list or dict of stages, got {type(model).__name__}")


def _paired(python: Any, julia: JuliaSide, reached: Stages, mode: str, state: Any) -> list[Stage]:
    mine = stages_of(python)
    theirs = [line.split("\t") for line in _call(reached, "stages", *julia.config.values()).splitlines()]
    if len(mine) != len(theirs):
        left, right = [f"{name} {_kind(part)}" for name, part in mine.items()], [" ".join(line) for line in theirs]
        raise ValueError(f"the models have {len(left)} and {len(right)} stages\n  python: {', '.join(left)}\n  julia: {', '.join(right)}")
    stages: list[Stage] = []
    for number, ((name, subject), (_, kind)) in enumerate(zip(mine.items(), theirs, strict=True), 1):
        side, unmatched = _side(subject, any(_is_module(other) for other in mine.values()))
        source = JuliaSide(f"({julia.expression})[{number}]", julia.file)
        pair = Pair(f"stage {name}", side, source, Given(()), Layout("reversed"), _mode(mode, side, kind))
        shapes = {path: array.shape for path, array in side.parameters().items() if path not in unmatched}
        found = _call(reached, "parameters", *source.config.values())
        try:
            matches = match(shapes, {path: np.shape(array) for path, array in found.items()}, partial(_transposed, side))
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


def _is_module(subject: Any) -> bool:
    return hasattr(subject, "state_dict") and hasattr(subject, "named_modules")


def _side(subject: Any, among_modules: bool) -> tuple[PythonSide, list[str]]:
    """The side of a stage, and those of its arrays that Julia does not have. A function between modules is one of tensors."""
    if (
        among_modules
        and not _is_module(subject)
        and not hasattr(subject, "pullback")
        and callable(subject)
        and not hasattr(subject, "forward")
    ):
        return TorchSide(subject), []
    if not _is_module(subject):
        return side_of(subject), []
    biases = [name for name in subject.state_dict() if name.startswith("bias_hh_l") and _of_torch(subject)]
    if biases:
        subject = copy.deepcopy(subject)
        subject.register_forward_hook(lambda module, xs, result: result[0])  # without the last states
        for name in biases:
            subject.state_dict()[name].zero_()  # of the two biases of PyTorch's recurrent layers, Flux has the first
    return side_of(subject), biases


def _of_torch(module: Any) -> bool:
    """Whether a module is one of PyTorch's own."""
    return type(module).__module__.startswith("torch.")


def _transposed(side: PythonSide, name: str) -> bool:
    """Whether a square weight belongs to a module of PyTorch's own, which multiplies by its transpose."""
    if not isinstance(side, TorchSide) or not side.is_model:
        return False
    owner = side.subject.get_submodule(name.rpartition(".")[0])
    return _of_torch(owner) and type(owner).__name__ not in ("Embedding", "EmbeddingBag")


def _by_the_others(stages: Sequence[Stage]) -> None:
    """A square array lies as those of the same name do in the other stages of its class, where their shapes tell."""
    known: dict[tuple[type, str], set[str]] = {}
    for stage in stages:
        shapes = {path: array.shape for path, array in stage.pair.python.parameters().items()}
        for found in stage.matches:
            if len(shapes[found.python]) == 2 and len(set(shapes[found.python])) == 2:
                known.setdefault((type(stage.pair.python.subject), found.python), set()).add(found.mapping.name)
    for stage in stages:
        shapes = {path: array.shape for path, array in stage.pair.python.parameters().items()}
        for i, found in enumerate(stage.matches):
            square = len(shapes[found.python]) == 2 and len(set(shapes[found.python])) == 1
            if square and known.get((type(stage.pair.python.subject), found.python)) == {TRANSPOSED.name}:
                stage.matches[i] = replace(found, mapping=TRANSPOSED)


def _mode(mode: str, side: PythonSide, kind: str) -> str:
    """`auto` is as inside a gradient, but nothing is dropped: random numbers are not shared."""
    if not side.is_model:
        return "function"
    if mode not in ("auto", "train", "test"):
        raise ValueError(f"mode is auto, train or test, got {mode!r}")
    return ("test" if "Dropout" in kind else "train") if mode == "auto" else mode


def _call(reached: Stages, name: str, *arguments: Any) -> Any:
    from .julia_side import JuliaSubjectError

    try:
        return reached.call(name, *arguments)
    except RuntimeError as error:
        raise JuliaSubjectError(str(error).partition("failed in Julia: ")[2] or str(error)) from None


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
        mapped = found.mapping.there(value)
        if mapped.shape != own[found.python].shape:
            raise ValueError(f"the state's {found.julia} for stage {name} has shape {mapped.shape}, expected {own[found.python].shape}")
        own[found.python][...] = mapped


def _kind(subject: Any) -> str:
    return getattr(subject, "__name__", None) or type(subject).__name__


def _first_cases(pair: Pair, inputs: Any, count: int, seed: int) -> list[Case]:
    drawn = as_inputs(inputs)
    if isinstance(drawn, Given):
        return [_case(pair, list(xs)) for xs in drawn.cases]
    strategy = drawn.strategy().map(lambda xs: _case(pair, xs))
    return generated(strategy, count, str(seed), with_simplest=False)


def _case(pair: Pair, xs: Sequence[np.ndarray], dys: Sequence[np.ndarray] = ()) -> Case:
    arrays = {f"x{i}": np.asarray(x, np.float64) if x.dtype.kind == "f" else x for i, x in enumerate(xs, 1)}
    arrays |= {f"param.{path}": array.astype(np.float64) for path, array in pair.python.parameters().items()}
    arrays |= {f"dy{i}": np.asarray(dy) for i, dy in enumerate(dys, 1)}
    return Case(pair.name, pair.config, arrays, pair.mode)


def _without_dy(case: Case) -> dict[str, np.ndarray]:
    return {name: array for name, array in case.arrays.items() if not name.startswith("dy")}


def _asked(stage: Stage, reached: Stages, cases: Sequence[Case]) -> Iterator[Outcome]:
    """Julia's outcomes of cases in Python's names."""
    by_name = {found.python: found for found in stage.matches}
    sent = []
    for case in cases:
        arrays = {}
        for name, array in case.arrays.items():
            found = by_name.get(name.removeprefix("param.")) if name.startswith("param.") else None
            if found is None and name.startswith("param."):
                continue
            arrays[f"param.{found.julia}" if found else name] = np.ascontiguousarray(found.mapping.back(array)) if found else array
        sent.append(replace(case, arrays=arrays))
    names = {found.julia: found for found in stage.matches}
    source = stage.pair.julia
    if stage.together:
        source = JuliaSide(f"(xs...) -> {source.expression}(xs)", source.file)
    for outcome in reached.evaluate(source, stage.pair.layout, sent):
        arrays, none = {}, set()
        for name, array in outcome.arrays.items():
            prefix, _, path = name.partition(".")
            if prefix == "grad" and path.rpartition(".")[2] in STATISTICS:
                continue
            if prefix in ("grad", "state") and path in names:
                arrays[f"{prefix}.{names[path].python}"] = names[path].mapping.there(array)
            elif prefix not in ("plain", "after", "state"):
                arrays[name] = array
        for name in outcome.none:
            path = name.partition(".")[2]
            none.add(f"grad.{names[path].python}" if path in names else name)
        yield replace(outcome, arrays=arrays, none=frozenset(none))


def _evaluated(stage: Stage, case: Case) -> Outcome:
    """Python's outcome without what Julia's is not asked for."""
    return _Plain(stage).evaluate(case)


class _Plain:
    """The Python side of a stage, without the arrays that are not compared."""

    def __init__(self, stage: Stage):
        self._side: PythonSide = stage.pair.python
        self._alone = {path for path in self._side.parameters() if path not in stage.julia_names}
        self._statistics = {f"grad.{path}" for path, name in stage.julia_names.items() if name.rpartition(".")[2] in STATISTICS}
        if stage.together and isinstance(self._side, FunctionSide):
            self._side = replace(self._side, subject=Together(self._side.subject))

    def __getattr__(self, name):
        return getattr(self._side, name)

    def evaluate(self, case: Case) -> Outcome:
        outcome = self._side.evaluate(case)
        arrays = {
            name: array
            for name, array in outcome.arrays.items()
            if not name.startswith(("plain", "after")) and name.partition(".")[2] not in self._alone and name not in self._statistics
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


def _walk(stages: list[Stage], first: Case, reached: Stages, dtypes: tuple[str, ...], rng: np.random.Generator) -> None:
    """One input through both models and back."""
    theirs: dict[str, list[np.ndarray]] = {dtype: first.cast(dtype).numbered("x") for dtype in dtypes}
    mine = dict(theirs)
    inputs: list[tuple[dict, dict]] = []
    outputs: list[tuple[dict, dict]] = []
    for number, stage in enumerate(stages):
        stage.together = number > 0 and len(theirs[dtypes[0]]) > 1 and not stage.julia_names
        if number > 0 and not stage.together:
            theirs, mine = ({dtype: xs[:1] for dtype, xs in side.items()} for side in (theirs, mine))
        inputs.append((theirs, mine))
        cases = {dtype: _case_in(stage, theirs[dtype], dtype) for dtype in dtypes}
        outcomes = dict(zip(dtypes, _asked(stage, reached, list(cases.values())), strict=True))
        _judge(stage, cases, outcomes, stage.forward_findings)
        on_theirs = {dtype: _evaluated(stage, cases[dtype]) for dtype in dtypes}
        on_mine = {dtype: _evaluated(stage, _case_in(stage, mine[dtype], dtype)) for dtype in dtypes}
        for dtype in dtypes:
            _raise(stage.added, dtype, _distance(output_of(on_theirs[dtype]), output_of(outcomes[dtype])))
            _raise(stage.inherited, dtype, _distance(output_of(on_mine[dtype]), output_of(on_theirs[dtype])))
        refused = [outcome[dtype].error for outcome in (on_theirs, outcomes) for dtype in dtypes[:1]]
        if all(refused):
            raise ValueError(f"both sides refuse the input of stage {stage.name}, {stage.kind}: «{refused[0]}», in Julia «{refused[1]}»")
        if any(output_of(outcome) is None for outcome in (*outcomes.values(), *on_mine.values())):
            return  # an error: what comes after has no input
        theirs = {dtype: outputs_of(outcomes[dtype]) for dtype in dtypes}
        mine = {dtype: outputs_of(on_mine[dtype]) for dtype in dtypes}
        outputs.append((theirs, mine))
    if theirs[dtypes[0]][0].dtype.kind != "f":
        return
    dys = [np.asarray(rng.integers(-128, 129, y.shape) / 32) for y in theirs[dtypes[0]]]
    their_dy = {dtype: [dy.astype(dtype) for dy in dys] for dtype in dtypes}
    my_dy: dict[str, list[np.ndarray]] | None = their_dy
    for stage, (their_xs, my_xs), (their_ys, my_ys) in zip(reversed(stages), reversed(inputs), reversed(outputs), strict=True):
        their_dy, my_dy = _for_all(their_dy, their_ys), my_dy and _for_all(my_dy, my_ys)
        cases = {dtype: _case_in(stage, their_xs[dtype], dtype, their_dy[dtype]) for dtype in dtypes}
        outcomes = dict(zip(dtypes, _asked(stage, reached, list(cases.values())), strict=True))
        if stage.pair.python.has_gradient:
            _judge(stage, cases, outcomes, stage.backward_findings)
            on_theirs = {dtype: _evaluated(stage, cases[dtype]) for dtype in dtypes}
            for dtype in dtypes:
                _raise(
                    stage.backward_added, dtype, _distance(on_theirs[dtype].arrays.get("grad.x1"), outcomes[dtype].arrays.get("grad.x1"))
                )
        elif "no backward pass in Python: its gradients are not compared" not in stage.notes:
            stage.notes.append("no backward pass in Python: its gradients are not compared")
        if my_dy is not None and stage.pair.python.has_gradient:
            on_mine = {dtype: _evaluated(stage, _case_in(stage, my_xs[dtype], dtype, my_dy[dtype])) for dtype in dtypes}
            for dtype in dtypes:
                one, other = (side[dtype].arrays.get("grad.x1") for side in (on_mine, on_theirs))
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
    several = [name for name in outcome.arrays if name.startswith("y.") and name[2:].isdigit()]
    return [outcome.arrays[name] for name in sorted(several)] if "y" not in outcome.arrays else [outcome.arrays["y"]]


def _for_all(dys: dict[str, list[np.ndarray]], ys: dict[str, list[np.ndarray]]) -> dict[str, list[np.ndarray]]:
    """Cotangents of all outputs: zero for those that did not go on."""
    return {dtype: [*dys[dtype], *(np.zeros_like(y) for y in ys[dtype][len(dys[dtype]) :])] for dtype in dys}


def _cotangents(outcomes: dict[str, Outcome], xs: dict[str, list[np.ndarray]]) -> dict[str, list[np.ndarray]] | None:
    """The gradients of the inputs, zero where none flows; None where there is none at all."""
    if any("grad.x1" not in outcome.arrays for outcome in outcomes.values()):
        return None
    return {
        dtype: [outcome.arrays.get(f"grad.x{i}", np.zeros_like(x)) for i, x in enumerate(xs[dtype], 1)]
        for dtype, outcome in outcomes.items()
    }


def output_of(outcome: Outcome) -> np.ndarray | None:
    """The output; of several the first, which is what goes on to the next stage."""
    return outcome.arrays.get("y", outcome.arrays.get("y.0"))


def _case_in(stage: Stage, xs: Sequence[np.ndarray], dtype: str, dys: Sequence[np.ndarray] = ()) -> Case:
    """Julia's numbers of that precision, to the bit."""
    return _case(stage.pair, xs, dys).cast(dtype)


def _judge(stage: Stage, cases: dict[str, Case], outcomes: dict[str, Outcome], findings: list[Finding]) -> None:
    """Per dtype on its own: what Julia gave the stage in Float32 is not what it gave it in Float64, rounded."""
    plain = replace(stage.pair, python=_Plain(stage))  # type: ignore[arg-type]
    for dtype, case in cases.items():
        report = RowReport(plain)  # type: ignore[arg-type]
        enter(report, report.row, case.cast(np.float64), {dtype: outcomes[dtype]})
        findings += report.findings
        stage.blind |= report.blind
        stage.trusted |= report.trusted
        if dtype in report.worst:
            _raise(stage.ulps, dtype, report.worst[dtype].ulps)
        stage.evidence.append(Evidence(case.cast(np.float64), {dtype: outcomes[dtype]}, not report.findings))


def _raise(errors: dict[str, float], dtype: str, error: float) -> None:
    errors[dtype] = max(errors.get(dtype, 0.0), error)


def _distance(one: np.ndarray | None, other: np.ndarray | None) -> float:
    """The largest difference; infinite where they cannot be compared."""
    if one is None or other is None or one.shape != other.shape:
        return np.inf
    a, b = one.astype(np.float64), other.astype(np.float64)
    with np.errstate(invalid="ignore"):
        difference = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0, np.abs(a - b))
    return float(np.max(np.where(np.isnan(difference), np.inf, difference), initial=0))


class Taped:
    """Live Julia, everything that it says kept."""

    name = "live"

    def __init__(self, julia: JuliaSession):
        self._julia, self.versions = julia, julia.versions
        self.said: dict[str, Outcome] = {}

    def evaluate(self, side: JuliaSide, layout: Layout, cases: Sequence[Case]) -> Iterator[Outcome]:
        """As Julia does."""
        for case, outcome in zip(cases, self._julia.evaluate(side, layout, cases), strict=True):
            self.said[_key(side, case)] = outcome
            yield outcome

    def call(self, name: str, *arguments: Any) -> Any:
        """As Julia does."""
        answer = self._julia.call(name, *arguments)
        content = {"text": np.frombuffer(answer.encode(), np.uint8)} if isinstance(answer, str) else dict(answer)
        self.said[_called(name, *arguments)] = Outcome(content)
        return answer

    def write(self, path: Path, provenance: dict[str, Any]) -> None:
        """A recording of it."""
        entries = [(Case(key, {}, {}, "function"), {"said": outcome}) for key, outcome in self.said.items()]
        recorded.write(path, entries, {"versions": self.versions} | provenance)


class Replayed:
    """What was kept of a live Julia. Raises NoRecording for what it was not asked."""

    name = "recorded"

    def __init__(self, path: Path):
        self._recording = recorded.Recorded(path)
        self.versions, self.provenance = self._recording.versions, self._recording.provenance

    def _said(self, key: str) -> Outcome:
        found = list(self._recording.pairs(_Row(key), ("said",), None, 0))
        if not found:
            raise recorded.NoRecording(f"{self._recording.path} has no answer to what is asked now: record again")
        return found[0][1]["said"]

    def evaluate(self, side: JuliaSide, layout: Layout, cases: Sequence[Case]) -> Iterator[Outcome]:
        """As Julia did."""
        for case in cases:
            yield self._said(_key(side, case))

    def call(self, name: str, *arguments: Any) -> Any:
        """As Julia did."""
        arrays = self._said(_called(name, *arguments)).arrays
        return bytes(arrays["text"]).decode() if "text" in arrays else arrays


@dataclass(frozen=True)
class _Row:
    key: str


def _called(name: str, *arguments: Any) -> str:
    return ":".join([name, *(Path(a).name if str(a).endswith(".jl") else str(a) for a in arguments)])


def _key(side: JuliaSide, case: Case) -> str:
    """The same for the same question."""
    content = hashlib.sha256(f"{side} {case.mode} {sorted(case.config.items())}".encode())
    for name, array in sorted(case.arrays.items()):
        content.update(f"{name} {array.dtype} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes())
    return content.hexdigest()[:32]
