"""The verb `record`."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ..case.case import Case, Outcome
from ..catalogue import CATALOGUE, Row, workload
from ..catalogue.checking import Live
from ..judge.findings import DTYPES
from ..reference import find_julia, recorded
from ..reference.recorded import Recorded
from .console import NO_REFERENCE, USAGE, Source, fail, screen, working
from .rows import chosen_rows, named_recording, opened


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
    given = named_recording(like) if like else None
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
            count = recorded.write(path, entries(), {"versions": julia.versions, "made": today, "manner": julia.manner, **drawn})
    screen.print(f"{count} cases of {len(wanted)} rows, {path.stat().st_size / 1e6:.1f} MB: {path}", highlight=False, soft_wrap=True)
    if lost:
        raise fail("not recorded:\n  " + "\n  ".join(lost), NO_REFERENCE)


def _again(julia: Live, row: Row, given: Recorded) -> Iterator[tuple[Case, dict[str, Outcome]]]:
    return julia.evaluated(row, [(case, tuple(outcomes)) for case, outcomes in given.pairs(row, DTYPES, None, 0)])
