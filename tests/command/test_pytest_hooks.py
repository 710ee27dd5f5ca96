"""The hooks of the pytest plugin: options, markers, and how little they do in other test runs."""

import importlib.util
import subprocess
import sys

import pytest
from plugin_project import PAIRS, recordings


@pytest.mark.parametrize("arguments", [["--parity-reference", "live"], ["--parity-record"]])
def test_live_not_to_be_had_is_a_usage_error(run_without_julia, arguments):
    code, said = run_without_julia(*arguments)
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


def test_several_workers(pretended, run_without_julia):
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
    code, said = run_without_julia("-n", "2", "-k", "affine")
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


def test_other_test_runs_hear_nothing_and_import_nothing(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # those of others import NumPy
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_imported():
            assert not {"numpy", "pyimpl", "jinja2"} & set(sys.modules)
        """
    )
    result = pytester.runpytest_subprocess("-p", "julia_parity", "-p", "no:cacheprovider")
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
