"""What changed between two versions of Flux: on changes made here, and between the recordings that
are shipped.
"""

import dataclasses

import numpy as np
import pytest
from known_drift import NEW, NEW_IN_PART, OLD, ONLY_NEW, STATES, VALUES

from pyimpl import semantics
from pyimpl.core.versions import formulas_of
from pyimpl.parity.case.case import Outcome
from pyimpl.parity.case.dtypes import DTYPES
from pyimpl.parity.case.names import Name
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import Live, Summary, check_row
from pyimpl.parity.catalogue.drift import drift, key


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
        found = {
            name: arrays.get(str(name).partition(".")[0], lambda a: a)(array)
            for name, array in outcome.arrays.items()
        }
        return dataclasses.replace(
            outcome, arrays={name: array for name, array in found.items() if array is not None}
        )

    return change


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (changed(), "same"),
        (changed(y=lambda y: y * (1 + np.finfo(y.dtype).eps)), "rounding"),
        (changed(y=lambda y: y * y.dtype.type(1.01)), "value"),
        (changed(grad=lambda g: None), "names"),
        (changed(y=lambda y: y[:-1]), "shape"),
        (
            changed(y=lambda y: y.astype(np.float64 if y.dtype == np.float32 else np.float32)),
            "dtype",
        ),
        (lambda dtype, outcome: Outcome(error="refused"), "refusal"),
    ],
)
def test_kinds_of_drift(recording, change, kind):
    (found,) = drift(recording, Shifted(recording, change), ["softplus"])
    assert found.kind == kind and found.changed == (kind not in ("same", "rounding"))


def test_sizes_are_those_of_what_changed_and_not_of_what_is_rounded(recording):
    change = changed(y=lambda y: y * 2, grad=lambda g: g * (1 + np.finfo(g.dtype).eps))
    (found,) = drift(recording, Shifted(recording, change), ["softplus"])
    assert set(map(str, found.sizes)) == {"y"} and set(map(str, found.rounding)) == {"grad.x1"}
    assert (
        min(found.sizes[Name.parse("y")]) == max(found.sizes[Name.parse("y")]) == pytest.approx(0.5)
    )


def test_drift_tells_the_formulas_of_both_versions_and_only_where_they_differ(recording):
    (found,) = drift(
        Shifted(recording, changed(y=lambda y: y * 2), "0.14.25"), recording, ["normalise"]
    )
    assert (
        "normalise",
        "(x - mean) / (std + eps)",
        "(x - mean) / sqrt(var + eps^2)",
    ) in found.known
    assert max(found.sizes[Name.parse("y")]) == pytest.approx(1)
    (found,) = drift(
        Shifted(recording, changed(y=lambda y: y * 2), "0.16.0"), recording, ["normalise"]
    )
    assert not found.known and found.changed


def test_what_only_the_newer_one_has_is_new_in_either_direction(recording):
    older = Shifted(recording, changed(), "0.15.2")
    for pair in ((older, recording), (recording, older)):
        found = {row.row: row for row in drift(*pair, ["WeightNorm", "RNNCell", "AdamW", "Dense"])}
        assert found["WeightNorm"].kind == "new" and found["WeightNorm"].brought == {"0.16": []}
        assert found["RNNCell"].kind == "new" and "bias=False" in found["RNNCell"].brought["0.16"]
        assert not found["AdamW"].changed and not found["Dense"].changed


class Old:
    """Live Julia with an old Flux."""

    versions = {"Flux": "0.14.25"}

    def evaluate_many(self, cases):
        return iter([Outcome() for _ in cases])


def test_an_old_flux_is_not_asked_for_what_is_newer():
    cases = {
        name: [case for case, _ in Live(Old()).pairs(CATALOGUE[name], DTYPES, 6, 0)]
        for name in ("WeightNorm", "AdamW", "Rprop")
    }
    assert (
        not cases["WeightNorm"]
        and cases["AdamW"]
        and not any("couple" in case.config for case in cases["AdamW"])
    )
    assert {"drawn", "zero gradients"} < {case.origin for case in cases["Rprop"]} and not any(
        case.refused for case in cases["Rprop"]
    )


def test_the_cases_of_a_recording_are_evaluated_again(recording):
    given = [
        (case, tuple(outcomes))
        for case, outcomes in recording.pairs(CATALOGUE["AdamW"], DTYPES, None, 0)
    ]
    again = {
        key(case): set(outcomes)
        for case, outcomes in Live(Old()).evaluated(CATALOGUE["AdamW"], given)
    }
    assert again == {
        key(case): set(dtypes) for case, dtypes in given if "couple" not in case.config
    }


def test_the_newest_recording_is_that_of_the_highest_version(old, recording):
    assert (old.versions["Flux"], recording.versions["Flux"]) == (OLD, NEW)


def test_both_recordings_have_the_same_cases_but_for_what_is_newer(old, recording):
    for name, row in CATALOGUE.items():
        mine, theirs = (
            {key(case) for case, _ in each.pairs(row, DTYPES, None, 0) if row.is_in(OLD, case)}
            for each in (old, recording)
        )
        # A row, a structure or an example that came later was recorded of the newer Flux only.
        assert mine <= theirs, name
        assert mine or not theirs or name not in old.rows(), name


def recorded_of(old):
    """The rows that were asked of the old version; others came later."""
    return [row for name, row in CATALOGUE.items() if name in {*old.rows(), *ONLY_NEW}]


def test_exactly_these_rows_changed(between, old):
    assert {name for name, found in between.items() if found.kind == "value"} == VALUES
    assert {name for name, found in between.items() if found.kind == "names"} == STATES
    assert {
        name for name, found in between.items() if found.kind == "new"
    } == ONLY_NEW | NEW_IN_PART
    assert not {
        name for name, found in between.items() if found.kind in ("dtype", "shape", "refusal")
    }
    assert not between["Dense"].changed and len(between) == len(recorded_of(old))


def test_every_change_is_in_the_table(between):
    assert not [
        name
        for name, found in between.items()
        if found.changed and not found.known and not found.brought
    ]


def test_how_large_the_changes_are(between):
    small = min(between["normalise"].sizes[Name.parse("y")])
    assert 1e-6 < small < 1e-4 < max(between["normalise"].sizes[Name.parse("y")])
    assert np.inf in between["LayerNorm"].sizes[Name.parse("grad.x1")]  # NaN for what is constant
    assert 1e-12 < max(between["Rprop"].sizes[Name.parse("x@6")]) < 1e-8
    assert 0.01 < max(between["AdamW"].sizes[Name.parse("x@1")]) < 1
    assert set(map(str, between["mae"].sizes)) == {"grad.x1", "grad.x2"}
    assert "state.layer.state0: only in the old one" in between["GRUCell"].notes


def test_the_twin_of_the_old_version_agrees_with_the_old_recording(old):
    with semantics(OLD):
        reports = [check_row(row, old) for row in recorded_of(old)]
    assert {
        report.subject.key for report in reports if report.verdict not in ("agrees", "newer")
    } == set()
    assert {report.subject.key for report in reports if report.verdict == "newer"} == ONLY_NEW
    assert Summary(tuple(reports)).exit_code == 0


def test_a_version_without_its_last_number_means_the_same(old):
    assert formulas_of("0.14") == formulas_of(OLD)
    changed = VALUES | STATES | ONLY_NEW | NEW_IN_PART
    with semantics("0.14"):
        reports = [check_row(CATALOGUE[name], old) for name in sorted(changed)]
    assert {report.verdict for report in reports} == {"agrees", "newer"}
    assert {report.subject.key for report in reports if report.verdict == "newer"} == ONLY_NEW


def test_the_twin_of_the_new_version_disagrees_with_the_old_recording_where_something_changed(old):
    with semantics(NEW):
        reports = [check_row(row, old) for row in recorded_of(old)]
    assert {
        report.subject.key for report in reports if report.verdict == "disagrees"
    } == VALUES | STATES
    assert {
        report.subject.key for report in reports if report.verdict not in ("agrees", "disagrees")
    } == ONLY_NEW
    assert Summary(tuple(reports)).exit_code == 1
