"""The pytest plugin, as its users run it: against live Julia where one is ready, against recordings
where there is none.
"""

import os
import re
import shutil
from pathlib import Path

import pytest
from plugin_project import JULIA, PAIRS, recordings

HOME = os.environ.get("HOME", "")


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


def test_what_is_recorded_is_replayed_run_without_julia(pretended, run_without_julia):
    result = pretended.runpytest_subprocess("--parity-record", "--parity-cases", "7")
    result.assert_outcomes(passed=2, failed=1)
    there = recordings(pretended)
    assert len(there) == 3
    assert all(re.fullmatch(r"parity_recordings/test_pairs/[\w.-]+\.npz", path) for path in there)
    result.stdout.fnmatch_lines([f"julia-parity: recorded {path}" for path in there])
    story = re.findall(r"^E +(x = .*|python .*|julia .*)$", result.stdout.str(), re.M)

    code, said = run_without_julia()
    assert code == 1 and "2 passed" in said and "1 failed" in said
    assert "no live Julia is ready here" in said
    assert (
        "5 pairs checked, 4 agree, 1 disagrees; reference used: recorded Flux 0.16.9 (Julia 1.10.8)"
        in said
    )
    assert re.findall(r"^E +(x = .*|python .*|julia .*)$", said, re.M) == story

    code, said = run_without_julia("--parity-reference", "recorded", "-k", "affine", "-q")
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
        "affine": 6 + 7,  # with those at the limits
        "affine (2)": 4 + 7,
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


def test_a_missing_recording(run_without_julia):
    code, said = run_without_julia("--parity-reference", "recorded")
    assert code == 1
    assert re.search(r"there is no recording parity_recordings/test_pairs/\S+\.npz of affine", said)
    assert "pytest 'test_pairs.py::test_affine[n,3]' --parity-record" in said
    assert "Traceback" not in said and "pytest_plugin.py" not in said
    code, said = run_without_julia("-k", "spread")
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
def test_a_recording_that_no_longer_fits(pretended, run_without_julia, recorded_project, change):
    shutil.copytree(recorded_project, pretended.path, dirs_exist_ok=True)
    file, before, after, message = CHANGES[change]
    text = (pretended.path / file).read_text(encoding="utf-8")
    assert before in text
    (pretended.path / file).write_text(text.replace(before, after), encoding="utf-8")
    code, said = run_without_julia("-k", "affine and 3")
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
