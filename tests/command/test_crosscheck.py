"""The verbs `new` and `crosscheck`: what they write, refuse, record and replay."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from julia_parity import COMMAND

from pyimpl.parity.pair.loading import load_subject


def test_a_new_pair_is_complete_and_nothing_is_written_over(tmp_path):
    command = [COMMAND, "new", "mine", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and {path.name for path in tmp_path.iterdir()} == {
        "mine.py",
        "mine.jl",
        "test_mine.py",
    }
    again = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert again.returncode == 2 and "exists already" in again.stderr
    for name in ("not-a-name", "class", "numpy"):
        assert (
            subprocess.run(
                [COMMAND, "new", name, "--out", str(tmp_path)], capture_output=True, timeout=60
            ).returncode
            == 2
        )
    mine = load_subject(f"{tmp_path / 'mine.py'}:mine")
    backward = load_subject(f"{tmp_path / 'mine.py'}:mine_backward")
    x, dy, step = np.random.default_rng(0).standard_normal((3, 4, 5))
    slope = (np.sum(dy * mine(x + 1e-6 * step)) - np.sum(dy * mine(x - 1e-6 * step))) / 2e-6
    np.testing.assert_allclose(np.sum(backward(dy, x) * step), slope, rtol=1e-6)


def without_julia(arguments, directory):
    environment = {
        "PATH": str(directory),
        "HOME": str(directory),
        "PYTHON_JULIAPKG_OFFLINE": "yes",
        "PYTHON_JULIAPKG_PROJECT": str(directory),
        "PYTHONPATH": str(Path(__file__).parents[2]),  # this code, whatever is installed
    }
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["mine.py:mine", "mine.jl:mine", "--shape", "n"], 3, "no live Julia is ready"),
        (["mine.py:mine", "mine.jl:mine"], 2, "give a --shape for every argument"),
        (["mine.py:mine", "mine.jl:mine", "--shape", "n m"], 2, "sizes and names of sizes"),
        (["mine.py:yours", "mine.jl:mine", "--shape", "n"], 2, "has no yours"),
        (["mine.py:mine", "yours.jl:mine", "--shape", "n"], 2, "there is no Julia file"),
        (
            ["mine.py:mine", "mine.jl:mine", "--shape", "n", "--dtype", "float16"],
            2,
            "--dtype takes",
        ),
        (["mine.py:mine", "mine.jl:mine", "--shape", "n", "--layout", "other"], 2, "a layout is"),
        (["mine.py:mine", "mine.jl:mine", "--inputs", "none.npy"], 3, "none.npy cannot be read"),
        (
            ["mine.py:mine", "mine.jl:mine", "--shape", "n", "--reference", "recorded"],
            3,
            "no recording was named",
        ),
        (
            ["mine.py:mine", "mine.jl:mine", "--shape", "n", "--recording", "none.npz"],
            3,
            "is no recording",
        ),
        (
            [
                "mine.py:mine",
                "mine.jl:mine",
                "--shape",
                "n",
                "--recording",
                "none.npz",
                "--reference",
                "live",
            ],
            2,
            "stands in for Julia",
        ),
        (
            ["mine.py:mine", "mine.jl:mine", "--shape", "n", "--record", "mine.py"],
            2,
            "exists already",
        ),
        (
            [
                "mine.py:mine",
                "mine.jl:mine",
                "--shape",
                "n",
                "--reference",
                "recorded",
                "--recording",
                "none.npz",
            ],
            3,
            "is no recording",
        ),
    ],
)
def test_what_the_command_refuses(arguments, code, message, tmp_path):
    assert without_julia(["new", "mine"], tmp_path).returncode == 0
    done = without_julia(["crosscheck", *arguments], tmp_path)
    assert done.returncode == code and message in done.stderr and "Traceback" not in done.stderr, (
        done.stderr
    )


def test_live_command_records_and_replays_without_julia(julia, tmp_path):
    assert without_julia(["new", "mine"], tmp_path).returncode == 0
    pair = [
        "crosscheck",
        "mine.py:mine",
        "mine.jl:mine",
        "--backward",
        "mine.py:mine_backward",
        "--cases",
        "10",
    ]
    live = [COMMAND, *pair, "--shape", "batch,5", "--record", "mine.npz"]
    done = subprocess.run(live, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "recorded: 10 cases" in done.stdout, done.stdout + done.stderr
    replay = [
        *pair,
        "--shape",
        "batch,5",
        "--reference",
        "recorded",
        "--recording",
        "mine.npz",
        "--json",
        "mine.json",
    ]
    done = without_julia(replay, tmp_path)
    assert done.returncode == 0 and "reference: recorded" in done.stdout, done.stdout + done.stderr
    assert json.loads((tmp_path / "mine.json").read_text())["agrees"]
    source = (tmp_path / "mine.py").read_text()
    (tmp_path / "mine.py").write_text(source.replace("x.var(axis=0)", "x.var(axis=0, ddof=1)", 1))
    done = without_julia(replay, tmp_path)
    assert done.returncode == 1 and "differ in meaning" in done.stdout, done.stdout + done.stderr
    (bundle,) = (tmp_path / "parity-bundles").iterdir()
    done = subprocess.run(
        ["julia", "--startup-file=no", str(bundle / "repro.jl")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0 and "python:" in done.stdout, done.stderr
