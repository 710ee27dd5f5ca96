"""In which manners two sides differ: every one is told, with the smallest case of it and how many
cases it has, for a refusal of most inputs would hide another value in the few that are left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..case.case import Case
from ..case.names import Kind, Name
from ..judge.findings import Finding
from ..judge.verdict import Difference, Reason

OF_ARRAYS = {
    Reason.VALUE: "another value",
    Reason.NOT_FINITE: "NaN or infinity on one side only",
    Reason.SHAPE: "another shape",
    Reason.DTYPE: "another type",
    Reason.ONE_SIDE: "an array on one side only",
}


@dataclass(frozen=True)
class Manner:
    """A way in which the sides differ: the reason, the kind of array, and of refusals whose."""

    reason: Reason
    kind: Kind | None = None  # of array; None of a refusal
    side: str = ""  # the one that refuses
    error: str = ""  # of which type

    def __str__(self):
        if self.reason is Reason.REFUSAL:
            return f"{self.side} raises {self.error}" if self.side else "neither side refuses"
        return f"{OF_ARRAYS[self.reason]} of {_WORDS[self.kind] if self.kind else 'an array'}"


_WORDS = {
    Kind.OUTPUT: "the output",
    Kind.PLAIN: "the output outside a gradient",
    Kind.INPUT_GRADIENT: "the gradient of an input",
    Kind.PARAMETER_GRADIENT: "the gradient of a parameter",
    Kind.STATE: "the model's arrays afterwards",
    Kind.ARGUMENT: "an argument after the call",
    Kind.LOSS: "the loss",
    Kind.PARAMETER: "a parameter",
    Kind.INPUT: "the parameter that a rule works on",
}


@dataclass(frozen=True)
class Told:
    """A manner with its smallest finding, and the number of cases that show it."""

    manner: Manner
    smallest: Finding
    cases: int


def manners_of(findings: Sequence[Finding]) -> list[Told]:
    """Every manner, the most frequent first. A finding has that of its worst array, of which none
    that differs in its type alone hides another.
    """
    groups = _groups(findings)
    told = [
        Told(manner, min(cases.values(), key=lambda one: one.case.size), len(cases))
        for manner, cases in groups.items()
    ]
    return sorted(told, key=lambda one: -one.cases)


def manners_in(findings: Sequence[Finding]) -> dict[Manner, list[Case]]:
    """The cases of every manner."""
    return {
        manner: [finding.case for finding in cases.values()]
        for manner, cases in _groups(findings).items()
    }


def _groups(findings: Sequence[Finding]) -> dict[Manner, dict[int, Finding]]:
    groups: dict[Manner, dict[int, Finding]] = {}
    for finding in findings:
        for manner in _manners(finding):
            cases = groups.setdefault(manner, {})
            cases.setdefault(id(finding.case), finding)
    return groups


def _manners(finding: Finding) -> list[Manner]:
    if finding.verdict.lost:
        return []
    wrong = [d for d in finding.verdict.differences if not d.agrees]
    outputs = [d for d in wrong if d.array is None or d.array.kind is Kind.OUTPUT]
    return list(dict.fromkeys(map(_manner, outputs or wrong[:1])))


def _manner(difference: Difference) -> Manner:
    if difference.array is None:
        side, _, rest = difference.words.partition(" raised «")
        error = rest.partition(":")[0].partition("»")[0] if rest else ""
        return Manner(Reason.REFUSAL, None, side if rest else "", error)
    return Manner(difference.reason, difference.array.kind)


def shapes_of(case: Case, names: dict[Name, str]) -> str:
    """The inputs of a case in a few words: their shapes, of numbers the values."""
    return ", ".join(
        f"{names.get(name, str(name))} = {array[()]}"
        if not array.ndim
        else f"{names.get(name, str(name))} {array.shape}"
        for name, array in case.arrays.items()
        if name.kind is Kind.INPUT
    )
