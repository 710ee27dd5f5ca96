"""The verb `locate`."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from ...files.disk import expect_plain, write_json
from ..case.dtypes import DTYPES
from ..judge.words import ulps
from ..pair.weights import Weights
from ..reference.live import NoJulia
from ..reference.provenance import versions_line
from .console import (
    NO_REFERENCE,
    USAGE,
    chosen_dtypes,
    code_of,
    expect_directories,
    fail,
    screen,
    working,
    write_all,
)


def locate_models(
    python: Annotated[
        str,
        typer.Argument(
            metavar="my.py:model", help="A Chain, a Sequential, a list or dict of stages."
        ),
    ],
    julia: Annotated[
        str,
        typer.Argument(
            metavar="my.jl:model", help="The Julia model: a Chain, or a vector or tuple of stages."
        ),
    ],
    shape: Annotated[
        list[str], typer.Option(metavar="SHAPE", help='Of the input, as Python sees it: "batch,5".')
    ],
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Parameters for both: a JLD2 file of Flux.state(model)."),
    ] = None,
    mode: Annotated[
        str, typer.Option(help="auto (as inside a gradient, nothing dropped), train or test.")
    ] = "auto",
    dtype: Annotated[
        str, typer.Option(metavar="DTYPES", help="float64, float32 or both.")
    ] = "float64,float32",
    exact_literals: Annotated[
        bool,
        typer.Option("--exact-literals", help="Julia's 0.1f0 is a difference from 0.1, too."),
    ] = False,
    weights: Annotated[
        Weights,
        typer.Option(
            help="Of two models: python (given to both), julia, drawn, as-they-are (each keeps its "
            "own, and what was not carried over rightly is named), or auto: as they are, where "
            "most are the same numbers in both, else Python's.",
        ),
    ] = Weights.AUTO,
    cases: Annotated[int, typer.Option(min=1, help="Drawn inputs.")] = 6,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 0,
    html: Annotated[Path | None, typer.Option(metavar="FILE", dir_okay=False)] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", dir_okay=False)] = None,
):
    """Compare two models stage by stage and name the first that differs.

    Exit code: 0 agree, 1 differ, 2 wrong usage, 3 no verdict, 4 a report is not written.
    """
    from ..case.inputs import arrays
    from ..locate.walk import locate
    from ..pair.loading import SubjectError, load_subject, parse_julia
    from ..reference.session import session
    from ..report.stages import arrays_in_pairs, because, sentence

    dtypes = chosen_dtypes(dtype)
    expect_directories(html, json)
    try:
        model, (file, expression), drawn = (
            load_subject(python),
            parse_julia(julia),
            arrays(*shape, sizes=(2, 5)),
        )
        found = None
        if state is not None:
            from ...files.state_files import read_state

            expect_plain(state)
            found = read_state(state)
    except (SubjectError, ValueError, TypeError, OSError, ImportError) as wrong:
        raise fail(str(wrong), USAGE) from None
    try:
        with working("Julia"):
            reached = session()
        screen.print(f"reference: {versions_line(reached)}", soft_wrap=True)
        with working("walking through the stages"):
            located = locate(
                model,
                expression,
                drawn,
                file=file,
                state=found,
                mode=mode,
                dtypes=dtypes,
                cases=cases,
                seed=seed,
                exact_literals=exact_literals,
                weights=weights,
                reference=reached,
            )
    except NoJulia as missing:
        raise fail(str(missing), NO_REFERENCE) from None
    except (ValueError, TypeError, OSError) as wrong:
        raise fail(str(wrong), USAGE) from None
    screen.print(table(located))
    of_weights = located.weighed.lines() if located.weighed else []
    for line in (*arrays_in_pairs(located), *of_weights, *located.notes):
        screen.print(line, soft_wrap=True)
    screen.print(sentence(located), style="bold", soft_wrap=True)
    for line in because(located):
        screen.print(line, soft_wrap=True)

    def page() -> None:
        assert html is not None
        from ..report.page import write_html

        write_html(html, [], [located])
        screen.print(f"report: {html}", soft_wrap=True)

    reports = [
        (json, lambda: write_json(json, as_data(located))),  # type: ignore[arg-type]
        (html, page),
    ]
    written = write_all(*(write for path, write in reports if path is not None))
    raise typer.Exit(code_of(0 if located.agrees else 1, written))


def table(located) -> Table:
    """Stage by stage: what was inherited and what was added, forward and backward, in the first
    precision that was asked for.
    """
    dtype = next((dtype for stage in located.stages for dtype in stage.added), DTYPES[0])
    sheet = Table(box=None, pad_edge=False, header_style="bold")
    for heading in (
        "python",
        "julia",
        "inherited",
        "added",
        "back: inherited",
        "added",
        "added, in ulp",
        "verdict",
    ):
        sheet.add_column(heading)
    for i, stage in enumerate(located.stages):
        sizes = [stage.inherited, stage.added, stage.backward_inherited, stage.backward_added]
        verdict = "agrees" if stage.agrees else f"differs: {', '.join(stage.shows)}"
        worst = ulps(stage.ulps[dtype]) if np.isfinite(stage.ulps.get(dtype, np.nan)) else "-"
        style = "bold red" if i == located.guilty else "red" if not stage.agrees else None
        shown = [f"{size[dtype]:.2g}" if dtype in size else "-" for size in sizes]
        sheet.add_row(stage.in_python, stage.in_julia, *shown, worst, verdict, style=style)
    return sheet


def as_data(located) -> dict:
    """Everything, as plain data."""

    def sizes(errors):
        return {dtype: size if np.isfinite(size) else str(size) for dtype, size in errors.items()}

    return {
        "julia": located.julia,
        "reference": {"kind": located.reference, "versions": located.versions},
        "guilty": located.stages[located.guilty].name if located.guilty is not None else None,
        "direction": located.direction,
        "inside": located.inside,
        "notes": located.notes,
        "weights": located.weighed.lines() if located.weighed else [],
        "stages": [
            {
                "name": stage.name,
                "kind": stage.kind,
                "python": stage.in_python,
                "julia": stage.in_julia,
                "inside": stage.inside,
                "adopted": stage.adopted,
                "agrees": stage.agrees,
                "differing": stage.shows,
                "forward": {"inherited": sizes(stage.inherited), "added": sizes(stage.added)},
                "backward": {
                    "inherited": sizes(stage.backward_inherited),
                    "added": sizes(stage.backward_added),
                },
                "matches": [str(found) for found in stage.matches],
                "notes": stage.notes,
                "mistrusted": list(map(str, sorted(stage.mistrusted))),
                "explanations": [vars(explanation) for explanation in stage.explanations],
            }
            for stage in located.stages
        ],
        "explanations": [vars(explanation) for explanation in located.explanations],
    }
