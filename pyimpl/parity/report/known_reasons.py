"""Why two sides differ, where no edit of the Python side shows it: what they raise, what they keep
and change, how they are called.
"""

import re

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from ..judge.verdict import Reason
from ..pair.manners import manners_of
from ..pair.pair import Result


def reason_without_edits(result: Result) -> str:
    """The reason in a sentence; empty where none is known."""
    for reason in REASONS:
        if words := reason(result):
            return words
    return ""


def _in_place(result: Result) -> str:
    """Who changes an argument, where nothing else differs."""
    differing = [
        difference
        for finding in result.report.findings
        for difference in finding.verdict.differences
        if not difference.agrees
    ]
    if result.smallest is None or not all(
        d.array is not None and d.array.kind is Kind.ARGUMENT for d in differing
    ):
        return ""
    case, julia = result.smallest.case, next(iter(result.smallest.julia.values()))
    after = {
        "python": result.pair.evaluate(case.cast(next(iter(result.smallest.julia)))).arrays,
        "julia": julia.arrays,
    }

    def changes(arrays: dict[Name, np.ndarray]) -> bool:
        return any(
            name.kind is Kind.ARGUMENT and not case.left_alone(name, x)
            for name, x in arrays.items()
        )

    sides = [side for side, arrays in after.items() if changes(arrays)]
    return (
        f"{sides[0]} changes its argument in place, the other side does not; all else agrees"
        if len(sides) == 1
        else ""
    )


def _outside_the_domain(result: Result) -> str:
    """Where Julia refuses what NumPy makes NaN of."""
    if result.smallest is None:
        return ""
    dtype, julia = next(iter(result.smallest.julia.items()))
    made = result.pair.evaluate(result.smallest.case.cast(dtype)).arrays.values()
    if not (julia.error or "").startswith("DomainError") or not any(
        array.dtype.kind == "f" and np.isnan(array).any() for array in made
    ):
        return ""
    return (
        "of a number outside the domain (a root or logarithm of a negative one) NumPy makes NaN, "
        "where Julia raises DomainError"
    )


def _kept(result: Result) -> str:
    """Who answers the second call otherwise than the first, where the other side does not."""
    if result.smallest is None:
        return ""
    dtype, julia = next(iter(result.smallest.julia.items()))
    case = result.smallest.case
    both = {"python": result.pair.evaluate(case.cast(dtype)), "julia": julia}
    sides = [side for side, outcome in both.items() if _answers_otherwise(outcome, case)]
    return (
        f"{sides[0]} gives another result at a second call with the same inputs, the other side "
        f"does not: it changes what it keeps from call to call{_named(result, sides[0])}"
        if len(sides) == 1
        else ""
    )


def _named(result: Result, side: str) -> str:
    names = result.keeping.get(side, [])
    return f" ({', '.join(names)})" if names else ""


def _answers_otherwise(outcome: Outcome, case: Case) -> bool:
    """Whether a later call gives another result than the first, though the arguments are as they
    were.
    """
    later = {name: array for name, array in outcome.arrays.items() if name.step}
    unchanged = all(
        np.array_equal(array, case.arrays[Name(Kind.INPUT, name.path)].astype(array.dtype))
        for name, array in outcome.arrays.items()
        if name.kind is Kind.ARGUMENT and Name(Kind.INPUT, name.path) in case.arrays
    )
    return unchanged and any(
        name.kind is Kind.OUTPUT
        and name.at(0) in outcome.arrays
        and not np.array_equal(array, outcome.arrays[name.at(0)], equal_nan=array.dtype.kind == "f")
        for name, array in later.items()
    )


def _overflowed(result: Result) -> str:
    """Where Python's own numbers raise what Julia computes with."""
    if result.smallest is None:
        return ""
    dtype, julia = next(iter(result.smallest.julia.items()))
    error = result.pair.evaluate(result.smallest.case.cast(dtype)).error or ""
    if julia.error:
        return ""
    numbers = [array for array in julia.arrays.values() if array.dtype.kind == "f"]
    if error.startswith("OverflowError") and any(np.isinf(array).any() for array in numbers):
        return (
            "Python's own floats raise OverflowError where they become too large; Julia gives Inf"
        )
    if error.startswith("ZeroDivisionError"):
        return "Python's own numbers raise ZeroDivisionError; Julia gives Inf or NaN"
    if "no machine integer holds" in error:
        return (
            "Python's whole numbers have no largest one; Julia's Int64 wraps around without a word"
        )
    return ""


def _by_keyword(result: Result) -> str:
    """Where Julia's function has no method of these arguments, how it is given them by keyword."""
    if result.smallest is None:
        return ""
    error = next(iter(result.smallest.julia.values())).error or ""
    names = result.pair.argument_names
    called = re.match(r"MethodError: no method matching ([^\W\d][\w.]*!?)\(", error)
    if called is None or len(names) < 2 or called[1] != result.pair.julia.expression:
        return ""
    call = f"({', '.join(names)}) -> {called[1]}({names[0]}; {', '.join(names[1:])})"
    return (
        "Julia's function has no method of as many arguments, by place and of these types; where "
        f"it takes some by keyword, name them in the shape (`{names[-1]}=...`), or write it as "
        f"`{call}`"
    )


def _refuses(result: Result) -> str:
    """Who refuses what the other side computes, where that is all there is to it."""
    ordinary = [finding for finding in result.report.findings if not finding.case.extreme]
    told = manners_of(ordinary)
    if len(told) != 1 or told[0].manner.reason is not Reason.REFUSAL or not told[0].manner.side:
        return ""
    side, error = told[0].manner.side, told[0].manner.error
    other = "julia" if side == "python" else "python"
    refused = {id(finding.case) for finding in ordinary}
    if all(case.extreme or id(case) in refused for case, _ in result.answers):
        return f"{side} refuses every input with {error}, {other} none"
    return f"{side} refuses some inputs with {error}, {other} does not; all else agrees"


def _known_otherwise(result: Result) -> str:
    """Where the difference is one of freedom or of layout, which a note tells at length."""
    if result.free:
        ways = ", ".join(f"{name} {freedom.words}" for name, freedom in result.free)
        return f"the results differ in what is free by nature or by convention: {ways}"
    if result.layouts:
        return f"axes lie the other way round on one side: they agree with {result.layouts[0]}"
    if result.proportional:
        return "the results are proportional but for a small rest: see the notes"
    return ""


REASONS = (
    _kept,
    _overflowed,
    _in_place,
    _outside_the_domain,
    _by_keyword,
    _known_otherwise,
    _refuses,
)
