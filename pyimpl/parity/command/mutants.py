"""The verb `mutants`."""

import fnmatch
import os
import random
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from ...core.versions import semantics
from ...files import disk
from ..case.dtypes import DTYPES
from ..catalogue import CATALOGUE, Row
from ..catalogue.checking import Reference
from ..mutants import table
from ..mutants.fate import Fate
from ..mutants.mutant import Mutant, NoMutant, all_mutants
from ..mutants.running import SECONDS, Trial, try_mutants, without_mutant
from ..reference import recorded
from ..reference.provenance import versions_line
from .console import (
    NO_VERDICT,
    USAGE,
    Source,
    code_of,
    expect_directories,
    fail,
    note,
    screen,
    working,
    write_all,
)
from .rows import opened

CORES = os.cpu_count() or 1


def try_all(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="Mutants or groups by name or pattern; none: all."
        ),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Try that many of them, drawn at random.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sample, and of live draws.")] = 0,
    reference: Annotated[
        Source, typer.Option(help="Julia itself, or a recording of it.")
    ] = Source.recorded,
    recording: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A recording other than the newest shipped one."),
    ] = None,
    cases: Annotated[int | None, typer.Option(min=1, help="Drawn cases per row (live).")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Mutants tried at a time.")] = CORES,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds after which a mutant is killed by time.")
    ] = SECONDS,
    named_rows: Annotated[
        bool,
        typer.Option(
            "--named-rows", help="Hold a mutant against the rows that it names, and no others."
        ),
    ] = False,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the fates as JSON.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the fates as JUnit XML.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the tables as Markdown.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Every mutant, not only those that live.")
    ] = False,
):
    """Break the twin and the toolkit, one convention at a time: each mutant must be found.

    Mutants of the twin are held against the catalogue, mutants of the sides, the border, the
    matching and the verdict against pairs whose verdict is known. Beside it stands what the rules
    that people use would have found.

    Exit code: 0 all found, or explained; 1 a mutant lives; 2 wrong usage; 3 no verdict; 4 a report
    is not written.
    """
    chosen = _chosen(names)
    expect_directories(json, junit, page)
    if sample is not None and sample < len(chosen):
        chosen = random.Random(seed).sample(chosen, sample)
    chosen = _possible(chosen)
    start = time.perf_counter()
    twin = [mutant for mutant in chosen if not mutant.is_probed]
    wanted = list(CATALOGUE.values()) if not named_rows else _rows_of(twin)
    with opened(reference, wanted, recording) as julia, tempfile.TemporaryDirectory() as scratch:
        screen.print(f"reference: {versions_line(julia)}", soft_wrap=True)
        folder = _as_recording(julia, wanted if twin else [], cases, seed, Path(scratch))
        trial = Trial(folder, everywhere=not named_rows, seconds=timeout)
        tally = _tally(chosen, twin, trial, workers, versions_line(julia))
    _print(tally, verbose)
    screen.print(f"{time.perf_counter() - start:.0f} s")
    screen.print(table.summary_line(tally), style="bold", soft_wrap=True)
    options = [f"--reference {julia.name}", *(names or ())]
    options += ["--named-rows"] if named_rows else []
    options += [f"--sample {sample} --seed {seed}"] if sample else []
    command = " ".join(["julia-parity mutants", *options])
    writers = [
        (json, lambda path: table.write_json(path, tally)),
        (junit, lambda path: table.write_junit(path, tally)),
        (page, lambda path: disk.write_text(path, table.markdown(tally, command))),
    ]
    written = write_all(
        *(lambda write=write, path=path: write(path) for path, write in writers if path)
    )
    raise typer.Exit(code_of(tally.exit_code, written))


def _chosen(names: list[str] | None) -> list[Mutant]:
    """The mutants that names, groups and patterns stand for. Exits with 2 on one that is none."""
    try:
        mutants = all_mutants()
    except NoMutant as problem:
        raise fail(str(problem), NO_VERDICT) from None
    chosen: dict[str, Mutant] = {}
    for name in names or ["*"]:
        fitting = {
            mutant.name: mutant
            for mutant in mutants
            if fnmatch.fnmatchcase(mutant.name, name) or mutant.group == name
        }
        if not fitting:
            groups = ", ".join(sorted({mutant.group for mutant in mutants}))
            raise fail(f"no mutant or group is called {name}; groups are {groups}", USAGE)
        chosen |= fitting
    return list(chosen.values())


def _possible(mutants: list[Mutant]) -> list[Mutant]:
    """Those that can be found here; of the others it is said what is missing."""
    missing = {m.needs for m in mutants if m.needs and find_spec(m.needs) is None}
    for library in sorted(missing):
        count = sum(mutant.needs == library for mutant in mutants)
        note(f"{count} mutants are left out: {library} is not installed")
    return [mutant for mutant in mutants if mutant.needs not in missing]


def _rows_of(mutants: list[Mutant]) -> list[Row]:
    """The rows that mutants name."""
    return [CATALOGUE[key] for key in dict.fromkeys(row for m in mutants for row in m.rows)]


def _as_recording(
    julia: Reference, rows: list[Row], cases: int | None, seed: int, scratch: Path
) -> Path:
    """The folder of a recording: the one asked for, or what live Julia says now, written down."""
    if isinstance(julia, recorded.RecordedRows):
        return julia.path
    about = {"versions": julia.versions}
    with working("asking Julia") as step, semantics(julia.versions["Flux"]):
        for done, (row, answers) in enumerate(julia.of_rows(rows, DTYPES, cases, seed)):
            step(done, len(rows), row.key)
            recorded.write_row(scratch, row.kind, row.key, answers, about)
    return scratch


def _tally(
    chosen: list[Mutant], twin: list[Mutant], trial: Trial, workers: int, reference: str
) -> table.Tally:
    fates: list[Fate] = []
    with working("mutants") as step:
        step(0, len(chosen), "the program without one")
        rows = [row.key for row in _rows_of(twin)]
        alarms = without_mutant(rows, trial, workers) if rows else {}
        for fate in try_mutants(chosen, trial, workers):
            fates.append(fate)
            step(len(fates), len(chosen), fate.mutant.name)
    return table.Tally(tuple(fates), reference, alarms)


def _print(tally: table.Tally, verbose: bool) -> None:
    if verbose:
        screen.print(table.table(tally))
    elif tally.living:
        living = table.Tally(tuple(tally.living), tally.reference, {})
        screen.print(table.table(living))
    screen.print(table.groups_table(tally))
    if tally.judged_by_rows():
        screen.print(table.rules_table(tally))
    for fate in tally.fates:
        if fate.is_defect:
            screen.print(f"\n{fate.mutant.name}: {fate.mutant.breaks}", soft_wrap=True)
            if fate.words:
                screen.print(f"    {fate.words}", soft_wrap=True)
