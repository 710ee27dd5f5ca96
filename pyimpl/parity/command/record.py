"""The verb `record`."""

import datetime
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ...files.disk import file_name
from ..case.case import Case, Outcome
from ..case.dtypes import DTYPES
from ..catalogue import Row
from ..catalogue.checking import Live
from ..catalogue.drawing import draw_structures, missing
from ..reference import recorded
from ..reference.recorded import Recorded, RecordedRows
from .console import NO_REFERENCE, Source, fail, screen, working
from .rows import Names, chosen_rows, named_recording, opened


def record(
    rows: Names = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The folder to write to (default: one of your own, of the version of Flux).",
        ),
    ] = None,
    cases: Annotated[
        int, typer.Option(min=1, help="Drawn cases per row, beside its examples.")
    ] = 8,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 1,
    like: Annotated[
        str | None,
        typer.Option(
            metavar="RECORDING",
            help="The cases of a recording (its folder, or a version of Flux), not fresh draws.",
        ),
    ] = None,
    complete: Annotated[
        bool,
        typer.Option(help="With --like: also the examples and structures that it has no case of."),
    ] = False,
):
    """Record what live Julia makes of every row, or of some: examples and fresh draws, in both
    precisions, with full provenance.

    What was recorded of these rows before is replaced.
    """
    wanted = chosen_rows(rows)
    given = named_recording(like) if like else None
    lost: list[str] = []
    count = 0
    with opened(Source.live, wanted) as julia, working("recording") as step:
        assert isinstance(julia, Live)
        provenance = {
            "versions": julia.versions,
            "made": datetime.date.today().isoformat(),
            "manner": julia.manner,
        }
        folder = out or recorded.own_place() / file_name(f"flux-{julia.versions['Flux']}")
        asked = (
            ((row, _again(julia, row, given, seed if complete else None)) for row in wanted)
            if given
            else julia.of_rows(wanted, DTYPES, cases, seed)
        )
        for done, (row, answers) in enumerate(asked):
            step(done, len(wanted), row.key)
            entries = list(answers)
            gone = [
                f"{row.key}, {case.origin}: {o.error}"
                for case, outcomes in entries
                for o in outcomes.values()
                if o.lost
            ]
            lost += gone
            if entries and not gone:
                about = provenance | _draw(row, given, {"seed": seed, "cases": cases})
                count += recorded.write_row(folder, row.kind, row.key, entries, about)
    screen.print(f"{count} cases of {len(wanted)} rows: {folder}", soft_wrap=True)
    use = f"julia-parity check --recording {shlex.quote(str(folder))}"
    screen.print(f"used by: {use}", soft_wrap=True)
    if lost:
        raise fail("not recorded, whole rows of:\n  " + "\n  ".join(lost), NO_REFERENCE)


def _draw(
    row: Row, given: Recorded | RecordedRows | None, asked: dict[str, object]
) -> dict[str, object]:
    """How the cases were drawn: as asked, or as the recording says that they are taken from."""
    if given is None:
        return asked
    of_row = given.of_row(row.key) if isinstance(given, RecordedRows) else given
    return {name: of_row.provenance[name] for name in asked if name in of_row.provenance}


NEW_EACH = 2  # drawn cases of a structure that a recording does not have


def _again(
    julia: Live, row: Row, given: Recorded | RecordedRows, seed: int | None
) -> Iterator[tuple[Case, dict[str, Outcome]]]:
    """The cases of a recording asked again; with a seed, those that it lacks as well."""
    asked = [(case, tuple(outcomes)) for case, outcomes in given.pairs(row, DTYPES, None, 0)]
    if seed is not None:
        asked += _new(row, [case for case, _ in asked], seed)
    return julia.evaluated(row, asked)


def _new(row: Row, recorded: list[Case], seed: int) -> list[tuple[Case, tuple[str, ...]]]:
    examples, structures = missing(row, recorded)
    dtypes: dict[str, list[str]] = {}
    named: dict[str, Case] = {}
    for dtype in DTYPES:
        for case in row.named_cases(dtype):
            if case.origin in examples:
                named[case.origin] = case.cast(np.float64)
                dtypes.setdefault(case.origin, []).append(dtype)
    drawn = draw_structures(row, structures, NEW_EACH, seed)
    return [(case, tuple(dtypes[name])) for name, case in named.items()] + [
        (case, DTYPES) for case in drawn
    ]
