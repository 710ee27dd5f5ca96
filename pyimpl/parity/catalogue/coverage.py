"""The coverage table: every public name of Flux, its twin, and the worst error that a check has
seen.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from ..case.dtypes import DTYPES
from ..judge.findings import Report
from ..judge.words import ulps
from .public_names import PUBLIC_NAMES
from .row import Row


def markdown(reports: Iterable[Report[Row]], reference: str) -> str:
    """The table as Markdown, with the errors of `reports`; behind it the rows of what is no public
    name of Flux, and names without a twin, with their reasons.
    """
    by_row = {report.subject.key: report for report in reports}
    with_twin = [public for public in PUBLIC_NAMES if public.twin]
    lines = [
        "# Coverage of Flux",
        "",
        "Written by `julia-parity list --markdown > pyimpl/COVERAGE.md`.",
        "",
        f"{len(with_twin)} of {len(PUBLIC_NAMES)} public names of Flux have a twin. Beside them "
        f"the worst error of {reference},",
        "in ulp at the scale of the terms; nothing where the twin has no row of its own.",
        "",
        f"| Flux | `pyimpl` | {' | '.join(DTYPES)} | |",
        "|---|---|" + "---|" * len(DTYPES) + "---|",
    ]
    for public in with_twin:
        errors = _errors(by_row.get(public.twin))
        lines.append(
            f"| `{public.name}` | `{public.twin}` | {' | '.join(errors)} | {public.note} |"
        )
    twins = {public.twin for public in with_twin}
    beside = [
        report
        for report in by_row.values()
        if report.subject.family == "flux" and report.subject.name not in twins
    ]
    if beside:
        lines += ["", "Rows beside them, of what is no public name of Flux:", ""]
        lines += [f"| `pyimpl` | {' | '.join(DTYPES)} | covers |", "|---|" + "---|" * 3]
        lines += [
            f"| `{report.subject.name}` | {' | '.join(_errors(report))} | {report.subject.covers} |"
            for report in beside
        ]
    lines += ["", "Without a twin:", ""]
    lines += [f"* {', '.join(f'`{name}`' for name in names)}: {why}" for why, names in _reasons()]
    return "\n".join(lines) + "\n"


def _errors(report: Report[Row] | None) -> list[str]:
    if report is None:
        return [""] * len(DTYPES)
    return [ulps(report.worst[dtype].ulps) if dtype in report.worst else "" for dtype in DTYPES]


def _reasons() -> Iterator[tuple[str, list[str]]]:
    for why, names in groupby(
        (public for public in PUBLIC_NAMES if not public.twin), key=lambda public: public.note
    ):
        yield why, [public.name for public in names]
