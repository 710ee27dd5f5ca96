"""Both sides of an experiment, run and held against each other."""

import shutil
from pathlib import Path

from pyimpl.parity.experiments import experiment, images, running, trajectories
from pyimpl.parity.experiments.experiment import Watch

DIGITS = images.load("digits")


SEED = 1  # of what is recorded


def compare_recorded(name, size="quick"):
    return running.run(experiment.load(name), size, "digits", DIGITS, SEED, None, lambda *_: None)


def test_a_side_that_differs_in_meaning_is_found_with_its_first_step(tmp_path, monkeypatch):
    """The recorded side has a gradient off by a thousandth after step 51: the curves part there, by
    more than one ulp can make them.
    """
    monkeypatch.setattr(experiment, "scripts", lambda: tmp_path)
    monkeypatch.setattr(trajectories, "scripts", lambda: tmp_path)
    shutil.copytree(Path(__file__).parents[2] / "comparisons", tmp_path, dirs_exist_ok=True)
    loaded = experiment.load("regression")
    size = loaded.size("quick")
    inputs = loaded.draw(size, SEED, DIGITS)
    train = loaded.script.withgradient
    steps = []

    def from_51(*arguments):
        steps.append(1)
        value, gradients = train(*arguments)
        if len(steps) > 51:
            gradients[0].layers[0].weight *= 1.001
        return value, gradients

    monkeypatch.setattr(loaded.script, "withgradient", from_51)
    wrong = running.Side("Julia", loaded.run(size, inputs, Watch()), ["..."], 0.0)
    trajectories.save(
        trajectories.place(loaded, "quick", "digits", SEED), wrong, inputs, {"Flux": "0.0.0"}
    )
    result = compare_recorded("regression")
    found = {drift.name: drift for drift in result.drifts}
    assert not result.agrees
    assert 51 < found["batch loss, float64"].first_beyond + 1 < 56
    assert not found["final.layers.0.weight, float64"].agrees
