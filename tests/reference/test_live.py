"""The supervised worker: a crash, a hang or a missing Julia costs one case and one clear message.

Most of it needs no Julia: `pretended_worker.py` speaks the protocol and misbehaves on request.
"""

import json
import os
import signal
import sys
import time
import tomllib

import numpy as np
import pytest
from pretended import failing_worker, pretended_worker

import pyimpl
from pyimpl.parity.case.case import Case
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import Live, check_row
from pyimpl.parity.reference import find_julia
from pyimpl.parity.reference.find_julia import Installed
from pyimpl.parity.reference.live import LiveJulia, NoJulia, choose


def stand_in(tmp_path, seconds=20.0, **behaviour) -> LiveJulia:
    return pretended_worker(tmp_path / "lost", case_seconds=seconds, **behaviour)


def cases(*rows):
    return [Case(row, {"n": 1}, {"x1": np.array([1.0, 2.5])}, "function") for row in rows]


def test_outcomes_come_in_order(tmp_path):
    with stand_in(tmp_path) as julia:
        outcomes = list(julia.evaluate_many(cases("fine", "error", "fine")))
    assert [outcome.error for outcome in outcomes] == [None, "DimensionMismatch: no", None]
    np.testing.assert_array_equal(outcomes[2].arrays["y"], [2.0, 5.0])
    assert not any(outcome.lost for outcome in outcomes)


@pytest.mark.parametrize(("fault", "said"), [("crash", "crashed"), ("hang", "gave no answer")])
def test_a_fault_costs_one_case_and_saves_its_inputs(tmp_path, fault, said):
    with stand_in(tmp_path, seconds=2.0) as julia:
        outcomes = list(julia.evaluate_many(cases("fine", fault, "fine", "fine")))
        assert [outcome.lost for outcome in outcomes] == [False, True, False, False]
        assert said in outcomes[1].error
        (saved,) = (tmp_path / "lost").glob("*.npz")
        assert str(saved) in outcomes[1].error
        np.testing.assert_array_equal(np.load(saved)["x1"], [1.0, 2.5])
        assert list(julia.evaluate_many(cases("fine")))[0].error is None


def test_answers_that_nobody_waited_for_are_not_those_of_the_next_cases(tmp_path):
    with stand_in(tmp_path) as julia:
        left = julia.evaluate_many(cases("fine", "error", "error"))
        assert next(left).error is None
        (outcome,) = julia.evaluate_many(cases("fine"))
    assert outcome.error is None
    np.testing.assert_array_equal(outcome.arrays["y"], [2.0, 5.0])


def test_it_gives_up_after_a_few_faults_in_a_row(tmp_path):
    with stand_in(tmp_path) as julia:
        outcomes = list(julia.evaluate_many(cases(*["crash"] * 6)))
    assert len(outcomes) == 6 and all(outcome.lost for outcome in outcomes)
    assert "not evaluated" in outcomes[-1].error


def test_a_worker_that_does_not_start_is_one_clear_message(tmp_path):
    with (
        pytest.raises(NoJulia, match="did not start properly"),
        stand_in(tmp_path, fails="PythonCall.jl did not start properly"),
    ):
        pass
    silent = failing_worker("print('no such library'); raise SystemExit(1)")
    with pytest.raises(NoJulia, match="no such library"), silent:
        pass


def test_of_what_julia_wrote_the_error_is_shown_and_not_its_stack(tmp_path):
    written = (
        "Installing\\nERROR: failed to resolve address for github.com\\nin words\\nStacktrace:\\n"
        + "  [1] somewhere\\n" * 30
    )
    loud = failing_worker(f"print('{written}'); raise SystemExit(1)")
    with (
        pytest.raises(
            NoJulia, match=r"failed to resolve address for github.com\n  \| in words"
        ) as caught,
        loud,
    ):
        pass
    assert "somewhere" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_what_the_worker_has_started_ends_with_it(tmp_path):
    with stand_in(tmp_path, child=True) as julia:
        group = julia._process.pid
    with pytest.raises(ProcessLookupError):
        for _ in range(50):
            os.killpg(group, 0)
            time.sleep(0.1)


@pytest.fixture
def no_julia(monkeypatch, tmp_path):
    """An environment in which nothing leads to a Julia."""
    for name in ("PYTHON_JULIACALL_EXE", "PYTHON_JULIACALL_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_JULIAPKG_PROJECT", str(tmp_path / "nothing"))


def test_without_julia_nothing_is_ready_and_every_way_has_a_remedy(no_julia):
    assert all(not way.ready and way.problem and way.remedy for way in find_julia.ways())
    with pytest.raises(NoJulia, match="remedy"):
        choose(may_download=False)
    assert choose(may_download=True).way == "juliapkg"
    assert find_julia.juliacall_pin() is None


def fake_julia(tmp_path, monkeypatch, answer) -> None:
    program = tmp_path / "julia"
    program.write_text(f"#!{sys.executable}\n{answer}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


PACKAGES = {
    "PythonCall": "0.9.34",
    "Flux": "0.16.9",
    "Zygote": "0.7.12",
    "NNlib": "0.9.36",
    "Optimisers": "0.4.8",
    "PrecompileTools": "1.2.1",
}


def there(**versions) -> str:
    """A Julia that says of itself that it has these."""
    return f"print({json.dumps({'Julia': '1.10.8', 'project': '/x'} | versions)!r})"


@pytest.mark.skipif(os.name == "nt", reason="writes a program with a shebang line")
@pytest.mark.parametrize(
    ("answer", "problem", "remedy"),
    [
        (
            "import sys; sys.exit('cannot open shared object file')",
            "cannot open shared object file",
            "install Julia",
        ),
        ("print('hello')", "does not run", "install Julia"),
        (
            there(Julia="1.9.4", **PACKAGES),
            "Julia 1.9.4 is there, 1.10 or later is needed",
            "install Julia 1.10",
        ),
        (
            there(PythonCall="0.9.1"),
            "Flux, NNlib, Optimisers, PrecompileTools, Zygote not installed there",
            'Pkg.add([(name="Flux", version="0.16"), (name="NNlib", version="0.9.22-0.9"), '
            '(name="Optimisers", version="0.4.1-0.4")',
        ),
        (
            there(**PACKAGES | {"Flux": "0.13.17"}),
            "Flux 0.13.17 is there, 0.14.25 or 0.16 is needed",
            'Pkg.add([(name="Flux", version="0.16")])',
        ),
        (
            there(**PACKAGES | {"PythonCall": "0.0.1"}),
            "must be the same version",
            "pip install juliacall==0.0.1",
        ),
    ],
)
def test_a_julia_that_does_not_do_says_why(
    no_julia, tmp_path, monkeypatch, answer, problem, remedy
):
    fake_julia(tmp_path, monkeypatch, answer)
    way = next(way for way in find_julia.ways() if way.way == "on the PATH")
    assert not way.ready
    assert problem in way.problem and remedy in way.remedy
    if "juliacall==" in remedy:
        assert find_julia.juliacall_pin() == "juliacall==0.0.1"


def juliapkg_project(
    tmp_path, monkeypatch, packages: dict[str, str], julia="1.10.8", executable=sys.executable
) -> Installed:
    """What is told of a project that juliapkg has installed these packages in."""
    project = tmp_path / "project"
    (project / "pyjuliapkg").mkdir(parents=True)
    (project / "pyjuliapkg" / "meta.json").write_text(
        json.dumps({"executable": executable, "version": julia})
    )
    entries = [f'[[deps.{name}]]\nversion = "{version}"\n' for name, version in packages.items()]
    (project / "Manifest.toml").write_text("\n".join(['manifest_format = "2.0"', *entries]))
    monkeypatch.setenv("PYTHON_JULIAPKG_PROJECT", str(project))
    return next(way for way in find_julia.ways() if way.way == "juliapkg")


def test_what_juliapkg_has_installed_is_ready_with_all_packages_only(
    no_julia, tmp_path, monkeypatch
):
    fitting = PACKAGES | {"PythonCall": find_julia.juliacall_version()}
    way = juliapkg_project(tmp_path / "whole", monkeypatch, fitting)
    assert way.ready and way.versions["Flux"] == "0.16.9"
    alone = juliapkg_project(
        tmp_path / "PythonCall alone", monkeypatch, {"PythonCall": fitting["PythonCall"]}
    )
    assert (
        not alone.ready
        and alone.downloads
        and "Flux" in alone.problem
        and "check --reference live" in alone.remedy
    )
    old = juliapkg_project(tmp_path / "old", monkeypatch, fitting | {"Flux": "0.13.17"})
    assert not old.ready and old.downloads and "Flux 0.13.17 is there" in old.problem
    gone = juliapkg_project(
        tmp_path / "gone", monkeypatch, fitting, executable=str(tmp_path / "no julia")
    )
    assert not gone.ready and gone.downloads and "is gone" in gone.problem


def test_what_may_not_be_downloaded_is_not(no_julia, monkeypatch):
    monkeypatch.setenv("PYTHON_JULIAPKG_OFFLINE", "yes")
    way = next(way for way in find_julia.ways() if way.way == "juliapkg")
    assert not way.ready and not way.downloads and "PYTHON_JULIAPKG_OFFLINE" in way.remedy
    with pytest.raises(NoJulia):
        choose(may_download=True)


@pytest.mark.parametrize(
    ("bounds", "newest"),
    [
        ("0.14.25, 0.16", "0.16"),
        ("0.9.22", "0.9.22-0.9"),
        ("0.3.4, 0.4.1", "0.4.1-0.4"),
        ("1", "1"),
        ("1.2.3", "1.2.3-1"),
    ],
)
def test_the_newest_of_bounds(bounds, newest):
    assert find_julia.newest(bounds) == newest


@pytest.mark.parametrize("name", ["Manifest.toml", "pyjuliapkg/meta.json"])
def test_a_damaged_project_of_juliapkg_is_installed_anew(no_julia, tmp_path, monkeypatch, name):
    juliapkg_project(tmp_path, monkeypatch, PACKAGES)
    (tmp_path / "project" / name).write_text("{ half of it")
    way = next(way for way in find_julia.ways() if way.way == "juliapkg")
    assert (
        not way.ready
        and way.downloads
        and f"{tmp_path / 'project' / name} is damaged" in way.problem
    )


def test_both_packages_have_one_version():
    project = tomllib.loads(
        (find_julia.julia_sources() / "Project.toml").read_text(encoding="utf-8")
    )
    assert project["version"] == pyimpl.__version__


def test_what_juliapkg_installs_is_what_the_julia_package_needs():
    project = tomllib.loads(
        (find_julia.julia_sources() / "Project.toml").read_text(encoding="utf-8")
    )
    needed = json.loads(find_julia.REQUIREMENTS.read_text(encoding="utf-8"))
    bounds = project["compat"]
    assert needed["julia"] == bounds.pop("julia")
    assert {name: package["version"] for name, package in needed["packages"].items()} == bounds
    assert {name: package["uuid"] for name, package in needed["packages"].items()} == {
        name: project["deps"][name] for name in bounds
    }
    assert "PythonCall" not in needed["packages"]  # juliacall asks for it, in its own version


def test_what_the_environment_names_comes_first(no_julia, monkeypatch):
    monkeypatch.setenv("PYTHON_JULIACALL_EXE", "/no/such/julia")
    assert "PYTHON_JULIACALL_PROJECT" in next(find_julia.ways()).problem
    monkeypatch.setenv("PYTHON_JULIACALL_PROJECT", "/no/such/project")
    assert "/no/such/julia" in next(find_julia.ways()).problem


# With real Julia.


@pytest.fixture(scope="module")
def real_julia(live_julia):
    if not live_julia:
        pytest.skip("no live Julia here")
    with LiveJulia(
        live_julia.installed, case_seconds=120
    ) as julia:  # one of its own, to be maltreated
        yield julia


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("fault", ["SIGKILL", "SIGSTOP"])
def test_real_julia_is_replaced_when_it_dies_or_hangs(real_julia, tmp_path, fault):
    real_julia.saved = tmp_path
    row = CATALOGUE["relu"]
    assert check_row(row, Live(real_julia), count=3).verdict == "agrees"
    real_julia.case_seconds = 5 if fault == "SIGSTOP" else 120
    os.kill(real_julia._process.pid, getattr(signal, fault))
    report = check_row(row, Live(real_julia), count=3)
    assert report.verdict == "lost"
    assert len(report.findings) == 1
    real_julia.case_seconds = 120
    assert check_row(row, Live(real_julia), count=3).verdict == "agrees"


def test_a_mistake_of_the_catalogue_is_no_refusal(real_julia):
    unknown, misplaced = (
        Case("no such row", {}, {"x1": np.ones(2)}, "function"),
        CATALOGUE["Dense"],
    )
    case = next(iter(misplaced.named_cases("float64")))
    case.arrays["param.nothing"] = np.ones(2)
    for outcome in real_julia.evaluate_many([unknown, case]):
        assert outcome.lost and outcome.error
