"""The Julia package's own tests, where a live Julia is ready."""

import os
import subprocess

import pytest

from pyimpl.parity.reference.find_julia import julia_sources

SECONDS = 7200  # the package is compiled once more


@pytest.fixture
def environment(live_julia):
    """What an installed Julia is started with."""
    if not live_julia:
        pytest.skip("no live Julia here")
    found = live_julia.installed.environment
    if "PYTHON_JULIACALL_EXE" not in found:
        pytest.skip("this Julia is juliapkg's")
    return found


def test_the_julia_package_passes_its_own_tests(environment):
    sources = julia_sources()
    command = [
        environment["PYTHON_JULIACALL_EXE"],
        "--compile=min",  # many small calls, each once: compiling them takes longer
        "--startup-file=no",
        str(sources / "test" / "runtests.jl"),
    ]
    # The standard library last: put first, it would hide those of its packages that the environment
    # has in other versions.
    load_path = os.pathsep.join([environment["PYTHON_JULIACALL_PROJECT"], str(sources), "@stdlib"])
    done = subprocess.run(
        command,
        env=os.environ | {"JULIA_LOAD_PATH": load_path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_what_was_found_in_flux_is_still_there(environment):
    findings = julia_sources() / "flux_findings.jl"
    command = [
        environment["PYTHON_JULIACALL_EXE"],
        "--startup-file=no",
        f"--project={environment['PYTHON_JULIACALL_PROJECT']}",
        str(findings),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0 and "not there" not in done.stdout, (
        done.stdout + done.stderr[-4000:]
    )
