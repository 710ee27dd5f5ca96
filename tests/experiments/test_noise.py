"""Differences of two runs are judged by what one ulp of noise does."""

import numpy as np
import pytest

from pyimpl.parity.experiments.noise import drifts, nudged


def test_nudges_are_one_ulp_and_leave_whole_numbers_alone():
    given = {"x": np.array([1.0, -2.0, 0.0], np.float32), "batches": np.arange(3)}
    moved = nudged(given, 1)
    assert moved["x"].dtype == np.float32 and moved["x"][2] == 0
    np.testing.assert_allclose(moved["x"][:2], given["x"][:2], rtol=1.3e-7)
    assert (moved["x"][:2] != given["x"][:2]).all()
    np.testing.assert_array_equal(moved["batches"], given["batches"])


def test_drift_is_judged_by_the_noise():
    steps = np.arange(1.0, 6.0)
    (drift,) = drifts(
        {"loss": steps}, [{"loss": steps * (1 + 1e-12)}], {"loss": steps * (1 + 1e-11)}
    )
    assert drift.agrees and drift.noise[0] < drift.difference[0]
    wrong = steps.copy()
    wrong[3] *= 1 + 1e-9
    (drift,) = drifts({"loss": steps}, [{"loss": steps * (1 + 1e-12)}], {"loss": wrong})
    assert drift.first_beyond == 3 and drift.worst == 3


@pytest.mark.parametrize(
    ("mine", "theirs", "agrees"),
    [
        ([1.0, np.nan], [1.0, np.nan], True),
        ([1.0, np.inf], [1.0, np.inf], True),
        ([1.0, np.nan], [1.0, 2.0], False),
        ([1.0, np.inf], [1.0, -np.inf], False),
        ([1, 2], [1, 2], True),
        ([1, 2], [1, 3], False),
        ([1.0, 2.0], [1.0], False),
        ([1.0, 2.0], None, False),
    ],
)
def test_what_counts_as_the_same(mine, theirs, agrees):
    mine = {"final.x": np.array(mine)}
    (drift,) = drifts(mine, [mine], {} if theirs is None else {"final.x": np.array(theirs)})
    assert drift.agrees == agrees
