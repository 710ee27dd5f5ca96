"""The verb `check`."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ...core.versions import parsed, semantics
from ..case.dtypes import DTYPES
from ..catalogue import Row
from ..catalogue.checking import LIVE_CASES, Live, Summary
from ..catalogue.seeking import LONG_CASES
from ..judge.findings import Report
from ..reference.provenance import versions_line
from ..report import tables
from .console import USAGE, Source, code_of, expect_directories, fail, screen, write_all
from .long_check import sought
from .rows import WORKERS, Names, checked, chosen_rows, opened


class Precision(StrEnum):
    """The precisions in which a row is checked."""

    both = "both"
    float64 = "float64"
    float32 = "float32"


class Profile(StrEnum):
    """How much is asked."""

    default = "default"
    long = "long"


def check(
    rows: Names = None,
    reference: Annotated[
        Source, typer.Option(help="Julia itself, or a recording of it.")
    ] = Source.auto,
    recording: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="A recording other than the newest shipped one: a file, or the Flux version of "
            "one.",
        ),
    ] = None,
    dtype: Annotated[
        Precision, typer.Option(help="Precision; both tells differences in meaning from rounding.")
    ] = Precision.both,
    cases: Annotated[
        int | None,
        typer.Option(
            min=1,
            help=f"Drawn cases per row (live: {LIVE_CASES}, long: {LONG_CASES}; recorded: all "
            "there are).",
        ),
    ] = None,
    profile: Annotated[
        Profile,
        typer.Option(
            help="long: thousands of cases of every row, sought where the sides are furthest "
            "apart, and training for a thousand steps; live Julia alone can answer that, in hours."
        ),
    ] = Profile.default,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="With --profile long: where the worst case of every row is kept (default: in your "
            "data directory).",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the draws (live).")] = 0,
    workers: Annotated[
        int, typer.Option(min=1, help="Julias that share the rows (live).")
    ] = WORKERS,
    timings: Annotated[bool, typer.Option("--timings", help="Where the time went.")] = False,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report as JSON.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report as JUnit XML.")
    ] = None,
    meaning: Annotated[
        str,
        typer.Option(
            "--semantics",
            metavar="VERSION",
            help="The version of Flux that the NumPy side follows; `reference`: that of the "
            "reference.",
        ),
    ] = "reference",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="All findings, and the reason of every slack.")
    ] = False,
):
    """Check the NumPy twin against Flux, row by row.

    Exit code: 0 agrees, 1 disagrees, 2 wrong usage, 3 no verdict, 4 a report is not written, 5 what
    agrees proves nothing.
    """
    wanted = chosen_rows(rows)
    expect_directories(json, junit)
    if meaning != "reference":
        try:
            parsed(meaning)
        except ValueError as wrong:
            raise fail(str(wrong), USAGE) from None
    dtypes = DTYPES if dtype is Precision.both else (dtype.value,)
    is_long = profile is Profile.long
    if is_long and (recording is not None or reference is Source.recorded):
        raise fail("--profile long asks live Julia new questions; a recording has none", USAGE)
    if keep is not None and not is_long:
        raise fail("--keep is of --profile long", USAGE)
    reference = Source.live if is_long else reference
    with opened(reference, wanted, recording, workers, compiles=is_long) as julia:
        screen.print(f"reference: {versions_line(julia)}", soft_wrap=True)
        if meaning != "reference":
            screen.print(f"the NumPy side follows Flux {meaning}")
        start = time.perf_counter()
        with semantics(julia.versions["Flux"] if meaning == "reference" else meaning):
            if is_long:
                assert isinstance(julia, Live)
                reports = sought(wanted, julia, dtypes, cases, seed, keep)
            else:
                reports = checked(wanted, julia, dtypes, cases, seed)
        seconds = time.perf_counter() - start
    summary = Summary(tuple(reports))
    screen.print(tables.table(reports))
    _findings(reports, verbose)
    evaluated = sum(sum(r.per_dtype.values()) for r in reports)
    screen.print(
        f"{evaluated} cases in {seconds:.1f} s, {evaluated / max(seconds, 1e-9):.0f} per second",
    )
    if timings:
        screen.print(tables.timings_line(summary, julia, seconds), soft_wrap=True)
    screen.print(tables.summary_line(summary, julia), style="bold", soft_wrap=True)
    files = [
        (json, lambda: tables.write_json(json, summary, julia)),  # type: ignore[arg-type]
        (junit, lambda: tables.write_junit(junit, summary, julia)),  # type: ignore[arg-type]
    ]
    written = write_all(*(write for path, write in files if path is not None))
    raise typer.Exit(code_of(summary.exit_code, written))


def _findings(reports: list[Report[Row]], verbose: bool) -> None:
    for result in reports:
        shown = result.findings if verbose else result.findings[:2]
        for finding in shown:
            screen.print(f"\n{finding}", soft_wrap=True)
        if len(result.findings) > len(shown):
            screen.print(
                f"    and {len(result.findings) - len(shown)} more in {result.subject.key} "
                "(--verbose)",
            )
        if verbose:
            for structure in result.subject.structures:
                slack = result.subject.slack(structure)
                if slack:
                    screen.print(
                        f"{result.subject.key}: {slack.ulps:g} ulp of slack: {slack.reason}",
                        soft_wrap=True,
                    )
                    break
            for example in result.subject.examples:
                if example.known:
                    screen.print(
                        f"{result.subject.key}, {example.name}: known to differ: {example.known}",
                        soft_wrap=True,
                    )
