"""The verbs for a user's own pair: `crosscheck`, `explain`, `new`."""

import datetime
import importlib.util
import keyword
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Annotated

import jinja2
import numpy as np
import typer
from rich.table import Table

from ...files.disk import Unwritable, write_json, write_text
from ..case.dtypes import DTYPES
from ..case.entries import WORDS
from ..judge.words import ulps
from ..pair.matching import in_pairs
from ..pair.weights import Weights
from ..plain_text import error_words
from ..reference.live import NoJulia
from ..reference.provenance import versions_line
from ..reference.recorded import NoRecording
from .console import (
    NO_REFERENCE,
    NOTHING_SAID,
    USAGE,
    Source,
    chosen_dtypes,
    code_of,
    expect_directories,
    fail,
    note,
    screen,
    working,
    write_all,
)

SHAPES = (
    'One for each argument: "batch,5", "n,n:positive", "" for a number. By keyword: '
    '"gain=:positive", or None at times: "gain=:positive?". Lists and tuples: "list n", '
    '"tuple 3:int". A dict or NamedTuple: "{rate=:positive; steps=:natural}", an object or struct: '
    f'"Config{{...}}". Entries: {WORDS}.'
)
OutFile = Annotated[Path | None, typer.Option(metavar="FILE", dir_okay=False)]


def crosscheck(
    python: Annotated[
        str,
        typer.Argument(
            metavar="my.py:function",
            help="The Python side: a function, a layer or a module in a file.",
        ),
    ],
    julia: Annotated[
        str,
        typer.Argument(
            metavar="my.jl:function",
            help="The Julia side: a function or expression after a file is read.",
        ),
    ],
    shape: Annotated[list[str] | None, typer.Option(metavar="SHAPE", help=SHAPES)] = None,
    inputs: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Arrays of your own in place of drawn ones: .npy, or .npz with an array per "
            "argument.",
        ),
    ] = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="my.py:name",
            help="In place of shapes a Hypothesis strategy of yours for each argument, by keyword "
            'as "gain=my.py:gains"; "*my.py:name" draws a tuple of all arguments.',
        ),
    ] = None,
    sizes: Annotated[
        str, typer.Option(metavar="LOW..HIGH", help="Between what named sizes lie.")
    ] = "1..5",
    dtype: Annotated[
        str | None,
        typer.Option(
            metavar="DTYPES",
            help="float64, float32 or both. By default both, where the type of a result in "
            "Float32 is a note; named, it counts.",
        ),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            metavar="LAYOUT",
            help="same (A[i, j] is A[i, j]; for functions), reversed (the same memory; for "
            "models), or x1=same,y=reversed.",
        ),
    ] = None,
    backward: Annotated[
        str | None,
        typer.Option(metavar="my.py:function", help="backward(dy, *xs) of the Python function."),
    ] = None,
    gradient: Annotated[
        str, typer.Option(help="auto, none, or differences: Julia's against central differences.")
    ] = "auto",
    mode: Annotated[str | None, typer.Option(help="Of a model: auto, train or test.")] = None,
    calls: Annotated[int, typer.Option(min=1, help="Calls in a row.")] = 1,
    loss: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="my.py:loss JULIA",
            help="Train both models: the loss of each, of output and target.",
        ),
    ] = None,
    rule: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="my.py:rule JULIA", help="The optimiser of each."),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Steps of training, or of a rule where the pair is one of rules."),
    ] = None,
    cases: Annotated[
        int | None, typer.Option(min=1, help="Drawn cases (default: 50, or those recorded).")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the draws (default: 0, or that recorded).")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long one call may take.")] = 60,
    reference: Annotated[
        Source, typer.Option(help="Julia itself, or a recording of this pair.")
    ] = Source.auto,
    recording: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Not Julia, but a recording that --record has made."),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Keep what Julia says, in a new file."),
    ] = None,
    bundle: Annotated[
        Path, typer.Option(metavar="DIR", file_okay=False, help="Where a disagreement is written.")
    ] = Path("parity-bundles"),
    up_to: Annotated[
        str | None,
        typer.Option(
            "--up-to",
            metavar="FREEDOM",
            help="What outputs are free up to by nature: sign, phase, scale, order, rotation; or "
            '"y.0=sign,y.2=adjoint phase".',
        ),
    ] = None,
    exact_literals: Annotated[
        bool,
        typer.Option(
            "--exact-literals",
            help="Julia's 0.1f0 is not Python's 0.1: count that as a difference, in place of "
            "taking Julia's number over.",
        ),
    ] = False,
    weights: Annotated[
        Weights,
        typer.Option(
            help="Of two models: python (given to both), julia, drawn, as-they-are (each keeps its "
            "own, and what was not carried over rightly is named), or auto: as they are, where "
            "most are the same numbers in both, else Python's.",
        ),
    ] = Weights.AUTO,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Write a page about it.")
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Write everything as plain data."),
    ] = None,
):
    """Check your own pair: a Python function, layer or module against a Julia function or model.

    Exit codes as in `check`.
    """
    from ..crosschecking import conclude
    from ..pair.asked import record_pair
    from ..pair.checking import CASES, NothingCompared, check_pair
    from ..pair.held_against import Taped, open_reference
    from ..pair.loading import SubjectError, load_subject, parse_julia
    from ..pair.matching import NoMatch
    from ..pair.pair import make_pair
    from ..reference.session import JuliaSubjectError
    from ..report import bundle as bundles
    from ..report.story import replay_line, story
    from .inputs import asked_inputs

    dtypes = chosen_dtypes(dtype or ",".join(DTYPES))
    expect_directories(html, json, record)
    if sum(given is not None for given in (shape, inputs, strategy)) != 1:
        raise fail(
            "give a --shape for every argument, arrays of your own with --inputs, or a --strategy "
            "for every argument",
            USAGE,
        )
    if record is not None and reference is Source.recorded:
        raise fail("--record needs a live Julia", USAGE)
    if recording is not None:
        if reference is Source.live:
            raise fail(
                "--recording stands in for Julia: it does not go with --reference live", USAGE
            )
        reference = Source.recorded
    if record is not None and recording is not None:
        raise fail("--record makes a recording, --recording uses one: give one of them", USAGE)
    if record is not None and record.exists():
        raise fail(f"{record} exists already: recordings are never written over", USAGE)
    try:
        subject = load_subject(python)
        pair = make_pair(
            subject,
            (found := parse_julia(julia))[1],
            asked_inputs(subject, shape, sizes, inputs, strategy),
            file=found[0],
            backward=load_subject(backward) if backward else None,
            layout=_layout(layout),
            mode=mode,
            gradient=gradient,
            calls=calls,
            training=_training(loss, rule, steps),
            name=python.rpartition(":")[2],
            origin=_place(python),
            seconds=seconds,
            up_to=up_to,
            strict=dtype is not None,
            weights=weights,
        )
    except (SubjectError, ValueError, TypeError, OSError) as wrong:
        raise fail(str(wrong), USAGE) from None
    with _started():
        reached = open_reference(
            pair,
            "live" if record else reference.value,
            recording,
            seconds,
            tape=record is not None,
            dtypes=dtypes,
            cases=cases,
            drawn_with=seed,
        )
    screen.print(f"reference: {versions_line(reached)}", soft_wrap=True)
    count, drawn_with = cases or CASES, seed or 0
    try:
        with working("checking"):
            result = check_pair(pair, reached, dtypes, count, drawn_with)
    except (JuliaSubjectError, NoMatch, NothingCompared) as wrong:
        raise fail(str(wrong), USAGE) from None
    with _looking():
        conclude(result, reached, exact_literals)
    _table(result)
    written = True
    if not result.agrees:
        screen.print(f"\n{story(result)}", soft_wrap=True)
        if result.smallest is not None:  # first the finding, then what may not be written
            written &= write_all(lambda: bundles.write_bundle(bundle, result))
            if result.bundle is not None:
                screen.print(f"\n{replay_line(result.bundle)}", soft_wrap=True)

    def keep() -> None:
        assert record is not None and isinstance(reached, Taped)
        entries = reached.tape(result)
        if not entries:
            raise Unwritable(
                f"nothing was recorded in {record}: Julia did not come to an end with a case"
            )
        about = {
            "versions": result.versions,
            "made": datetime.date.today().isoformat(),
            "manner": reached.how,
            "draws": {"cases": count, "seed": drawn_with},
        }
        kept = record_pair(record, pair, entries, dtypes, about)
        screen.print(f"recorded: {kept} cases in {record}", soft_wrap=True)

    def page() -> None:
        assert html is not None
        from ..report.page import write_html

        write_html(html, [result])
        screen.print(f"report: {html}", soft_wrap=True)

    reports = [
        (record, keep),
        (html, page),
        (json, lambda: write_json(json, _as_json(result))),  # type: ignore[arg-type]
    ]
    written &= write_all(*(write for path, write in reports if path is not None))
    raise typer.Exit(code_of(_exit_code(result), written))


def explain_bundle(
    bundle: Annotated[
        Path,
        typer.Argument(
            metavar="BUNDLE", file_okay=False, help="A directory that `crosscheck` has written."
        ),
    ],
    reference: Annotated[
        Source, typer.Option(help="Julia run again, or what the bundle has of it.")
    ] = Source.recorded,
    html: OutFile = None,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust",
            help="Run the code that a bundle of somebody else's names: its Python files, and with "
            "--reference live its Julia expression.",
        ),
    ] = False,
):
    """Replay a disagreement from its bundle with the Python side as it is now, and say what would
    make it vanish.

    Your own bundles are known by a seal; another's is replayed with --trust only, for its code is
    run.
    """
    from ..explain import explain, find_proportions
    from ..pair.checking import NothingCompared
    from ..pair.held_against import LivePair
    from ..pair.matching import NoMatch
    from ..reference.session import JuliaSubjectError, session
    from ..report.bundle import code_in, replay
    from ..report.story import story

    expect_directories(html)
    for line in code_in(bundle, trust):
        note(line)
    with _started():
        live = LivePair(session(may_download=True)) if reference is Source.live else None
    try:
        with working("replaying"):
            result = replay(bundle, live, trust)
    except (JuliaSubjectError, NoMatch, NothingCompared) as wrong:
        raise fail(str(wrong), USAGE) from None
    result.bundle = bundle
    if not result.agrees:
        with _looking():
            result.explanations = explain(result)
            find_proportions(result)
    screen.print(f"reference: {versions_line(result)}", soft_wrap=True)
    screen.print(story(result), soft_wrap=True)
    written = True
    if html is not None:
        from ..report.page import write_html

        written = write_all(lambda: write_html(html, [result]))
    raise typer.Exit(code_of(_exit_code(result), written))


def new(
    name: Annotated[str, typer.Argument(help="The name of the pair: a Python identifier.")],
    directory: Annotated[
        Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Where the files go.")
    ] = Path("."),
):
    """Make a pair to start from: NAME.py, NAME.jl and test_NAME.py."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise fail(f"a pair is called by a name that Python can have, got {name!r}", USAGE)
    if importlib.util.find_spec(name) is not None:
        raise fail(
            f"there is a module {name} already, which the pair would hide: choose another name",
            USAGE,
        )
    templates = resources.files(__package__) / "templates"
    files = {
        f"{name}.py": "new.py.jinja",
        f"{name}.jl": "new.jl.jinja",
        f"test_{name}.py": "new_test.py.jinja",
    }
    there = [file for file in files if (directory / file).exists()]
    if there:
        raise fail(f"{', '.join(there)} exists already in {directory}: nothing was written", USAGE)
    for file, template in files.items():
        text = jinja2.Template(
            (templates / template).read_text(encoding="utf-8"), keep_trailing_newline=True
        ).render(name=name)
        write_text(directory / file, text, new=True)
        screen.print(str(directory / file), soft_wrap=True)
    python, julia = directory / f"{name}.py", directory / f"{name}.jl"
    said = (
        f'try: julia-parity crosscheck {python}:{name} {julia}:{name} --shape "batch,5" '
        f"--backward {python}:{name}_backward"
    )
    screen.print(said, soft_wrap=True)


@contextmanager
def _looking() -> Iterator[None]:
    """While what is behind a difference is looked for: where that goes wrong, the finding is told
    without.
    """
    try:
        with working("looking for an explanation"):
            yield
    except Exception as problem:
        note(f"no explanation could be looked for: {error_words(problem)}")


@contextmanager
def _started() -> Iterator[None]:
    try:
        with working("Julia"):
            yield
    except (NoJulia, NoRecording) as missing:
        raise fail(str(missing), NO_REFERENCE) from None


def _training(loss: tuple[str, str] | None, rule: tuple[str, str] | None, steps: int | None):
    from ..pair.loading import load_subject
    from ..sides.training import STEPS, Training

    if loss is None and rule is None and steps is None:
        return None
    parts = [(load_subject(both[0]), both[1]) if both else None for both in (loss, rule)]
    return Training(
        parts[0],
        parts[1],
        steps or STEPS,
        (_place(loss[0]) if loss else None, _place(rule[0]) if rule else None),
    )


def _place(python: str) -> str:
    """`my.py:name` as it can be loaded from anywhere."""
    file, _, name = python.rpartition(":")
    return f"{Path(file).resolve()}:{name}"


def _layout(text: str | None) -> str | dict[str, str] | None:
    if text is None or "=" not in text:
        return text
    parts = (part.strip().partition("=") for part in text.split(",") if "=" in part)
    return {name: layout for name, _, layout in parts}


def _table(result) -> None:
    from ..report.story import remarks

    sheet = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("pair", "cases", "dtype", "worst error", "where"):
        sheet.add_column(heading)
    for dtype, worst in result.report.worst.items():
        error = f"{ulps(worst.ulps)} ulp" if np.isfinite(worst.ulps) else "without bound"
        sheet.add_row(
            result.pair.name,
            str(result.report.per_dtype[dtype]),
            dtype,
            error,
            worst.what if worst.ulps else "",
        )
    if result.report.worst:
        screen.print(sheet)
    if result.pair.matches:
        named = [(found.python, found) for found in result.pair.matches]
        screen.print(in_pairs(named), soft_wrap=True)
    if result.pair.weighed:
        for line in result.pair.weighed.lines():
            screen.print(line, soft_wrap=True)
    if result.refused:
        screen.print(
            f"both sides refused {result.refused} of {result.report.cases} cases",
            soft_wrap=True,
        )
    if result.agrees:
        for remark in remarks(result):
            screen.print(remark, soft_wrap=True)
        blind = result.report.mistrusted
        doubt = (
            f", but {', '.join(map(str, sorted(blind)))} says nothing: zero, constant or "
            "within rounding in every case"
            if blind
            else ""
        )
        screen.print(
            f"{result.pair.name} agrees with {result.pair.julia}{doubt}",
            style="bold",
            soft_wrap=True,
        )


def _as_json(result) -> dict:
    from ..judge.freedoms import write_freedoms
    from ..report.story import remarks

    report = result.report
    return {
        "pair": result.pair.name,
        "julia": str(result.pair.julia),
        "reference": {"kind": result.reference, "versions": result.versions},
        "agrees": result.agrees,
        "unsaid": result.unsaid or None,
        "notes": remarks(result),
        "limits": result.extremes,
        "up_to": write_freedoms(result.free) or None,
        "layouts": result.layouts,
        "cases": report.cases,
        "mistrusted": list(map(str, sorted(report.mistrusted))),
        "worst": {
            dtype: {"array": worst.what, "ulp": worst.ulps if np.isfinite(worst.ulps) else None}
            for dtype, worst in report.worst.items()
        },
        "findings": [str(finding) for finding in report.findings],
        "explanations": [vars(explanation) for explanation in result.explanations],
        "bundle": str(result.bundle) if result.bundle else None,
    }


def _exit_code(result) -> int:
    if result.unsaid:
        return NOTHING_SAID
    if result.agrees:
        return NOTHING_SAID if result.report.mistrusted else 0
    return NO_REFERENCE if all(finding.kind == "lost" for finding in result.report.findings) else 1
