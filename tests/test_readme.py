"""The README's own commands and program, as a reader would run them on a machine without Julia."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pyimpl.parity.command.verbs import VERBS
from pyimpl.parity.reference.find_julia import julia_sources

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition("#")[0].strip()
    for line in README.splitlines()
    if line.startswith("julia-parity ")
]
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)
# No Julia; something changed.
EXIT_CODES = {"record": 3, "warm-up": 3, "--profile": 3, "drift": 1}
# What takes long is run once in all tests, elsewhere. Here the options are those of the README, and
# the work is less: (a word, other words in its place), or words behind all others.
SHORTER: dict[str, tuple[str, str] | str] = {
    "check": "Dense relu",  # test_check.py, test_parity.py
    "compare": ("--all", "regression"),  # test_compare.py
    "drift": "--row normalise",  # command/test_drift.py
    "benchmarks": "regression --rounds 1",
    "mutants": "dense-bias-mean --named-rows",  # command/test_mutants.py
}
OTHER_PROCESSOR = 2.0  # ulp: sums and exponentials are rounded otherwise on another one
FINDINGS = (julia_sources() / "flux_findings.jl").read_text(encoding="utf-8")


def names_rows(arguments: list[str]) -> bool:
    """Whether a check is of some rows only."""
    return arguments[:2] == ["check", "Conv"]


# `list --markdown` is run by the test of the coverage table.
@pytest.mark.parametrize("command", [line for line in COMMANDS if "--markdown" not in line])
def test_command(command, tmp_path):
    program, *arguments = shlex.split(command)
    shutil.copy(ROOT / "tests" / "files" / "data" / "models.bson", tmp_path / "model.bson")
    environment = {
        "PATH": str(tmp_path),
        "HOME": str(tmp_path),
        "PYTHON_JULIAPKG_OFFLINE": "yes",
        "PYTHON_JULIAPKG_PROJECT": str(tmp_path / "none"),
    }
    shorter = SHORTER.get(arguments[0], "")
    if isinstance(shorter, tuple):
        assert shorter[0] in arguments
        arguments[arguments.index(shorter[0])] = shorter[1]
    elif not names_rows(arguments):
        arguments += shlex.split(shorter)
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    expected = next((code for word, code in EXIT_CODES.items() if word in arguments), 0)
    assert done.returncode == expected, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_program():
    (program,) = (block for block in BLOCKS if "DataLoader" in block)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 20


@pytest.fixture
def files(tmp_path):
    """The files of the examples."""
    for name, text in re.findall(
        r"`(\w+\.(?:py|jl))`[^\n]*:\n\n```(?:python|julia)\n(.*?)```", README, re.S
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "test_standardise.py").write_text(
        next(block for block in BLOCKS if "(parity)" in block), encoding="utf-8"
    )
    return tmp_path


def test_the_files_of_the_examples_are_complete(files):
    names = {path.name for path in files.iterdir()}
    assert names == {
        "standardise.py",
        "standardise.jl",
        "net.py",
        "net.jl",
        "train.py",
        "test_standardise.py",
    }
    for name in ("standardise", "net", "train"):
        subprocess.run([sys.executable, "-c", f"import {name}"], cwd=files, check=True, timeout=60)


CONSOLES = [
    (command.replace("\\\n", " "), printed)
    for command, printed in re.findall(
        r"```console\n\$ (julia-parity (?:crosscheck|locate) .*?[^\\])\n(.*?)```", README, re.S
    )
]
TELLING = (
    "a standard deviation",
    "at ",
    "the first difference",
    "model agrees",
    "smallest inputs",
    "in float64:",
)


@pytest.mark.parametrize(
    ("command", "printed"),
    CONSOLES,
    ids=[shlex.split(command)[1] + f"-{i}" for i, (command, _) in enumerate(CONSOLES)],
)
def test_live_examples_print_what_the_readme_says(command, printed, files, pytestconfig):
    if pytestconfig.live_way is None:
        pytest.skip("no live Julia here")
    program, *arguments = shlex.split(command)
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    done = subprocess.run(command, cwd=files, capture_output=True, text=True, timeout=400)
    assert done.returncode == ("differ" in printed), done.stdout + done.stderr
    wanted = [line.strip() for line in printed.splitlines() if line.strip().startswith(TELLING)]
    said = [line.strip() for line in done.stdout.splitlines()]
    assert wanted and not [line for line in wanted if line not in said], done.stdout


def test_every_command_is_in_the_readme():
    assert set(VERBS) == set(re.findall(r"julia-parity ([a-z-]+)", README))


def test_the_coverage_table_is_what_the_command_writes():
    command = [str(Path(sys.executable).with_name("julia-parity")), "list", "--markdown"]
    written = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=True
    ).stdout
    shipped = (ROOT / "pyimpl" / "COVERAGE.md").read_text(encoding="utf-8")
    number = re.compile(r"(?<=\| )[\d.]+(?= \|)")
    assert number.sub("#", shipped) == number.sub("#", written)
    for ours, theirs in zip(number.findall(shipped), number.findall(written), strict=True):
        assert abs(float(ours) - float(theirs)) <= OTHER_PROCESSOR
    share = re.search(r"^(\d+) of (\d+) public names", written, re.M)
    assert f"{share[1]} of Flux's {share[2]} public names have a twin" in README


def test_findings_are_those_of_the_julia_file():
    section = README.partition("## What it found in Flux")[2].partition("\n## ")[0]
    listed = [
        line.removeprefix("* ").replace("`", "")
        for line in section.splitlines()
        if line.startswith("* ")
    ]
    assert listed == re.findall(r'Finding\(\n +"([^"]+)"', FINDINGS)


def test_live_the_test_of_the_readme_is_recorded_and_replayed(files, pytestconfig):
    if pytestconfig.live_way is None:
        pytest.skip("no live Julia here")
    for options in (["--parity-record"], ["--parity-reference", "recorded"]):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
        done = subprocess.run(command, cwd=files, capture_output=True, text=True, timeout=400)
        assert (
            done.returncode == 1
            and "a standard deviation, variance or covariance is corrected" in done.stdout
        ), done.stdout
