"""What can be said of a difference without its cause: for which inputs it shows, which outputs it
spares, and how Julia's numbers follow from Python's.

A condition is told where the cases that differ and those that agree lie on either side of it, and
this would hardly come by chance; no cause is claimed.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..case.case import Case
from ..case.inputs import Drawn
from ..case.names import TEXT, Kind, Name
from ..judge.verdict import Reason
from ..pair.manners import manners_in
from ..pair.pair import Pair, Result

BY_CHANCE = 0.02  # how likely a division of the cases may be by chance
FEWEST = 3  # cases on the side that agrees
COMPARED = 8  # cases of which whole arrays are looked at
CLOSE = 1e-9  # relative: what is the same number
ROUNDED = 1e-6  # relative: less than that is no difference of interest


@dataclass(frozen=True)
class Condition:
    """Something that inputs may fulfil, in words, and in words that they do not."""

    words: str
    otherwise: str
    holds: Callable[[Case], bool]


def find_patterns(result: Result) -> list[str]:
    """Sentences on a disagreement; none where nothing stands out."""
    if not result.report.findings or result.random:
        return []
    return [*_where_it_shows(result), *_spared(result), *_proportions(result)]


def _where_it_shows(result: Result) -> Iterator[str]:
    """Of every manner of differing: the simplest condition that divides the cases."""
    cases = [case for case, _ in result.answers if not case.extreme]
    ordinary = [f for f in result.report.findings if not f.case.extreme]
    manners = manners_in(ordinary)
    for manner, differing in manners.items():
        numbers = {id(case) for case in differing}
        inside = [case for case in cases if id(case) in numbers]
        outside = [case for case in cases if id(case) not in numbers and _tells(case)]
        found = _divides(_conditions(result.pair, cases), inside, outside)
        if found is not None:
            what = f"{manner}: " if len(manners) > 1 else "it differs "
            rest = sum(not found.holds(case) for case in outside)
            yield f"{what}only where {found.words}; in none of {rest} cases where {found.otherwise}"


def _tells(case: Case) -> bool:
    """Whether its agreement says something: of zeros alone most functions make the same."""
    return all(bool(np.any(array)) for array in case.all(Kind.INPUT) if array.ndim)


def _divides(
    conditions: Sequence[Condition], differing: Sequence[Case], agreeing: Sequence[Case]
) -> Condition | None:
    """The condition that all differing cases fulfil and the most others do not; None where chance
    would do as much.
    """
    best: tuple[int, Condition] | None = None
    for condition in conditions:
        if not all(condition.holds(case) for case in differing):
            continue
        spared = sum(not condition.holds(case) for case in agreeing)
        if spared >= FEWEST and (best is None or spared > best[0]):
            best = spared, condition
    if best is None or not differing:
        return None
    total, most = len(differing) + len(agreeing), len(differing)
    inside = total - best[0]
    by_chance = math.comb(inside, most) / math.comb(total, most)
    return best[1] if by_chance * len(conditions) < BY_CHANCE else None


def _conditions(pair: Pair, cases: Sequence[Case]) -> list[Condition]:
    """On sizes first, then on numbers, then on entries: the simplest of several is told."""
    numbers = {**_sizes(pair), **_numbers(pair)}
    found: list[Condition] = []
    for words, measure in numbers.items():
        values = sorted({value for case in cases if (value := measure(case)) is not None})
        for place, high in enumerate(values[1:]):
            least = f"{words} = {values[0]:g}" if place == 0 else f"{words} <= {values[place]:g}"
            most = f"{words} = {high:g}" if high == values[-1] else f"{words} >= {high:g}"
            found += _of_bound(most, least, measure, high)
        if all(value == int(value) for value in values) and len(values) > 1:
            found += _of_parity(words, measure)
    names = list(_sizes(pair).items())
    for number, (words, measure) in enumerate(names):
        for other_words, other in names[number + 1 :]:
            found += _of_equality(words, measure, other_words, other)
    return [*found, *_of_entries(pair)]


Measure = Callable[[Case], float | None]


def _sizes(pair: Pair) -> dict[str, Measure]:
    """Sizes by the names that the user has given them, or by argument and axis."""
    found: dict[str, Measure] = {}
    shapes = pair.inputs.shapes if isinstance(pair.inputs, Drawn) else ()
    for number, shape in enumerate(shapes, 1):
        for axis, size in enumerate(shape.sizes):
            if isinstance(size, str):
                found.setdefault(size, _size(_input(number), axis))
    return found


def _input(number: int) -> Name:
    return Name(Kind.INPUT, str(number))


def _size(name: Name, axis: int) -> Measure:
    def measure(case: Case) -> float | None:
        array = _arrays(case).get(name.path)
        return float(array.shape[axis]) if array is not None and array.ndim > axis else None

    return measure


def _arrays(case: Case) -> dict[str, np.ndarray]:
    """The inputs by their numbers."""
    return {str(number): array for number, array in enumerate(case.all(Kind.INPUT), 1)}


def _called(pair: Pair, number: int) -> str:
    names = pair.argument_names
    return names[number - 1] if number <= len(names) else f"x{number}"


def _numbers(pair: Pair) -> dict[str, Measure]:
    """Arguments that are numbers, by their names."""
    shapes = pair.inputs.shapes if isinstance(pair.inputs, Drawn) else ()
    found: dict[str, Measure] = {}
    for number, shape in enumerate(shapes, 1):
        if not shape.sizes and shape.kind != "complex":
            found[_called(pair, number)] = _value(str(number))
    return found


def _value(number: str) -> Measure:
    def measure(case: Case) -> float | None:
        array = _arrays(case).get(number)
        return float(array[()]) if array is not None and not array.ndim else None

    return measure


def _of_bound(up: str, down: str, measure: Measure, high: float) -> list[Condition]:
    """From a value on, and below it."""

    def above(case: Case) -> bool:
        value = measure(case)
        return value is not None and value >= high

    def below(case: Case) -> bool:
        return not above(case)

    return [Condition(up, down, above), Condition(down, up, below)]


def _of_parity(words: str, measure: Measure) -> list[Condition]:
    def even(case: Case) -> bool:
        return (measure(case) or 0) % 2 == 0

    return [
        Condition(f"{words} is even", "it is odd", even),
        Condition(f"{words} is odd", "it is even", lambda case: not even(case)),
    ]


def _of_equality(words: str, one: Measure, others: str, other: Measure) -> list[Condition]:
    def equal(case: Case) -> bool:
        return one(case) == other(case)

    same, unlike = f"{words} = {others}", f"{words} and {others} are unlike"
    return [Condition(same, unlike, equal), Condition(unlike, same, lambda c: not equal(c))]


def _of_entries(pair: Pair) -> list[Condition]:
    """Whether entries of an argument have something."""
    has: dict[str, Callable[[np.ndarray], bool]] = {
        "negative entries": lambda x: bool((x < 0).any()),
        "zeros": lambda x: bool((x == 0).any()),
        "equal entries": lambda x: len(np.unique(x)) < x.size,
        "entries beyond 1": lambda x: bool((np.abs(x) > 1).any()),
        "entries that are not whole": lambda x: bool((x != np.round(x)).any()),
    }
    shapes = pair.inputs.shapes if isinstance(pair.inputs, Drawn) else ()
    found = []
    for number, shape in enumerate(shapes, 1):
        for words, test in has.items() if shape.sizes and shape.kind != "complex" else ():
            name, held = _called(pair, number), _held(str(number), test)
            has_some, has_none = f"{name} has {words}", f"{name} has no {words}"
            found.append(Condition(has_some, has_none, held))
            found.append(Condition(has_none, has_some, _without(held)))
    return found


def _held(number: str, test: Callable[[np.ndarray], bool]) -> Callable[[Case], bool]:
    def holds(case: Case) -> bool:
        array = _arrays(case).get(number)
        return array is not None and test(array)

    return holds


def _without(held: Callable[[Case], bool]) -> Callable[[Case], bool]:
    return lambda case: not held(case)


def _spared(result: Result) -> Iterator[str]:
    """The outputs that agree in every case, where others do not."""
    wrong, seen = set(), set()
    for finding in result.report.findings:
        for difference in finding.verdict.differences:
            array = difference.array
            if array is not None and array.kind is Kind.OUTPUT:
                seen.add(array.whole)
                if not difference.agrees:
                    wrong.add(array.whole)
    right = sorted(seen - wrong)
    if wrong and right:
        yield f"{_listed(sorted(wrong))} differs; {_listed(right)} agrees in every case"


def _listed(names: Sequence[Name]) -> str:
    shown = ", ".join(map(str, names[:4]))
    return shown + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _proportions(result: Result) -> Iterator[str]:
    """How Julia's numbers follow from Python's, and from which entry on they do not."""
    pairs: dict[Name, list[tuple[np.ndarray, np.ndarray]]] = {}
    evidence = [e for e in result.evidence if not e.agrees and not e.case.extreme]
    for each in sorted(evidence, key=lambda e: -e.case.size)[:COMPARED]:
        dtype, julia = max(each.julia.items())
        mine = result.pair.evaluate(each.case.cast(dtype)).arrays
        for name in _of_values(result):
            one, other = mine.get(name), julia.arrays.get(name)
            if one is not None and other is not None and one.shape == other.shape:
                pairs.setdefault(name, []).append((one, other))
    for name, arrays in pairs.items():
        words = _follows(arrays) or _first_entry(arrays)
        if words:
            yield words.format(name)


def _of_values(result: Result) -> list[Name]:
    """The outputs that differ in value."""
    found = {
        difference.array
        for finding in result.report.findings
        for difference in finding.verdict.differences
        if not difference.agrees
        and difference.reason is Reason.VALUE
        and difference.array is not None
        and difference.array.kind is Kind.OUTPUT
        and difference.array.last != TEXT
    }
    return sorted(found)


def _follows(arrays: Sequence[tuple[np.ndarray, np.ndarray]]) -> str:
    """One factor or one summand for all entries of all cases."""
    with np.errstate(all="ignore"):
        one, other = (
            np.concatenate([np.ravel(part).astype(np.float64) for part in parts])
            for parts in zip(*arrays, strict=True)
        )
        finite = np.isfinite(one) & np.isfinite(other)
        one, other = one[finite], other[finite]
        if len(one) < FEWEST:
            return ""
        factors = other[one != 0] / one[one != 0]
        zeros_alike = not np.any(other[one == 0])
        if len(factors) >= FEWEST and zeros_alike and _one_number(factors):
            factor = f"{np.median(factors):.10g}"
            if factor == "1":  # but for a rest that is no factor
                return ""
            return f"Julia's {{}} is Python's times {factor}, in every entry"
        summands = other - one
        if _one_number(summands):
            return f"Julia's {{}} is Python's plus {np.median(summands):.10g}, in every entry"
    return ""


def _one_number(values: np.ndarray) -> bool:
    middle = float(np.median(values))
    return middle != 0 and bool(np.all(np.abs(values - middle) <= ROUNDED * abs(middle)))


def _first_entry(arrays: Sequence[tuple[np.ndarray, np.ndarray]]) -> str:
    """Along the first axis: from where on they differ, and whether the difference grows."""
    firsts, lasts, sizes = set(), set(), 0
    for one, other in arrays:
        if one.ndim < 1 or len(one) < FEWEST:
            return ""
        with np.errstate(all="ignore"):
            apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
        scale = float(np.max(np.abs(other), initial=0, where=np.isfinite(other))) or 1.0
        rows = apart.reshape(len(one), -1).max(1, initial=0) > CLOSE * scale
        if not rows.any():
            continue
        firsts.add(int(np.argmax(rows)))
        lasts.add(len(one) - 1 - int(np.argmax(rows[::-1])))
        sizes = max(sizes, len(one))
    if len(firsts) == 1 and 0 < next(iter(firsts)):
        return f"{{}} agrees in its first {next(iter(firsts))} entries, and differs from there on"
    if firsts == {0} and len(lasts) == 1 and next(iter(lasts)) < sizes - 1:
        return f"{{}} differs in its first {next(iter(lasts)) + 1} entries, and agrees after them"
    return ""
