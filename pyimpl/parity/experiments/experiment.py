"""One experiment: a Python script and a Julia script of the same stem in `comparisons/`, which do
the same.

The Python script has
    TITLE, SENTENCE     a headline; one sentence on what is to be seen
    SIZES               {"quick": {...}, "full": {...}}: plain data handed to both sides
    CURVES              pattern of names -> Curve: what is recorded along the steps, and its drawing
    PUBLISHED           figures of the published walk-through, each with its place in the outcome
    draw(rng, size, images)            everything random - data, initial parameters, batches - as
                                       named arrays, once for both sides
    run(size, arrays, watch)           the NumPy side; gives named arrays: curves, and
                                       "final.<name>" for the parameters at the end
    figures(size, arrays, sides)       pictures of what the experiment is about, as Picture

and the Julia script a function `run(size, arrays, watch)` with the same outcome, arrays of both
with reversed axes. `watch.say(line)` prints, `watch.step(done, total)` tells progress; both are
cheap.
"""

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

NAMES = ("regression", "weight_scales", "sine", "techniques", "convolution")
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Curve:
    """How a recorded quantity is drawn: what it is, over which unit, recorded every how many of it,
    the first at `start`.
    """

    label: str
    unit: str = "step"
    every: int = 1
    start: int = 1
    log: bool = False

    def positions(self, count: int) -> np.ndarray:
        """Where on the horizontal axis the `count` recorded values stand."""
        return self.start + self.every * np.arange(count)


@dataclass(frozen=True)
class Published:
    """A figure of the published walk-through, and where ours stands: `ours(outcome)` gives it, None
    where this size does not reach it.
    """

    what: str
    value: str
    ours: Callable[[dict[str, Any], Arrays], str | None]
    comment: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure with the stem of its file and a sentence; `frames` makes an animation of it."""

    stem: str
    sentence: str
    figure: Any
    frames: Callable[[int], Any] | None = None
    count: int = 0


class Watch:
    """Keeps what a side says and passes progress on, a few times a second at most."""

    def __init__(self, progress: Callable[[int, int], None] | None = None):
        self.lines: list[str] = []
        self._progress = progress
        self._next = 0.0

    def say(self, line: str) -> None:
        """Keep a line."""
        self.lines.append(str(line))

    def step(self, done: int, total: int) -> None:
        """`done` of `total` steps are done."""
        if self._progress is not None and (time.perf_counter() > self._next or done == total):
            self._next = time.perf_counter() + 0.1
            self._progress(int(done), int(total))


@dataclass(frozen=True)
class Experiment:
    """A pair of scripts."""

    name: str
    script: ModuleType
    julia: Path

    @property
    def title(self) -> str:
        """The headline."""
        return self.script.TITLE

    def size(self, size: str, **changes) -> dict[str, Any]:
        """The plain data of "quick" or "full"."""
        return {**self.script.SIZES[size], **changes}

    def draw(self, size: dict[str, Any], seed: int, images) -> Arrays:
        """All that is random, in contiguous arrays."""
        drawn = self.script.draw(np.random.default_rng(seed), size, images)
        return {
            name: np.ascontiguousarray(array) if np.ndim(array) else np.asarray(array)
            for name, array in drawn.items()
        }

    def run(self, size: dict[str, Any], arrays: Arrays, watch: Watch) -> Arrays:
        """The NumPy side. A diverging run overflows on purpose: no warning for that."""
        given = {name: array.copy() for name, array in arrays.items()}
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return {
                name: np.asarray(array)
                for name, array in self.script.run(size, given, watch).items()
            }

    def curve(self, name: str) -> Curve | None:
        """How `name` is drawn; None for arrays that are not recorded along the steps."""
        return next(
            (curve for pattern, curve in self.script.CURVES.items() if fnmatchcase(name, pattern)),
            None,
        )


@dataclass
class Side:
    """What one side made of an experiment."""

    name: str  # "NumPy", "live Flux 0.16.9", "recorded Flux 0.16.9"
    arrays: Arrays
    lines: list[str] = field(default_factory=list)
    seconds: float = 0.0


def scripts() -> Path:
    """The directory of the experiments: inside an installed wheel, or beside `pyimpl` in a
    checkout.
    """
    inside = Path(__file__).parents[1] / "comparisons"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "comparisons"


def load(name: str) -> Experiment:
    """The experiment of that name."""
    path = scripts() / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"comparisons_{name}", path)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = script
    spec.loader.exec_module(script)
    return Experiment(name, script, path.with_suffix(".jl"))


def load_all() -> Iterator[Experiment]:
    """Every experiment, in order."""
    return map(load, NAMES)
