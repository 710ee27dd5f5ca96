"""The training steps that are timed: both Python contenders take the same ones."""

import numpy as np
import pytest

from pyimpl.parity.experiments import training_steps
from pyimpl.parity.experiments.training_steps import EXPERIMENTS, labels, normal


@pytest.mark.parametrize("experiment", EXPERIMENTS)
@pytest.mark.parametrize("contender", ["numpy", "torch"])
def test_a_step_can_be_taken_again_and_again(contender, experiment):
    if contender == "torch":
        pytest.importorskip("torch").set_num_threads(1)
    step = getattr(training_steps, f"{contender}_{experiment}")()
    for _ in range(3):
        step()


def test_data_are_of_their_shapes():
    assert normal(2, 3).shape == (2, 3) and normal(2, 3).dtype == np.float32
    assert abs(normal(100, 100, std=0.1).std() - 0.1) < 0.01
    assert labels(20).shape[0] == 20
