"""The verb `compare`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ...files.disk import write_json, write_text
from ..experiments import images, running, trajectories
from ..experiments.experiment import NAMES, Experiment, load
from ..experiments.running import Comparison
from ..reference.find_julia import Installed
from ..reference.live import LiveJulia, NoJulia, choose
from .console import (
    NO_REFERENCE,
    USAGE,
    Source,
    aside,
    code_of,
    fail,
    screen,
    working,
    write_all,
)

SHOWN = 12  # lines of one experiment's table; --verbose shows all


class Data(StrEnum):
    """The images of the experiments that learn digits."""

    digits = "digits"
    mnist = "mnist"


def compare(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help=f"One of {', '.join(NAMES)}.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All five.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick/--full", help="Some steps of each, or the published size.")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of data, initial parameters and batches.")
    ] = 1,
    data: Annotated[
        Data, typer.Option(help="scikit-learn's digits, or MNIST, which is downloaded once.")
    ] = Data.digits,
    out: Annotated[
        Path, typer.Option(metavar="DIR", file_okay=False, help="Where figures and index.html go.")
    ] = Path("comparison"),
    reference: Annotated[
        Source, typer.Option(help="The Julia side: run now, or recorded.")
    ] = Source.auto,
    record: Annotated[
        bool, typer.Option("--record", help="Keep the live Julia side as the recorded one.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Every curve, and what both sides printed.")
    ] = False,
):
    """Run the published walk-throughs on both sides, from the same numbers, and compare them step
    by step. Exit codes as in `check`.
    """
    if everything == (name is not None):
        raise fail(f"name one experiment ({', '.join(NAMES)}) or ask for --all", USAGE)
    if name is not None and name not in NAMES:
        raise fail(f"no experiment is called {name}; there are {', '.join(NAMES)}", USAGE)
    if record and reference is Source.recorded:
        raise fail("--record needs the live Julia side", USAGE)
    way = _way(Source.live if record else reference)
    try:
        pictures = images.load(data.value)
        out.mkdir(parents=True, exist_ok=True)
    except images.NoImages as missing:
        raise fail(str(missing), NO_REFERENCE) from None
    except OSError as problem:
        raise fail(f"{out} cannot be written: {problem.strerror}", USAGE) from None

    from ..experiments import drawing, page

    pages, results, written = [], [], True
    for experiment in map(load, NAMES if name is None else (name,)):
        result = _run(experiment, "quick" if quick else "full", data.value, pictures, seed, way)
        results.append(result)
        _show(result, verbose)  # first the finding, then what may not be written
        place = trajectories.place(experiment, result.size_name, data.value, seed)

        def keep(result=result, place=place) -> None:
            trajectories.save(place, result.julia, result.inputs, result.versions)
            screen.print(f"recorded: {place}", soft_wrap=True)

        def draw(result=result, folder=out / experiment.name) -> None:
            with working(f"drawing {folder.name}"):
                pages.append(page.write_figures(result, folder, drawing))

        def write(result=result, folder=out / experiment.name) -> None:
            _write(result, folder)

        written &= write_all(*([keep] if record else []), draw, write)
    index = out / "index.html"
    written &= write_all(lambda: page.write_index(pages, out))
    agree = sum(result.agrees for result in results)
    versions = results[0].julia.name
    screen.print(
        f"{agree} of {len(results)} experiments agree; Julia side: {versions}; {index}",
        style="bold",
        soft_wrap=True,
    )
    raise typer.Exit(code_of(0 if agree == len(results) else 1, written))


def _way(reference: Source) -> Installed | None:
    """The way to a live Julia, None for the recorded runs.

    Exits with 3 where live was asked for and cannot be had.
    """
    if reference is Source.recorded:
        return None
    try:
        return choose(may_download=reference is Source.live)
    except NoJulia as missing:
        if reference is Source.live:
            raise fail(str(missing), NO_REFERENCE) from None
        aside.print(
            "live Julia is not ready here (`julia-parity doctor` tells why): its side is a "
            "recorded run",
            style="yellow",
            soft_wrap=True,
        )
        return None


def _run(
    experiment: Experiment, size: str, data: str, pictures, seed: int, way: Installed | None
) -> Comparison:
    julia = LiveJulia(way, experiment.julia) if way else None
    with working(experiment.name) as step:
        try:
            return running.run(
                experiment,
                size,
                data,
                pictures,
                seed,
                julia,
                lambda side, done, total: step(done, total, side),
            )
        except (NoJulia, trajectories.NoTrajectory, RuntimeError) as missing:
            raise fail(str(missing), NO_REFERENCE) from None


def _show(result: Comparison, verbose: bool) -> None:
    screen.print(f"\n{result.experiment.name}: {result.experiment.title}", style="bold")
    screen.print(
        f"{result.size_name}, seed {result.seed}; NumPy {result.python.seconds:.1f} s, "
        f"{result.julia.name} {result.julia.seconds:.1f} s",
    )
    if verbose:
        for side in (result.python, result.julia):
            screen.print(
                f"{side.name}:\n" + "\n".join(f"  {line}" for line in side.lines),
            )
    sheet = Table(
        "",
        "steps",
        "difference",
        "one ulp does",
        "allowed",
        "at",
        "",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    ranked = sorted(
        result.drifts, key=lambda drift: (drift.agrees, drift.name.startswith("final."))
    )
    for drift in ranked if verbose else ranked[:SHOWN]:
        if drift.problem:
            sheet.add_row(drift.name, "", "", "", "", "", Text(drift.problem, "red"))
            continue
        at = drift.first_beyond if drift.first_beyond is not None else drift.worst
        curve = result.experiment.curve(drift.name)
        place = (
            "end"
            if drift.name.startswith("final.") or curve is None
            else f"{curve.unit} {curve.positions(at + 1)[-1]}"
        )
        numbers = (f"{values[at]:.2g}" for values in (drift.difference, drift.noise, drift.allowed))
        sheet.add_row(
            drift.name,
            str(drift.difference.size),
            *numbers,
            place,
            "agrees" if drift.agrees else Text("beyond rounding from here", "red"),
        )
    screen.print(sheet)
    if not verbose and len(ranked) > SHOWN:
        rest = ranked[SHOWN:]
        screen.print(
            f"and {len(rest)} more, {sum(drift.agrees for drift in rest)} of which agree "
            "(--verbose shows them)",
        )


def _write(result: Comparison, directory: Path) -> None:
    """What both sides printed, and the verdicts as JSON."""
    for stem, side in (("numpy", result.python), ("julia", result.julia)):
        write_text(directory / f"{stem}.txt", "\n".join([side.name, *side.lines]) + "\n")
    verdicts = [
        {
            "name": drift.name,
            "agrees": drift.agrees,
            "problem": drift.problem,
            "first_beyond": drift.first_beyond,
            "largest_difference": float(drift.difference.max(initial=0)),
            "largest_allowed": float(drift.allowed.max(initial=0)),
        }
        for drift in result.drifts
    ]
    content = {
        "experiment": result.experiment.name,
        "size": result.size_name,
        "seed": result.seed,
        "julia": result.julia.name,
        "arrays": verdicts,
    }
    write_json(directory / "verdicts.json", content)
