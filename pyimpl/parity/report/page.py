"""The report as one page: verdicts, the story of every failure, errors in ulp, what each stage of a
model added.

`describe` turns a result into plain data, `write_page` makes the page of it: a test run in several
processes gathers the data of all.
"""

import datetime
import math
import platform
import shlex
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import numpy as np

from ...files.disk import write_text
from ..case.case import Remembered
from ..explain import Explanation
from ..judge.findings import Finding
from ..judge.verdict import FACTOR, Difference, Reason, errors_in_ulp
from ..locate.walk import Located
from ..pair.pair import Evidence, Pair, Result
from ..plain_text import plain
from ..reference.provenance import versions_line
from .figures import (
    bin_of,
    histogram,
    last_bin,
    shown_size,
    shown_ulps,
    waterfall,
)
from .inputs import inputs
from .story import differing_cases, doubtful_matches, of_first_step, remarks, unexplained

TEMPLATES = Path(__file__).with_name("templates")
SECONDS = (
    20.0  # for the errors of all entries of one pair: what comes after that is not in the histogram
)
ARRAYS = 12  # histograms of one pair
TITLE = "julia-parity"
NOTHING = "Nothing was checked"


def write_html(
    path: str | Path, results: Sequence[Result], located: Sequence[Located] = (), title: str = TITLE
) -> None:
    """One self-contained page about these results, and about models whose stages were located."""
    write_page(
        Path(path),
        [describe(result) for result in results],
        [describe_located(model) for model in located],
        title,
    )


def write_page(
    path: Path,
    pairs: Sequence[dict[str, Any]],
    models: Sequence[dict[str, Any]] = (),
    title: str = TITLE,
) -> None:
    """The page of what `describe` and `describe_located` gave."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("report.html").render(
        title=title,
        headline=headline(pairs, models),
        pairs=pairs,
        models=models,
        dtypes=list(dict.fromkeys(dtype for pair in pairs for dtype in pair["cases_per_dtype"])),
        references=_references([*pairs, *models]),
        made=datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        versions=_own_versions(),
        tolerance=FACTOR,
        ulps=shown_ulps,
        histogram=histogram,
        last_bin=last_bin,
        waterfall=waterfall,
        size=shown_size,
        KINDS=KINDS,
        MARKS=MARKS,
    )
    write_text(path, plain(page))


KINDS = {
    "meaning": "The sides differ in meaning: in Float64 already, where rounding is far smaller.",
    "rounding": "The sides differ in rounding: Float64 agrees, Float32 does not.",
    "dtype": "The sides differ in dtype: Float32 became Float64 on one side only.",
    "refusal": "One side raised an error, the other did not.",
    "lost": "A side gave no outcome: it crashed, or did not answer.",
}
MARKS = {"agrees": "✓", "disagrees": "✗", "lost": "✗", "absent": "–"}
MARKS |= {"mistrusted": "?", "undecided": "?"}


def headline(pairs: Sequence[dict[str, Any]], models: Sequence[dict[str, Any]] = ()) -> str:
    """How many pairs agree, in a sentence."""
    if not pairs:
        return _headline([model["agrees"] for model in models]) if models else NOTHING
    agree = sum(pair["verdict"] == "agrees" for pair in pairs)
    differ = sum(pair["verdict"] in ("disagrees", "lost") for pair in pairs)
    doubtful = len(pairs) - agree - differ
    parts = [_of(agree, len(pairs), "pair")] if agree else []
    parts += [_verb(differ, "differ")] if differ else []
    parts += [f"{doubtful} {'proves' if doubtful == 1 else 'prove'} nothing"] if doubtful else []
    if agree or len(pairs) == 1:
        return {"1 differs": "The pair differs", "1 proves nothing": "The pair proves nothing"}.get(
            parts[0], ", ".join(parts)
        )
    return f"Of {len(pairs)} pairs, {', '.join(parts)}"


def _headline(agreeing: Sequence[bool]) -> str:
    agree, total = sum(agreeing), len(agreeing)
    if agree == total:
        return _of(agree, total, "model")
    return (
        "The models differ"
        if total == 1
        else f"{_of(agree, total, 'model')}, {_verb(total - agree, 'differ')}"
    )


def _of(agree: int, total: int, what: str) -> str:
    if agree == total:
        return f"The {what} agrees" if total == 1 else f"All {total} {what}s agree"
    return (
        f"{agree} of {total} {what}{'' if total == 1 else 's'} "
        f"{'agrees' if agree == 1 else 'agree'}"
    )


def _verb(count: int, verb: str) -> str:
    return f"{count} {verb}{'s' if count == 1 else ''}"


def _references(pairs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for pair in pairs:
        kind, versions, made = (pair["reference"][key] for key in ("kind", "versions", "made"))
        line: Any = SimpleNamespace(name=kind, versions=versions, provenance={"made": made})
        reference = {"kind": kind, "versions": versions, "line": versions_line(line)}
        if reference not in found:
            found.append(reference)
    return found


def _own_versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for name in ("julia-parity", "numpy", "hypothesis", "juliacall"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


# --- a result as plain data


def describe(result: Result) -> dict[str, Any]:
    """Everything that the page says of a pair, as numbers, strings, lists and dicts."""
    report = result.report
    return {
        "name": result.pair.name,
        "julia": str(result.pair.julia),
        "verdict": result.verdict,
        "remarks": [*([result.unsaid] if result.unsaid else []), *remarks(result)],
        "cases": report.cases,
        "cases_per_dtype": dict(report.per_dtype),
        "worst": {
            dtype: {
                "ulps": worst.ulps,
                "array": worst.what,
                "agrees": worst.agrees,
                "counted": not worst.words,
            }
            for dtype, worst in report.worst.items()
        },
        "mistrusted": list(map(str, sorted(report.mistrusted))),
        "reference": {
            "kind": result.reference,
            "versions": dict(result.versions),
            "made": result.provenance.get("made", ""),
        },
        "story": _story(result) if report.findings else None,
        "errors": _errors(result),
    }


def _story(result: Result) -> dict[str, Any]:
    report = result.report
    first = report.findings[0]
    told = [finding for finding in report.findings if finding.case is first.case]
    verdicts = [finding.verdict for finding in told]
    return {
        "kind": first.kind,
        "differing": differing_cases(result),
        "inputs": "\n".join(inputs(result.pair, first.case)),
        "said": list(
            dict.fromkeys(
                _said(difference)
                for finding in told
                for difference in of_first_step(finding)[0]
                if difference.words
            )
        ),
        "lost": next((verdict.lost for verdict in verdicts if verdict.lost), ""),
        "notes": [
            *_notes(told),
            *(
                f"An array that may have been matched wrongly: {found}."
                for found in doubtful_matches(result.pair)
            ),
        ],
        "entries": [
            _entry(finding.verdict.case.dtype, difference)
            for finding in told
            for difference in sorted(
                of_first_step(finding)[0], key=lambda difference: -difference.ulps
            )
            if not difference.words
        ],
        "unexplained": _sentence(unexplained(result)),
        "explanations": _explanations(result.explanations),
        "bundle": str(result.bundle) if result.bundle else "",
        "replay": shlex.quote(str(result.bundle)) if result.bundle else "",
    }


def _notes(findings: Sequence[Finding]) -> Iterable[str]:
    for finding in findings:
        if finding.note:
            yield finding.note.strip(" ()")
        if later := of_first_step(finding)[1]:
            yield (
                f"{finding.verdict.case.dtype}: {later} more "
                f"{'array differs' if later == 1 else 'arrays differ'} in later steps."
            )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _explanations(explanations: Sequence[Explanation]) -> list[dict[str, Any]]:
    return [
        {name: str(getattr(explanation, name)) for name in ("cause", "where", "change", "evidence")}
        | {"confident": explanation.confident}
        for explanation in explanations
    ]


def _said(difference: Difference) -> str:
    return (
        difference.words
        if difference.reason is Reason.REFUSAL
        else f"{difference.what}: {difference.words}"
    )


def _entry(dtype: np.dtype, difference: Difference) -> dict[str, Any]:
    python, julia = difference.python, difference.julia
    assert python is not None and julia is not None and difference.tolerance is not None
    off = abs(float(python) - float(julia))
    return {
        "dtype": str(dtype),
        "at": f"{difference.what}{difference.at}",
        "python": _short(dtype, python),
        "julia": _short(dtype, julia),
        "off": f"{off:.3g}" if math.isfinite(off) else "–",
        "ulps": difference.ulps,
        "tolerance": f"{difference.tolerance:.2g}",
    }


def _short(dtype: np.dtype, value: Any) -> str:
    """The shortest decimals that give the number back in its own precision."""
    return str(dtype.type(value)) if isinstance(value, float) else str(value)


def _errors(result: Result) -> dict[str, Any]:
    """How many entries of every array have an error of which size: counts per bin, by array and
    dtype.
    """
    lost = {id(finding.case) for finding in result.report.findings if finding.verdict.lost}
    evidence = [each for each in result.evidence if id(each.case) not in lost]
    if (
        result.smallest is not None
        and id(result.smallest.case) not in lost
        and all(each is not result.smallest for each in evidence)
    ):
        evidence.append(result.smallest)
    counts: dict[str, dict[str, dict[str, int]]] = {}
    worst: dict[str, float] = {}
    until, cases = time.monotonic() + SECONDS, 0
    for each in evidence:
        if time.monotonic() > until:
            break
        cases += 1
        for dtype, found in _entry_errors(result.pair, each):
            for name, errors in found.items():
                bins = counts.setdefault(name, {}).setdefault(dtype, {})
                for error in errors.ravel().tolist():
                    key = bin_of(error)
                    bins[key] = bins.get(key, 0) + 1
                worst[name] = max(worst.get(name, 0.0), float(np.max(errors, initial=0)))
    exact = sorted(name for name in counts if worst[name] == 0)
    wrong = sorted((name for name in counts if worst[name] > 0), key=lambda name: -worst[name])
    names = wrong[:ARRAYS]
    return {
        "cases": cases,
        "arrays": {name: counts[name] for name in names},
        "exact": exact,
        "omitted": len(wrong) - len(names),
        "omitted_worst": max((worst[name] for name in wrong[ARRAYS:]), default=0.0),
    }


def _entry_errors(pair: Pair, evidence: Evidence) -> Iterable[tuple[str, dict[str, np.ndarray]]]:
    responses = pair.responses(evidence.case, evidence.julia, Remembered(pair.evaluate))
    for dtype, julia in evidence.julia.items():
        errors = errors_in_ulp(pair.evaluate(evidence.case.cast(dtype)), julia, responses[dtype])
        yield dtype, {str(name): each for name, each in errors.items()}


# --- models, stage by stage


def describe_located(located: Located) -> dict[str, Any]:
    """Everything that the page says of two models whose stages were walked."""
    dtypes = list(dict.fromkeys(dtype for stage in located.stages for dtype in stage.added))
    walks = [_walk(located, way, dtype) for dtype in dtypes for way in ("forward", "backward")]
    return {
        "name": located.python,
        "julia": located.julia,
        "reference": {"kind": located.reference, "versions": dict(located.versions), "made": ""},
        "agrees": located.agrees,
        "summary": _summary(located),
        "walks": [walk for walk in walks if walk["stages"]],
        "explanations": _explanations(located.explanations),
    }


def _summary(located: Located) -> str:
    if located.guilty is None:
        return f"No stage adds more than rounding: all {len(located.stages)} agree."
    stage = located.stages[located.guilty]
    inside = f", in {located.inside}" if located.inside else ""
    shows = ", ".join(stage.shows)
    return (
        f"The first difference arises in stage {stage.name}, {stage.kind}, "
        f"{located.direction}{inside}; it shows in {shows}."
    )


def _walk(located: Located, way: str, dtype: str) -> dict[str, Any]:
    told = []
    for number, stage in enumerate(located.stages):
        forward = way == "forward"
        inherited, added, findings = (
            (stage.inherited, stage.added, stage.forward_findings)
            if forward
            else (stage.backward_inherited, stage.backward_added, stage.backward_findings)
        )
        if dtype not in added:
            continue
        wrong = [finding for finding in findings if finding.verdict.case.dtype == dtype]
        told.append(
            {
                "name": f"{stage.name} {stage.kind}",
                "inherited": inherited.get(dtype, math.nan),
                "added": added[dtype],
                "agrees": not wrong,
                "shows": list(
                    dict.fromkeys(
                        d.what
                        for finding in wrong
                        for d in finding.verdict.differences
                        if not d.agrees
                    )
                ),
                "guilty": number == located.guilty and way == located.direction,
            }
        )
    return {
        "name": f"{way.capitalize()}, {dtype}",
        "stages": told if way == "forward" else told[::-1],
    }
