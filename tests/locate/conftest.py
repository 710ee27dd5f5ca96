"""Julia's side of models with one wrong layer, recorded."""

import pytest
from located.table import RECORDING

from pyimpl.parity.reference.stage_recordings import Replayed


@pytest.fixture(autouse=True)
def unexplained(monkeypatch):
    """Explanations have tests of their own and take seconds each."""
    monkeypatch.setattr("pyimpl.parity.explain.explain", lambda result, seconds=0: [])


@pytest.fixture(scope="module")
def replayed() -> Replayed:
    """What Julia said of the models of `located/models.jl`."""
    return Replayed(RECORDING)
