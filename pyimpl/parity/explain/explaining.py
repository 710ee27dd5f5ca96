"""The search: every known way is tried on the evidence, and what makes the difference vanish is told."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..case import Case, Outcome
from ..checking import Finding
from ..pair import Evidence, Pair, Result, judged
from ..python_side import DifferencesSide, FunctionSide, PythonSide
from ..verdict import sensitivity
from . import attributes, program, transformations
from .causes import CAUSES
from .explanation import Explanation

SECONDS = 10.0  # for the whole search
SECONDS_EACH = 1.0  # for one evaluation of an edited program
MOST_TOLD = 4
OF_ARRAYS = 3.0  # what transformations of whole arrays cost at least
# (cause, another one): the second, as a transformation of a whole array, is the first, at a place of the program, in other words.
SAID_BETTER = (("order", "axes"), ("axes", "order"), ("padding", "kernel"))


@dataclass
class Edit:
    """One way, tried at one place."""

    cause: str
    where: str
    change: str
    side: PythonSide
    cost: float


def explain(result: Result, seconds: float = SECONDS) -> list[Explanation]:
    """The explanations of a disagreement, most likely first; empty where none of the known ways explains it."""
    trial = Trial.of(result, seconds)
    if trial is None:
        return []
    single = edits(trial)
    if found := explaining(trial, single) or explaining(trial, composites(trial)):
        return told(trial, found)
    return partial(trial, single)


def explaining(trial: "Trial", tried: Sequence[Edit]) -> list[Edit]:
    """The cheapest edit of every cause that explains."""
    promising = [edit for edit in tried if trial.promising(edit.side)]
    trial.complete &= not trial.late
    found: dict[str, Edit] = {}
    for edit in sorted(promising, key=lambda edit: edit.cost):
        if edit.cause not in found and trial.confirms(edit.side):
            found[edit.cause] = edit
    return list(found.values())


@dataclass
class Trial:
    """The evidence that edits are held against."""

    pair: Pair
    differing: list[Evidence]  # the smallest first, then the largest
    agreeing: list[Evidence]
    responses: list[dict[str, np.ndarray]]  # how far the original side moves, per differing case
    deadline: float
    complete: bool = True  # whether there was time for all edits

    @classmethod
    def of(cls, result: Result, seconds: float) -> "Trial | None":
        """None where there is nothing to go by."""
        if getattr(result.pair.python, "lost", ""):
            return None
        known = [evidence for evidence in result.evidence if not any(outcome.lost for outcome in evidence.julia.values())]
        pair, smallest = replace(result.pair, python=limited(result.pair.python)), result.smallest
        if isinstance(pair.python, DifferencesSide):  # the measured gradient follows from the output
            pair = replace(pair, python=FunctionSide(pair.python.subject, seconds=SECONDS_EACH))
            known = [bare(evidence) for evidence in known]
            known = [replace(evidence, agrees=not judged(pair, evidence.case, evidence.julia)) for evidence in known]
            smallest = None
        differing = [evidence for evidence in known if not evidence.agrees]
        differing.sort(key=lambda evidence: -_size(evidence.case))
        if smallest is not None and not any(outcome.lost for outcome in smallest.julia.values()):
            differing = [smallest, *(evidence for evidence in differing if evidence is not smallest)]
        if not differing:
            return None
        responses = [sensitivity(pair.python.evaluate, evidence.case) for evidence in differing[:4]]
        return cls(pair, differing, [evidence for evidence in known if evidence.agrees], responses, time.monotonic() + seconds)

    @property
    def late(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self.deadline

    def findings(self, side: PythonSide, evidence: Evidence) -> list[Finding]:
        """How the edited side differs, by the project's own verdict."""
        return judged(replace(self.pair, python=side), evidence.case, evidence.julia)

    def confirms(self, side: PythonSide) -> bool:
        """Whether with this side every differing case agrees, in all dtypes, and every agreeing one still does."""
        return all(not self.findings(side, evidence) for evidence in [*self.differing, *self.agreeing])

    def promising(self, side: PythonSide) -> bool:
        """A cheap look at a few cases, generous: what fails here cannot pass."""
        for evidence, response in zip(self.differing, self.responses, strict=False):
            if self.late:
                return False
            for dtype, julia in evidence.julia.items():
                if not near(side.evaluate(evidence.case.cast(dtype)), julia, response):
                    return False
        return True


def limited(side: PythonSide) -> PythonSide:
    """The side, with less patience."""
    return replace(side, seconds=SECONDS_EACH) if hasattr(side, "seconds") else side  # type: ignore[type-var]


def _size(case: Case) -> int:
    return sum(array.size for array in case.arrays.values())


def near(python: Outcome, julia: Outcome, response: dict[str, np.ndarray]) -> bool:
    """Whether two outcomes are the same but for errors that no tolerance would be as large as."""
    if python.lost or bool(python.error) != bool(julia.error):
        return False
    for name in set(python.arrays) | set(julia.arrays):
        mine, theirs = python.arrays.get(name), julia.arrays.get(name)
        if mine is None or theirs is None:
            if name.startswith("grad") and not np.any(theirs if mine is None else mine):
                continue
            return False
        if mine.shape != theirs.shape or mine.dtype != theirs.dtype:
            return False
        if mine.dtype.kind != "f":
            if np.any(mine != theirs):
                return False
            continue
        a, b = mine.astype(np.float64), theirs.astype(np.float64)
        moved = response.get(name, np.zeros(0))
        scale = sum(np.max(np.abs(part), initial=0, where=np.isfinite(part)) for part in (b, moved))
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
        if not np.all(error <= 2**14 * np.finfo(mine.dtype).eps * (scale + 1e-30)):  # NaN is not
            return False
    return True


def edits(trial: Trial) -> list[Edit]:
    """Every single edit."""
    side, first = trial.pair.python, trial.differing[0]
    found = []
    for scope in program.scopes_of(side):
        for rewriting in program.rewritings_of(scope):
            edited = program.Edited(limited(side), [(scope, rewriting)])
            found.append(Edit(rewriting.cause, program.where(scope, rewriting), program.change(scope, rewriting), edited, rewriting.cost))
    for cause, where, change, changed in attributes.of_side(side):
        found.append(Edit(cause, where, change, changed, 2.0))
    return [*found, *_of_arrays(side, first)]


def _of_arrays(side: PythonSide, first: Evidence) -> Iterator[Edit]:
    dtype, julia = next(iter(first.julia.items()))
    case = first.case.cast(dtype)
    for inputs, where in transformations.of_inputs(case):
        way = next(iter(inputs.values()))
        yield Edit(
            way.cause,
            where,
            way.told.format(where),
            transformations.Transformed(limited(side), inputs=inputs),
            way.cost + 0.2 * (len(inputs) - 1),
        )
    for outputs, where in transformations.of_results(case, side.evaluate(case).arrays, julia.arrays):
        way = next(iter(outputs.values()))
        yield Edit(way.cause, where, way.told.format(where), transformations.Transformed(limited(side), outputs=outputs), way.cost)
    for cause, where, change, changed in transformations.scaled(limited(side), case, julia.arrays):
        yield Edit(cause, where, change, changed, 3.5)


def composites(trial: Trial) -> list[Edit]:
    """All rewritings of one kind at once."""
    side = trial.pair.python
    kinds: dict[tuple[str, str], list] = {}
    for scope in program.scopes_of(side):
        for rewriting in program.rewritings_of(scope):
            if rewriting.kind:
                kinds.setdefault((rewriting.cause, rewriting.kind), []).append((scope, rewriting))
    found = []
    for (cause, _), parts in kinds.items():
        if len(parts) > 1:
            where = "; ".join(program.where(*part) for part in parts[:3])
            change = "; ".join(dict.fromkeys(program.change(*part) for part in parts[:3]))
            found.append(Edit(cause, where, change, program.Edited(limited(side), parts), 1.0 + parts[0][1].cost))
    return found


def told(trial: Trial, found: Sequence[Edit]) -> list[Explanation]:
    """The best edit of every cause; sure of it only where it is the only one and the evidence can tell."""
    best: dict[str, Edit] = {}
    for edit in sorted(found, key=lambda edit: edit.cost):
        best.setdefault(edit.cause, edit)
    for cause, other in SAID_BETTER:
        if cause in best and other in best and best[cause].cost < OF_ARRAYS <= best[other].cost:
            del best[other]
    chosen = list(best.values())[:MOST_TOLD]
    enough = telling(trial)
    sure = len(best) == 1 and enough and trial.complete and chosen[0].cause != "sign"
    evidence = _counted(trial)
    if sure:
        note = f"{evidence}; no other known way does that"
    elif len(best) == 1:
        note = f"{evidence}, but " + ("there was no time to try all other ways" if enough else "these are too few or too plain to be sure")
    else:
        note = f"{evidence}; so does another way: {_difference(trial, chosen)}"
    return [Explanation(CAUSES[edit.cause], edit.where, edit.change, note, sure) for edit in chosen]


def _counted(trial: Trial) -> str:
    dtypes = " and ".join(trial.differing[0].julia)
    count = len(trial.differing)
    text = f"with it {f'all {count} differing cases agree' if count > 1 else 'the differing case agrees'} ({dtypes})"
    if trial.agreeing:
        text += (
            f", and the {len(trial.agreeing)} that agreed still do" if len(trial.agreeing) > 1 else ", and the one that agreed still does"
        )
    return text


def telling(trial: Trial) -> bool:
    """Whether the evidence is rich enough that a wrong edit would hardly pass by chance."""
    if len(trial.differing[0].julia) < 2:
        return False
    cases = values = 0
    for evidence in trial.differing:
        julia, mine = next(iter(evidence.julia.values())), trial.pair.python.evaluate(evidence.case)
        if julia.error or mine.error:
            cases += bool(mine.error) and not julia.error
            values += sum(len(np.unique(array)) for array in julia.arrays.values())
            continue
        shown = [
            array for name, array in julia.arrays.items() if not name.startswith(("after.", "state.")) and array.size and np.any(array)
        ]
        cases += bool(shown)
        values += sum(len(np.unique(array[np.isfinite(array)] if array.dtype.kind == "f" else array)) for array in shown)
    return (cases >= 3 and values >= 6) or (cases >= 1 and values >= 16)


def _difference(trial: Trial, chosen: Sequence[Edit]) -> str:
    """What input would tell the first two apart."""
    shapes = [evidence.case.arrays for evidence in [*trial.differing, *trial.agreeing]]
    ones = [
        f"{name} with more than one entry along axis {axis}"
        for name, array in shapes[0].items()
        if name.startswith("x")
        for axis in range(array.ndim)
        if all(other[name].ndim > axis and other[name].shape[axis] == 1 for other in shapes)
    ]
    if ones:
        return f"{ones[0]} would tell them apart"
    rng = np.random.default_rng(0)
    for evidence in sorted(trial.differing, key=lambda evidence: -_size(evidence.case))[:6]:
        arrays = {name: rng.normal(size=a.shape) * 3 if a.dtype.kind == "f" else a for name, a in evidence.case.arrays.items()}
        case = replace(evidence.case, arrays=arrays)
        one, two = (edit.side.evaluate(case) for edit in chosen[:2])
        if not near(one, two, {}) and not (one.error or two.error):
            shape = ", ".join(f"{name} of shape {a.shape}" for name, a in arrays.items() if name.startswith("x"))
            return f"other values would tell them apart, such as normal ones in {shape}"
    return "on nothing that was tried do the two differ"


def partial(trial: Trial, single: Sequence[Edit]) -> list[Explanation]:
    """Edits that explain a part: the output and not the gradients, Float64 and not Float32. Never sure."""
    best: tuple[float, str, Edit] | None = None
    outputs, first = _only_outputs(trial), {"float64"}
    for told_as, narrowed in (("the output, not all else", outputs), ("Float64, not Float32", _only_dtypes(trial, first))):
        if narrowed is None:
            continue
        for edit in single:
            if trial.late:
                break
            if narrowed.promising(edit.side) and narrowed.confirms(edit.side) and (best is None or edit.cost < best[0]):
                best = (edit.cost, told_as, edit)
        if best is not None:
            _, told_as, edit = best
            note = f"{_counted(narrowed)} in part: {told_as}"
            return [Explanation(CAUSES[edit.cause], edit.where, edit.change, note, False)]
    return []


def _only_dtypes(trial: Trial, dtypes: set[str]) -> Trial | None:
    kept = [
        (replace(evidence, julia={dtype: outcome for dtype, outcome in evidence.julia.items() if dtype in dtypes}), response)
        for evidence, response in zip(trial.differing, [*trial.responses, *({} for _ in trial.differing)], strict=False)
    ]
    kept = [(evidence, response) for evidence, response in kept if evidence.julia and trial.findings(trial.pair.python, evidence)]
    if len(kept) < 3 or len(trial.differing[0].julia) < 2:
        return None
    return replace(trial, differing=[evidence for evidence, _ in kept], responses=[response for _, response in kept if response])


def _only_outputs(trial: Trial) -> Trial | None:
    """The same without gradients; None where there are none, or where nothing else differs."""
    if not any(name.startswith("dy") for name in trial.differing[0].case.arrays):
        return None
    differing = [bare(evidence) for evidence in trial.differing]
    kept = [(evidence, response) for evidence, response in zip(differing, [*trial.responses, *({} for _ in differing)], strict=False)]
    kept = [(evidence, response) for evidence, response in kept if trial.findings(trial.pair.python, evidence)]
    if len(kept) < 3:
        return None
    return replace(
        trial,
        differing=[evidence for evidence, _ in kept],
        agreeing=[bare(evidence) for evidence in trial.agreeing],
        responses=[response for _, response in kept if response],
    )


def bare(evidence: Evidence) -> Evidence:
    """The evidence without gradients."""
    case = replace(evidence.case, arrays={name: a for name, a in evidence.case.arrays.items() if not name.startswith("dy")})
    julia = {
        dtype: replace(outcome, arrays={name: a for name, a in outcome.arrays.items() if not name.startswith("grad")}, none=frozenset())
        for dtype, outcome in evidence.julia.items()
    }
    return replace(evidence, case=case, julia=julia)
