"""What the verbs about the catalogue share: which rows are meant, and the reference that they are
held against.
"""

import difflib
import fnmatch
import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ..catalogue import CATALOGUE, Row
from ..catalogue.checking import Live, Reference, check_rows
from ..catalogue.compiled import are_warm, julias
from ..judge.findings import Report
from ..reference import recorded
from ..reference.live import NoJulia, choose
from ..reference.recorded import NoRecording, Recorded, RecordedRows
from .console import NO_REFERENCE, USAGE, Source, fail, note, working

WORKERS = min(2, os.cpu_count() or 1)
Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ROW", help="Rows by name or pattern (Conv, 'Batch*', 'textbook.*'); none: all."
    ),
]


def chosen_rows(names: list[str] | None) -> list[Row]:
    """The rows that names and patterns stand for. Exits with 2 on a name that is none."""
    if not names:
        return list(CATALOGUE.values())
    rows: dict[str, Row] = {}
    for name in names:
        found = [key for key in CATALOGUE if fnmatch.fnmatchcase(key, name)]
        if not found:
            near = difflib.get_close_matches(name, CATALOGUE, n=3, cutoff=0.5)
            hint = (
                f"; did you mean {' or '.join(near)}?"
                if near
                else "; `julia-parity list` shows all"
            )
            raise fail(f"no row is called {name}{hint}", USAGE)
        rows |= {key: CATALOGUE[key] for key in found}
    return list(rows.values())


@contextmanager
def opened(
    source: Source,
    rows: Collection[Row],
    recording: str | None = None,
    workers: int = WORKERS,
    *,
    compiles: bool = False,
) -> Iterator[Reference]:
    """The reference asked for. Exits with 3 where there is none.

    `auto` is live where Julia is ready and the rows are compiled for it, else recorded: its answer
    comes within a minute, and nothing is downloaded. `compiles`: rows that are not compiled are not
    interpreted, since many cases of each follow.
    """
    try:
        if recording is not None or source is Source.recorded:
            yield named_recording(recording) if recording else recorded.newest()
            return
        try:
            way = choose(may_download=source is Source.live)
        except NoJulia as missing:
            if source is Source.live:
                raise fail(str(missing), NO_REFERENCE) from None
            note(
                "live Julia is not ready here (`julia-parity doctor` tells why): using the "
                "recording"
            )
            yield recorded.newest()
            return
        if source is Source.auto and not are_warm(way, rows):
            note(
                "live Julia is here, but these rows are not compiled for it: using the "
                "recording. `--reference live` asks Julia all the "
                "same, which interprets them; `julia-parity warm-up` compiles them once, for "
                "minutes"
            )
            yield recorded.newest()
            return
        several = julias(way, rows, workers, compiles=compiles)
        with ExitStack() as stack:
            for julia in several:
                stack.callback(julia.__exit__)
            with working("Julia"):
                several[0].__enter__()  # the others start when there is work for them
            for group in several[0].damaged:
                note(
                    f"{group.name}, which was compiled by `julia-parity warm-up`, is damaged and "
                    "not used: run it again"
                )
            yield Live(*several)
    except (NoJulia, NoRecording) as missing:
        raise fail(str(missing), NO_REFERENCE) from None


def named_recording(name: str) -> Recorded | RecordedRows:
    """A recording by its file, or by the Flux version of a shipped one.

    Exits with 2 where there is none, with 3 where it is not one.
    """
    path = Path(name)
    if path.suffix != ".npz" and not path.is_dir():
        every = [*recorded.shipped(), *recorded.own()]
        fitting = [path for path in every if f"{path.name}.".startswith(f"flux-{name}.")]
        if not fitting:
            there = ", ".join(path.name for path in every)
            raise fail(
                f"no recording of Flux {name} is shipped or your own; there are {there}; or give a "
                "file or folder, or `live`",
                USAGE,
            )
        path = fitting[-1]
    try:
        return recorded.opened(path)
    except NoRecording as missing:
        raise fail(str(missing), NO_REFERENCE) from None


def checked(
    rows: list[Row], julia: Reference, dtypes: tuple[str, ...], cases: int | None, seed: int
) -> list[Report[Row]]:
    """The reports of rows, in the order of the rows, with progress."""
    found: dict[str, Report[Row]] = {}
    with working("checking") as step:
        step(0, len(rows))
        for result in check_rows(rows, julia, dtypes, cases, seed):
            found[result.subject.key] = result
            step(len(found), len(rows), result.subject.key)
    return [found[row.key] for row in rows]
