"""The verb `list`."""

from typing import Annotated

import typer
from rich.table import Table

from ...core.versions import semantics
from ..case.dtypes import DTYPES
from ..catalogue import CATALOGUE
from ..catalogue.coverage import markdown as coverage_table
from ..catalogue.options_table import entries
from ..catalogue.options_table import markdown as options_page
from ..catalogue.reached import Line, reached
from ..reference.provenance import versions_line
from .console import Source, screen
from .rows import Names, checked, chosen_rows, opened

NO_REASON = "no reason yet"


def list_rows(
    rows: Names = None,
    markdown: Annotated[
        bool,
        typer.Option(
            "--markdown", help="Every public name of Flux, its twin, and the worst error recorded."
        ),
    ] = False,
    options: Annotated[
        bool,
        typer.Option(
            "--options",
            help="The options of each row's public name, and which the recorded cases ask.",
        ),
    ] = False,
):
    """The catalogue: every row, and what it covers."""
    if options:
        _list_options(rows, markdown)
        return
    if markdown:
        with opened(Source.recorded, ()) as julia, semantics(julia.versions["Flux"]):
            reports = checked(list(CATALOGUE.values()), julia, DTYPES, None, 0)
        print(coverage_table(reports, versions_line(julia)), end="")
        return
    sheet = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("row", "kind", "examples", "covers"):
        sheet.add_column(heading)
    for row in chosen_rows(rows):
        sheet.add_row(row.key, row.kind, str(len(row.examples)), row.covers)
    screen.print(sheet)


def _list_options(names: list[str] | None, as_markdown: bool) -> None:
    lines: list[Line] = []
    with opened(Source.recorded, ()) as julia, semantics(julia.versions["Flux"]):
        for row in chosen_rows(names):
            lines += reached(row, (case for case, _ in julia.pairs(row, DTYPES, None, 0)))
        reference = versions_line(julia)
    if as_markdown:
        print(options_page(lines, reference), end="")
        return
    sheet = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("row", "option", "asked by cases", "asked by none", "why"):
        sheet.add_column(heading)
    for entry in entries(lines):
        left = list(entry.left()) or [("", "")]
        for i, (what, why) in enumerate(left):
            first = (entry.row, entry.option, entry.asked) if i == 0 else ("", "", "")
            sheet.add_row(*first, what, why or (NO_REASON if what else ""))
    screen.print(sheet)
