"""The command `julia-parity`."""

import datetime
import difflib
import fnmatch
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ..versions import parsed, semantics
from . import benchmarks, coverage, drift, report, workload
from .case import Case, Outcome
from .catalogue import CATALOGUE, Row
from .checking import DTYPES, LIVE_CASES, Live, Reference, RowReport, Summary, check_rows
from .comparison.command import compare
from .console import NO_REFERENCE, USAGE, Source, aside, expect_directories, fail, screen, working
from .crosscheck_command import crosscheck, explain_bundle, new
from .evaluators import find_julia, recorded
from .evaluators.live import NoJulia, choose
from .evaluators.recorded import NoRecording, Recorded
from .evaluators.warm_up import groups, julias
from .locate_command import locate_models
from .training_steps import EXPERIMENTS

WORKERS = min(2, os.cpu_count() or 1)

app = typer.Typer(
    help="Do the Julia and the Python version agree, and if not, where, by how much and why?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Precision(StrEnum):
    """The precisions in which a row is checked."""

    both = "both"
    float64 = "float64"
    float32 = "float32"


Names = Annotated[
    list[str] | None, typer.Argument(metavar="[ROW]...", help="Rows by name or pattern (Conv, 'Batch*', 'textbook.*'); none: all.")
]
OutFile = Annotated[Path | None, typer.Option(metavar="FILE", dir_okay=False)]


def chosen_rows(names: list[str] | None) -> list[Row]:
    """The rows that names and patterns stand for. Exits with 2 on a name that is none."""
    if not names:
        return list(CATALOGUE.values())
    rows: dict[str, Row] = {}
    for name in names:
        found = [key for key in CATALOGUE if fnmatch.fnmatchcase(key, name)]
        if not found:
            near = difflib.get_close_matches(name, CATALOGUE, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(near)}?" if near else "; `julia-parity list` shows all"
            raise fail(f"no row is called {name}{hint}", USAGE)
        rows |= {key: CATALOGUE[key] for key in found}
    return list(rows.values())


@contextmanager
def opened(source: Source, rows: Iterable[Row], recording: str | None = None, workers: int = WORKERS) -> Iterator[Reference]:
    """The reference asked for. Exits with 3 where there is none.

    `auto` is live where Julia is ready and the rows are compiled for it, else recorded: its answer comes within a minute, and nothing is
    downloaded.
    """
    try:
        if recording is not None or source is Source.recorded:
            yield _recording(recording) if recording else recorded.newest()
            return
        try:
            way = choose(may_download=source is Source.live)
        except NoJulia as missing:
            if source is Source.live:
                raise fail(str(missing), NO_REFERENCE) from None
            _note("live Julia is not ready here (`julia-parity doctor` tells why): using the recording")
            yield recorded.newest()
            return
        several = julias(way, rows, workers)
        if source is Source.auto and several[0].interpreted:
            _note(
                "live Julia is here, but these rows are not compiled for it: using the recording. `--reference live` asks Julia all the "
                "same, which interprets them; `julia-parity warm-up` compiles them once, for minutes"
            )
            yield recorded.newest()
            return
        with ExitStack() as stack:
            for julia in several:
                stack.callback(julia.__exit__)
            with working("starting Julia"):
                several[0].__enter__()  # the others start when there is work for them
            for group in several[0].damaged:
                _note(f"{group.name}, which was compiled by `julia-parity warm-up`, is damaged and not used: run it again")
            yield Live(*several)
    except (NoJulia, NoRecording) as missing:
        raise fail(str(missing), NO_REFERENCE) from None


def _note(text: str) -> None:
    aside.print(text, style="yellow", soft_wrap=True, highlight=False)


@app.command("warm-up")
def warm_up(
    rows: Names = None,
    again: Annotated[bool, typer.Option("--again", help="What is compiled already, too.")] = False,
):
    """Compile rows for live checks, once: these start quickly then and go at full speed. Without it they are interpreted."""
    wanted = chosen_rows(rows)
    try:
        way = choose(may_download=False)
        needed = groups(wanted)
        left = [group for group in needed if again or not group.is_warm(way.versions)]
        if not left:
            screen.print(f"compiled already: {', '.join(group.name for group in needed)}", highlight=False, soft_wrap=True)
        start = time.perf_counter()
        for number, group in enumerate(left, 1):
            with working(f"compiling {group.name} ({number} of {len(left)})") as step:
                group.compile(way, step)
            screen.print(f"{group.name}: {len(group.rows)} rows, {time.perf_counter() - start:.0f} s so far", highlight=False)
    except (NoJulia, RuntimeError) as failure:
        raise fail(str(failure), NO_REFERENCE) from None


@app.command()
def check(
    rows: Names = None,
    reference: Annotated[Source, typer.Option(help="Julia itself, or a recording of it.")] = Source.auto,
    recording: Annotated[
        str | None, typer.Option(metavar="FILE", help="A recording other than the newest shipped one: a file, or the Flux version of one.")
    ] = None,
    dtype: Annotated[Precision, typer.Option(help="Precision; both tells differences in meaning from rounding.")] = Precision.both,
    cases: Annotated[int | None, typer.Option(min=1, help=f"Drawn cases per row (live: {LIVE_CASES}; recorded: all there are).")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the draws (live).")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Julias that share the rows (live).")] = WORKERS,
    timings: Annotated[bool, typer.Option("--timings", help="Where the time went.")] = False,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as JSON.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as JUnit XML.")] = None,
    meaning: Annotated[
        str,
        typer.Option(
            "--semantics", metavar="VERSION", help="The version of Flux that the NumPy side follows; `reference`: that of the reference."
        ),
    ] = "reference",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="All findings, and the reason of every slack.")] = False,
):
    """Check the NumPy twin against Flux, row by row. Exit code: 0 agrees, 1 disagrees, 2 wrong usage, 3 no reference."""
    wanted = chosen_rows(rows)
    expect_directories(json, junit)
    if meaning != "reference":
        try:
            parsed(meaning)
        except ValueError as wrong:
            raise fail(str(wrong), USAGE) from None
    dtypes = DTYPES if dtype is Precision.both else (dtype.value,)
    with opened(reference, wanted, recording, workers) as julia:
        screen.print(f"reference: {report.versions_line(julia)}", highlight=False, soft_wrap=True)
        if meaning != "reference":
            screen.print(f"the NumPy side follows Flux {meaning}", highlight=False)
        start = time.perf_counter()
        with semantics(julia.versions["Flux"] if meaning == "reference" else meaning):
            reports = list(_checked(wanted, julia, dtypes, cases, seed))
        seconds = time.perf_counter() - start
    summary = Summary(tuple(reports))
    screen.print(report.table(reports))
    _findings(reports, verbose)
    evaluated = sum(sum(r.per_dtype.values()) for r in reports)
    screen.print(f"{evaluated} cases in {seconds:.1f} s, {evaluated / max(seconds, 1e-9):.0f} per second", highlight=False)
    if timings:
        screen.print(report.timings_line(summary, julia, seconds), highlight=False, soft_wrap=True)
    screen.print(report.summary_line(summary, julia), style="bold", highlight=False, soft_wrap=True)
    if json:
        report.write_json(json, summary, julia)
    if junit:
        report.write_junit(junit, summary, julia)
    raise typer.Exit(summary.exit_code)


def _checked(rows: list[Row], julia: Reference, dtypes, cases, seed) -> Iterator[RowReport]:
    with working("checking") as step:
        step(0, len(rows))
        for done, result in enumerate(check_rows(rows, julia, dtypes, cases, seed), 1):
            step(done, len(rows), result.row.key)
            yield result


def _findings(reports: list[RowReport], verbose: bool) -> None:
    for result in reports:
        shown = result.findings if verbose else result.findings[:2]
        for finding in shown:
            screen.print(f"\n{finding}", markup=False, highlight=False, soft_wrap=True)
        if len(result.findings) > len(shown):
            screen.print(f"    and {len(result.findings) - len(shown)} more in {result.row.key} (--verbose)", highlight=False)
        if verbose:
            for structure in result.row.structures:
                slack = result.row.slack(structure)
                if slack:
                    screen.print(f"{result.row.key}: {slack.ulps:g} ulp of slack: {slack.reason}", highlight=False, soft_wrap=True)
                    break
            for example in result.row.examples:
                if example.known:
                    screen.print(f"{result.row.key}, {example.name}: known to differ: {example.known}", highlight=False, soft_wrap=True)


@app.command("list")
def list_rows(
    rows: Names = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Every public name of Flux, its twin, and the worst error recorded.")
    ] = False,
):
    """The catalogue: every row, and what it covers."""
    if markdown:
        with opened(Source.recorded, ()) as julia, semantics(julia.versions["Flux"]):
            reports = list(_checked(list(CATALOGUE.values()), julia, DTYPES, None, 0))
        print(coverage.markdown(reports, report.versions_line(julia)), end="")
        return
    sheet = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("row", "kind", "examples", "covers"):
        sheet.add_column(heading)
    for row in chosen_rows(rows):
        sheet.add_row(row.key, row.kind, str(len(row.examples)), row.covers)
    screen.print(sheet)


@app.command()
def doctor(
    juliacall_pin: Annotated[
        bool, typer.Option(help="Print only the juliacall requirement that fits the Julia found, if another is installed.")
    ] = False,
):
    """What was found of Python, Julia, PythonCall and Flux, how a live check would start, and the remedy if it would not."""
    if juliacall_pin:
        pin = find_julia.juliacall_pin()
        if pin:
            print(pin)
        return
    found = list(find_julia.ways())
    screen.print(f"juliacall (Python): {find_julia.juliacall_version() or 'not installed'}", highlight=False)
    for way in found:
        screen.print(f"[bold]{way.way}[/]: {way.where}", highlight=False, soft_wrap=True)
        if way.versions:
            screen.print("  " + ", ".join(f"{name} {version}" for name, version in way.versions.items()), highlight=False, soft_wrap=True)
        if way.ready:
            screen.print("  ready", style="green")
        else:
            screen.print(f"  {way.problem}\n  remedy: {way.remedy}", style="yellow", highlight=False, markup=False, soft_wrap=True)
    first = next((way for way in found if way.ready), None)
    try:
        shipped = report.versions_line(recorded.newest())
    except NoRecording as missing:
        shipped = str(missing)
    screen.print(f"recording: {shipped}", highlight=False, soft_wrap=True)
    screen.print(f"`check` would use: {f'live Julia, {first.way}' if first else 'the recording'}", style="bold", highlight=False)


@app.command()
def record(
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to write (default: the package's recordings).")] = None,
    cases: Annotated[int, typer.Option(min=1, help="Drawn cases per row, beside its examples.")] = 8,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 1,
    like: Annotated[
        str | None, typer.Option(metavar="RECORDING", help="The cases of a recording (its file, or the version of Flux), not fresh draws.")
    ] = None,
    rows: Annotated[list[str] | None, typer.Option("--row", metavar="ROW", help="Only these rows.")] = None,
    write_workload: Annotated[bool, typer.Option("--workload", help="Only write the Julia package's precompile workload.")] = False,
):
    """Record what live Julia makes of every row: examples and fresh draws, in both precisions, with full provenance."""
    if write_workload:
        path = find_julia.julia_sources() / "workload.toml"
        text = workload.as_toml(CATALOGUE.values())
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        if not same:  # a new time stamp alone would make Julia compile everything anew
            path.write_text(text, encoding="utf-8")
        screen.print(f"{path} {'was up to date' if same else 'written'}", highlight=False, soft_wrap=True)
        return
    wanted = chosen_rows(rows)
    given = _recording(like) if like else None
    with opened(Source.live, wanted) as julia:
        assert isinstance(julia, Live)
        today = datetime.date.today().isoformat()
        path = (out or recorded.SHIPPED) / f"flux-{julia.versions['Flux']}-{today.replace('-', '')}.npz"
        if path.exists():
            raise fail(f"{path} exists already: recordings are never written over", USAGE)
        lost: list[str] = []

        def entries():
            for row in wanted:
                for case, outcomes in _again(julia, row, given) if given else julia.pairs(row, DTYPES, cases, seed):
                    gone = next((outcome.error for outcome in outcomes.values() if outcome.lost), None)
                    if gone:
                        lost.append(f"{row.key}, {case.origin}: {gone}")
                    else:
                        yield case, outcomes

        drawn = {name: given.provenance[name] for name in ("seed", "cases")} if given else {"seed": seed, "cases": cases}
        with working("recording"):
            count = recorded.write(path, entries(), {"versions": julia.versions, "made": today, **drawn})
    screen.print(f"{count} cases of {len(wanted)} rows, {path.stat().st_size / 1e6:.1f} MB: {path}", highlight=False, soft_wrap=True)
    if lost:
        raise fail("not recorded:\n  " + "\n  ".join(lost), NO_REFERENCE)


def _again(julia: Live, row: Row, given: Recorded) -> Iterator[tuple[Case, dict[str, Outcome]]]:
    return julia.evaluated(row, [(case, tuple(outcomes)) for case, outcomes in given.pairs(row, DTYPES, None, 0)])


@app.command("drift")
def show_drift(
    old: Annotated[str, typer.Argument(help="A recording: its file, or the Flux version of a shipped one; or `live`.")],
    new: Annotated[str, typer.Argument(help="Likewise.")],
    rows: Annotated[list[str] | None, typer.Option("--row", metavar="ROW", help="Only these rows.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Unchanged rows too, and every array.")] = False,
):
    """What changed in meaning between two versions of Flux, row by row, on the cases that both have. Exit code: 0 nothing, 1 something."""
    wanted = chosen_rows(rows)
    with _recording_or_live(old, wanted) as before, _recording_or_live(new, wanted) as after:
        screen.print(f"old: {report.versions_line(before)}\nnew: {report.versions_line(after)}", highlight=False, soft_wrap=True)
        with working("comparing"):
            found = list(drift.drift(before, after, [row.key for row in wanted]))
    if not found:
        raise fail("the two have no case in common: record one with the cases of the other (`record --like OTHER`)", USAGE)
    changed = [row for row in found if row.changed]
    screen.print(report.drift_table(found if verbose else changed, before, after, verbose))
    screen.print(f"{len(changed)} of {len(found)} rows changed", style="bold", highlight=False)
    raise typer.Exit(1 if changed else 0)


@contextmanager
def _recording_or_live(name: str, rows: Iterable[Row]) -> Iterator[Reference]:
    if name == "live":
        with opened(Source.live, rows) as julia:
            yield julia
        return
    yield _recording(name)


def _recording(name: str) -> Recorded:
    """A recording by its file, or by the Flux version of a shipped one. Exits with 2 where there is none, with 3 where it is not one."""
    path = Path(name)
    if path.suffix != ".npz":
        fitting = [path for path in recorded.shipped() if path.name.startswith(f"flux-{name}")]
        if not fitting:
            there = ", ".join(path.stem for path in recorded.shipped())
            raise fail(f"no recording of Flux {name} is shipped; there are {there}; or give a file, or `live`", USAGE)
        path = fitting[-1]
    try:
        return Recorded(path)
    except NoRecording as missing:
        raise fail(str(missing), NO_REFERENCE) from None


@app.command("benchmarks")
def run_benchmarks(
    experiments: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help=f"Any of {', '.join(EXPERIMENTS)}; none: all.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; the best of each contender counts.")] = 7,
):
    """A training step of every experiment: NumPy beside PyTorch and Flux, where they are there, in one run."""
    for name in experiments or ():
        if name not in EXPERIMENTS:
            raise fail(f"no experiment is called {name}; there are {', '.join(EXPERIMENTS)}", USAGE)
    screen.print("Float32, one core each, the best of the rounds; «to NumPy»: how many times as long as NumPy", highlight=False)
    measured = benchmarks.measure(experiments or EXPERIMENTS, rounds)
    with working("measuring"):
        for name, results in measured:
            sheet = Table("", "per step", "steps/s", "to NumPy", "", box=None, pad_edge=False, header_style="bold")
            fastest = next(result.seconds for result in results if result.contender == "numpy")
            for result in results:
                numbers = ("-", "-", "-")
                if result.seconds:
                    numbers = (f"{result.seconds * 1e6:.0f} us", f"{1 / result.seconds:.0f}", f"{result.seconds / fastest:.2f}")
                sheet.add_row(result.contender, *numbers, result.note)
            screen.print(f"\n{EXPERIMENTS[name]}", style="bold", highlight=False)
            screen.print(sheet)


app.command()(crosscheck)
app.command("explain")(explain_bundle)
app.command("locate")(locate_models)
app.command()(new)
app.command()(compare)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
