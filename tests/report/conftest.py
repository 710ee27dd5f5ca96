"""Results that all tests of telling share."""

import pytest
from pairs_to_tell import results_to_tell


@pytest.fixture(scope="session")
def results():
    """Results of pairs that agree, differ, fail, and prove nothing."""
    return results_to_tell()
