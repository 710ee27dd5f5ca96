"""A user's directory for every trial."""

import pytest
from faults.trials import Desk

DOUBLE = "def double(x):\n    return 2 * x\n"


@pytest.fixture
def desk(tmp_path) -> Desk:
    """A user's directory."""
    for name in ("bin", "home"):
        (tmp_path / name).mkdir()
    return Desk(tmp_path)


@pytest.fixture
def doubled(desk) -> Desk:
    """A user's directory with a pair that agrees, `double.py` and `x -> 2x`, and its recording."""
    desk.file("double.py", DOUBLE)
    desk.recorded("double.py:double", "x -> 2x", "n,3")
    return desk
