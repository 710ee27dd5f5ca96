"""What the cases of a row reach of its public name: the forms of its call, every option left out
and given each of its values, and options given two at a time. What no case reaches has a reason.

It is seen in the calls that are made while the twin evaluates the cases (`calls.py`), and nothing
of it is written down by hand but the reasons (`unreached.py`).
"""

import fnmatch
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, product

import pyimpl
from pyimpl import textbook

from ..case.case import Case
from .calls import watched
from .options import MANY, Bound, Form, Option, call_form, forms, options
from .row import Row
from .unreached import REASONS


@dataclass(frozen=True)
class Line:
    """One thing that a public name can be asked for, and how many cases ask for it."""

    row: str
    option: str  # "" for a form of the call, two joined by " with " for a pair
    value: str
    cases: int

    @property
    def asked(self) -> str:
        """In words: `bias=False`, `pad: tuple`, `stride with dilation`, `(weight, bias, act)`."""
        return f"{self.option} {self.value}".strip()

    @property
    def reasoned(self) -> tuple[str, str] | None:
        """The entry of REASONS that holds for it, by its row and what is asked."""
        fitting = (
            (row, asked)
            for row, asked in REASONS
            if fnmatch.fnmatchcase(self.row, row) and _matches(self.asked, asked)
        )
        return next(fitting, None)

    @property
    def reason(self) -> str:
        """Why no case asks for it; "" where no reason is known."""
        return "" if self.reasoned is None else REASONS[self.reasoned]


def _matches(asked: str, pattern: str) -> bool:
    """Whether it is the option of that name, or a pair with it, or just what the pattern says."""
    first, _, second = asked.partition(" with ")
    names = {first.split()[0], second} if second else {asked.split()[0]}
    return pattern in names or fnmatch.fnmatchcase(asked, pattern)


def subject_of(row: Row) -> Callable | None:
    """The public name that a row is called like; None where it is called like none, as a program
    of commands is.
    """
    return getattr(textbook if row.family == "textbook" else pyimpl, row.name, None)


def reached(row: Row, cases: Iterable[Case]) -> list[Line]:
    """Everything that the row's public name can be asked for, with the number of cases that do.

    Cases that must be refused do not count.
    """
    subject = subject_of(row)
    if subject is None:
        return []
    known = options(subject)
    count: Counter[tuple[str, str]] = Counter()
    for case in cases:
        if case.refused:
            continue
        with watched(subject) as calls:
            row.evaluate(case)
        count.update(set(_asked(calls, known, call_form(subject))))
    return [Line(row.key, *asked, count[asked]) for asked in _possible(subject, known)]


def _asked(
    calls: list[Bound], known: dict[str, Option], called: Form | None
) -> Iterator[tuple[str, str]]:
    """What a case asks for. Options are together in one call, or in that which makes a layer and
    one of what was made.
    """
    made: list[set[str]] = []
    used: list[set[str]] = [set()]
    for form, given in calls:
        yield "", _title(form)
        names: set[str] = set()
        for name in known.keys() & form.parameters.keys():
            if name not in given:
                yield name, "left out"
            elif value := known[name].value(given[name]):
                yield name, value.text
                names.add(name)
        (used if form == called else made).append(names)
    order = list(known)
    for one, other in product(made, used):
        for pair in combinations(sorted(one | other, key=order.index), 2):
            yield _pair(*pair), ""


def _possible(subject: Callable, known: dict[str, Option]) -> list[tuple[str, str]]:
    called = call_form(subject)
    ways = (*forms(subject), *([called] if called else []))
    asked = [("", _title(form)) for form in ways] if len(ways) > 2 or not called else []
    for name, option in known.items():
        asked += [(name, text) for text in ("left out", *(value.text for value in option.others))]
    together = [(one, other) for one, other in combinations(known, 2)]
    return asked + [(_pair(one, other), "") for one, other in together]


def _pair(one: str, other: str) -> str:
    return f"{one} with {other}"


def _title(form: Form) -> str:
    marks = {kind: "*" * count for count, kind in enumerate(MANY, 1)}
    names = [marks.get(one.kind, "") + one.name for one in form.parameters.values()]
    return f"({', '.join(names)})"
