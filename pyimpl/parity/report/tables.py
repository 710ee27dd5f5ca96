"""Reports of a check: a table for people, JSON and JUnit for machines."""

import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from rich.table import Table
from rich.text import Text

from ...files import disk
from ..case.dtypes import DTYPES
from ..case.names import Kind
from ..catalogue.checking import Reference, Summary
from ..catalogue.drift import KINDS, RowDrift
from ..catalogue.row import Row
from ..judge.findings import Report
from ..judge.words import ulps
from ..plain_text import plain
from ..reference.provenance import versions_line

COLOURS = {
    "agrees": "green",
    "disagrees": "bold red",
    "mistrusted": "yellow",
    "lost": "bold red",
    "absent": "yellow",
    "newer": "dim",
}


def table(reports: list[Report[Row]]) -> Table:
    """One line per row: cases, the worst error in ulp in each precision and where it is,
    verdict.
    """
    dtypes = [dtype for dtype in DTYPES if any(dtype in report.per_dtype for report in reports)]
    sheet = Table(box=None, pad_edge=False, header_style="bold")
    sheet.add_column("row", no_wrap=True)
    sheet.add_column("cases", justify="right")
    for dtype in dtypes:
        sheet.add_column(f"{dtype}: ulp", justify="right")
        sheet.add_column("in", no_wrap=True)
    sheet.add_column("verdict")
    for report in reports:
        cells = []
        for dtype in dtypes:
            worst = report.worst.get(dtype)
            cells += [ulps(worst.ulps), worst.what] if worst else ["-", ""]
        sheet.add_row(
            report.subject.key,
            str(report.cases),
            *cells,
            Text(plain(_verdict(report)), COLOURS[report.verdict]),
        )
    return sheet


def _verdict(report: Report) -> str:
    brought = " and ".join(report.newer)
    if report.verdict == "newer":
        return f"newer: since {brought}"
    what = report.verdict + (
        f": {', '.join(map(str, sorted(report.mistrusted)))}"
        if report.verdict == "mistrusted"
        else ""
    )
    return what + (f" (newer: since {brought})" if brought else "")


def drift_table(
    rows: list[RowDrift], old: Reference, new: Reference, verbose: bool = False
) -> Table:
    """What kind of change, in how many cases, how large, and what the table of changes says.

    Rows that say the same stand together.
    """
    sheet = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    sheet.add_column("row", no_wrap=True)
    sheet.add_column(
        "change, size", no_wrap=True
    )  # the largest difference, divided by the largest value
    sheet.add_column(f"{old.versions['Flux']} -> {new.versions['Flux']}", ratio=1)
    together: dict[tuple, list[RowDrift]] = {}
    for row in rows:
        together.setdefault(
            (row.changed, _drift_sizes(row, verbose), _formulas(row, verbose)), []
        ).append(row)
    for (changed, sizes, formulas), alike in together.items():
        columns = [row.row for row in alike], [*map(_drift_kinds, alike), *sizes], formulas
        sheet.add_row(*map("\n".join, columns), style="" if changed else "dim")
    return sheet


def _drift_kinds(row: RowDrift) -> str:
    shown = [
        kind
        for kind in reversed(KINDS)
        if row.counts[kind] and (kind == row.kind or KINDS.index(kind) > KINDS.index("rounding"))
    ]
    return ", ".join(f"{kind} {row.counts[kind]}" for kind in shown) + (
        f" of {sum(row.counts.values())}" if shown else "new"
    )


def _drift_sizes(row: RowDrift, verbose: bool) -> tuple[str, ...]:
    """Per array from the smallest to the largest of all cases; in short, of the largest output and
    the largest other one.
    """
    seen = row.rounding if row.kind == "rounding" else row.sizes
    sizes = {name: [size for size in found if math.isfinite(size)] for name, found in seen.items()}
    shown = sorted((name for name in sizes if sizes[name]), key=lambda name: -max(sizes[name]))
    if not verbose:
        outputs = [name for name in shown if name.kind in (Kind.OUTPUT, Kind.INPUT)]
        shown = outputs[:1] + [name for name in shown if name not in outputs][:1]
    lines = [f"{name} {_span(sizes[name])}" for name in shown]
    return (
        *lines,
        *(f"{name} NaN in one" for name, found in seen.items() if len(sizes[name]) < len(found)),
    )


def _span(sizes: list[float]) -> str:
    low, high = (
        re.sub(r"e\+?(-?)0*", r"e\1", f"{size:.0e}").removesuffix("e")
        for size in (min(sizes), max(sizes))
    )
    return low if low == high else f"{low} to {high}"


def _formulas(row: RowDrift, verbose: bool) -> tuple[str, ...]:
    """What the table of changes says, and what is new; else, or if all is asked for, what was
    seen.
    """
    known = [
        f"{'' if name == row.row else f'{name}: '}{before} -> {after}"
        for name, before, after in row.known
    ]
    brought = [
        f"new in {release}: {', '.join(what)}" if what else f"new in {release}"
        for release, what in row.brought.items()
    ]
    return (*known, *brought, *(row.notes if verbose else [] if row.known else row.notes[:2]))


def summary_line(summary: Summary, reference: Reference) -> str:
    """How many rows agree, disagree, are mistrusted, and against what."""
    parts = [
        f"{_rows(summary.count('agrees'))}",
        f"{summary.count('disagrees')} disagree",
        f"{summary.count('mistrusted')} mistrusted",
    ]
    parts += [
        f"{summary.count(verdict)} {verdict}"
        for verdict in ("lost", "absent")
        if summary.count(verdict)
    ]
    parts += [f"{summary.count('newer')} newer than this Flux"] if summary.count("newer") else []
    known = sum(report.known for report in summary.reports)
    parts += [f"{known} cases known to differ"] if known else []
    return f"{', '.join(parts)}; reference: {versions_line(reference)}"


def _rows(count: int) -> str:
    return f"{count} row agrees" if count == 1 else f"{count} rows agree"


def timings_line(summary: Summary, reference: Reference, seconds: float) -> str:
    """Where the time of a check went; Julia works beside the NumPy side, so the parts may add up to
    more than the whole.
    """
    parts = {
        "NumPy side and judging": sum(report.seconds for report in summary.reports),
        **reference.seconds(),
    }
    return f"{seconds:.1f} s in all: " + ", ".join(
        f"{what} {part:.1f} s" for what, part in parts.items()
    )


def as_data(summary: Summary, reference: Reference) -> dict:
    """Everything in a report, as plain data."""

    def number(value):
        return (
            value
            if isinstance(value, int | bool) or value is None or math.isfinite(value)
            else str(value)
        )

    rows = []
    for report in summary.reports:
        worst = {
            dtype: {
                "array": d.what,
                "index": list(d.index),
                "ulps": number(d.ulps),
                "python": number(d.python),
                "julia": number(d.julia),
            }
            for dtype, d in report.worst.items()
        }
        findings = [
            {
                "case": f.case.origin,
                "dtype": f.verdict.case.dtype.name,
                "kind": f.kind,
                "story": str(f),
            }
            for f in report.findings
        ]
        rows.append(
            {
                "row": report.subject.key,
                "cases": report.cases,
                "verdict": report.verdict,
                "worst": worst,
                "mistrusted": list(map(str, sorted(report.mistrusted))),
                "newer": report.newer,
                "findings": findings,
            }
        )
    head = {
        "name": reference.name,
        "versions": reference.versions,
        **getattr(reference, "provenance", {}),
    }
    return {"reference": head, "exit_code": summary.exit_code, "rows": rows}


def write_json(path: Path, summary: Summary, reference: Reference) -> None:
    """The report as JSON."""
    disk.write_json(path, as_data(summary, reference))


def write_junit(path: Path, summary: Summary, reference: Reference) -> None:
    """The report as JUnit XML: one test per row; what is lost or absent is an error, what is
    mistrusted or newer is skipped.
    """
    errors = summary.count("lost") + summary.count("absent")
    counts = {
        "tests": len(summary.reports),
        "failures": summary.count("disagrees"),
        "errors": errors,
        "skipped": summary.count("mistrusted") + summary.count("newer"),
    }
    suite = ET.Element(
        "testsuite", {"name": "julia-parity"} | {name: str(count) for name, count in counts.items()}
    )
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="reference", value=versions_line(reference))
    for report in summary.reports:
        test = ET.SubElement(
            suite,
            "testcase",
            classname=f"julia-parity.{report.subject.family}",
            name=report.subject.key,
        )
        tag = {
            "disagrees": "failure",
            "lost": "error",
            "absent": "error",
            "mistrusted": "skipped",
            "newer": "skipped",
        }.get(report.verdict)
        if tag:
            message = (
                _verdict(report)
                if tag == "skipped"
                else f"{report.verdict}: {len(report.findings)} findings"
            )
            ET.SubElement(test, tag, message=message).text = (
                "\n\n".join(map(str, report.findings)) or None
            )
    for element in suite.iter():  # XML has no control characters, not even escaped ones
        element.text = element.text and plain(element.text)
        for name, value in element.attrib.items():
            element.set(name, plain(value))
    disk.write_bytes(path, ET.tostring(suite, encoding="utf-8", xml_declaration=True))
