"""Probes of findings: a case in both precisions, and what a check says of it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...case.case import Case, Outcome
from ...case.names import Name
from ...catalogue.checking import Summary
from ...judge.findings import Report, enter
from ...judge.verdict import (
    Allowance,
)
from .judging import X, case, off
from .probe import gave, listed, probe


@dataclass
class Told:
    """A subject whose Python side gives what it is told to give."""

    python: dict[str, Any]
    known: tuple[str, ...] = ()
    constant: bool = False
    strict: bool = True
    response: dict[str, Any] = field(default_factory=dict)
    key = "told"

    def evaluate(self, asked: Case) -> Outcome:
        found = self.python[str(asked.dtype)]
        return found if isinstance(found, Outcome) else gave({"y": found})

    def responses(self, asked: Case, julia: dict[str, Outcome], evaluate: Any) -> dict[str, Any]:
        return {dtype: {} for dtype in julia}

    def freed(self, python: Outcome, julia: Outcome) -> Outcome:
        return python

    def allowance(self, asked: Case) -> Allowance:
        return Allowance()

    def known_to_differ(self, asked: Case) -> frozenset[Name | None]:
        return frozenset(None if one == "refusal" else Name.parse(one) for one in self.known)


F32 = X.astype(np.float32)
RIGHT = {"float64": X, "float32": F32}


def report(python: dict[str, Any], julia: dict[str, Any] = RIGHT, **about: Any) -> Report:
    """The report of one case in the precisions that Julia answers in."""
    marks = {name: about.pop(name) for name in ("known_as", "refused") if name in about}
    asked = case(known=marks.get("known_as", ""), refused=marks.get("refused", False))
    found: Report = Report(Told(RIGHT | python, **about))  # type: ignore[type-var]
    found.cases = 1
    answers = {d: a if isinstance(a, Outcome) else gave({"y": a}) for d, a in julia.items()}
    enter(found, asked, answers)
    return found


def reported(*arguments: Any, **about: Any) -> str:
    """The verdict of a report, and its findings by sort."""
    found = report(*arguments, **about)
    sorts = [f"{f.verdict.case.dtype} {f.kind}" for f in found.findings]
    notes = [f"note {f.kind}" for f in found.notes]
    return " ".join([found.verdict, *(f"({one})" for one in [*sorts, *notes])])


@probe("agrees")
def what_agrees_in_both_precisions_agrees():
    return reported({})


@probe("disagrees (float64 meaning) (float32 meaning)")
def what_differs_in_float64_differs_in_meaning():
    return reported({"float64": 2 * X, "float32": 2 * F32})


@probe("disagrees (float32 rounding)")
def what_differs_in_float32_alone_is_rounding():
    return reported({"float32": off(100, 1, np.float32)})


@probe("disagrees (float32 dtype), agrees (note dtype)")
def a_type_that_differs_in_float32_alone_is_a_note_where_it_may_be():
    return listed((reported({"float32": X}), reported({"float32": X}, strict=False)))


@probe("disagrees (float64 meaning)")
def a_wrong_value_is_no_note():
    return reported({"float64": 2 * X}, strict=False)


@probe("disagrees (float64 refusal)")
def a_refusal_of_one_side_disagrees():
    return reported({"float64": Outcome(error="no")})


@probe("lost (float64 lost)")
def a_lost_case_is_lost():
    return reported({"float64": Outcome(error="slow", lost=True)})


@probe("mistrusted, agrees")
def agreement_on_zeros_is_mistrusted_unless_they_are_meant():
    zeros = {"float64": np.zeros(3), "float32": np.zeros(3, np.float32)}
    return listed((reported(zeros, zeros), reported(zeros, zeros, constant=True)))


@probe("agrees 1, disagrees 0 (nothing), disagrees 1 (float64)")
def known_differences_must_be_there_and_no_others():
    both = {"float64": gave({"y": 2 * X, "plain": X})}
    julia = {"float64": gave({"y": X, "plain": X})}
    other = {"float64": gave({"y": 2 * X, "plain": 2 * X})}

    def one(python, known):
        found = report(python, julia, known=known, known_as="a bug")
        kinds = [
            f" ({'nothing' if f.kind == 'nothing' else f.verdict.case.dtype})"
            for f in found.findings
        ]
        return f"{found.verdict} {found.known}{''.join(kinds)}"

    return listed((one(both, ("y",)), one(julia, ("y",)), one(other, ("y",))))


@probe("agrees, disagrees (float64 refusal) (float32 refusal)")
def what_must_be_refused_and_is_not_disagrees():
    no = Outcome(error="no")
    refused = {"float64": no, "float32": no}
    return listed((reported(refused, refused, refused=True), reported({}, refused=True)))


@probe("agrees")
def an_array_that_is_trusted_in_one_case_is_trusted():
    found = report({"float64": np.zeros(3)}, {"float64": np.zeros(3)})
    found.take(report({}, {"float64": X}))
    return found.verdict


@probe("float64 y 2, float32 y 5")
def the_worst_array_is_kept_for_each_precision():
    found = report({"float64": off(2, 1), "float32": off(5, 2, np.float32)})
    return listed(f"{dtype} {d.what} {d.ulps:.1g}" for dtype, d in found.worst.items())


@probe("5, 5")
def the_worst_of_all_cases_is_kept():
    def worst(*ulps):
        found = report({"float64": off(ulps[0], 1)})
        found.take(report({"float64": off(ulps[1], 1)}))
        return f"{found.worst['float64'].ulps:.1g}"

    return listed((worst(2, 5), worst(5, 2)))


@probe("2, 5")
def a_case_that_is_worse_takes_the_place_of_the_worst():
    found = report({"float64": off(2, 1)})
    before = f"{found.worst['float64'].ulps:.1g}"
    enter(found, case(), {"float64": gave({"y": off(-3, 1)})})
    return listed((before, f"{found.worst['float64'].ulps:.1g}"))


@probe("0, 1, 3, 5, 3")
def exit_codes_say_what_the_rows_say():
    def summary(*reports):
        return Summary(tuple(reports)).exit_code

    zeros = {"float64": np.zeros(3)}
    right, wrong, dim = report({}), report({"float64": 2 * X}), report(zeros, zeros)
    lost = report({"float64": Outcome(error="slow", lost=True)})
    none: Report = Report(Told({}))  # type: ignore[type-var]
    return listed(
        (
            summary(right),
            summary(right, wrong, dim),
            summary(right, lost, dim),
            summary(right, dim),
            summary(right, none),
        )
    )
