"""A user's project, for tests of the pytest plugin."""

import subprocess
import sys

import pytest
from plugin_project import make_project


@pytest.fixture
def project(pytester, monkeypatch):
    """A directory with a pair and its tests; the variables of this run have no say in it."""
    make_project(pytester.path, pretended=False)
    for variable in (
        "PYTEST_ADDOPTS",
        "CI",
        "BUILD_NUMBER",
    ):  # the last two make pytest print summaries in full
        monkeypatch.delenv(variable, raising=False)
    return pytester


@pytest.fixture
def pretended(project):
    """As if a live Julia were there, in every process: what it says comes from Python."""
    make_project(project.path)
    return project


@pytest.fixture
def run_without_julia(project, tmp_path):
    """Runs pytest as on a machine that has no Julia."""

    def run(*arguments):
        (project.path / "conftest.py").unlink(missing_ok=True)
        environment = {
            "PATH": str(tmp_path),
            "HOME": str(tmp_path),
            "PYTHON_JULIAPKG_OFFLINE": "yes",
            "PYTHON_JULIAPKG_PROJECT": str(tmp_path / "none"),
        }
        command = [sys.executable, "-m", "pytest", *arguments]
        done = subprocess.run(
            command, cwd=project.path, env=environment, capture_output=True, text=True, timeout=300
        )
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def recorded_project(tmp_path_factory):
    """The project after one of its tests was recorded: 3 cases of two pairs."""
    path = tmp_path_factory.mktemp("recorded") / "project"
    make_project(path)
    options = ["--parity-record", "-k", "affine and 3", "--parity-cases", "3", "--color", "no"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "1 passed, 2 deselected" in done.stdout, done.stdout + done.stderr
    return path
