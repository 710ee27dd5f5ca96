"""A bundle: arrays as text, a program that needs NumPy alone, and what is no bundle."""

import subprocess
import sys

import numpy as np
import pytest
from julia_parity import COMMAND
from pretended import checked, pretended
from small_models import BATCH

from pyimpl import (
    Descent,
)
from pyimpl.parity import Training, arrays
from pyimpl.parity.pair.checking import check_pair
from pyimpl.parity.pair.loading import load_subject
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.report.bundle import (
    BundleError,
    load_bundle,
    read_array,
    replay,
    write_array,
    write_bundle,
)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "uint64", "bool"])
def test_arrays_come_back_from_their_text(dtype, tmp_path):
    array = (
        np.array([[0.1, np.nan, -np.inf], [1e-300, -0.0, 3]]).astype(dtype)
        if "float" in dtype
        else np.array([[0, 1]]).astype(dtype)
    )
    for case in (array, array[:0], array[0, 0]):
        write_array(tmp_path / "x.txt", np.asarray(case))
        np.testing.assert_array_equal(read_array(tmp_path / "x.txt"), case, strict=True)


def test_a_bundle_replays_and_its_program_needs_numpy_alone(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n\ndef mine(x):\n    return x * np.float32(2)\n"
    )
    mine = load_subject(f"{tmp_path / 'mine.py'}:mine")
    result = checked(
        mine, lambda x: x * x.dtype.type(3), arrays("n,3"), origin=f"{tmp_path / 'mine.py'}:mine"
    )
    path = write_bundle(tmp_path / "bundles", result)
    assert result.bundle == path and (path / "story.txt").read_text().startswith(
        "mine and julia differ in meaning"
    )
    done = subprocess.run(
        [sys.executable, "-I", str(path / "repro.py")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and "julia, y:" in done.stdout, done.stderr
    replayed = subprocess.run(
        [COMMAND, "explain", str(path)], capture_output=True, text=True, timeout=120
    )
    assert replayed.returncode == 1 and "differ in meaning" in replayed.stdout, replayed.stderr
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n\ndef mine(x):\n    return x * x.dtype.type(3)\n"
    )
    replayed = subprocess.run(
        [COMMAND, "explain", str(path)], capture_output=True, text=True, timeout=120
    )
    assert replayed.returncode == 0 and "agrees" in replayed.stdout, (
        replayed.stdout + replayed.stderr
    )
    (tmp_path / "mine.py").unlink()
    replayed = subprocess.run(
        [COMMAND, "explain", str(path)], capture_output=True, text=True, timeout=120
    )
    # Of the copy in the bundle, which is as the file was then.
    assert replayed.returncode == 1 and "runs the copy" in replayed.stderr, replayed.stderr
    (path / "source" / "mine.py").unlink()
    replayed = subprocess.run(
        [COMMAND, "explain", str(path)], capture_output=True, text=True, timeout=120
    )
    assert replayed.returncode == 3 and "there is no Python file" in replayed.stderr


def test_what_is_no_bundle(tmp_path):
    with pytest.raises(BundleError, match="is no bundle"):
        load_bundle(tmp_path)


SOURCE = """
import numpy as np
from pyimpl import Chain, Dense, Descent, mse
model = Chain(Dense(3, 4, rng=np.random.default_rng(0)), Dense(4, 2, rng=np.random.default_rng(1)))
rule = Descent(0.1)
"""


def wrong_training(tmp_path):
    from pyimpl.parity.pair.loading import load_subject

    file = tmp_path / "mine.py"
    file.write_text(SOURCE, encoding="utf-8")
    places = [f"{file}:{name}" for name in ("model", "mse", "rule")]
    model, loss, rule = map(load_subject, places)
    training = Training((loss, "Flux.mse"), (rule, "Descent(0.2)"), 2, (places[1], places[2]))
    pair = make_pair(
        model,
        "Chain(Dense(3 => 4), Dense(4 => 2))",
        BATCH,
        training=training,
        origin=places[0],
        name="mine",
    )
    result = check_pair(
        pair, pretended(model, training=Training((loss, ""), (Descent(0.2), ""), 2)), count=6
    )
    return result, write_bundle(tmp_path / "bundles", result)


def test_a_bundle_of_training_is_replayed(tmp_path):
    result, path = wrong_training(tmp_path)
    assert not result.agrees and not replay(path, None).agrees
    assert load_bundle(path)[0].training.steps == 2
    done = subprocess.run(
        [sys.executable, str(path / "repro.py")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and "julia, loss@2" in done.stdout, done.stderr
    (tmp_path / "mine.py").write_text(SOURCE.replace("0.1", "0.2"), encoding="utf-8")
    sys.modules.pop("parity_subject_mine")
    assert replay(path, None).agrees


def test_live_a_bundle_of_training_runs_in_julia_alone(julia, tmp_path):
    _, path = wrong_training(tmp_path)
    done = subprocess.run(
        ["julia", "--startup-file=no", str(path / "repro.jl")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0 and "loss@2 = " in done.stdout, done.stderr
