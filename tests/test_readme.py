"""The README's own commands and program, as a reader would run them on a machine without Julia."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pyimpl.parity.evaluators.find_julia import julia_sources

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = [line.partition("#")[0].strip() for line in README.splitlines() if line.startswith("julia-parity ")]
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)
EXIT_CODES = {"record": 3, "drift": 1}  # no Julia; something changed
FINDINGS = (julia_sources() / "flux_findings.jl").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command, tmp_path):
    program, *arguments = shlex.split(command)
    environment = {
        "PATH": str(tmp_path),
        "HOME": str(tmp_path),
        "PYTHON_JULIAPKG_OFFLINE": "yes",
        "PYTHON_JULIAPKG_PROJECT": str(tmp_path / "none"),
    }
    if arguments[0] == "benchmarks":
        arguments += ["regression", "--rounds", "1"]
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == EXIT_CODES.get(arguments[0], 0), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_program():
    (program,) = (block for block in BLOCKS if "import numpy" in block)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 20


def test_every_command_is_in_the_readme():
    from pyimpl.parity.command import app

    names = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert names == set(re.findall(r"julia-parity ([a-z]+)", README))


def test_the_coverage_table_is_what_the_command_writes():
    command = [str(Path(sys.executable).with_name("julia-parity")), "list", "--markdown"]
    written = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    assert README.partition("<!-- coverage -->\n")[2].partition("<!-- end of coverage -->")[0] == written


def test_findings_are_those_of_the_julia_file():
    section = README.partition("## What it found in Flux")[2].partition("\n## ")[0]
    listed = [line.removeprefix("* ").replace("`", "") for line in section.splitlines() if line.startswith("* ")]
    assert listed == re.findall(r'Finding\(\n +"([^"]+)"', FINDINGS)


def test_the_pair_of_the_readme_is_what_new_makes(tmp_path):
    command = [str(Path(sys.executable).with_name("julia-parity")), "new", "standardise", "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    (block,) = (block for block in BLOCKS if "def test_" in block)
    made = (tmp_path / "test_standardise.py").read_text(encoding="utf-8")
    assert all(line in made for line in block.splitlines())
