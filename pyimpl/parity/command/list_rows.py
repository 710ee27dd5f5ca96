"""The verb `list`."""

from typing import Annotated

import typer
from rich.table import Table

from ...core.versions import semantics
from ..case.dtypes import DTYPES
from ..catalogue import CATALOGUE
from ..catalogue.coverage import markdown as coverage_table
from ..reference.provenance import versions_line
from .console import Source, screen
from .rows import Names, checked, chosen_rows, opened


def list_rows(
    rows: Names = None,
    markdown: Annotated[
        bool,
        typer.Option(
            "--markdown", help="Every public name of Flux, its twin, and the worst error recorded."
        ),
    ] = False,
):
    """The catalogue: every row, and what it covers."""
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
