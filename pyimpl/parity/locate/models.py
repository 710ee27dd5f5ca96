"""Two models walked through together: run, laid side by side, and every stage held against what
Julia made of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.inputs import Given
from ..case.names import OUTPUT, Kind, Name, numbered
from ..pair.alignment import Alignment, align
from ..pair.crossing import OF_PARAMETERS, received
from ..pair.julia_trace import Evaluates, JuliaTrace, NoTrace, ask
from ..pair.layer_matching import Convention, Matched, matched
from ..pair.meeting import without
from ..pair.pair import Evidence, Pair
from ..pair.weights import Weighed, Weights, weighed
from ..reference.session import JuliaSide, Layout
from ..sides.side import PythonSide
from ..sides.stage_list import StageList
from ..sides.trace import Part, Trace
from .judging import Compared, distance, judge, larger
from .proofs import proved
from .segments import Segment, Sort, segments
from .stages import NO_WAY_BACK, Stage, cotangents, frameworks_in, julia_outcome, stage_of

DX = numbered(Kind.INPUT_GRADIENT, 1)
DROPPED = (Kind.PLAIN, Kind.ARGUMENT, *OF_PARAMETERS)  # those that are matched are kept


@dataclass
class Run:
    """Both models run on one case in one dtype."""

    case: Case
    python: Trace
    julia: JuliaTrace
    segments: list[Segment]

    def inputs(self, segment: Segment) -> list[np.ndarray]:
        """What went in, in Julia."""
        return [self.julia.values[number] for number in segment.julia_inputs]


class Models:
    """Two models that are walked through, and what has come of it so far."""

    def __init__(
        self,
        side: PythonSide | StageList,
        julia: JuliaSide,
        reached: Evaluates,
        mode: str,
        alone: Sequence[str],
        dtypes: tuple[str, ...],
        rng: np.random.Generator,
        weights: Weights = Weights.PYTHON,
    ):
        self.side, self.julia, self.reached, self.mode = side, julia, reached, mode
        self.alone, self.dtypes, self.rng, self.weights = alone, dtypes, rng, weights
        self.weighed: Weighed | None = None
        self.matched = Matched([])
        self.notes: list[str] = []
        self.rewired: dict[int, str] = {}  # by the identity of a stage: who takes what
        self._stages: dict[Any, Stage | None] = {}

    @property
    def pair(self) -> Pair:
        """Both models as a pair."""
        lies = Layout("reversed")
        pair = Pair("model", self.side, self.julia, Given(()), lies, self.mode)
        return replace(pair, matches=tuple(self.matched.matches), weighed=self.weighed)

    @property
    def stages(self) -> list[Stage]:
        """All stages, in order."""
        return [stage for stage in self._stages.values() if stage is not None]

    def _python(self, case: Case) -> Trace:
        if isinstance(self.side, StageList):
            return self.side.trace(case)
        return self.side.framework.trace(self.side, case)

    def _julia(self, case: Case) -> JuliaTrace:
        asked = [self.pair.crossed(case)]
        try:
            (found,) = ask(self.reached, self.julia, asked, self.mode)
        except NoTrace as problem:
            raise ValueError(f"the Julia model cannot be run: {problem}") from None
        return found

    def meet(self, case: Case, state: Any) -> None:
        """Run both once, each with its own arrays, and tell which array is which.

        Raises ValueError where both refuse the inputs, or arrays are left over.
        """
        python = self._python(case)
        plain = {name: x for name, x in case.arrays.items() if name.kind is Kind.INPUT}
        julia = self._julia(replace(case, arrays=plain))
        _expect_one(python, julia)
        convention = Convention(
            any(framework.correlates for framework in frameworks_in(self.side)), self._transposed
        )
        own = {
            name: array.shape
            for name, array in self.side.parameters().items()
            if name not in self.alone
        }
        alignment = align(without(python, self.alone), julia)
        self.matched = matched(alignment, julia, own, convention)
        if not (python.error or julia.error):
            self._expect_all(alignment)
        if state is not None:
            self._put_in(state)
        elif self.weights is not Weights.PYTHON:
            theirs = self.reached.call("parameters", *self.julia.config.values())
            mine = self.side.parameters()
            self.weighed = weighed(self.weights, self.matched.matches, mine, theirs)

    def _transposed(self, name: str) -> bool:
        if isinstance(self.side, StageList):
            stage, _, rest = name.partition(".")
            side = self.side.sides[stage]
            return side.framework.transposed(side, rest)
        return self.side.framework.transposed(self.side, name)

    def _expect_all(self, alignment: Alignment) -> None:
        found = self.matched
        lines = list(found.problems)
        if found.python_alone:
            lines.append(f"only Python has {', '.join(found.python_alone)}")
        if found.julia_alone:
            lines.append(f"only Julia has {', '.join(found.julia_alone)}")
        if lines:
            lines = ["the layers of the models do not fit", *lines, *side_by_side(alignment)]
            raise ValueError("\n  ".join(lines))

    def _put_in(self, state: Any) -> None:
        """The arrays of a state into the Python model."""
        own = self.side.parameters()
        layers = state if isinstance(state, dict) and "layers" in state else {"layers": state}
        for match in self.matched.matches:
            value: Any = layers
            for key in match.julia.split("."):
                value = value[int(key)] if isinstance(value, list) else (value or {}).get(key)
            if not isinstance(value, np.ndarray):
                raise ValueError(f"the state has no {match.julia}")
            block = match.python_piece.block_of(own[match.python])
            mapped = match.mapping.forth(match.julia_piece.block_of(value))
            if mapped.shape != block.shape:
                raise ValueError(
                    f"the state's {match.julia} has shape {mapped.shape}, expected {block.shape}"
                )
            block[...] = mapped

    def walk(self, case: Case) -> None:
        """One input through both models and back."""
        runs: dict[str, Run] = {}
        alignment: Alignment | None = None
        dys: list[np.ndarray | None] = []
        for dtype in self.dtypes:
            runs[dtype], dys, alignment = self._run(case.cast(dtype), dys, alignment)
        back_in_python: dict[str, dict[int, np.ndarray]] = {
            dtype: {
                number: dy.astype(dtype)
                for number, dy in zip(run.python.outputs, dys, strict=False)
                if dy is not None
            }
            for dtype, run in runs.items()
        }
        first = runs[self.dtypes[0]]
        places = [(self._stage(segment, first), at) for at, segment in enumerate(first.segments)]
        for run in runs.values():
            self._teach(run)
        self._refusals(runs)
        for stage, at in reversed(places):
            if stage is None:
                back_in_python.clear()  # of what came back before it, nobody knows
            else:
                self._hold(stage, runs, at, back_in_python)

    def _run(
        self, case: Case, dys: list[np.ndarray | None], alignment: Alignment | None
    ) -> tuple[Run, list[np.ndarray | None], Alignment]:
        """Both models run on a case and laid side by side, with the cotangents that were given or
        drawn, and the alignment where it fits already.
        """
        dtype = case.dtype.name
        python = self._python(case)
        dys = dys or self._cotangents(python)
        julia = self._julia(replace(case, arrays=case.arrays | _cast(dys, dtype)))
        _expect_one(python, julia)
        if (own := self._in_julias_shapes(julia, dys)) is not None:
            julia = self._julia(replace(case, arrays=case.arrays | _cast(own, dtype)))
        if alignment is None or not _fits(alignment, python, julia):
            alignment = align(without(python, self.alone), julia)
        return Run(case, python, julia, segments(alignment, python, julia)), dys, alignment

    def prove(self, case: Case) -> None:
        """Prove which array is which on a case: in the mode of the walk, and what moves nothing
        there once more in test mode, where running statistics count and no batch is centred. Both
        have Python's weights then.
        """
        if self.weights is Weights.AS_THEY_ARE or (self.weighed and self.weighed.theirs):
            self.weighed = None
        for mode in dict.fromkeys((self.mode, "test")):
            self.mode = mode
            run, *_ = self._run(replace(case, mode=mode).cast(np.float64), [], None)
            self._teach(run)
            for segment in run.segments:
                stage = self._stages.get(segment.key)
                if stage is not None and any(match.proved is None for match in stage.matches):
                    self._prove(stage, segment, run)

    @staticmethod
    def _prove(stage: Stage, segment: Segment, run: Run) -> None:
        dys = cotangents(segment, run.julia) if _same_shapes(segment, run) else None
        if dys is None:
            return
        theirs = julia_outcome(segment, run.julia, True, statistics=True)
        outcome = received(theirs, stage.matches, DROPPED, statistics=True)
        first = stage.pair.mode == run.case.mode
        asked = replace(stage.pair, mode=run.case.mode).case(run.inputs(segment), dys)
        found = proved(stage, Evidence(asked, {"float64": outcome}, True))
        stage.matches = [
            new if old.proved is None and (first or new.proved) else old
            for old, new in zip(stage.matches, found, strict=True)
        ]

    def _cotangents(self, trace: Trace) -> list[np.ndarray | None]:
        found: list[np.ndarray | None] = []
        for number in trace.outputs:
            y = trace.values[number]
            drawn = np.asarray(self.rng.integers(-128, 129, y.shape) / 32)
            found.append(drawn if y.dtype.kind == "f" else None)
        return found

    def _in_julias_shapes(
        self, julia: Trace, dys: Sequence[np.ndarray | None]
    ) -> list[np.ndarray | None] | None:
        """Cotangents for Julia's outputs, where Python's have other shapes."""
        shapes = [julia.values[number].shape for number in julia.outputs]
        if not shapes or [None if dy is None else dy.shape for dy in dys] == [
            None if dy is None else shape for dy, shape in zip(dys, shapes, strict=False)
        ]:
            return None
        return self._cotangents(julia)

    def _stage(self, segment: Segment, run: Run) -> Stage | None:
        """The stage of a segment, which an earlier case may have shown."""
        if segment.key in self._stages:
            return self._stages[segment.key]
        stage = stage_of(segment, run.python, self.pair, self.alone)
        self._stages[segment.key] = stage
        if stage is None:
            self.notes.append(
                f"what the Python model does itself before {segment.key[1] or 'its output'} cannot "
                "be run alone and was not compared"
            )
            return None
        if stage.pair.python.framework.drops(stage.pair.python):
            stage.pair = replace(stage.pair, mode="test")
        if segment.rewired:
            self.rewired[id(stage)] = _wires(segment, run)
        stage.shapes = {
            "in": [x.shape for x in run.inputs(segment)],
            "out": [run.julia.values[number].shape for number in segment.julia_outputs],
        }
        return stage

    def _teach(self, run: Run) -> None:
        """Tell the parts how this run went: its shapes and precision may be new to them."""
        for segment in run.segments:
            stage = self._stages.get(segment.key)
            if stage is not None and segment.python_calls:
                part = Part(stage.pair.python, stage.paths)
                run.python.teach(part, segment.python_inputs, segment.python_outputs)

    def _hold(
        self,
        stage: Stage,
        runs: dict[str, Run],
        at: int,
        back: dict[str, dict[int, np.ndarray]],
    ) -> None:
        """One stage against Julia's outcome of it, in every dtype, forward and back."""
        cases, outcomes = {}, {}
        goes_back = stage.pair.python.has_gradient
        for dtype, run in runs.items():
            if at >= len(run.segments):
                continue
            segment = run.segments[at]
            dys = cotangents(segment, run.julia) if _same_shapes(segment, run) else None
            xs = run.inputs(segment)
            dys = dys if goes_back else None
            cases[dtype] = stage.pair.case(xs, dys or ()).cast(dtype)
            outcomes[dtype] = _outcome(stage, run, segment, dys is not None)
        judge(stage, cases, outcomes)
        side = Compared(stage)
        for dtype, case in cases.items():
            run, segment, theirs = runs[dtype], runs[dtype].segments[at], outcomes[dtype]
            on_theirs = side.evaluate(case)
            mine = run.python.values.get(segment.python_outputs[0])
            larger(stage.added, dtype, distance(on_theirs.output, theirs.output))
            larger(stage.inherited, dtype, distance(mine, on_theirs.output))
            if DX in theirs.arrays:
                gradients = on_theirs.arrays.get(DX), theirs.arrays[DX]
                larger(stage.backward_added, dtype, distance(*gradients))
        if not goes_back and any(cotangents(r.segments[at], r.julia) for r in runs.values()):
            if NO_WAY_BACK not in stage.notes:
                stage.notes.append(NO_WAY_BACK)
            back.clear()
        for dtype, own in back.items():
            segment = runs[dtype].segments[at]
            if dtype in cases and segment.backward and _same_shapes(segment, runs[dtype]):
                on_mine = self._back(stage, runs[dtype], at, own)
                one, other = on_mine.arrays.get(DX), side.evaluate(cases[dtype]).arrays.get(DX)
                if other is not None:
                    larger(stage.backward_inherited, dtype, distance(one, other))

    @staticmethod
    def _back(stage: Stage, run: Run, at: int, back: dict[int, np.ndarray]) -> Outcome:
        """What Python's own run brings back to the inputs of a stage."""
        segment, values = run.segments[at], run.python.values
        ys = [n for n in segment.python_outputs if values[n].dtype.kind == "f"]
        dys = [back.get(n, np.zeros_like(values[n])) for n in ys]
        xs = [values[n] for n in segment.python_inputs]
        outcome = stage.pair.python.evaluate(stage.pair.case(xs, dys).cast(run.case.dtype))
        for i, number in enumerate(segment.python_inputs, 1):
            dx = outcome.arrays.get(numbered(Kind.INPUT_GRADIENT, i))
            if dx is not None:
                back[number] = back[number] + dx if number in back else dx
        return outcome

    def _refusals(self, runs: dict[str, Run]) -> None:
        """One model that raises where the other does not."""
        run = runs[self.dtypes[0]]
        if not run.python.error and run.julia.outputs:
            return
        key = ("refusal", "", "")
        if key not in self._stages:
            side: Any = Refusing(self.side, run.python.error)
            pair = replace(self.pair, name="the whole model", python=side)
            self._stages[key] = Stage("output", "what comes out", pair, {}, sort=Sort.OUT)
        stage = self._stages[key]
        assert stage is not None
        outcomes = {
            dtype: Outcome({OUTPUT: each.julia.values[each.julia.outputs[0]]})
            if each.julia.outputs
            else Outcome(error=each.julia.error)
            for dtype, each in runs.items()
        }
        judge(stage, {dtype: each.case for dtype, each in runs.items()}, outcomes)


class Refusing:
    """A whole Python model of which only matters whether it raises."""

    has_gradient = False
    is_model = True

    def __init__(self, side: Any, error: str):
        self.subject, self.framework = side.subject, side.framework
        self._side, self._error = side, error

    def parameters(self) -> dict[str, np.ndarray]:
        """Those of the model."""
        return self._side.parameters()

    def evaluate(self, case: Case) -> Outcome:
        """What it raised, or its outputs."""
        return Outcome(error=self._error) if self._error else self._side.evaluate(case)


def _outcome(stage: Stage, run: Run, segment: Segment, backward: bool) -> Outcome:
    """Julia's outcome of a segment, in Python's names."""
    outcome = julia_outcome(segment, run.julia, backward)
    return received(outcome, stage.matches, dropped=DROPPED)


def _same_shapes(segment: Segment, run: Run) -> bool:
    """Whether both models give a segment's outputs in the same shapes."""
    return all(
        run.python.values[mine].shape == run.julia.values[theirs].shape
        for mine, theirs in zip(segment.python_outputs, segment.julia_outputs, strict=True)
    )


def _cast(dys: Sequence[np.ndarray | None], dtype: str) -> dict[Name, np.ndarray]:
    """The cotangents by their names, in a precision."""
    return {
        numbered(Kind.COTANGENT, i): dy.astype(dtype)
        for i, dy in enumerate(dys, 1)
        if dy is not None
    }


def _expect_one(python: Trace, julia: Trace) -> None:
    """Raises ValueError where both models raise an error: then there is nothing to compare."""
    if python.error and not julia.outputs:
        raise ValueError(
            f"both sides refuse their inputs: «{python.error}», in Julia «{julia.error}»"
        )


def _fits(alignment: Alignment, python: Trace, julia: Trace) -> bool:
    """Whether these traces have the calls that were aligned, with the same numbers."""
    mine = {call.key: call.outputs for call in python.moving() if call.outputs}
    theirs = {call.key: call.outputs for call in julia.moving() if call.outputs}
    return mine == {c.key: c.outputs for c in alignment.python} and theirs == {
        c.key: c.outputs for c in alignment.julia
    }


def side_by_side(alignment: Alignment) -> list[str]:
    """The steps of an alignment, a line each."""
    lines = []
    for step in alignment.steps:
        one = ", ".join(f"{alignment.python[a.call].label} {a.kind}" for a in step.python)
        other = ", ".join(f"{alignment.julia[a.call].label} {a.kind}" for a in step.julia)
        lines.append(f"python: {one or '-'}   julia: {other or '-'}")
    return lines


def _wires(segment: Segment, run: Run) -> str:
    """Who takes what, where the models are joined otherwise."""
    mine, theirs = (
        next(
            (call.label or call.kind for call in trace.calls if number in call.outputs),
            "the input" if number in trace.inputs else "what its own code makes",
        )
        for trace, number in (
            (run.python, segment.python_outputs[0]),
            (run.julia, segment.julia_outputs[0]),
        )
    )
    return f"other values go in: Python takes {mine}, Julia takes {theirs}"
