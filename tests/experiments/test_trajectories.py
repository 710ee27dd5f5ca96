"""Recorded runs belong to their inputs."""

import re

import numpy as np
import pytest

from pyimpl.parity.experiments import experiment, images, running, trajectories

DIGITS = images.load("digits")


SEED = 1  # of what is recorded


def test_a_recording_of_other_inputs_is_refused(tmp_path, monkeypatch):
    loaded = experiment.load("sine")
    size = loaded.size("quick")
    inputs = loaded.draw(size, SEED, DIGITS)
    path = tmp_path / "run.npz"
    trajectories.save(
        path, running.Side("Julia", {"loss": np.ones(3)}, ["line"], 1.5), inputs, {"Flux": "0.0.0"}
    )
    side, versions = trajectories.load(path, inputs)
    assert (side.lines, side.seconds, versions) == (["line"], 1.5, {"Flux": "0.0.0"})
    name = next(name for name, array in inputs.items() if array.dtype.kind == "f")
    with pytest.raises(
        trajectories.NoTrajectory,
        match=f"was given another {re.escape(name)} than this NumPy draws",
    ):
        trajectories.load(path, inputs | {name: inputs[name] + 0.01})
