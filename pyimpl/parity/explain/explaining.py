"""The search: every known way is tried on the evidence, and what makes the difference vanish is
told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..case.case import EXTREME
from ..case.names import Kind
from ..pair.pair import Evidence, Result
from ..sides.passing import names_arrays
from ..sides.side import PythonSide
from ..traps.table import TRAPS
from . import program, transformations
from .carried import of_weights
from .edit import Edit
from .explanation import Explanation
from .named_models import changed_models
from .settings import changed_settings
from .together import Both, two_together
from .transformations import Transformed
from .trial import (
    Deadline,
    Trial,
    counted,
    limited,
    near,
    only_dtypes,
    only_outputs,
    telling,
    trial_of,
    without_limits,
)

SECONDS = 10.0  # for the whole search
MOST_TOLD = 4
OF_ARRAYS = 3.0  # what transformations of whole arrays cost at least
# (cause, another one): the second, as a transformation of a whole array, is the first, at a place
# of the program, in other words.
SAID_BETTER = (("order", "axes"), ("axes", "order"), ("padding", "kernel"))
# (cause, another one): what the second does to whole numbers is the first, in other words.
OF_AXES = ("order", "axes")
OF_WHOLE_NUMBERS = (("overflow", "dtype"),)


def explain(result: Result, seconds: float = SECONDS) -> list[Explanation]:
    """The explanations of a disagreement, most likely first; empty where none of the known ways
    explains it, or chance has a part in it.
    """
    if result.random:
        return []
    trial = trial_of(result, seconds)
    if trial is None:
        return []
    if told_of_weights := of_weights(trial, result.pair.weighed):
        return told_of_weights
    single = edits(trial)
    found = explaining(trial, single) or explaining(trial, composites(trial))
    if found:
        return in_words(trial, found)
    ordinary = without_limits(trial, seconds)
    if ordinary is not None:
        found = explaining(ordinary, single) or explaining(ordinary, composites(ordinary))
        if found:
            return in_words(ordinary, found, _of_limits(trial, ordinary))
    rest = ordinary or trial
    if in_part := partial(replace(rest, deadline=Deadline(seconds)), single):
        return in_part
    rest = replace(rest, deadline=Deadline(seconds), complete=True)
    both = two_together(rest, single)
    return both_in_words(rest, both, _of_limits(trial, rest)) if both else []


def _of_limits(trial: Trial, ordinary: Trial) -> str:
    """What else there is, in words, where cases at the limits were set aside."""
    if trial.differing == ordinary.differing:
        return ""
    aside = [each.case for each in trial.differing if each.case.extreme]
    themes = ", ".join(dict.fromkeys(case.origin.removeprefix(EXTREME) for case in aside))
    return f"; what differs at the limits ({themes}) is another matter"


def explaining(trial: Trial, tried: Sequence[Edit]) -> list[Edit]:
    """The cheapest edit of every cause that explains."""
    promising = [
        edit for edit in sorted(tried, key=lambda edit: edit.cost) if trial.promising(edit.side)
    ]
    trial.complete &= not trial.late
    found: dict[str, Edit] = {}
    for edit in promising:
        if edit.cause not in found and trial.confirms(edit.side):
            found[edit.cause] = edit
    return list(found.values())


def edits(trial: Trial) -> list[Edit]:
    """Every single edit."""
    side, first = trial.pair.python, trial.differing[0]
    found = []
    in_a_row = _knows_rows_alone(trial)
    for scope in program.scopes_of(side):
        for rewriting in program.rewritings_of(scope):
            if in_a_row and rewriting.cause in OF_AXES:
                continue
            edited = program.Edited(limited(side), [(scope, rewriting)])
            found.append(
                Edit(
                    rewriting.cause,
                    program.where(scope, rewriting),
                    program.change(scope, rewriting),
                    edited,
                    rewriting.cost,
                    (scope, rewriting),
                )
            )
    for trap, where, change, changed in changed_settings(side):
        found.append(Edit(trap.name, where, change, changed, 2.0, of_setting=True))
    for trap, where, change, cost, changed in changed_models(side):
        found.append(Edit(trap.name, where, change, changed, cost))
    names = {f"x{i}": name for i, name in enumerate(trial.pair.argument_names, 1)}
    return [*found, *(edit.of_arguments(names) for edit in _of_arrays(side, first))]


def _knows_rows_alone(trial: Trial) -> bool:
    """Whether there are no axes that could lie otherwise: numbers and rows go in, and the code
    makes no arrays of them.
    """
    return not names_arrays(trial.pair.python.subject) and all(
        array.ndim < 2 for each in trial.differing for array in each.case.all(Kind.INPUT)
    )


def _of_arrays(side: PythonSide, first: Evidence) -> Iterator[Edit]:
    dtype, julia = next(iter(first.julia.items()))
    case, patient = first.case.cast(dtype), limited(side)
    outputs = [array for name, array in julia.arrays.items() if name.kind is Kind.OUTPUT]
    in_a_row = all(array.ndim < 2 for array in outputs)
    for trap, ways, where in transformations.of_inputs(case):
        way, changed = next(iter(ways.values())), Transformed(patient, inputs=ways)
        if trap.name == "axes" and in_a_row:
            # What puts all entries in a row may as well have read them in another order.
            yield Edit("order", where, f"{where} read in the other order", changed, way.cost)
        cost = way.cost + 0.2 * (len(ways) - 1)
        yield Edit(trap.name, where, way.words.format(where), changed, cost)
    mine = side.evaluate(case).arrays
    for trap, ways, where in transformations.of_results(mine, julia.arrays):
        way, changed = next(iter(ways.values())), Transformed(patient, outputs=ways)
        yield Edit(trap.name, where, way.words.format(where), changed, way.cost)
    for trap, where, change, scaled in transformations.scaled(patient, case, julia.arrays):
        yield Edit(trap.name, where, change, scaled, 3.5)


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
            found.append(
                Edit(
                    cause,
                    where,
                    change,
                    program.Edited(limited(side), parts),
                    1.0 + parts[0][1].cost,
                )
            )
    return found


def in_words(trial: Trial, found: Sequence[Edit], beside: str = "") -> list[Explanation]:
    """The best edit of every cause; sure of it only where it is the only one and the evidence can
    tell. `beside`: what else there is to say.
    """
    best: dict[str, Edit] = {}
    for edit in sorted(found, key=lambda edit: edit.cost):
        best.setdefault(edit.cause, edit)
    for cause, other in SAID_BETTER:
        if cause in best and other in best and best[cause].cost < OF_ARRAYS <= best[other].cost:
            del best[other]
    for cause, other in OF_WHOLE_NUMBERS:
        if cause in best:
            best.pop(other, None)
    chosen = list(best.values())[:MOST_TOLD]
    enough = telling(trial)
    sure = len(best) == 1 and enough and trial.complete and chosen[0].cause != "sign"
    evidence = counted(trial)
    if sure:
        note = f"{evidence}; no other known way does that"
    elif len(best) == 1:
        note = f"{evidence}, but " + (
            "there was no time to try all other ways"
            if enough
            else "these are too few or too plain to be sure"
        )
    else:
        note = f"{evidence}; so does another way: {_difference(trial, chosen)}"
    return [_explanation(edit, note + beside, sure) for edit in chosen]


def both_in_words(trial: Trial, found: Sequence[Both], beside: str) -> list[Explanation]:
    """The cheapest two causes that explain together; sure of them where no other two do."""
    names = {f"x{i}": name for i, name in enumerate(trial.pair.argument_names, 1)}
    best = found[0]
    places = {frozenset((both.first.cause, both.second.cause)) for both in found}
    sure = len(places) == 1 and telling(trial)
    note = f"one of two causes: alone it explains a part; with both {counted(trial)[8:]}{beside}"
    return [
        _explanation(edit.of_arguments(names), note, sure) for edit in (best.first, best.second)
    ]


def _explanation(edit: Edit, note: str, sure: bool) -> Explanation:
    return Explanation(TRAPS[edit.cause].cause, edit.where, edit.change, note, sure)


def _difference(trial: Trial, chosen: Sequence[Edit]) -> str:
    """What input would tell the first two apart."""
    shapes = [evidence.case.arrays for evidence in [*trial.differing, *trial.agreeing]]
    ones = [
        f"{name} with more than one entry along axis {axis}"
        for name, array in shapes[0].items()
        if name.kind is Kind.INPUT
        for axis in range(array.ndim)
        if all(other[name].ndim > axis and other[name].shape[axis] == 1 for other in shapes)
    ]
    if ones:
        return f"{ones[0]} would tell them apart"
    rng = np.random.default_rng(0)
    for evidence in sorted(trial.differing, key=lambda evidence: -evidence.case.size)[:6]:
        arrays = {
            name: rng.normal(size=a.shape) * 3 if a.dtype.kind == "f" else a
            for name, a in evidence.case.arrays.items()
        }
        case = replace(evidence.case, arrays=arrays)
        one, two = (edit.side.evaluate(case) for edit in chosen[:2])
        if not near(one, two, {}) and not (one.error or two.error):
            shape = ", ".join(
                f"{name} of shape {a.shape}"
                for name, a in arrays.items()
                if name.kind is Kind.INPUT
            )
            return f"other values would tell them apart, such as normal ones in {shape}"
    return "on nothing that was tried do the two differ"


def partial(trial: Trial, single: Sequence[Edit]) -> list[Explanation]:
    """Edits that explain a part: the output and not the gradients, Float64 and not Float32.

    Never sure.
    """
    best: tuple[float, str, Edit] | None = None
    outputs, first = only_outputs(trial), {"float64"}
    for told_as, narrowed in (
        ("the output, not the gradients", outputs),
        ("Float64, not Float32", only_dtypes(trial, first)),
    ):
        if narrowed is None:
            continue
        for edit in single:
            if trial.late:
                break
            if (
                narrowed.promising(edit.side)
                and narrowed.confirms(edit.side)
                and (best is None or edit.cost < best[0])
            ):
                best = (edit.cost, told_as, edit)
        if best is not None:
            _, told_as, edit = best
            note = f"this explains a part, {told_as}: {counted(narrowed)}"
            return [_explanation(edit, note, False)]
    return []
