"""Mutants in processes of their own: killed by a row, by time, alive, or no program."""

import pytest

from pyimpl.parity.mutants.fate import State
from pyimpl.parity.mutants.mutant import Mutant
from pyimpl.parity.mutants.running import Trial, try_mutants, without_mutant
from pyimpl.parity.reference import recorded


@pytest.fixture
def trial():
    return Trial(recorded.newest().path, everywhere=False)


def mutant(old: str, new: str, **more) -> Mutant:
    about = {"rows": ("relu",)} | more
    return Mutant("m", "functions", "functions/activations.py", "A convention.", old, new, **about)


WRONG = mutant("return np.maximum(x, 0)\n", "return np.maximum(x, 0) * 2\n")
SAME = mutant("return np.maximum(x, 0)\n", "return np.maximum(x, 0 * 1)\n")


def fate(one: Mutant, trial: Trial):
    (found,) = try_mutants([one], trial, workers=1)
    return found


def test_a_wrong_value_is_killed_by_row_and_array(trial):
    found = fate(WRONG, trial)
    assert (found.state, found.by, found.array) == (State.KILLED, "relu", "y")
    assert found.is_killed and not found.is_defect


def test_what_changes_nothing_lives_and_is_a_defect_unless_explained(trial):
    found = fate(SAME, trial)
    assert found.state is State.LIVES and found.is_defect
    explained = Mutant(**vars(SAME) | {"lives": "It computes the same."})
    assert not fate(explained, trial).is_defect


def test_a_row_that_is_not_named_kills_too(trial):
    elsewhere = Mutant(**vars(WRONG) | {"rows": ("tanh",)})
    assert fate(elsewhere, trial).state is State.LIVES
    found = fate(elsewhere, Trial(trial.recording, everywhere=True))
    assert found.state is State.KILLED and found.by != "tanh"


def test_a_program_that_does_not_end_is_killed_by_time(trial):
    endless = mutant("return np.maximum(x, 0)\n", "while True:\n        pass\n")
    found = fate(endless, Trial(trial.recording, everywhere=False, seconds=4))
    assert found.state is State.TIME and found.is_killed


def test_a_program_that_cannot_be_imported_is_broken(trial):
    found = fate(mutant("LOG_2 = math.log(2.0)", "LOG_2 = no_such_name"), trial)
    assert found.state is State.BROKEN and found.is_defect and "no_such_name" in found.words


def test_an_entry_that_does_not_fit_is_broken(trial):
    found = fate(mutant("no such text", ""), trial)
    assert found.state is State.BROKEN and "expected it once" in found.words


def test_rules_in_use_are_asked_about_the_same_outcomes(trial):
    alarms = without_mutant(["relu"], trial, workers=1)
    assert alarms["equal means, outputs"] == []
    called = fate(WRONG, trial).rules
    assert called["equal means, outputs"] and called["numpy.testing.assert_allclose, outputs"]


def test_a_program_that_cannot_be_checked_without_a_mutant_is_an_error(trial):
    with pytest.raises(RuntimeError, match="without a mutant there is no check: KeyError"):
        without_mutant(["no such row"], trial, workers=1)
