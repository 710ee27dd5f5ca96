"""What changed between two versions of Flux: on changes made here, and between the recordings that are shipped."""

import dataclasses

import numpy as np
import pytest
from test_command import run

from pyimpl import semantics
from pyimpl.parity import report
from pyimpl.parity.case import Outcome
from pyimpl.parity.catalogue import CATALOGUE, Row
from pyimpl.parity.checking import Summary, check_row
from pyimpl.parity.drift import drift
from pyimpl.parity.evaluators import recorded
from pyimpl.parity.evaluators.recorded import Recorded

# Row -> what differs between Flux 0.14.25 and 0.16.9, and the least and greatest size of it in `y` or the parameter.
CHANGED = {
    "normalise": "value",
    "LayerNorm": "value",
}
NEW = {"WeightNorm", "remove_weight_norms", "Recurrence", "MixedPrecision"}


@pytest.fixture(scope="module")
def old() -> Recorded:
    """The recording of Flux 0.14.25."""
    (path,) = [path for path in recorded.shipped() if path.name.startswith("flux-0.14.25-")]
    return Recorded(path)


class Shifted:
    """A recording in which something has changed."""

    def __init__(self, recording, change, flux="0.16.9"):
        self._recording, self._change = recording, change
        self.versions = recording.versions | {"Flux": flux}

    def pairs(self, row, dtypes, count, seed):
        for case, outcomes in self._recording.pairs(row, dtypes, count, seed):
            yield case, {dtype: self._change(dtype, outcome) for dtype, outcome in outcomes.items()}


def changed(**arrays):
    def change(dtype, outcome):
        found = {name: arrays.get(name.partition(".")[0], lambda a: a)(array) for name, array in outcome.arrays.items()}
        return dataclasses.replace(outcome, arrays={name: array for name, array in found.items() if array is not None})

    return change


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (changed(), "same"),
        (changed(y=lambda y: y * (1 + np.finfo(y.dtype).eps)), "rounding"),
        (changed(y=lambda y: y * y.dtype.type(1.01)), "value"),
        (changed(grad=lambda g: None), "names"),
        (changed(y=lambda y: y[:-1]), "shape"),
        (changed(y=lambda y: y.astype(np.float64 if y.dtype == np.float32 else np.float32)), "dtype"),
        (lambda dtype, outcome: Outcome(error="refused"), "refusal"),
    ],
)
def test_kinds_of_drift(recording, change, kind):
    (found,) = drift(recording, Shifted(recording, change), ["softplus"])
    assert found.kind == kind and found.changed == (kind not in ("same", "rounding"))


def test_sizes_are_those_of_what_changed_and_not_of_what_is_rounded(recording):
    change = changed(y=lambda y: y * 2, grad=lambda g: g * (1 + np.finfo(g.dtype).eps))
    (found,) = drift(recording, Shifted(recording, change), ["softplus"])
    assert found.sizes == pytest.approx({"y": 0.5}) and set(found.rounding) == {"grad.x1"}


def test_drift_tells_the_formulas_of_both_versions_and_only_where_they_differ(recording):
    (found,) = drift(Shifted(recording, changed(y=lambda y: y * 2), "0.14.25"), recording, ["normalise"])
    assert ("(x - mean) / (std + eps)", "(x - mean) / sqrt(var + eps^2)") in found.known
    assert found.sizes["y"] == pytest.approx(1)
    (found,) = drift(Shifted(recording, changed(y=lambda y: y * 2), "0.16.0"), recording, ["normalise"])
    assert not found.known and found.changed


def test_what_only_the_newer_one_has_is_new_in_either_direction(recording):
    older = Shifted(recording, changed(), "0.15.2")
    for pair in ((older, recording), (recording, older)):
        found = {row.row: row for row in drift(*pair, ["WeightNorm", "AdamW", "Dense"])}
        assert found["WeightNorm"].kind == "new" and found["WeightNorm"].brought == ["0.16"]
        assert not found["AdamW"].changed and not found["Dense"].changed


# Between the recordings


@pytest.fixture(scope="module")
def between(old) -> dict:
    """Every row between Flux 0.14.25 and 0.16.9."""
    return {found.row: found for found in drift(old, recorded.newest())}


def test_the_newest_recording_is_that_of_the_highest_version(old):
    assert recorded.newest().versions["Flux"] == "0.16.9" != old.versions["Flux"]


def test_both_recordings_have_the_same_cases_but_for_what_is_newer(old):
    new = recorded.newest()
    for key, row in CATALOGUE.items():
        mine = [str(case) for case, _ in old.pairs(row, ("float64",), None, 0)]
        theirs = [str(case) for case, _ in new.pairs(row, ("float64",), None, 0) if row.is_in("0.14.25", case)]
        assert mine == theirs, key


def test_exactly_these_rows_changed(between):
    assert {name: found.kind for name, found in between.items() if found.changed and found.kind != "new"} == CHANGED
    assert {name for name, found in between.items() if found.kind == "new"} >= NEW


def test_every_change_is_in_the_table(between):
    assert [name for name, found in between.items() if found.changed and not found.known and not found.brought] == []
