"""`check --profile long`: a search for the worst case of every row, and long training runs."""

import datetime
import shlex
from collections.abc import Collection
from pathlib import Path

from platformdirs import user_data_path

from ...files.disk import file_name
from ..catalogue import Row
from ..catalogue.checking import Live
from ..catalogue.seeking import LONG_CASES, STEPS, keep, seek, trajectories
from ..catalogue.training import TRAIN_ROW
from ..judge.findings import Report
from ..judge.words import ulps
from .console import screen, working


def worst_place(versions: dict[str, str]) -> Path:
    """Where the worst cases that were ever found for a version of Flux are kept."""
    return user_data_path("julia-parity") / "worst" / file_name(f"flux-{versions['Flux']}")


def sought(
    rows: Collection[Row],
    julia: Live,
    dtypes: tuple[str, ...],
    cases: int | None,
    seed: int,
    folder: Path | None,
) -> list[Report[Row]]:
    """The reports of rows whose cases were sought; what is worst of each is kept in the folder."""
    folder = folder or worst_place(julia.versions)
    provenance = {
        "versions": julia.versions,
        "made": datetime.date.today().isoformat(),
        "seed": seed,
    }
    count = LONG_CASES if cases is None else cases
    reports: list[Report[Row]] = []
    for number, row in enumerate(rows, 1):
        with working(f"{row.key} ({number} of {len(rows)})") as step:
            found = seek(
                row, julia, dtypes, count, seed, folder, lambda done: step(done, count, "case")
            )
        keep(found, folder, provenance)
        trained = row.key == TRAIN_ROW.key
        reports.append(
            _with_trajectories(found.report, julia, dtypes, seed) if trained else found.report
        )
    screen.print(
        "the worst case of every row is kept, and is where the next search begins: "
        f"julia-parity check --recording {shlex.quote(str(folder))}",
        soft_wrap=True,
    )
    return reports


def _with_trajectories(
    report: Report[Row], julia: Live, dtypes: tuple[str, ...], seed: int
) -> Report[Row]:
    """The report of the row of training runs, with what comes of long ones."""
    with working(f"training for {STEPS} steps") as step:
        runs = trajectories(julia, dtypes, STEPS, seed, lambda done, total: step(done, total))
    ends = ", ".join(
        f"{dtype} {ulps(worst.ulps)} in {worst.what}" for dtype, worst in runs.worst.items()
    )
    screen.print(
        f"{runs.cases} training runs of {STEPS:,} steps: how far they part, in units of how far "
        f"one ulp of what goes in moves them: {ends}",
        soft_wrap=True,
    )
    report.take(runs)
    report.cases += runs.cases
    return report
