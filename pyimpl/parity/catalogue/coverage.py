"""The coverage table: every public name of Flux, its twin, and the worst error that a check has
seen.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from ..judge.findings import DTYPES, Report
from ..judge.words import ulps
from .public_names import PUBLIC_NAMES


def markdown(reports: Iterable[Report], reference: str) -> str:
    """The table as Markdown, with the errors of `reports`; names without a twin behind it, with
    their reasons.
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
    lines += ["", "Without a twin:", ""]
    lines += [f"* {', '.join(f'`{name}`' for name in names)}: {why}" for why, names in _reasons()]
    return "\n".join(lines) + "\n"


def _errors(report: Report | None) -> list[str]:
    if report is None:
        return [""] * len(DTYPES)
    return [ulps(report.worst[dtype].ulps) if dtype in report.worst else "" for dtype in DTYPES]


def _reasons() -> Iterator[tuple[str, list[str]]]:
    for why, names in groupby(
        (public for public in PUBLIC_NAMES if not public.twin), key=lambda public: public.note
    ):
        yield why, [public.name for public in names]
