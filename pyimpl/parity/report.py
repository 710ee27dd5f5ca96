"""Reports of a check: a table for people, JSON and JUnit for machines."""

import json
import math
import xml.etree.ElementTree as ET
from pathlib import Path

from rich.table import Table
from rich.text import Text

from .checking import DTYPES, Reference, RowReport, Summary
from .drift import RowDrift

COLOURS = {"agrees": "green", "disagrees": "bold red", "mistrusted": "yellow", "lost": "bold red", "absent": "yellow"}


def versions_line(reference: Reference) -> str:
    """Which reference it was, and its versions: `recorded Flux 0.16.9 (Julia 1.10.8, ...), made 2026-11-21`."""
    versions = reference.versions
    rest = ", ".join(f"{name} {versions[name]}" for name in ("Julia", "NNlib", "Zygote", "Optimisers") if name in versions)
    made = getattr(reference, "provenance", {}).get("made")
    return f"{reference.name} Flux {versions.get('Flux', '?')} ({rest})" + (f", made {made}" if made else "")


def ulps(value: float) -> str:
    """An error in ulp, short."""
    return "-" if math.isinf(value) else f"{value:.1f}" if value < 1000 else f"{value:.1e}"


def table(reports: list[RowReport]) -> Table:
    """One line per row: cases, the worst error in ulp in each precision and where it is, verdict."""
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
            cells += [ulps(worst.ulps), worst.array] if worst else ["-", ""]
        verdict = report.verdict + (f": {', '.join(sorted(report.mistrusted))}" if report.verdict == "mistrusted" else "")
        sheet.add_row(report.row.key, str(report.cases), *cells, Text(verdict, COLOURS[report.verdict]))
    return sheet


def drift_table(rows: list[RowDrift], verbose: bool = False) -> Table:
    """One line per row: what kind of change, in how many cases, how large, and what is known of it."""
    sheet = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("row", "change", "cases", "largest, of the largest value", "what is known; what else was seen"):
        sheet.add_column(heading, no_wrap=heading == "row")
    for row in rows:
        sizes = sorted(row.sizes.items(), key=lambda item: -item[1])
        shown = sizes if verbose else sizes[:2]
        notes = row.known + (row.notes if verbose else row.notes[:2])
        sheet.add_row(
            row.row,
            Text(row.kind, "bold" if row.changed else ""),
            f"{row.counts[row.kind]} of {sum(row.counts.values())}",
            ", ".join(f"{name} {size:.1e}" for name, size in shown) if row.kind in ("value", "rounding") else "",
            "\n".join(notes) if row.changed else "",
        )
    return sheet


def summary_line(summary: Summary, reference: Reference) -> str:
    """How many rows agree, disagree, are mistrusted, and against what."""
    parts = [f"{summary.count('agrees')} rows agree", f"{summary.count('disagrees')} disagree", f"{summary.count('mistrusted')} mistrusted"]
    parts += [f"{summary.count(verdict)} {verdict}" for verdict in ("lost", "absent") if summary.count(verdict)]
    known = sum(report.known for report in summary.reports)
    parts += [f"{known} cases known to differ"] if known else []
    return f"{', '.join(parts)}; reference: {versions_line(reference)}"


def as_data(summary: Summary, reference: Reference) -> dict:
    """Everything in a report, as plain data."""

    def number(value):
        return value if isinstance(value, int | bool) or value is None or math.isfinite(value) else str(value)

    rows = []
    for report in summary.reports:
        worst = {
            dtype: {"array": d.array, "index": list(d.index), "ulps": number(d.ulps), "python": number(d.python), "julia": number(d.julia)}
            for dtype, d in report.worst.items()
        }
        findings = [{"case": f.case.origin, "dtype": f.verdict.case.dtype.name, "kind": f.kind, "story": str(f)} for f in report.findings]
        rows.append(
            {
                "row": report.row.key,
                "cases": report.cases,
                "verdict": report.verdict,
                "worst": worst,
                "mistrusted": sorted(report.mistrusted),
                "findings": findings,
            }
        )
    head = {"name": reference.name, "versions": reference.versions, **getattr(reference, "provenance", {})}
    return {"reference": head, "exit_code": summary.exit_code, "rows": rows}


def write_json(path: Path, summary: Summary, reference: Reference) -> None:
    """The report as JSON."""
    path.write_text(json.dumps(as_data(summary, reference), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_junit(path: Path, summary: Summary, reference: Reference) -> None:
    """The report as JUnit XML: one test per row; what is lost or absent is an error, what is mistrusted is skipped."""
    errors = summary.count("lost") + summary.count("absent")
    counts = {
        "tests": len(summary.reports),
        "failures": summary.count("disagrees"),
        "errors": errors,
        "skipped": summary.count("mistrusted"),
    }
    suite = ET.Element("testsuite", {"name": "julia-parity"} | {name: str(count) for name, count in counts.items()})
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="reference", value=versions_line(reference))
    for report in summary.reports:
        test = ET.SubElement(suite, "testcase", classname=f"julia-parity.{report.row.family}", name=report.row.key)
        tag = {"disagrees": "failure", "lost": "error", "absent": "error", "mistrusted": "skipped"}.get(report.verdict)
        if tag:
            what = ", ".join(sorted(report.mistrusted)) if tag == "skipped" else f"{len(report.findings)} findings"
            ET.SubElement(test, tag, message=f"{report.verdict}: {what}").text = "\n\n".join(map(str, report.findings)) or None
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
