"""Cases that are sought, what is kept of them, and long training runs."""

from dataclasses import replace

import numpy as np
import pytest
from pretended import Twins

from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import Live
from pyimpl.parity.catalogue.seeking import keep, seek, trajectories
from pyimpl.parity.reference.recorded import RecordedRows

ROW = CATALOGUE["Scale"]
SEED = 3


class Coarse(Twins):
    """Its outputs are off by the more ulps the larger the batch is; it keeps what it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def evaluate_many(self, cases):
        """One outcome per case, in order."""
        for case, outcome in zip(cases, super().evaluate_many(cases), strict=True):
            self.asked.append(case)
            if outcome.output is not None:
                one = np.finfo(outcome.output.dtype).eps / 64
                outcome.output[...] *= 1 + 64 * one * len(outcome.output)
            yield outcome


def test_the_worst_case_is_found_kept_and_where_the_next_search_begins(tmp_path):
    julia = Coarse()
    found = seek(ROW, Live(julia), ("float64",), count=60, start=SEED)
    assert found.report.cases >= 60 and found.case is not None
    assert found.ulps == max(worst.ulps for worst in found.report.worst.values()) > 0
    keep(found, tmp_path, {"versions": julia.versions, "made": "today"})
    ((kept, outcomes),) = RecordedRows(tmp_path).pairs(ROW, ("float64",), None, 0)
    assert kept.fingerprint == found.case.fingerprint and outcomes.keys() == {"float64"}
    again = Coarse()
    next_time = seek(ROW, Live(again), ("float64",), count=1, start=SEED + 1, before=tmp_path)
    assert kept.fingerprint in {case.fingerprint for case in again.asked}
    assert next_time.ulps >= found.ulps


def test_what_disagrees_is_reported():
    found = seek(ROW, Live(Twins(wrong=("Scale",))), ("float64",), count=5)
    assert found.report.verdict == "disagrees"


class OtherRule(Twins):
    """A Julia that trains with another rule than it is asked to."""

    def __init__(self, **other):
        super().__init__()
        self._other = other

    def evaluate_many(self, cases):
        """One outcome per case, in order."""
        for case in cases:
            rule = case.config["optimiser"]
            wrong = {key: value for key, value in self._other.items() if key in rule}
            config = {**case.config, "optimiser": {**rule, **wrong}}
            yield CATALOGUE[case.row].evaluate(replace(case, config=config))


def test_long_runs_stay_in_the_band_of_an_ulp():
    report = trajectories(Live(Twins()), ("float64",), steps=30)
    assert report.verdict == "agrees" and report.cases == len(CATALOGUE["train"].structures)
    assert max(name.step for name in report.trusted) == 30


@pytest.mark.parametrize("other", [{"eta": 0.0625 * (1 + 1e-9)}, {"rule": "Nesterov"}])
def test_a_long_run_under_another_rule_leaves_the_band(other):
    report = trajectories(Live(OtherRule(**other)), ("float64",), steps=30)
    assert report.verdict == "disagrees"
