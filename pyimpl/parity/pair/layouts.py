"""Which way round do arrays lie? Where a difference may come of that, every layout is tried.

A function's arrays cross with A[i, j] as A[i, j], for that is how most were ported. Some were
ported the other way: features first in Julia, samples first in Python, so that an array crosses as
the same memory and its axes are reversed. Then sizes do not go together, or, of square arrays,
other numbers come out without a word.
"""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace

from ..case.case import Case
from ..case.names import OUTPUT, Kind, numbered
from ..reference.session import Layout
from .checking import judge_again, judged
from .held_against import PairReference
from .pair import Pair, Result

SECONDS = 20.0
TRIED = 3  # cases that a layout is tried on first, the largest ones
MOST = 5  # arrays that are tried both ways


def try_layouts(result: Result, reference: PairReference) -> None:
    """Find the layouts in which the sides agree in every case, the least changed first.

    Where the user has said nothing of layouts, sizes did not go together, and no case agreed, the
    first is taken: the result is then that of the pair with it.
    """
    pair = result.pair
    if not reference.asks or pair.python.is_model or pair.training is not None:
        return
    if result.random or any(finding.verdict.lost for finding in result.report.findings):
        return
    ordinary = [case for case, _ in result.answers if not case.extreme]
    asked = sorted(ordinary, key=lambda case: -case.size)[:TRIED]
    deadline = time.monotonic() + SECONDS
    for layout, text in _others(pair, asked[0] if asked else None):
        if time.monotonic() > deadline:
            return
        other = replace(pair, layout=layout)
        if not all(
            not judged(other, case, outcomes)
            for case, outcomes in reference.outcomes(other, asked, ("float64",))
        ):
            continue
        cases = [case for case, _ in result.answers]
        dtypes = tuple(result.answers[0][1])
        answers = list(reference.outcomes(other, cases, dtypes))
        report = judge_again(other, answers)
        if report.findings or report.mistrusted:
            continue
        result.layouts.append(text)
        if len(result.layouts) == 1 and _sizes_do_not_go_together(result):
            result.answers = answers
            result.adopt(other, report, [])
            result.relaid = True


def _sizes_do_not_go_together(result: Result) -> bool:
    """Whether the layout that was asked for cannot be what is meant: Julia refuses for the sizes of
    arrays, and no case agrees.
    """
    ordinary = [each for each in result.answers if not each[0].extreme]
    differing = {id(finding.case) for finding in result.report.findings}
    refused = any(
        outcome.error and "DimensionMismatch" in outcome.error
        for _, outcomes in ordinary
        for outcome in outcomes.values()
    )
    nothing_agrees = all(id(case) in differing for case, _ in ordinary)
    return refused and nothing_agrees and not result.pair.laid


def _others(pair: Pair, case: Case | None) -> Iterator[tuple[Layout, str]]:
    """Every other layout of the arrays that have two axes or more, the output among them, and how
    it is written.
    """
    if case is None:
        return
    inputs = [
        name for name, array in case.arrays.items() if name.kind is Kind.INPUT and array.ndim > 1
    ]
    places = [*inputs, OUTPUT][: MOST + 1]
    names = {numbered(Kind.INPUT, i): name for i, name in enumerate(pair.argument_names, 1)}
    for count in range(1, len(places) + 1):
        for chosen in itertools.combinations(places, count):
            turned = {place: _turned(pair.layout.lies(place)) for place in chosen}
            kept = tuple(one for one in pair.layout.exceptions if one[0] not in turned)
            exceptions = (*turned.items(), *kept)
            layout = Layout(
                pair.layout.default, tuple(sorted(exceptions, key=lambda one: -len(one[0].path)))
            )
            text = ",".join(
                f"{names.get(place, str(place))}={lies}" for place, lies in turned.items()
            )
            yield layout, text


def _turned(lies: str) -> str:
    return "same" if lies == "reversed" else "reversed"


def ambiguous(case: Case) -> bool:
    """Whether all arrays of two axes are square, so that their sizes cannot tell how they lie."""
    matrices = [
        array for name, array in case.arrays.items() if name.kind is Kind.INPUT and array.ndim > 1
    ]
    return bool(matrices) and all(len(set(array.shape)) == 1 for array in matrices)
