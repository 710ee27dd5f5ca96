"""The five walk-throughs: both scripts of each read alike, and both sizes are recorded."""

import re
from pathlib import Path

import numpy as np
import pytest

from pyimpl.parity.experiments import experiment, images, trajectories
from pyimpl.parity.experiments.experiment import NAMES, Watch

HEADING = re.compile(r"^# (\d+\. .*)$", re.M)


DIGITS = images.load("digits")


SEED = 1  # of what is recorded


@pytest.mark.parametrize("name", NAMES)
def test_both_scripts_have_the_same_headings(name):
    loaded = experiment.load(name)
    python = Path(loaded.script.__file__).read_text(encoding="utf-8")
    julia = loaded.julia.read_text(encoding="utf-8")
    headings = [HEADING.findall(text) for text in (python, julia)]
    numbers = [[heading.split(".")[0] for heading in found] for found in headings]
    assert numbers[0] == [str(i + 1) for i in range(len(headings[0]))]
    # Figures are drawn by the Python side alone; what follows a dash is a remark of one side.
    common = [heading for heading in headings[0] if "igure" not in heading]
    assert [re.split(r" - |:", h)[0] for h in common] == [
        re.split(r" - |:", h)[0] for h in headings[1]
    ]
    assert loaded.script.__doc__.strip().splitlines()[0] == julia.splitlines()[0].removeprefix("# ")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", ["quick", "full"])
def test_every_experiment_is_recorded_in_both_sizes(name, size):
    loaded = experiment.load(name)
    path = trajectories.place(loaded, size, "digits", SEED)
    side, versions = trajectories.load(path, loaded.draw(loaded.size(size), SEED, DIGITS))
    assert side.arrays and side.lines and versions["Flux"]
    assert path.stat().st_size < 400_000


@pytest.mark.parametrize("name", NAMES)
def test_published_figures_stand_beside_ours_at_full_size(name):
    loaded = experiment.load(name)
    size = loaded.size("full")
    side, _ = trajectories.load(
        trajectories.place(loaded, "full", "digits", SEED), loaded.draw(size, SEED, DIGITS)
    )
    for figure in loaded.script.PUBLISHED:
        assert figure.ours(size, side.arrays), figure.what


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("weight_scales", {"epochs": 1}),
        ("techniques", {"steps": 2, "epochs": 1, "trials": 1, "trial_epochs": 1}),
        ("convolution", {"epochs": 1}),
    ],
)
def test_larger_images_are_learnt_from_as_well(name, size):
    loaded = experiment.load(name)
    rng = np.random.default_rng(0)
    big = images.Images(
        "mnist", rng.integers(0, 256, (1200, 28, 28), np.uint8), rng.integers(0, 10, 1200), 255
    )
    found = loaded.run(size, loaded.draw(size, SEED, big), Watch())
    assert all(len(array) for name, array in found.items() if loaded.curve(name))
