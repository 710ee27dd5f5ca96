"""An experiment compared: both sides run on the same numbers, judged by the noise that the NumPy
side shows by itself.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..reference.live import LiveJulia
from . import trajectories
from .experiment import Arrays, Experiment, Side, Watch
from .noise import RUNS, Drift, drifts, nudged

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Comparison:
    """What came of it."""

    experiment: Experiment
    size_name: str
    size: dict[str, Any]
    seed: int
    inputs: Arrays
    python: Side
    julia: Side
    nudged: tuple[Arrays, ...]
    drifts: tuple[Drift, ...]
    versions: dict[str, str]

    @property
    def agrees(self) -> bool:
        """Whether rounding explains every difference."""
        return all(drift.agrees for drift in self.drifts)


def run(
    experiment: Experiment,
    size_name: str,
    data: str,
    images,
    seed: int,
    julia: LiveJulia | None,
    progress: Progress,
) -> Comparison:
    """Run both sides, the Julia side from its recording where `julia` is None.

    Raises NoTrajectory where there is no recording, NoJulia, and RuntimeError for an error of the
    Julia script.
    """
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    size = experiment.size(size_name)
    inputs = experiment.draw(size, seed, images)
    recorded = trajectories.place(experiment, size_name, data, seed)
    if julia is None:
        theirs, versions = trajectories.load(
            recorded, inputs
        )  # before the work, for it may not be there

    def numpy_side(name, given):
        with threadpool_limits(
            1
        ):  # on matrices as small as these a second thread costs more than it saves
            return _timed(name, lambda watch: experiment.run(size, given, watch), progress)

    mine = numpy_side("NumPy", inputs)
    noisy = [numpy_side(f"NumPy, nudged {i}", nudged(inputs, i)).arrays for i in range(1, RUNS + 1)]
    if julia is not None:
        with julia:
            versions = julia.versions
            name = f"live Flux {versions['Flux']}"
            theirs = _timed(
                name, lambda watch: julia.call("run", size, inputs, watch=watch), progress
            )
    else:
        mine.arrays = {name: trajectories.part(name, array) for name, array in mine.arrays.items()}
        noisy = [
            {name: trajectories.part(name, array) for name, array in arrays.items()}
            for arrays in noisy
        ]
    found = tuple(drifts(mine.arrays, noisy, theirs.arrays))
    return Comparison(
        experiment, size_name, size, seed, inputs, mine, theirs, tuple(noisy), found, versions
    )


def _timed(name: str, work: Callable[[Watch], Arrays], progress: Progress) -> Side:
    watch = Watch(lambda done, total: progress(name, done, total))
    start = time.perf_counter()
    arrays = work(watch)
    return Side(name, arrays, watch.lines, time.perf_counter() - start)
