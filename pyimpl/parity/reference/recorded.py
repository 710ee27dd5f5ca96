"""Recordings: cases with the outcomes that real Julia gave, and where and when it gave them.

A recording is one .npz: `index`, JSON as bytes, and one flat array per dtype; the index says for every array of every case which part
of which flat array it is, and in which shape. `numpy.load` and a JSON parser are all that is needed to read one.
Recordings are dated and never written over.
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Arrays, Name

SHIPPED = Path(__file__).with_name("recordings")
FORMAT = 1


class NoRecording(Exception):
    """No recording where one was asked for, or one that cannot be read; the message says which."""


class _Store:
    """Arrays on their way into a recording."""

    def __init__(self):
        self._parts: dict[str, list[np.ndarray]] = {}
        self._lengths: dict[str, int] = {}

    def put(self, array: np.ndarray) -> list:
        dtype = array.dtype.name
        start = self._lengths.get(dtype, 0)
        self._parts.setdefault(dtype, []).append(array.ravel())
        self._lengths[dtype] = start + array.size
        return [dtype, start, list(array.shape)]

    def flat(self) -> dict[str, np.ndarray]:
        return {dtype: np.concatenate(parts) for dtype, parts in self._parts.items()}


def _narrow(array: np.ndarray) -> np.ndarray:
    """Inputs in Float32 where that loses nothing: they are the same numbers in every dtype."""
    if array.dtype == np.float64:
        narrow = array.astype(np.float32)
        if np.array_equal(narrow.astype(np.float64), array, equal_nan=True):
            return narrow
    return array


def write(path: Path, entries: Iterable[tuple[Case, dict[str, Outcome]]], provenance: dict[str, Any]) -> int:
    """Write cases (in Float64) with their outcomes per dtype; the number of cases. Raises FileExistsError rather than write over one."""
    if path.exists():
        raise FileExistsError(f"{path} exists already: recordings are never written over")
    store, index = _Store(), []
    for case, outcomes in entries:
        stored = {
            dtype: {
                "arrays": {str(name): store.put(array) for name, array in outcome.arrays.items()},
                "none": sorted(map(str, outcome.none)),
                "error": outcome.error,
            }
            | ({"lost": True} if outcome.lost else {})
            for dtype, outcome in outcomes.items()
        }
        inputs = {str(name): store.put(_narrow(array)) for name, array in case.arrays.items()}
        marks = {"exact": case.exact, "refused": case.refused, "known": case.known}
        index.append(
            {"row": case.row, "config": case.config, "mode": case.mode, "origin": case.origin, **marks, "in": inputs, "out": stored}
        )
    head = json.dumps({"format": FORMAT, "provenance": provenance, "cases": index}, ensure_ascii=False).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:  # as it was named: given a name, NumPy would add .npz
        np.savez_compressed(file, index=np.frombuffer(head, np.uint8), **store.flat())  # type: ignore[arg-type]
    return len(index)


class Recorded:
    """A recording as a reference: its own cases, and what Julia made of them."""

    name = "recorded"

    def __init__(self, path: Path):
        self.path = path
        try:
            with np.load(path, allow_pickle=False) as archive:
                head = json.loads(bytes(archive["index"]))
                self._flat = {name: archive[name] for name in archive.files if name != "index"}
        except OSError as problem:
            raise NoRecording(f"{path} is no recording: {problem.strerror or problem}") from problem
        except (ValueError, KeyError, EOFError, TypeError) as problem:  # NumPy's advice would be to unpickle it
            raise NoRecording(f"{path} is no recording: it was not written by julia-parity, or is damaged") from problem
        if head["format"] != FORMAT:
            raise NoRecording(f"{path} has format {head['format']}, this version reads format {FORMAT}")
        self.provenance: dict[str, Any] = head["provenance"]
        self.versions: dict[str, str] = self.provenance["versions"]
        self._rows: dict[str, list[dict]] = {}
        for entry in head["cases"]:
            self._rows.setdefault(entry["row"], []).append(entry)

    def rows(self) -> list[str]:
        """The rows that have at least one case."""
        return list(self._rows)

    def _array(self, place) -> np.ndarray:
        dtype, start, shape = place
        return self._flat[dtype][start : start + int(np.prod(shape))].reshape(shape)

    def _case(self, entry: dict) -> Case:
        arrays = Arrays((name, self._array(place)) for name, place in entry["in"].items())
        marks = {mark: entry[mark] for mark in ("origin", "exact", "refused", "known")}
        case = Case(entry["row"], entry["config"], arrays, entry["mode"], **marks)
        return case.cast(np.float64)

    def _outcome(self, stored: dict) -> Outcome:
        arrays = Arrays((name, self._array(place)) for name, place in stored["arrays"].items())
        return Outcome(arrays, frozenset(map(Name.parse, stored["none"])), stored["error"], stored.get("lost", False))

    def pairs(self, row, dtypes: tuple[str, ...], count: int | None, seed: int) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """The recorded cases of a row, in Float64, each with Julia's outcome per dtype. `seed` has no say here."""
        drawn = 0
        for entry in self._rows.get(row.key, []):
            drawn += entry["origin"] == "drawn"
            if count is not None and entry["origin"] == "drawn" and drawn > count:
                continue
            yield self._case(entry), {dtype: self._outcome(entry["out"][dtype]) for dtype in dtypes if dtype in entry["out"]}

    def of_rows(self, rows, dtypes: tuple[str, ...], count: int | None, seed: int):
        """`pairs` of one row after the other."""
        return ((row, self.pairs(row, dtypes, count, seed)) for row in rows)

    def seconds(self) -> dict[str, float]:
        """A recording takes none that are worth telling."""
        return {}


def shipped() -> list[Path]:
    """The recordings that come with the package: by the version of Flux, then by date."""
    return sorted(SHIPPED.glob("flux-*.npz"), key=lambda path: [int(number) for number in re.findall(r"\d+", path.stem)])


@cache
def newest() -> Recorded:
    """The recording that stands in for Julia by default. Raises NoRecording where the package has none."""
    paths = shipped()
    if not paths:
        raise NoRecording(f"no recording in {SHIPPED}")
    return Recorded(paths[-1])
