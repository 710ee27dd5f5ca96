"""The pytest plugin, as its users run it: against live Julia where one is ready, against recordings
where there is none.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HOME = os.environ.get("HOME", "")
JULIA = """
affine(x) = 2 .* x .+ 1
spread_of(column) = sum(abs2, column .- sum(column) / length(column)) / max(length(column) - 1, 1)
spread(x) = spread_of.(eachcol(x))
"""
PAIRS = """
import pytest
from pyimpl.parity import arrays

def affine(x):
    return 2 * x + 1

def spread(x):
    return x.var(axis=0)

@pytest.mark.parametrize("sizes", ["n,3", "n"])
def test_affine(parity, sizes):
    parity(affine, "affine", arrays(sizes), file="my.jl")
    parity(affine, "x -> 1 .+ 2x", arrays(sizes))

class TestSpread:
    @pytest.mark.parity(cases=5)
    def test_spread(self, parity):
        parity(spread, "spread", arrays("n,batch"), file="my.jl")
"""
SESSION = """
import numpy as np
import pyimpl.parity.command.pytest_plugin as plugin
from pyimpl.parity.reference.find_julia import Installed
from pyimpl.parity.pair.held_against import LivePair
from pyimpl.parity.sides.functions import FunctionSide

JULIA = {
    "affine": lambda x: 2 * x + 1,
    "x -> 1 .+ 2x": lambda x: 1 + 2 * x,
    "spread": lambda x: x.var(axis=0) * len(x) / max(len(x) - 1, 1),
}

class Session:
    versions = {"Flux": "0.16.9", "Julia": "1.10.8"}

    def describe(self, side):
        return "function"

    def evaluate(self, side, layout, cases):
        for case in cases:
            yield FunctionSide(JULIA[side.expression]).evaluate(case)

plugin.session = lambda *_: Session()
plugin.choose = lambda **_: Installed("here", "here", Session.versions)
"""


@pytest.fixture
def project(pytester, monkeypatch):
    """A directory with a pair and its tests; the variables of this run have no say in it."""
    pytester.makefile(".jl", my=JULIA)
    pytester.makepyfile(test_pairs=PAIRS)
    pytester.makefile(
        ".ini", pytest="[pytest]\nfilterwarnings = error\naddopts = --strict-markers\n"
    )
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
    project.makeconftest(SESSION)
    return project


@pytest.fixture
def without_julia(project, tmp_path):
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


def recordings(project) -> list[str]:
    return sorted(
        path.relative_to(project.path).as_posix()
        for path in project.path.rglob("*.npz")
        if "bundles" not in str(path)
    )


def test_pass_and_failure_against_julia(project, pytestconfig, monkeypatch):
    if pytestconfig.live_way is None:
        pytest.skip("no live Julia is ready here, or the reference is recorded")
    monkeypatch.setenv("HOME", HOME)  # where Julia keeps its packages; pytester has taken it away
    result = project.runpytest_subprocess("--parity-cases", "10")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "julia-parity: live Flux *(Julia *",
            "julia-parity: 5 pairs checked, 4 agree, 1 disagrees; reference used: live Flux*",
        ]
    )


def test_a_failure_prints_the_story_and_nothing_of_the_inside(pretended):
    result = pretended.runpytest_subprocess()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "julia-parity: live Flux 0.16.9*",
            ">*parity(spread*",
            "E * smallest inputs found:",
            "E * x = *",
            "E * y*",
            "E * python *",
            "E * julia *",
            "test_pairs.py:*: Disagreement",
        ]
    )
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")
    failure = result.stdout.str().partition("FAILURES")[2]
    assert len(failure.splitlines()) < 50
    (bundle,) = re.findall(r"julia-parity explain (\S+)", failure)
    assert (Path(bundle) / "repro.py").is_file()


def test_what_is_recorded_is_replayed_without_julia(pretended, without_julia):
    result = pretended.runpytest_subprocess("--parity-record", "--parity-cases", "7")
    result.assert_outcomes(passed=2, failed=1)
    there = recordings(pretended)
    assert len(there) == 3
    assert all(re.fullmatch(r"parity_recordings/test_pairs/[\w.-]+\.npz", path) for path in there)
    result.stdout.fnmatch_lines([f"julia-parity: recorded {path}" for path in there])
    story = re.findall(r"^E +(x = .*|python .*|julia .*)$", result.stdout.str(), re.M)

    code, said = without_julia()
    assert code == 1 and "2 passed" in said and "1 failed" in said
    assert "no live Julia is ready here" in said
    assert (
        "5 pairs checked, 4 agree, 1 disagrees; reference used: recorded Flux 0.16.9 (Julia 1.10.8)"
        in said
    )
    assert re.findall(r"^E +(x = .*|python .*|julia .*)$", said, re.M) == story

    code, said = without_julia("--parity-reference", "recorded", "-k", "affine", "-q")
    assert code == 0 and "julia-parity: 4 pairs checked, 4 agree" in said


def test_recording_again_replaces_and_an_unfinished_test_keeps_what_it_had(pretended):
    pretended.runpytest_subprocess("--parity-record", "-k", "affine and 3", "--parity-cases", "4")
    (path,) = recordings(pretended)
    pairs = _pairs(pretended.path / path)
    assert list(pairs) == ["affine", "affine (2)"]
    changed = PAIRS.replace(
        '    parity(affine, "x ->',
        '    raise RuntimeError("before the second")\n    parity(affine, "x ->',
    )
    pretended.makepyfile(test_pairs=changed)
    pretended.runpytest_subprocess("--parity-record", "-k", "affine and 3", "--parity-cases", "6")
    assert {name: len(cases) for name, cases in _pairs(pretended.path / path).items()} == {
        "affine": 6,
        "affine (2)": 4,
    }
    pretended.makepyfile(
        test_pairs=PAIRS.replace('    parity(affine, "x ->', '    return\n    parity(affine, "x ->')
    )
    pretended.runpytest_subprocess("--parity-record", "-k", "affine and 3", "--parity-cases", "6")
    assert list(_pairs(pretended.path / path)) == ["affine"]
    assert not [name for name in os.listdir((pretended.path / path).parent) if name.startswith(".")]


def _pairs(path):
    from types import SimpleNamespace

    from pyimpl.parity.reference.recorded import Recorded

    found = Recorded(path)
    return {
        name: list(found.pairs(SimpleNamespace(key=name), ("float64",), None, 0))
        for name in sorted(found.rows())
    }


def test_a_missing_recording(without_julia):
    code, said = without_julia("--parity-reference", "recorded")
    assert code == 1
    assert re.search(r"there is no recording parity_recordings/test_pairs/\S+\.npz of affine", said)
    assert "pytest 'test_pairs.py::test_affine[n,3]' --parity-record" in said
    assert "Traceback" not in said and "pytest_plugin.py" not in said
    code, said = without_julia("-k", "spread")
    assert code == 1
    assert "there is no recording" in said and "there is no julia on the PATH" in said


CHANGES = {
    "another version of the Julia file": (
        "my.jl",
        "2 .* x",
        "x .* 2",
        "recorded with another version of my.jl",
    ),
    "the expression": (
        "test_pairs.py",
        '"x -> 1 .+ 2x"',
        '"x -> 2x .+ 1"',
        "recorded with expression `x -> 1 .+ 2x`, now it is `x -> 2x .+ 1`",
    ),
    "the inputs": (
        "test_pairs.py",
        "arrays(sizes), file",
        "arrays(sizes + ':positive'), file",
        "recorded with other inputs: 'n,3'",
    ),
    "the layout": (
        "test_pairs.py",
        'file="my.jl")\n    p',
        'file="my.jl", layout="reversed")\n    p',
        "recorded with layout same, now it is reversed",
    ),
    "the Python function": (
        "test_pairs.py",
        "def affine(x):",
        "def affine(x, y):",
        "recorded with 1 argument, which affine(x, y) does not take",
    ),
    "another pair": (
        "test_pairs.py",
        '"x -> 1 .+ 2x", arrays(sizes)',
        '"affine", arrays(sizes), name="new"',
        "has no new, only affine",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_recording_that_no_longer_fits(pretended, without_julia, change):
    pretended.runpytest_subprocess(
        "--parity-record", "-k", "affine and 3", "--parity-cases", "3"
    ).assert_outcomes(passed=1, deselected=2)
    file, before, after, message = CHANGES[change]
    text = (pretended.path / file).read_text(encoding="utf-8")
    assert before in text
    (pretended.path / file).write_text(text.replace(before, after), encoding="utf-8")
    code, said = without_julia("-k", "affine and 3")
    assert code == 1
    assert message in said
    assert "--parity-record" in said


def test_line_endings_and_included_files(tmp_path):
    from pyimpl.parity.reference.julia_files import content_of

    file, other = tmp_path / "my.jl", tmp_path / "other.jl"
    file.write_bytes(b'include("other.jl")\nf(x) = g(x)\n')
    other.write_bytes(b"g(x) = x\n")
    before = content_of(file)
    file.write_bytes(b'include("other.jl")\r\nf(x) = g(x)\r\n')
    assert content_of(file) == before
    other.write_bytes(b"g(x) = 2x\n")
    assert content_of(file) != before


@pytest.mark.parametrize("arguments", [["--parity-reference", "live"], ["--parity-record"]])
def test_live_not_to_be_had_is_a_usage_error(without_julia, arguments):
    code, said = without_julia(*arguments)
    assert code == 4
    assert said.startswith(f"ERROR: {' '.join(arguments)}: ")
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--parity-record", "--parity-reference", "recorded"],
            "--parity-record needs a live Julia",
        ),
        (["--parity-cases", "0"], "--parity-cases must be at least 1, got 0"),
        (["--parity-reference", "both"], "invalid choice"),
    ],
)
def test_wrong_usage(project, arguments, message):
    result = project.runpytest_subprocess(*arguments)
    assert result.ret == 4
    assert message in result.stderr.str()


def test_wrong_arguments_point_at_the_call(pretended):
    pretended.makepyfile(test_pairs=PAIRS.replace('"my.jl"', '"none.jl"'))
    result = pretended.runpytest_subprocess("-k", "spread")
    result.stdout.fnmatch_lines([">*parity(spread*", "E *there is no Julia file *none.jl"])
    result.stdout.no_fnmatch_line("*def make_pair*")


def test_a_directory_for_the_recordings(pretended):
    pretended.makefile(".ini", pytest="[pytest]\nparity_recordings = data/julia\n")
    pretended.makepyfile(**{"deep/test_deep": PAIRS})
    (pretended.path / "deep" / "my.jl").write_text(JULIA, encoding="utf-8")
    (pretended.path / "test_pairs.py").unlink()
    pretended.runpytest_subprocess("--parity-record", "-k", "affine")
    assert len(recordings(pretended)) == 2
    assert all(
        path.startswith("data/julia/deep/test_deep/test_affine-n") for path in recordings(pretended)
    )


def test_the_page(pretended):
    pretended.runpytest_subprocess("--parity-html", "out/report.html").stdout.fnmatch_lines(
        ["julia-parity: report in *report.html"]
    )
    text = (pretended.path / "out" / "report.html").read_text(encoding="utf-8")
    assert "4 of 5 pairs agree, 1 differs" in text


def test_several_workers(pretended, without_julia):
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    result = pretended.runpytest_subprocess(
        "-n", "2", "--parity-record", "--parity-html", "report.html"
    )
    result.assert_outcomes(passed=2, failed=1)
    assert result.stdout.str().count("julia-parity: live Flux") == 1
    result.stdout.fnmatch_lines(
        ["julia-parity: 5 pairs checked, 4 agree, 1 disagrees; reference used: live Flux*"]
    )
    assert len(recordings(pretended)) == 3
    assert "4 of 5 pairs agree, 1 differs" in (pretended.path / "report.html").read_text(
        encoding="utf-8"
    )
    code, said = without_julia("-n", "2", "-k", "affine")
    assert code == 0 and "4 pairs checked, 4 agree; reference used: recorded" in said


def test_selected_by_marker(pretended):
    pretended.makepyfile(test_other="def test_other(): pass")
    pretended.runpytest_subprocess("-m", "not parity").assert_outcomes(passed=1, deselected=3)
    pretended.runpytest_subprocess("-m", "parity").assert_outcomes(passed=2, failed=1, deselected=1)


def test_what_proves_nothing_is_named(pretended):
    pretended.makepyfile(
        test_pairs=PAIRS.replace("arrays(sizes)", "[0 * __import__('numpy').ones(3)]")
    )
    result = pretended.runpytest_subprocess("-k", "affine and 3")
    result.stdout.fnmatch_lines(
        [
            "julia-parity: mistrusted: test_pairs.py::test_affine*, affine: y*zero or constant "
            "in every case"
        ]
    )


def test_other_test_runs_hear_nothing_and_import_nothing(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_imported():
            assert not {"numpy", "pyimpl", "jinja2"} & set(sys.modules)
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("julia-parity*")
    pytester.runpytest_subprocess("-p", "no:julia_parity").assert_outcomes(passed=1)
    assert (
        "parity-"
        not in pytester.runpytest_subprocess("-p", "no:julia_parity", "--help").stdout.str()
    )


def test_the_plugin_is_installed():
    assert importlib.util.find_spec("pytest_julia_parity") is not None
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd="/",
    ).stdout
    assert all(
        option in said
        for option in (
            "--parity-reference",
            "--parity-record",
            "--parity-html",
            "--parity-cases",
            "--parity-seed",
        )
    )
