"""A disagreement told: the smallest inputs on which it shows, where, by how much, and what would
make it vanish.
"""

import shlex
from collections import Counter
from pathlib import Path

import numpy as np

from ..case.case import EXTREME
from ..case.names import TEXT, Kind, Name, numbered
from ..judge.findings import Finding, Sort
from ..judge.freedoms import write_freedoms
from ..judge.refusals import kind_of_error, say_the_same
from ..judge.verdict import Difference
from ..pair.layouts import ambiguous
from ..pair.manners import manners_of, shapes_of
from ..pair.pair import Pair, Result
from ..reference.provenance import versions_line
from .explained import NO_EXPLANATION, TOLD, explanation_lines
from .inputs import inputs
from .known_reasons import reason_without_edits
from .stages import because, sentence

HOW = {Sort.LOST: "could not be compared", Sort.REFUSAL: "differ: one side raised an error"}


def story(result: Result) -> str:
    """The whole story, for people."""
    lines = [headline(result), ""]
    if result.agrees or (result.unsaid and not result.report.findings):
        return "\n".join([lines[0], *remarks(result)])
    if result.smallest is not None:
        lines += [
            "smallest inputs found:" if result.reference == "live" else "smallest recorded inputs:"
        ]
        lines += [f"    {line}" for line in inputs(result.pair, result.smallest.case)]
        lines.append("")
    if result.report.findings:
        lines += [*finding_lines(result.pair, result.report.findings[0]), ""]
    if ways := manner_lines(result):
        lines += ["they differ in several ways:", *ways, ""]
    if wrong := doubtful_matches(result.pair):
        lines += [
            "arrays that may have been matched wrongly:",
            *(f"    {found}" for found in wrong),
            "",
        ]
    if result.located is not None and not result.located.agrees:
        lines += ["where:", f"    {sentence(result.located)}", *because(result.located), ""]
    if result.explanations:
        lines += ["why:", *explanation_lines(result.explanations)]
    elif result.located is not None and not result.located.agrees:
        pass  # that is why
    elif not any(finding.verdict.lost for finding in result.report.findings):
        lines += [f"why: {unexplained(result)}"]
    lines += [f"pattern: {line}" for line in result.patterns]
    lines += remarks(result)
    if result.bundle is not None:
        lines += ["", replay_line(result.bundle)]
    return "\n".join(lines).rstrip()


def manner_lines(result: Result) -> list[str]:
    """Every way in which they differ, with its smallest case; nothing where there is one only."""
    told = manners_of(result.report.findings)
    if len(told) < 2:
        return []
    names = _argument_names(result.pair)
    return [
        f"    {one.manner}, in {_cases(one.cases)}"
        + f"; the smallest: {shapes_of(one.smallest.case, names)}{_limit(one.smallest)}"
        for one in told
    ]


def _limit(finding: Finding) -> str:
    theme = finding.case.origin.removeprefix(EXTREME)
    return f" ({theme})" if finding.case.extreme else ""


def remarks(result: Result) -> list[str]:
    """What should be known beside the verdict: types that differ in Float32 alone, cases that
    cannot be compared.
    """
    lines = []
    if result.free:
        ways = ", ".join(f"{name} {freedom.words}" for name, freedom in result.free)
        lines.append(
            f"note: they agree but for what is free by nature: {ways} "
            f"(`--up-to {shlex.quote(write_freedoms(result.free))}` counts that as agreement)"
        )
    lines += [f"note: {line}" for line in result.proportional]
    if result.layouts:
        lines.append(layout_line(result))
    if result.adopted:
        lines.append(
            "note: taken over from Julia, whose literals are in single precision (`0.1f0`): "
            + "; ".join(result.adopted)
            + " (`--exact-literals` makes it a difference)"
        )
    if result.ties:
        lines.append(
            f"note: taken over from Julia: {result.ties} (`--exact-literals` makes it a difference)"
        )
    lines += refusal_lines(result)
    of_types = [finding for finding in result.report.notes if finding.kind is Sort.DTYPE]
    if of_types:
        arrays = sorted({d.what for f in of_types for d in f.verdict.differences if not d.agrees})
        said = next(d for d in of_types[0].verdict.differences if not d.agrees)
        lines.append(
            f"note: in Float32 cases {said.words}, of {', '.join(arrays)}; the values agree "
            "(`--dtype float32` makes it a difference)"
        )
    if any(finding.kind is Sort.NO_METHOD for finding in result.report.notes):
        lines.append(
            "note: Julia's function has no method for Float32: in Float64 alone they were compared "
            "(`--dtype float32` makes it a difference)"
        )
    of_others = (Sort.DTYPE, Sort.ILL, Sort.NO_METHOD)
    in_single = [finding for finding in result.report.notes if finding.kind not in of_others]
    if in_single:
        worst = in_single[0].verdict.worst
        lines.append(
            f"note: in Float32 Python computes in Float64 all the same, and Julia does not: "
            f"{_cases(len({id(f.case) for f in in_single}))} differ there"
            + (f", such as: {worst}" if worst else "")
        )
    aside = {id(f.case): f for f in result.report.notes if f.kind is Sort.ILL}
    if aside and not result.unsaid:
        doubt = result.doubts[next(iter(aside))]
        lines.append(f"note: {_cases(len(aside))} cannot be compared: {doubt}")
    return lines


def refusal_lines(result: Result) -> list[str]:
    """Of cases that both sides refuse: with which errors, where these do not say the same."""
    kinds: Counter[tuple[str, str]] = Counter()
    for case, outcomes in result.answers:
        julia = next(iter(outcomes.values()), None)
        if julia is None or case.extreme or not all(one.error for one in outcomes.values()):
            continue
        error = result.pair.evaluate(case.cast(next(iter(outcomes)))).error
        if error and julia.error and not julia.lost:
            kinds[kind_of_error(error), kind_of_error(julia.error, of_julia=True)] += 1
    return [
        f"note: both sides refuse {_cases(count)}, but python with {python} and julia with {theirs}"
        for (python, theirs), count in kinds.items()
        if not say_the_same(python, theirs)
    ]


def layout_line(result: Result) -> str:
    """The layouts in which the sides agree, and whether sizes could have told which is meant."""
    ways = " or ".join(f"--layout {text}" for text in result.layouts[:TOLD])
    if result.relaid:
        return (
            f"note: they agree with {result.layouts[0]} (`--layout`): axes are reversed there; "
            + (
                f"so they do with {' or '.join(result.layouts[1:TOLD])}"
                if result.layouts[1:]
                else "as they stand, sizes do not go together"
            )
        )
    square = result.smallest is not None and ambiguous(result.smallest.case)
    doubt = ": of square arrays the sizes cannot tell which is meant" if square else ""
    return f"note: they agree with `{ways}`{doubt}"


def _cases(count: int) -> str:
    return f"{count} case{'' if count == 1 else 's'}"


def replay_line(bundle: Path) -> str:
    """The command that replays a bundle, to be pasted into a shell."""
    place = str(bundle)
    place = f"./{place}" if place.startswith("-") else place  # which is no option
    return f"replay: julia-parity explain {shlex.quote(place)}"


def headline(result: Result) -> str:
    """Who differs, how, in how many cases, against which reference."""
    report = result.report
    if result.agrees:
        limits = f" and {result.extremes} at the limits" if result.extremes else ""
        cases = _cases(report.cases)
        return f"{result.pair.name} agrees with {result.pair.julia} in {cases}{limits}"
    if result.unsaid:
        return (
            f"nothing can be said of whether {result.pair.name} and {result.pair.julia} agree: "
            f"{result.unsaid}; reference: {versions_line(result)}"
        )
    if all(finding.case.extreme for finding in report.findings):
        themes = dict.fromkeys(f.case.origin.removeprefix(EXTREME) for f in report.findings)
        count = len({id(finding.case) for finding in report.findings})
        return (
            f"{result.pair.name} and {result.pair.julia} agree in {_cases(report.cases)} and "
            f"differ at the limits, in {count} of {_cases(result.extremes)}: "
            f"{', '.join(themes)}; reference: {versions_line(result)}"
        )
    kind = report.findings[0].kind
    how = HOW.get(kind, f"differ in {kind}")
    many = f"{differing_cases(result)} of {report.cases} cases"
    return (
        f"{result.pair.name} and {result.pair.julia} {how}, in {many}; reference: "
        f"{versions_line(result)}"
    )


def differing_cases(result: Result) -> int:
    """How many of the cases that were drawn, given or recorded differ; one that was found by a
    search is none of them.
    """
    searched = (
        [result.smallest]
        if result.smallest and all(each is not result.smallest for each in result.evidence)
        else []
    )
    found = {id(finding.case) for finding in result.report.findings if not finding.case.extreme}
    found -= {id(evidence.case) for evidence in searched}
    return max(len(found), 1)


def _argument_names(pair: Pair) -> dict[Name, str]:
    return {numbered(Kind.INPUT, i): name for i, name in enumerate(pair.argument_names, 1)}


def doubtful_matches(pair: Pair) -> list[str]:
    """Of the arrays of a model that were matched with Julia's: those that do not move the output as
    these do.
    """
    return [str(found) for found in pair.matches if found.proved is False]


def unexplained(result: Result) -> str:
    """Why there is no explanation."""
    if not result.random:
        return reason_without_edits(result) or NO_EXPLANATION
    sides = " and ".join(result.random)
    if result.pair.python.is_model:
        return (
            f"chance: {sides} gave other numbers for the same inputs, and random numbers are not "
            'shared (mode="test" switches off what is random in training, such as Dropout)'
        )
    if result.keeping:
        return result.kept_words.removeprefix(": ")
    return (
        f"chance, or what is kept from call to call (a global that the function changes): {sides} "
        "gave other numbers for the same inputs"
    )


def finding_lines(pair: Pair, finding: Finding) -> list[str]:
    """Every array that differs: index, both values, error and tolerance."""
    if finding.verdict.lost:
        return [finding.verdict.lost]
    lines = [f"in {finding.verdict.case.dtype}{finding.note}:"]
    differing, later = of_first_step(finding)
    for difference in differing:
        if difference.words:
            lines.append(f"    {difference.what}: {difference.words}")
            continue
        lines += [
            f"    {_called(pair, difference.array, difference.at)}",
            f"        python {_shown(difference, difference.python)}",
            f"        julia  {_shown(difference, difference.julia)}",
            *([] if _is_text(difference) else [f"        {_off(difference)}"]),
        ]
    return (
        [*lines, f"    and {later} more {'array' if later == 1 else 'arrays'} in later steps"]
        if later
        else lines
    )


def _is_text(difference: Difference) -> bool:
    return difference.array is not None and difference.array.last == TEXT


def _shown(difference: Difference, value: float | int | None) -> str:
    """A number; of a text the letter that it stands for."""
    return repr(chr(int(value))) if _is_text(difference) and value is not None else repr(value)


def _called(pair: Pair, array: Name | None, at: str) -> str:
    """`after.x1[0]` in words: an argument that a side has changed."""
    if array is None or array.kind is not Kind.ARGUMENT:
        return f"{array}{at}"
    names = pair.argument_names
    return (
        "argument "
        f"{names[array.number - 1] if array.number <= len(names) else f'x{array.number}'}{at} "
        "after the call"
    )


def of_first_step(finding: Finding) -> tuple[list[Difference], int]:
    """What differs after the first step or call at which anything does, and the number of arrays
    that do after later ones.
    """
    differing = [difference for difference in finding.verdict.differences if not difference.agrees]
    steps = [
        (difference.array.step if difference.array else 0) or 1 for difference in differing
    ]  # the first call has none
    first = [
        difference for difference, step in zip(differing, steps, strict=True) if step == min(steps)
    ]
    return first, len(differing) - len(first)


def _off(difference: Difference) -> str:
    assert (
        difference.python is not None
        and difference.julia is not None
        and difference.tolerance is not None
    )
    python, julia = float(difference.python), float(difference.julia)
    if np.isnan(python) != np.isnan(julia):
        return f"{'python' if np.isnan(python) else 'julia'} alone gives NaN"
    if isinstance(difference.python, int) and isinstance(difference.julia, int):
        return f"off by {abs(difference.python - difference.julia)}"
    if not np.isfinite(difference.ulps) or difference.ulps > 1e99:
        return f"off by {abs(python - julia):.3g}; {difference.tolerance:.3g} is allowed"
    return (
        f"off by {abs(python - julia):.3g}, {difference.ulps:.3g} ulp; "
        f"{difference.tolerance:.3g} is allowed"
    )
