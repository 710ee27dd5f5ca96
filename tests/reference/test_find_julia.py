"""Which Julia is ready, and what to do where none is."""

import json
import os
import sys
import tomllib

import pytest

import pyimpl
from pyimpl.parity.reference import find_julia
from pyimpl.parity.reference.find_julia import Installed
from pyimpl.parity.reference.live import NoJulia, choose


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
    assert needed["julia"] == bounds["julia"]
    of_julia_itself = {"Dates", "LinearAlgebra", "Random", "Statistics", "TOML"}
    assert set(project["deps"]) == set(needed["packages"]) | of_julia_itself
    assert needed["packages"] == {
        name: {"uuid": project["deps"][name], "version": bounds[name]}
        for name in needed["packages"]
    }
    assert "PythonCall" not in needed["packages"]  # juliacall asks for it, in its own version


def test_what_the_environment_names_comes_first(no_julia, monkeypatch):
    monkeypatch.setenv("PYTHON_JULIACALL_EXE", "/no/such/julia")
    assert "PYTHON_JULIACALL_PROJECT" in next(find_julia.ways()).problem
    monkeypatch.setenv("PYTHON_JULIACALL_PROJECT", "/no/such/project")
    assert "/no/such/julia" in next(find_julia.ways()).problem
