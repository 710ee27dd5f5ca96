"""The verb `drift`."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from ..catalogue import Row
from ..catalogue.checking import Reference
from ..catalogue.drift import drift
from ..reference.provenance import versions_line
from ..report.tables import drift_table
from .console import USAGE, Source, fail, screen, working
from .rows import chosen_rows, named_recording, opened


def show_drift(
    old: Annotated[
        str,
        typer.Argument(
            help="A recording: its file, or the Flux version of a shipped one; or `live`."
        ),
    ],
    new: Annotated[str, typer.Argument(help="Likewise.")],
    rows: Annotated[
        list[str] | None, typer.Option("--row", metavar="ROW", help="Only these rows.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Unchanged rows too, and every array.")
    ] = False,
):
    """What changed in meaning between two versions of Flux, row by row, on the cases that both
    have. Exit code: 0 nothing, 1 something.
    """
    wanted = chosen_rows(rows)
    with _recording_or_live(old, wanted) as before, _recording_or_live(new, wanted) as after:
        screen.print(
            f"old: {versions_line(before)}\nnew: {versions_line(after)}",
            soft_wrap=True,
        )
        with working("comparing"):
            found = list(drift(before, after, [row.key for row in wanted]))
    if not found:
        raise fail(
            "the two have no case in common: record one with the cases of the other (`record "
            "--like OTHER`)",
            USAGE,
        )
    changed = [row for row in found if row.changed]
    screen.print(drift_table(found if verbose else changed, before, after, verbose))
    apart = len(wanted) - len(found)
    alone = f"; {apart} have no case in both" if apart else ""
    screen.print(f"{len(changed)} of {len(found)} rows changed{alone}", style="bold")
    raise typer.Exit(1 if changed else 0)


@contextmanager
def _recording_or_live(name: str, rows: Collection[Row]) -> Iterator[Reference]:
    if name == "live":
        with opened(Source.live, rows) as julia:
            yield julia
        return
    yield named_recording(name)
