"""What changed in meaning between two versions of Flux: the same cases, evaluated by both, compared
row by row.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from ...core.versions import CHANGES, formulas_of, parsed, parsed_release
from ..case.case import Case, Outcome
from ..case.dtypes import DTYPES
from ..case.names import Name
from ..case.twin import other_release
from ..judge.verdict import absolute_errors, compare, sensitivity
from . import CATALOGUE
from .checking import Live, Reference

KINDS = (
    "same",
    "rounding",
    "new",
    "names",
    "dtype",
    "shape",
    "value",
    "refusal",
)  # the later, the graver


@dataclass
class RowDrift:
    """One row: how many cases came out how, and how large the differences are."""

    row: str
    known: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # of the table of changes: the name, the old formula, the new one
    brought: dict[str, list[str]] = field(
        default_factory=dict
    )  # release between the two -> what it brought; nothing if it is all of the row
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    sizes: dict[Name, list[float]] = field(
        default_factory=dict
    )  # array -> per case the largest difference, divided by the largest value
    rounding: dict[Name, list[float]] = field(default_factory=dict)  # likewise, where that is all
    notes: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The gravest of its cases."""
        seen = [kind for kind in KINDS if self.counts[kind]] + ["new"] * bool(self.brought)
        return max(seen, key=KINDS.index, default="same")

    @property
    def changed(self) -> bool:
        """Whether anything but rounding differs."""
        return KINDS.index(self.kind) > KINDS.index("rounding")


def key(case: Case) -> str:
    """The same for the same case, whichever recording it comes from, and whatever the bias of a
    cell is called there.
    """
    arrays = {
        re.sub(r"\.b$", ".bias", str(name)): [array.dtype.kind, array.shape, array.tolist()]
        for name, array in case.arrays.items()
    }
    return json.dumps([case.row, case.mode, case.config, arrays], sort_keys=True, default=str)


def drift(old: Reference, new: Reference, rows: Iterable[str] = CATALOGUE) -> Iterator[RowDrift]:
    """Every row that has a case in both, or is in the newer one only.

    A live side evaluates the cases of the recorded one; of two live ones, `old` draws them.
    """
    versions = old.versions["Flux"], new.versions["Flux"]
    for name in rows:
        found = RowDrift(name, _known(name, *versions), _brought(name, *versions))
        for case, before, after in _pairs(CATALOGUE[name], old, new):
            for dtype in before.keys() & after.keys():
                kind = _compared(found, case.cast(dtype), before[dtype], after[dtype])
                found.counts[kind] += 1
        if any(found.counts.values()) or found.brought:
            yield found


def _known(row: str, old: str, new: str) -> list[tuple[str, str, str]]:
    before, after = formulas_of(old), formulas_of(new)
    changes = [
        change
        for change in CHANGES.values()
        if row in change.rows and before[change.name] != after[change.name]
    ]
    return [
        (change.name, change.formulas[before[change.name]], change.formulas[after[change.name]])
        for change in changes
    ]


def _brought(name: str, *versions: str) -> dict[str, list[str]]:
    older, newer = sorted(versions, key=parsed)
    row = CATALOGUE[name]
    found: dict[str, list[str]] = {
        release: [] for release in row.newer_than(older) if parsed_release(release) <= parsed(newer)
    }
    before = [
        setting
        for config in row.structures
        if row.since(config) not in found
        for setting in config.items()
    ]
    if before:
        for config in row.structures:
            settings = [
                f"{setting}={value}"
                for setting, value in config.items()
                if (setting, value) not in before
            ]
            found.get(row.since(config), []).extend(settings)
        for example in row.examples:
            found.get(example.since, []).append(example.name)
    return found


def _pairs(
    row, old: Reference, new: Reference
) -> Iterator[tuple[Case, dict[str, Outcome], dict[str, Outcome]]]:
    if isinstance(old, Live) and not isinstance(new, Live):
        yield from ((case, before, after) for case, after, before in _pairs(row, new, old))
        return
    mine = list(old.pairs(row, DTYPES, None, 0))
    wanted = [(case, tuple(outcomes)) for case, outcomes in mine]
    answers = (
        new.evaluated(row, wanted) if isinstance(new, Live) else new.pairs(row, DTYPES, None, 0)
    )
    theirs = {key(case): (case, outcomes) for case, outcomes in answers}
    for case, before in mine:
        if (same := key(case)) in theirs:
            newer, after = theirs[same]
            yield (
                newer,
                {dtype: _named_as(o, after.get(dtype)) for dtype, o in before.items()},
                after,
            )


def _named_as(old: Outcome, new: Outcome | None) -> Outcome:
    """`old` with the names that its arrays have in `new`."""
    if new is None:
        return old
    known = {str(name) for name in new.arrays}
    arrays = {
        Name.parse(other_release(str(name), known)): array for name, array in old.arrays.items()
    }
    return replace(old, arrays=arrays)


def _compared(found: RowDrift, case: Case, old: Outcome, new: Outcome) -> str:
    """The kind of one case's difference; its size and what is worth saying go into `found`."""
    if bool(old.error) != bool(new.error):
        _note(found, f"the {'old' if old.error else 'new'} one raises «{old.error or new.error}»")
        return "refusal"
    if old.error:
        return "same"
    kinds = {"same"}
    differ: list[Name] = []
    for name in sorted({*old.arrays, *new.arrays}):
        a, b = old.arrays.get(name), new.arrays.get(name)
        if a is None or b is None:
            _note(found, f"{name}: only in the {'new' if a is None else 'old'} one")
            kinds.add("names")
        elif a.shape != b.shape:
            _note(found, f"{name}: shape {a.shape}, then {b.shape}")
            kinds.add("shape")
        elif a.dtype != b.dtype:
            _note(found, f"{name}: {a.dtype}, then {b.dtype}")
            kinds.add("dtype")
        elif not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
            differ.append(name)
    if differ:
        row = CATALOGUE[case.row]
        before, after = ({name: outcome.arrays[name] for name in differ} for outcome in (old, new))
        verdict = compare(
            case,
            Outcome(before),
            Outcome(after),
            sensitivity(row.evaluate, case),
            row.allowance(case),
        )
        for difference in verdict.differences:
            array, sizes = difference.array, found.rounding if difference.agrees else found.sizes
            assert array is not None
            kinds.add("rounding" if difference.agrees else "value")
            sizes.setdefault(array, []).append(_relative(before[array], after[array]))
    return max(kinds, key=KINDS.index)


def _note(found: RowDrift, text: str) -> None:
    if text not in found.notes:
        found.notes.append(text)


def _relative(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference, divided by the largest value; infinite where only one side has a
    number.
    """
    b = b.astype(np.float64)
    scale = np.max(np.abs(b), initial=0, where=np.isfinite(b))
    return float(np.max(absolute_errors(a, b)) / (scale or 1))
