"""Recordings: cases with the outcomes that real Julia gave, and where and when it gave them.

A recording is one .npz: `index`, JSON as bytes, and one flat array per dtype; the index says for
every array of every case which part of which flat array it is, and in which shape. `numpy.load` and
a JSON parser are all that is needed to read one.

The catalogue's is a folder of such files, one for every row, so that a new or changed row is
recorded by itself:

    recordings/flux-0.16.9/layer/Dense.npz, layer/Conv.npz, function/conv.npz,
    rule/textbook.Adam.npz, ...
"""

import json
import math
import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_data_path

from ...files.disk import (
    Unreadable,
    Unwritable,
    expect_form,
    packed_arrays,
    parse_json,
    read_arrays,
    write_bytes,
)
from ..case.case import Case, Outcome
from ..case.names import Arrays, Name

SHIPPED = Path(__file__).with_name("recordings")
FORMAT = 1
DECIDING = (
    "Flux",
    "NNlib",
    "Zygote",
    "Optimisers",
)  # the packages whose versions the outcomes belong to


PLACE = [(str, int, list)]  # of an array: its dtype, where it starts, its shape
FORM = {  # of the index
    "format": int,
    "provenance": {"versions": {str: str}, "made?": str, "manner?": str}
    | {
        "pairs?": {str: dict},
        "files?": {str: str},
        "draws?": {"cases": int, "seed": int},
    },
    "cases": [
        {
            "row": str,
            "config": dict,
            "mode": str,
            "origin": str,
            "exact": bool,
            "refused": bool,
            "known": str,
            "in": {str: PLACE},
            "out": {
                str: {
                    "arrays": {str: PLACE},
                    "none": [str],
                    "error": (str, None),
                    "lost?": bool,
                }
            },
        }
    ],
}


class NoRecording(Unreadable):
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
        with np.errstate(over="ignore"):
            narrow = array.astype(np.float32)
        if np.array_equal(narrow.astype(np.float64), array, equal_nan=True):
            return narrow
    return array


def write(
    path: Path,
    entries: Iterable[tuple[Case, dict[str, Outcome]]],
    provenance: dict[str, Any],
    over: bool = False,
) -> int:
    """Write cases (in Float64) with their outcomes per dtype, as a whole; the number of cases.

    Raises Unwritable, also rather than write over one, unless `over` says so.
    """
    if path.exists() and not over:  # before the cases are evaluated
        raise Unwritable(f"{path} exists already: recordings are never written over")
    content, count = _packed(entries, provenance)
    write_bytes(path, content, new=not over)
    return count


def _packed(
    entries: Iterable[tuple[Case, dict[str, Outcome]]], provenance: dict[str, Any]
) -> tuple[bytes, int]:
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
            {
                "row": case.row,
                "config": case.config,
                "mode": case.mode,
                "origin": case.origin,
                **marks,
                "in": inputs,
                "out": stored,
            }
        )
    head = json.dumps(
        {"format": FORMAT, "provenance": provenance, "cases": index}, ensure_ascii=False
    ).encode("utf-8", "backslashreplace")  # half a character: as JSON escapes it
    flat = store.flat() | {"index": np.frombuffer(head, np.uint8)}
    return packed_arrays(flat), len(index)


def write_row(
    folder: Path,
    kind: str,
    row: str,
    entries: Iterable[tuple[Case, dict[str, Outcome]]],
    provenance: dict[str, Any],
) -> int:
    """Write what a folder has of a row, in place of what it had; the number of cases.

    Rows of a kind stand together: some names differ in nothing but capitals, which not every system
    keeps apart. Raises Unwritable.
    """
    return write(folder / kind / f"{row}.npz", entries, provenance, over=True)


class _Recording(ABC):
    """What a recording is as a reference, however it is kept."""

    name = "recorded"

    @abstractmethod
    def pairs(
        self, row, dtypes: tuple[str, ...], count: int | None, seed: int
    ) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """The recorded cases of a row, in Float64, each with Julia's outcome per dtype.

        `seed` has no say here.
        """

    def of_rows(self, rows, dtypes: tuple[str, ...], count: int | None, seed: int):
        """`pairs` of one row after the other."""
        return ((row, self.pairs(row, dtypes, count, seed)) for row in rows)

    def seconds(self) -> dict[str, float]:
        """A recording takes none that are worth telling."""
        return {}


class Recorded(_Recording):
    """A recording in one file as a reference: its own cases, and what Julia made of them.

    Raises NoRecording for what is none.
    """

    def __init__(self, path: Path):
        self.path = path
        try:
            self._flat = read_arrays(path)
            if "index" not in self._flat:
                raise Unreadable("was not written by julia-parity")
            head = parse_json(self._flat.pop("index").tobytes(), path, constants=True)
            version = head.get("format") if isinstance(head, dict) else None
            if isinstance(version, int) and version != FORMAT:
                raise Unreadable(f"has format {version}, this version reads format {FORMAT}")
            expect_form(head, FORM, path)
        except Unreadable as problem:
            said = str(problem).removeprefix(f"{path} ")
            raise NoRecording(f"{path} is no recording that can be read: it {said}") from None
        self.provenance: dict[str, Any] = head["provenance"]
        self.versions: dict[str, str] = self.provenance["versions"]
        self._rows: dict[str, list[dict]] = {}
        for entry in head["cases"]:
            self._rows.setdefault(entry["row"], []).append(entry)

    def rows(self) -> list[str]:
        """The rows that have at least one case."""
        return list(self._rows)

    def _array(self, name: str, place: list) -> np.ndarray:
        try:
            dtype, start, shape = place
            flat, size = self._flat[dtype], math.prod(shape)
            if min([start, *shape]) < 0 or start + size > flat.size:
                raise IndexError(f"{dtype} has {flat.size} entries")
            return flat[start : start + size].reshape(shape)
        except (KeyError, ValueError, TypeError, IndexError) as problem:
            raise NoRecording(
                f"{self.path} is damaged: there is no array {name} at {str(place)[:80]}: {problem}"
            ) from None

    def _case(self, entry: dict) -> Case:
        arrays = Arrays((name, self._array(name, place)) for name, place in entry["in"].items())
        marks = {mark: entry[mark] for mark in ("origin", "exact", "refused", "known")}
        case = Case(entry["row"], entry["config"], arrays, entry["mode"], **marks)
        return case.cast(np.float64)

    def _outcome(self, stored: dict) -> Outcome:
        arrays = Arrays(
            (name, self._array(name, place)) for name, place in stored["arrays"].items()
        )
        return Outcome(
            arrays,
            frozenset(map(Name.parse, stored["none"])),
            stored["error"],
            stored.get("lost", False),
        )

    def pairs(
        self, row, dtypes: tuple[str, ...], count: int | None, seed: int
    ) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """The recorded cases of a row, in Float64, each with Julia's outcome per dtype.

        `seed` has no say here.
        """
        drawn = 0
        for entry in self._rows.get(row.key, []):
            drawn += entry["origin"] == "drawn"
            if count is not None and entry["origin"] == "drawn" and drawn > count:
                continue
            try:
                case = self._case(entry)
                outcomes = {
                    dtype: self._outcome(entry["out"][dtype])
                    for dtype in dtypes
                    if dtype in entry["out"]
                }
            except (ValueError, TypeError, KeyError) as problem:  # of names that are none
                raise NoRecording(f"{self.path} is damaged: {problem}") from None
            yield case, outcomes


class RecordedRows(_Recording):
    """A folder of recordings, one file a row, as a reference. A row is read when it is asked for.

    Raises NoRecording for a folder without any, and for files that do not come from the same
    versions of Julia's packages.
    """

    def __init__(self, folder: Path):
        self.path = folder
        self._files = {
            path.name.removesuffix(".npz"): path for path in sorted(folder.glob("*/[!.]*.npz"))
        }
        if not self._files:
            raise NoRecording(f"{folder} is no recording: it has no .npz file")
        self._read: dict[str, Recorded] = {}
        self.versions: dict[str, str] = self._first().versions

    def _first(self) -> Recorded:
        """The first row that can be read. Raises NoRecording where there is none."""
        for number, row in enumerate(self._files, 1):
            try:
                return self._row(row)
            except NoRecording:
                if number == len(self._files):
                    raise
        raise AssertionError("there is a file")

    def _row(self, row: str) -> Recorded:
        if row not in self._read:
            found = Recorded(self._files[row])
            first = next(iter(self._read.values()), found)
            if any(found.versions.get(name) != first.versions.get(name) for name in DECIDING):
                raise NoRecording(
                    f"{found.path} was recorded with other versions than {first.path}: record it "
                    "again"
                )
            self._read[row] = found
        return self._read[row]

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """The versions, and the day on which the last row was recorded, of those that can be
        read.
        """
        days = [""]
        for row in self._files:
            with suppress(NoRecording):  # whoever asks for the row is told
                days.append(self._row(row).provenance.get("made", ""))
        return {"versions": self.versions, "made": max(days)}

    def rows(self) -> list[str]:
        """The rows that have a file."""
        return list(self._files)

    def of_row(self, row: str) -> Recorded:
        """The recording of one row. Raises NoRecording where there is none."""
        if row not in self._files:
            raise NoRecording(
                f"{self.path} has nothing of the row {row}: `julia-parity record {row}` with a "
                "live Julia"
            )
        return self._row(row)

    def pairs(
        self, row, dtypes: tuple[str, ...], count: int | None, seed: int
    ) -> Iterator[tuple[Case, dict[str, Outcome]]]:
        """The recorded cases of a row, in Float64, each with Julia's outcome per dtype; none where
        the row has no file.
        """
        return (
            self._row(row.key).pairs(row, dtypes, count, seed)
            if row.key in self._files
            else iter(())
        )


def opened(path: Path) -> Recorded | RecordedRows:
    """The recording in a file or a folder. Raises NoRecording for what is none."""
    return RecordedRows(path) if path.is_dir() else Recorded(path)


class PassedOver(UserWarning):
    """A recording that cannot be read, and was not used."""


def _in_order(folder: Path) -> list[Path]:
    return sorted(
        folder.glob("flux-*"),
        key=lambda path: [int(number) for number in re.findall(r"\d{1,9}", path.name)],
    )


def shipped() -> list[Path]:
    """The recordings that come with the package, by the version of Flux."""
    return _in_order(SHIPPED)


def own_place() -> Path:
    """Where `julia-parity record` keeps the user's own recordings of the catalogue."""
    return user_data_path("julia-parity") / "recordings"


def own() -> list[Path]:
    """The user's own recordings of the catalogue, by the version of Flux."""
    return _in_order(own_place())


@cache
def newest() -> RecordedRows:
    """The recording that stands in for Julia by default: the newest of those that come with the
    package.

    One that cannot be read is passed over, with a warning, PassedOver. Raises NoRecording where
    there is none.
    """
    for path in reversed(shipped()):
        try:
            return RecordedRows(path)
        except NoRecording as damage:
            warnings.warn(PassedOver(f"{path} is passed over: {damage}"), stacklevel=2)
    raise NoRecording(f"there is no recording in {SHIPPED}")
