"""The five walk-throughs: both scripts of each read alike, and the verb `compare` tells rounding
from a difference in meaning.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the digits come with the extra `comparisons`")

import pyimpl
from pyimpl import (
    Adam,
    mse,
    setup,
    supervised,
    testmode,
    trainables,
    trainmode,
    update,
    withgradient,
)
from pyimpl.core.pullback import Gradient
from pyimpl.parity.experiments import experiment, images, page, running, trajectories
from pyimpl.parity.experiments.experiment import NAMES, Watch
from pyimpl.parity.experiments.noise import drifts, nudged

COMMAND = Path(sys.executable).with_name("julia-parity")
HEADING = re.compile(r"^# (\d+\. .*)$", re.M)
DIGITS = images.load("digits")
SEED = 1  # of what is recorded


def compare(*arguments, **options):
    return subprocess.run(
        [str(COMMAND), "compare", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        **options,
    )


def compare_recorded(name, size="quick"):
    return running.run(experiment.load(name), size, "digits", DIGITS, SEED, None, lambda *_: None)


# The scripts


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


# The command


@pytest.fixture(scope="module")
def all_quick(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return compare("--all", "--quick", "--reference", "recorded", "--out", out), out


def test_all_five_agree_and_say_that_the_julia_side_is_recorded(all_quick):
    done, _ = all_quick
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith(
        "5 of 5 experiments agree; Julia side: recorded Flux "
    )
    assert len(re.findall(r"^quick, seed 1; NumPy [\d.]+ s, recorded Flux", done.stdout, re.M)) == 5


def test_every_picture_is_there_small_and_on_the_page(all_quick):
    _, out = all_quick
    index = (out / "index.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'<img src="([^"]+)"', index))
    drawn = {
        str(path.relative_to(out)) for path in out.rglob("*") if path.suffix in (".png", ".gif")
    }
    assert shown == drawn and len(drawn) > 15
    for name in drawn:
        content = (out / name).read_bytes()
        assert content.startswith(b"\x89PNG" if name.endswith("png") else b"GIF8")
        assert len(content) < (1_500_000 if name.endswith("gif") else 250_000), name
    assert index.count("recorded Flux") >= 5 and "http" not in index.replace("<!doctype html>", "")
    for name in NAMES:
        assert (out / name / "numpy.txt").read_text().startswith("NumPy\n")
        assert all(
            entry["agrees"]
            for entry in json.loads((out / name / "verdicts.json").read_text())["arrays"]
        )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "name one experiment (regression, "),
        (["regression", "--all"], 2, "name one experiment (regression, "),
        (["regresion"], 2, "no experiment is called regresion; there are regression, "),
        (["sine", "--record", "--reference", "recorded"], 2, "--record needs the live Julia side"),
        (
            ["sine", "--quick", "--seed", "12345", "--reference", "recorded"],
            3,
            "no run sine-quick-digits-seed12345 is recorded (recorded: ",
        ),
        (
            ["sine", "--quick", "--reference", "recorded", "--out", "/dev/null/x"],
            2,
            "Not a directory",
        ),
    ],
)
def test_wrong_usage_and_missing_references(tmp_path, arguments, code, message):
    done = compare(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert message in " ".join(done.stderr.split()) and "Traceback" not in done.stderr


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


# Noise


def test_nudges_are_one_ulp_and_leave_whole_numbers_alone():
    given = {"x": np.array([1.0, -2.0, 0.0], np.float32), "batches": np.arange(3)}
    moved = nudged(given, 1)
    assert moved["x"].dtype == np.float32 and moved["x"][2] == 0
    np.testing.assert_allclose(moved["x"][:2], given["x"][:2], rtol=1.3e-7)
    assert (moved["x"][:2] != given["x"][:2]).all()
    np.testing.assert_array_equal(moved["batches"], given["batches"])


def test_drift_is_judged_by_the_noise():
    steps = np.arange(1.0, 6.0)
    (drift,) = drifts(
        {"loss": steps}, [{"loss": steps * (1 + 1e-12)}], {"loss": steps * (1 + 1e-11)}
    )
    assert drift.agrees and drift.noise[0] < drift.difference[0]
    wrong = steps.copy()
    wrong[3] *= 1 + 1e-9
    (drift,) = drifts({"loss": steps}, [{"loss": steps * (1 + 1e-12)}], {"loss": wrong})
    assert drift.first_beyond == 3 and drift.worst == 3


@pytest.mark.parametrize(
    ("mine", "theirs", "agrees"),
    [
        ([1.0, np.nan], [1.0, np.nan], True),
        ([1.0, np.inf], [1.0, np.inf], True),
        ([1.0, np.nan], [1.0, 2.0], False),
        ([1.0, np.inf], [1.0, -np.inf], False),
        ([1, 2], [1, 2], True),
        ([1, 2], [1, 3], False),
        ([1.0, 2.0], [1.0], False),
        ([1.0, 2.0], None, False),
    ],
)
def test_what_counts_as_the_same(mine, theirs, agrees):
    mine = {"final.x": np.array(mine)}
    (drift,) = drifts(mine, [mine], {} if theirs is None else {"final.x": np.array(theirs)})
    assert drift.agrees == agrees


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


# E1: the points that the article makes


def regression(dtype="float32"):
    loaded = experiment.load("regression")
    arrays = loaded.draw(loaded.size("quick"), SEED, DIGITS)
    return (
        loaded.script.build(dtype, arrays),
        arrays[f"{dtype}.features"],
        arrays[f"{dtype}.target"],
    )


def test_trainable_arrays_are_weights_biases_shift_and_scale_and_nothing_else():
    model, *_ = regression()
    names = [
        "layers.0.weight",
        "layers.0.bias",
        "layers.1.shift",
        "layers.1.scale",
        "layers.2.weight",
        "layers.2.bias",
    ]
    assert sorted(trainables(model)) == sorted(names)


def test_test_mode_leaves_the_running_statistics_alone():
    model, features, target = regression()
    norm = model.layers[1]
    testmode(model)
    before = norm.mean.copy(), norm.var.copy()
    state = setup(Adam(), model)
    update(state, model, withgradient(supervised(mse), model, features[:20], target[:20])[1][0])
    np.testing.assert_array_equal((norm.mean, norm.var), before)
    trainmode(model)
    withgradient(supervised(mse), model, features[:20], target[:20])
    assert (norm.mean != before[0]).all() and (norm.var != before[1]).all()


def test_a_batch_of_one_or_two_works_in_test_mode():
    model, features, _ = regression()
    testmode(model)
    np.testing.assert_allclose(model(features[:1]), model(features[:2])[:1], rtol=1e-6)


def test_a_vector_is_an_error_and_a_reshape_its_cure():
    model, features, _ = regression()
    testmode(model)
    with pytest.raises(ValueError, match=r"BatchNorm.*\(batch, .*got .*\(10,\)"):
        model(features[0])
    assert model(features[0].reshape(1, -1)).shape == (1, 1)


def test_a_loss_of_a_column_and_a_vector_is_an_error_that_names_both_shapes():
    model, features, target = regression()
    with pytest.raises(ValueError, match=r"\(300, 1\) and \(300,\)"):
        mse(model(features), target[:, 0])


def test_the_old_adam_is_adam_but_for_rounding():
    script = experiment.load("regression").script
    rng = np.random.default_rng(0)
    ours, theirs = (pyimpl.Dense(rng.random((3, 2)), np.zeros(2)) for _ in range(2))
    theirs.weight[...] = ours.weight
    states = [setup(rule, model) for rule, model in ((script.OldAdam(), ours), (Adam(), theirs))]
    for _ in range(20):
        gradient = Gradient(weight=rng.standard_normal((3, 2)), bias=np.ones(2), act=None)
        for state, model in zip(states, (ours, theirs), strict=True):
            update(state, model, gradient)
    np.testing.assert_allclose(
        ours.weight, theirs.weight, rtol=1e-6
    )  # Adam's settings are Float32 numbers today


# The page


def test_the_page_escapes_what_it_shows(tmp_path):
    result = compare_recorded("sine")
    path = page.write_index([(result, [("sine/a.png", "a < b & c")])], tmp_path)
    assert "a &lt; b &amp; c" in path.read_text(encoding="utf-8")
