"""Tests of the Python side."""

import pytest


@pytest.fixture(autouse=True)
def hasty(hasty_shrinking):
    """These tests are of other things than the smallest inputs."""
