"""How far two runs of one program may drift apart by rounding alone, and whether they drifted
further.

Training amplifies rounding, by how much depends on the program. So it is measured: the NumPy side
runs again with every number that it is given moved by one ulp. Two sides agree as long as they are
no further apart than a small multiple of what that did.
"""

from dataclasses import dataclass

import numpy as np

from .experiment import Arrays

BAND = 16.0  # times what one ulp does, and the rounding of the numbers themselves
# nudged runs; what one ulp does varies from run to run, and the largest of only two is too often
# far too small
RUNS = 4


def nudged(arrays: Arrays, run: int) -> Arrays:
    """Every floating-point entry times (1 + eps) or (1 - eps), at random."""
    rng = np.random.default_rng(run)
    moved = {}
    for name, array in arrays.items():
        if array.dtype.kind == "f":
            signs = rng.integers(0, 2, array.shape) * 2 - 1
            array = array * (1 + np.finfo(array.dtype).eps * signs).astype(array.dtype)
        moved[name] = array
    return moved


@dataclass(frozen=True)
class Drift:
    """One array of the outcome along its first axis (`final` ones: as a whole)."""

    name: str
    difference: np.ndarray  # the largest of every step
    noise: np.ndarray  # the largest up to every step, between the NumPy runs
    allowed: np.ndarray
    problem: str = ""

    @property
    def first_beyond(self) -> int | None:
        """The first step at which the sides differ by more than rounding explains."""
        beyond = np.flatnonzero(self.difference > self.allowed)
        return int(beyond[0]) if beyond.size else None

    @property
    def agrees(self) -> bool:
        """Whether rounding explains all of the difference."""
        return not self.problem and self.first_beyond is None

    @property
    def worst(self) -> int:
        """The step at which the difference uses up most of what is allowed."""
        with np.errstate(invalid="ignore"):
            share = np.where(self.difference > 0, self.difference / self.allowed, 0.0)
        return int(np.argmax(np.nan_to_num(share, nan=0.0))) if share.size else 0


def drifts(python: Arrays, nudges: list[Arrays], julia: Arrays) -> list[Drift]:
    """Every array that either side has."""
    return [
        _drift(name, python.get(name), [n.get(name) for n in nudges], julia.get(name))
        for name in sorted({*python, *julia})
    ]


def _drift(name, python, nudges, julia) -> Drift:
    none = np.zeros(0)
    if python is None or julia is None:
        return Drift(
            name, none, none, none, f"{'NumPy' if python is None else 'Julia'} does not have it"
        )
    if python.shape != julia.shape or python.dtype != julia.dtype:
        given = f"NumPy has {python.dtype} {python.shape}, Julia {julia.dtype} {julia.shape}"
        return Drift(name, none, none, none, given)
    eps = np.finfo(python.dtype).eps if python.dtype.kind == "f" else 0.0
    rows = 1 if name.startswith("final.") or not python.ndim else len(python)
    difference = _apart(python, julia, rows)
    noise = (
        np.maximum.accumulate(np.max([_apart(python, other, rows) for other in nudges], axis=0))
        if nudges
        else np.zeros(rows)
    )
    sizes = (
        np.abs(np.where(np.isfinite(python), python, 0.0))
        .astype(np.float64)
        .reshape(rows, -1)
        .max(1, initial=0)
    )
    return Drift(name, difference, noise, BAND * (noise + eps * np.maximum.accumulate(sizes)))


def _apart(a: np.ndarray, b: np.ndarray, rows: int) -> np.ndarray:
    """The largest difference in every row; equal infinities and NaN on both sides are no
    difference, one of them is an infinite one.
    """
    a, b = a.astype(np.float64).reshape(rows, -1), b.astype(np.float64).reshape(rows, -1)
    with np.errstate(invalid="ignore"):
        apart = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    return np.where(np.isnan(apart), np.inf, apart).max(1, initial=0)
