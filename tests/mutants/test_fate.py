"""What became of a mutant."""

import pytest

from pyimpl.parity.mutants.fate import Fate, State
from pyimpl.parity.mutants.mutant import Mutant

MUTANT = Mutant("m", "layers", "layers/dense.py", "A convention.", "old", "new")
EXPLAINED = Mutant(**vars(MUTANT) | {"lives": "Because."})


@pytest.mark.parametrize(
    ("mutant", "state", "killed", "defect"),
    [
        (MUTANT, State.KILLED, True, False),
        (MUTANT, State.TIME, True, False),
        (MUTANT, State.LIVES, False, True),
        (EXPLAINED, State.LIVES, False, False),
        (EXPLAINED, State.BROKEN, False, True),
    ],
)
def test_what_counts_as_killed_and_as_a_defect(mutant, state, killed, defect):
    fate = Fate(mutant, state)
    assert (fate.is_killed, fate.is_defect) == (killed, defect)
