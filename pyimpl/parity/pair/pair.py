"""A user's own pair: a Python subject and a Julia expression, on drawn or given inputs, in both
precisions.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..case.arguments import Argument, arguments_of, as_plain, leaves_of
from ..case.case import Case, Outcome
from ..case.draws import drawn_fill
from ..case.inputs import Drawn, Given, Inputs, as_inputs
from ..case.names import OUTPUT, Kind, Name, numbered
from ..case.values import Called
from ..judge.findings import Report
from ..judge.freedoms import Freedoms, freed, parse_freedoms
from ..judge.verdict import (
    MOST_ROUNDING,
    OF_JULIA,
    Allowance,
    noise,
    own_loss,
    rounding,
    sensitivity,
)
from ..reference.session import JuliaSide, Layout, parsed_layout
from ..sides.frameworks import side_of
from ..sides.functions import FUNCTIONS, DifferencesSide, FunctionSide
from ..sides.side import SECONDS, PythonSide
from ..sides.training import RuleSide, Training, training_side
from .crossing import compared, sent
from .matching import Match
from .weights import Weighed, Weights, with_theirs

MODEL_SLACK = 16.0
DOUBLE = {"f": np.float64, "c": np.complex128}  # what inputs of a kind are given as
MOST_SECONDS = 10**6  # of one call: beyond that, timers overflow
# the origin of a recorded case that a search among smaller and smaller ones ended with
SMALLEST = "smallest"
MODES = ("auto", "train", "test", "function")


@dataclass(frozen=True)
class Pair:
    """What is checked: both sides, their inputs, and how arrays cross between them."""

    name: str
    python: PythonSide
    julia: JuliaSide
    inputs: Inputs
    layout: Layout = Layout()
    mode: str = "function"  # of a model: auto, train or test; training, and steps, of a rule
    config: dict[str, Any] = field(default_factory=dict)
    origin: str | None = None  # file.py:name of the Python subject
    # auto: where the Python side has one; none; differences: Julia's against central differences of
    # the Python side
    gradient: str = "auto"
    training: Training | None = None
    matches: tuple[
        Match, ...
        # of a model's arrays with Julia's, where these have other names; known once Julia has been
        # asked
    ] = ()
    alone: tuple[str, ...] = ()  # arrays that only the Python model has: they are zero
    up_to: Freedoms = ()  # outputs that are free by nature
    laid: bool = False  # whether the user has said how arrays lie
    strict: bool = True  # whether the type of a result in Float32 counts where Float64 agrees
    laid_out: bool = False  # whether the arrays were matched by laying the models side by side
    weights: Weights = Weights.AUTO  # with which the models are to be compared
    weighed: Weighed | None = field(default=None, compare=False)  # those, once Julia has been asked

    # What a row of the catalogue would say:
    constant = False

    @property
    def key(self) -> str:
        """The name under which the pair is recorded."""
        return self.name

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of the Python model: its own, or what it is given in their place."""
        own = self.python.parameters()
        return own | self.weighed.own if self.weighed else own

    def crossed(self, case: Case) -> Case:
        """The case as Julia is asked: in its names, with the arrays that it has or is given."""
        asked = sent(case, self.matches)
        return with_theirs(asked, self.weighed.theirs) if self.weighed else asked

    def evaluate(self, case: Case) -> Outcome:
        """The Python side's outcome."""
        return compared(self.python.evaluate(case), self.alone)

    def freed(self, python: Outcome, julia: Outcome) -> Outcome:
        """Its outcome, moved as close to Julia's as `up_to` allows."""
        return freed(python, julia, self.up_to)

    def allowance(self, case: Case) -> Allowance:
        """Models are given some: what is rounded inside a layer, where it may cancel, is not
        measured.
        """
        ulps = MODEL_SLACK if self.python.is_model else 0.0
        return Allowance(ulps, eps=float(np.finfo(case.dtype).eps))

    def known_to_differ(self, case: Case) -> frozenset[Name | None]:
        """Nothing is known of it before."""
        return frozenset()

    def responses(
        self, case: Case, julia: dict[str, Outcome], evaluate: Callable[[Case], Outcome]
    ) -> dict[str, dict[Name, np.ndarray]]:
        """Per dtype, how sensitive every entry of the outcome is: to its inputs, and to what is
        rounded on the way to it.

        `evaluate` is the Python side's, asked every question once.
        """
        to_inputs = sensitivity(evaluate, case)
        if not to_inputs:
            return {dtype: {} for dtype in julia}
        inner = rounding(evaluate, case, julia)
        base, lost = evaluate(case.cast(np.float64)).arrays, own_loss(julia)
        unsure: dict[str, dict[Name, np.ndarray]] = {
            dtype: {} for dtype in julia
        }  # what is measured, or made of rounding alone
        if isinstance(self.python, DifferencesSide) and numbered(Kind.COTANGENT, 1) in case.arrays:
            unsure = dict.fromkeys(
                julia, {name: error for name, (_, error) in self.python.differences(case).items()}
            )
        elif self.training is not None:
            unsure = {dtype: noise(evaluate, case, dtype) for dtype in julia}
        found: dict[str, dict[Name, np.ndarray]] = {dtype: {} for dtype in julia}
        for name, response in to_inputs.items():
            rounded = inner.get(name, np.zeros(()))
            rounded = rounded if rounded.shape == response.shape else np.zeros(response.shape)
            most = np.maximum(
                MOST_ROUNDING * (np.abs(base[name]) + response), OF_JULIA * lost.get(name, 0.0)
            )
            for dtype in julia:
                allowed = np.minimum(rounded, most) if dtype == "float32" else rounded
                found[dtype][name] = (
                    response + allowed + unsure[dtype].get(name, 0.0) / np.finfo(dtype).eps
                )
        for responses in found.values():
            _share_scale(responses, base)
        return found

    @property
    def argument_names(self) -> list[str]:
        """x1, x2, ... as the Python function calls them, where it can be asked."""
        places = argument_names(self.python.subject)
        arguments = arguments_of(self.config)
        if arguments is None:
            return places
        return [name for name, _ in leaves_of(arguments, places)]

    def case(
        self, xs: Sequence[np.ndarray], dys: Sequence[np.ndarray] = (), origin: str = "drawn"
    ) -> Case:
        """A case of these inputs and cotangents, with the model's parameters, in Float64."""
        arrays = {
            numbered(Kind.INPUT, i): np.asarray(x, DOUBLE.get(x.dtype.kind, None))
            for i, x in enumerate(xs, 1)
        }
        arrays |= {
            Name(Kind.PARAMETER, path): array.astype(np.float64)
            for path, array in self.arrays().items()
        }
        arrays |= {numbered(Kind.COTANGENT, i): np.asarray(dy) for i, dy in enumerate(dys, 1)}
        said = as_plain(xs.arguments) if isinstance(xs, Called) else {}
        return Case(self.name, self.config | said, arrays, self.mode, origin=origin)

    def completed(
        self,
        batches: Sequence[Sequence[np.ndarray]],
        fill: Callable[[tuple[int, ...], str], np.ndarray],
        origin: str = "drawn",
    ) -> Case:
        """A case of these inputs, of training one for each step: with the model's parameters and a
        cotangent for every output.
        """
        if self.training is not None:
            data = self.training.arrays(batches, fill)
            case = self.case((), origin=origin)
            return replace(case, arrays=data | case.arrays)
        case = self.case(batches[0], origin=origin)
        if self.gradient == "none" or (self.gradient == "auto" and not self.python.has_gradient):
            return case
        if any(array.dtype.kind == "c" for array in case.arrays.values()):
            return case  # conventions for the gradient of complex numbers differ
        for i, output in enumerate(self.evaluate(case).outputs().values(), 1):
            if output.dtype.kind == "f":
                case.arrays[numbered(Kind.COTANGENT, i)] = fill(output.shape, "real")
        return case

    def cases(self) -> st.SearchStrategy[Case]:
        """Cases whose inputs are drawn."""
        assert not isinstance(self.inputs, Given)
        trained = self.training is not None and not self.training.of_rule
        count = self.training.steps if self.training and trained else 1
        # In training, entries that are zero or equal leave gradients that are nothing but rounding:
        # they are not drawn one by one.
        inputs = (
            self.inputs.strategy(not trained)
            if isinstance(self.inputs, Drawn)
            else self.inputs.strategy()
        )

        @st.composite
        def completed(draw):
            return self.completed(
                [draw(inputs) for _ in range(count)], drawn_fill(draw, False, not trained)
            )

        return completed()


def _share_scale(responses: dict[Name, np.ndarray], base: dict[Name, np.ndarray]) -> None:
    """Both parts of complex numbers are as sensitive as the largest of the array: what computes
    one, such as a Fourier transform, rounds both, and all entries, at the size of the whole.
    """
    for real in [name for name in responses if name.last == "real"]:
        imag = real.other_part
        if imag is None or imag not in responses or responses[imag].shape != responses[real].shape:
            continue
        sizes = [np.abs(base[part]) + responses[part] for part in (real, imag)]
        whole = np.hypot(*sizes)
        largest = np.max(whole, initial=0, where=np.isfinite(whole))
        for part in (real, imag):
            responses[part] = np.maximum(responses[part], largest - np.abs(base[part]))


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
    report: Report
    reference: str  # live or recorded
    versions: dict[str, str]
    evidence: list[Evidence] = field(default_factory=list)
    smallest: Evidence | None = None
    refused: int = 0  # cases in which both sides raised an error
    extremes: int = 0  # further cases, whose inputs go to the limits
    # all cases that were checked, with what Julia made of them
    answers: list[tuple[Case, dict[str, Outcome]]] = field(default_factory=list)
    # Julia's Float32 literals that the Python side has taken over, in words
    adopted: list[str] = field(default_factory=list)
    located: Any = None  # the models, walked through stage by stage: see `locate`
    ties: str = ""  # what was taken over of Julia's choice among entries that are nearly equal
    free: Freedoms = ()  # what the outputs are free up to, where that makes the difference vanish
    # outputs that are Julia's times factors but for a small rest, in words
    proportional: list[str] = field(default_factory=list)
    # what else can be said of a difference: for which inputs it shows, what it spares, in words
    patterns: list[str] = field(default_factory=list)
    # layouts, as `--layout` takes them, in which the sides agree; the first may have been taken
    layouts: list[str] = field(default_factory=list)
    relaid: bool = False  # whether the result is that of the first of them
    # by the identity of the case: why it cannot be compared
    doubts: dict[int, Any] = field(default_factory=dict)
    random: list[str] = field(
        default_factory=list
    )  # the sides that give other numbers for the same inputs
    # by side: the globals that it changes from call to call
    keeping: dict[str, list[str]] = field(default_factory=dict)
    explanations: list[Any] = field(default_factory=list)
    bundle: Path | None = None
    provenance: dict[str, Any] = field(default_factory=dict)  # of a recording

    @property
    def name(self) -> str:
        """That of the reference."""
        return self.reference

    def adopt(self, pair: Pair, report: Report, words: list[str]) -> None:
        """Take the report of the pair with Julia's constants in place of this one."""
        self.pair, self.report, self.adopted = pair, report, words
        differing = {id(finding.case) for finding in report.findings}
        self.evidence = [
            replace(each, agrees=id(each.case) not in differing) for each in self.evidence
        ]
        if self.smallest is None or id(self.smallest.case) not in differing:
            left = [each for each in self.evidence if not each.agrees]
            self.smallest = min(left, key=lambda each: each.case.size, default=None)

    @property
    def differs(self) -> bool:
        """Whether the sides differ: not where one of them has no answer of its own, for what it
        gives changes from call to call.
        """
        return bool(self.report.findings) and not self.random

    @property
    def agrees(self) -> bool:
        """Whether the sides agree, in cases that say so."""
        return not self.report.findings and not self.unsaid

    @property
    def verdict(self) -> str:
        """That of its report, or `undecided` where nothing can be said."""
        return "undecided" if self.unsaid else self.report.verdict

    @property
    def kept_words(self) -> str:
        """What the sides change from call to call, in words; empty where nothing is known of it."""
        changed = [f"{side} changes {', '.join(names)}" for side, names in self.keeping.items()]
        return f": {' and '.join(changed)} from call to call" if changed else ""

    @property
    def unsaid(self) -> str:
        """Why nothing can be said of whether they agree; empty where something can."""
        if self.random:
            sides = " and ".join(self.random)
            return f"{sides} gave more than one result for the same inputs{self.kept_words}"
        if self.report.findings:
            return ""
        if self.report.cases and 2 * len(self.doubts) >= self.report.cases:
            return str(next(iter(self.doubts.values())))
        if OUTPUT in self.report.mistrusted and not self.report.trusted:
            return "nothing was compared that could differ: results are missing, or all alike"
        return ""


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
    training: Training | None = None,
    name: str | None = None,
    origin: str | None = None,
    seconds: float = SECONDS,
    up_to: str | None = None,
    strict: bool = True,
    weights: str = Weights.AUTO,
) -> Pair:
    """The pair that the arguments of `crosscheck` describe; `origin` is where the Python subject
    can be loaded again.

    Raises ValueError, TypeError and FileNotFoundError for wrong ones.
    """
    path = Path(file) if file is not None else None
    if path is not None and not path.is_file():
        raise FileNotFoundError(f"there is no Julia file {path}")
    if gradient not in ("auto", "none", "differences"):
        raise ValueError(f'gradient is "auto", "none" or "differences", got {gradient!r}')
    if mode not in (None, *MODES):
        raise ValueError(f"mode is one of {', '.join(MODES)}, got {mode!r}")
    if calls < 1:
        raise ValueError(f"calls must be at least 1, got {calls}")
    if not 0 < seconds <= MOST_SECONDS:  # which NaN and infinity are not
        raise ValueError(f"seconds must be between 0 and {MOST_SECONDS}, got {seconds}")
    if weights not in list(Weights):
        raise ValueError(f"weights are one of {', '.join(Weights)}, got {weights!r}")
    drawn = as_inputs(inputs)
    config: dict[str, Any] = {"calls": calls} if calls > 1 else {}
    config |= as_plain(drawn.arguments) if isinstance(drawn, Drawn) else {}
    called = str(name or getattr(python, "__name__", type(python).__name__))
    if training is not None:
        side, alone, wanted = _trained(python, training, drawn, seconds)
        given = {
            "backward": backward,
            "layout": layout,
            "calls": calls > 1,
            "gradient": gradient != "auto",
        }
        if wrong := [option for option, value in given.items() if value]:
            raise ValueError(f"training takes no {' and no '.join(wrong)}")
        config = dict(training.config) | ({"mode": mode} if mode else {})
        return Pair(
            called,
            side,
            JuliaSide(julia, path),
            drawn,
            Layout("reversed"),
            wanted,
            config,
            origin,
            "none",
            training,
            (),
            alone,
            strict=strict,
            weights=Weights(weights),
        )
    side, alone = _shared(side_of(python, backward, seconds))
    _expect_arguments(python, side, arguments_of(config))
    if gradient == "differences":
        if not isinstance(side, FunctionSide):
            raise ValueError(
                "gradients are measured by central differences for functions only; a model has "
                "its own"
            )
        if side.framework is not FUNCTIONS:
            raise ValueError(
                "gradients are measured by central differences for functions of NumPy's arrays; "
                f"{side.framework.name} have their own"
            )
        side = DifferencesSide(python, seconds=seconds)
    default = "reversed" if side.is_model else "same"
    lies = parsed_layout(default if layout is None else layout, argument_names(python), default)
    wanted = mode or ("auto" if side.is_model else "function")
    return Pair(
        called,
        side,
        JuliaSide(julia, path),
        drawn,
        lies,
        wanted,
        config,
        origin,
        gradient,
        None,
        (),
        alone,
        parse_freedoms(up_to) if up_to else (),
        layout is not None,
        strict,
        weights=Weights(weights),
    )


def _expect_arguments(python: Any, side: PythonSide, arguments: Sequence[Argument] | None) -> None:
    """Raises ValueError where the Python side cannot be called with what is to be drawn."""
    if arguments is None:
        return
    if not isinstance(side, FunctionSide):
        raise ValueError(
            "keywords, lists, texts and records are given to functions: a model is given arrays"
        )
    if problem := unfit_for(python, arguments):
        raise ValueError(f"the Python function cannot be called so: {problem}")


def unfit_for(subject: Any, arguments: Sequence[Argument]) -> str:
    """Why a function does not take these arguments; empty where it does, or cannot be asked."""
    try:
        signature = inspect.signature(subject)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(
            *(one for one in arguments if not one.keyword),
            **{one.keyword: one for one in arguments if one.keyword},
        )
    except TypeError as problem:
        return str(problem)
    return ""


def _trained(
    python: Any, training: Training, inputs: Inputs, seconds: float
) -> tuple[PythonSide, tuple[str, ...], str]:
    training.expect(inputs)
    if training.of_rule:
        return RuleSide(python, seconds=seconds), (), "steps"
    side, alone = _shared(side_of(python, seconds=seconds))
    return training_side(side, training, seconds), alone, "training"


def _shared(side: PythonSide) -> tuple[PythonSide, tuple[str, ...]]:
    return side.framework.shared(side)
