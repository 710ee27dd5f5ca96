"""The evidence of a disagreement, and how an edited side fares on it."""

import numpy as np
import pytest
from pretended import checked

from pyimpl.parity.case.case import Outcome
from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain.trial import bare, counted, near, only_outputs, telling, trial_of
from pyimpl.parity.sides.frameworks import side_of


def wrong(x):
    return np.where(x > 0, x, 0)


def right(x):
    return np.where(x > 0, x, x / 8)


@pytest.fixture(scope="module")
def trial():
    return trial_of(checked(wrong, right, arrays("n,3")), 60)


def test_the_smallest_case_stands_first_and_all_is_kept(trial):
    sizes = [evidence.case.size for evidence in trial.differing]
    assert sizes[0] == min(sizes) and sizes[1:] == sorted(sizes[1:], reverse=True)
    assert trial.agreeing and trial.dtypes == {"float64", "float32"}


def test_the_right_side_is_confirmed_and_what_helps_in_part_is_not(trial):
    assert trial.promising(side_of(right)) and trial.confirms(side_of(right))
    assert not trial.promising(side_of(lambda x: x / 8))
    spoils = side_of(lambda x: right(x) if (x < 0).any() else x + 1)
    assert not trial.confirms(spoils)


def test_the_evidence_is_counted_in_words(trial):
    assert counted(trial).startswith(f"with it all {len(trial.differing)} differing cases")
    assert "(float64 and float32)" in counted(trial) and "still do" in counted(trial)
    assert telling(trial)


def test_time_runs_out():
    late = trial_of(checked(wrong, right, arrays("n,3")), -1)
    assert late.deadline.over and late.late
    assert not late.promising(side_of(right))


def test_without_gradients():
    result = checked(wrong, right, arrays("n"), lambda dy, x: dy * (x > 0), lambda dy, x: dy)
    with_gradients = trial_of(result, 60)
    plain = only_outputs(with_gradients)
    assert not any(
        name.is_gradient
        for evidence in plain.differing
        for outcome in evidence.julia.values()
        for name in outcome.arrays
    )
    assert only_outputs(plain) is None
    assert "dy1" not in set(map(str, bare(with_gradients.differing[0]).case.arrays))


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        ({"y": np.ones(2)}, {"y": np.ones(2) + 1e-13}, True),
        ({"y": np.ones(2)}, {"y": np.ones(2) + 1e-3}, False),
        ({"y": np.ones(2)}, {"y": np.ones(3)}, False),
        ({"y": np.ones(2)}, {"y": np.ones(2, np.float32)}, False),
        ({"y": np.arange(2)}, {"y": np.arange(2) + 1}, False),
        ({"y": np.ones(2)}, {"y": np.ones(2), "grad.x1": np.zeros(2)}, True),
        ({"y": np.ones(2)}, {"y": np.ones(2), "grad.x1": np.ones(2)}, False),
    ],
)
def test_what_is_near(mine, theirs, same):
    assert near(Outcome(mine), Outcome(theirs), {}) is same
    assert not near(Outcome(error="no"), Outcome(theirs), {})
