"""Results that all tests of telling share."""

import pytest
from pairs_to_tell import results_to_tell

from pyimpl.parity.pair import checking


@pytest.fixture(scope="session")
def results():
    """Results of pairs that agree, differ, fail, and prove nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "SHRINK_SECONDS", 0.5)
        return results_to_tell()


@pytest.fixture(autouse=True)
def hasty(hasty_shrinking):
    """These tests are of other things than the smallest inputs."""
