"""Recorded runs of the Julia side, so that an experiment can be compared where there is no Julia.

`comparisons/recorded/<name>-<size>-<data>-seed<n>.npz` holds the outcome under its names;
`provenance` (JSON: versions, date, seconds, what the run printed); and `inputs.<name>`, a
fingerprint of every array that the run was given. Of large arrays a part is kept, evenly spread.
"""

import datetime
import json
from pathlib import Path

import numpy as np

from ...files.disk import (
    Unreadable,
    expect_form,
    packed_arrays,
    parse_json,
    read_arrays,
    write_bytes,
)
from .experiment import Arrays, Experiment, Side, scripts

KEPT = 2000  # entries of a `final` array


FORM = {  # of the provenance
    "versions": {"Flux": str, str: str},
    "date": str,
    "seconds": float,
    "lines": [str],
}


class NoTrajectory(Unreadable):
    """There is no recorded run of what was asked for; the message says what there is."""


def part(name: str, array: np.ndarray) -> np.ndarray:
    """What is kept of an array: all of a curve, an evenly spread part of large parameters."""
    if not name.startswith("final.") or array.size <= KEPT:
        return array
    return array.reshape(-1)[:: -(-array.size // KEPT)]


def _fingerprint(array: np.ndarray) -> np.ndarray:
    values = array.astype(np.float64).reshape(-1)
    return np.array(
        [*array.shape, values.sum(), np.abs(values).sum(), values @ np.cos(np.arange(values.size))]
    )


def place(experiment: Experiment, size: str, data: str, seed: int) -> Path:
    """The file of a recorded run."""
    return scripts() / "recorded" / f"{experiment.name}-{size}-{data}-seed{seed}.npz"


def save(path: Path, side: Side, inputs: Arrays, versions: dict[str, str]) -> None:
    """Write a live run."""
    provenance = {
        "versions": versions,
        "date": str(datetime.date.today()),
        "seconds": side.seconds,
        "lines": side.lines,
    }
    arrays = {name: part(name, array) for name, array in side.arrays.items()}
    arrays |= {f"inputs.{name}": _fingerprint(array) for name, array in inputs.items()}
    write_bytes(path, packed_arrays(arrays | {"provenance": np.array(json.dumps(provenance))}))


def load(path: Path, inputs: Arrays) -> tuple[Side, dict[str, str]]:
    """A recorded run and the versions it was made with.

    Raises NoTrajectory if there is none, or if it was given other inputs.
    """
    if not path.is_file():
        there = ", ".join(sorted(other.stem for other in path.parent.glob("*.npz"))) or "none"
        raise NoTrajectory(
            f"no Julia is ready and no run {path.stem} is recorded (recorded: {there})"
        )
    try:
        arrays = read_arrays(path, texts=True)
        if "provenance" not in arrays:
            raise Unreadable(f"{path} is damaged: it does not say where it comes from")
        provenance = parse_json(str(arrays.pop("provenance")).encode("utf-8", "replace"), path)
        expect_form(provenance, FORM, path)
    except Unreadable as problem:
        raise NoTrajectory(f"the recorded run {path.stem} cannot be read: {problem}") from None
    for name, array in inputs.items():
        recorded = arrays.pop(f"inputs.{name}", None)
        fingerprint = _fingerprint(array)
        if (
            recorded is None
            or recorded.shape != fingerprint.shape
            or not np.allclose(recorded, fingerprint, rtol=1e-6, atol=1e-6)
        ):
            raise NoTrajectory(
                f"the recorded run {path.stem} was given another {name} than this NumPy draws: "
                "record it again"
            )
    name = f"recorded Flux {provenance['versions']['Flux']}, {provenance['date']}"
    return Side(name, arrays, provenance["lines"], provenance["seconds"]), provenance["versions"]
