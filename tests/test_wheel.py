"""The distribution: built, installed in an empty environment elsewhere, and used there."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(out), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=600,
    )
    return out


def test_wheel_and_sdist_contain_julia_and_recordings(distributions):
    (wheel,) = distributions.glob("*.whl")
    (sdist,) = distributions.glob("*.tar.gz")
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "pyimpl/parity/julia/Project.toml",
        "pyimpl/parity/julia/src/JuliaParity.jl",
        "pyimpl/juliapkg.json",
    ):
        assert wanted in names
    recordings = (ROOT / "pyimpl" / "parity" / "reference" / "recordings").rglob("*.npz")
    assert {path.relative_to(ROOT).as_posix() for path in recordings} <= set(names)
    inside = tarfile.open(sdist).getnames()
    assert any(name.endswith("/julia/src/evaluate.jl") for name in inside)
    assert any("/recordings/flux-" in name for name in inside)


@pytest.fixture(scope="module")
def installed(distributions, tmp_path_factory):
    """The Python of an empty environment in which the wheel was installed."""
    directory = tmp_path_factory.mktemp("env")
    venv.create(directory, with_pip=True)
    python = directory / ("Scripts" if os.name == "nt" else "bin") / "python"
    (wheel,) = distributions.glob("*.whl")
    subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", str(wheel)],
        check=True,
        capture_output=True,
        timeout=900,
    )
    return python


SOME_ROWS = ("Dense", "*Norm", "relu", "mse", "Adam", "train", "textbook.*")  # all: test_check.py


def test_the_wheel_works_in_an_empty_environment(installed, tmp_path):
    command = installed.with_name("julia-parity")
    done = subprocess.run(
        [str(command), "check", "--reference", "recorded", *SOME_ROWS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 disagree, 0 mistrusted" in done.stdout and "reference: recorded Flux" in done.stdout


ASKED = """
from juliapkg.deps import find_requirements
julia, packages = find_requirements()
print(julia, *(package.name for package in packages))
"""


def test_juliapkg_finds_in_the_wheel_what_it_has_to_install(installed, tmp_path):
    done = subprocess.run(
        [str(installed), "-c", ASKED], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert {"Flux", "Zygote", "NNlib", "Optimisers", "PrecompileTools", "PythonCall"} <= set(
        done.stdout.split()
    )
