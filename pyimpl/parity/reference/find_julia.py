"""Where a live Julia could come from, what is there, and what to do if it is not enough. Starts no
Julia that it does not ask about itself.

Looked at in this order: what the environment names (`PYTHON_JULIACALL_EXE` with
`PYTHON_JULIACALL_PROJECT`), a `julia` on the PATH whose default environment has PythonCall and
Flux, juliapkg. Only the last can download anything, and only when live is asked for by name.

What is needed stands in `pyimpl/juliapkg.json`, which juliapkg reads by itself when it installs;
PythonCall is juliacall's own requirement.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ...files.disk import Unreadable, expect_form
from ..plain_text import one_line
from ..progress import busy

REQUIREMENTS = Path(__file__).parents[2] / "juliapkg.json"
ASK_SECONDS = 30
MOST_SAID = 2**20  # bytes of an answer
LIVE = "julia-parity check --reference live"
JULIAPKG = "juliapkg"
NO_JULIACALL = "the Python package juliacall is not installed"

# Prints, as JSON written by hand (a fresh Julia has no JSON), the project and the versions of the
# packages named on the command line: of all environments that `using` looks into, the first that
# has one counts.
QUESTION = r"""
using TOML
project = Base.active_project()
found = Dict{String,String}()
for environment in Base.load_path()
    file = isdir(environment) ? Base.env_project_file(environment) : environment
    file isa String && isfile(file) || continue
    manifest = Base.project_file_manifest_path(file)
    manifest === nothing && continue
    toml = TOML.parsefile(manifest)
    for (name, entries) in get(toml, "deps", toml)
        name in ARGS && entries isa Vector && get!(found, name, get(first(entries), "version", "?"))
    end
end
directory = repr(project === nothing ? "" : dirname(project))
println("{\"Julia\": \"$VERSION\", \"project\": ", directory,
    join(", \"$name\": \"$version\"" for (name, version) in found), "}")
"""


@dataclass(frozen=True)
class Installed:
    """One way to a live Julia: what was found there, and what stands in its way (None: nothing)."""

    way: str
    where: str
    versions: dict[str, str] = field(default_factory=dict)
    problem: str | None = None
    remedy: str | None = None
    environment: dict[str, str] = field(
        default_factory=dict
    )  # what the worker has to be started with
    downloads: bool = False

    @property
    def ready(self) -> bool:
        """Whether a worker can be started this way without installing anything."""
        return self.problem is None


def requirements() -> dict[str, str]:
    """What a worker needs: Julia, PythonCall and every package of `juliapkg.json`, each with the
    versions that will do, as Julia's package manager writes them (`0.14.25, 0.16`; empty: any).
    """
    needed = json.loads(REQUIREMENTS.read_text(encoding="utf-8"))
    packages = {name: package["version"] for name, package in needed["packages"].items()}
    return {"Julia": needed["julia"], "PythonCall": ""} | packages


def juliacall_version() -> str | None:
    """The version of the installed juliacall, which must be that of PythonCall in Julia."""
    try:
        return version("juliacall")
    except PackageNotFoundError:
        return None


def fits(found: str, wanted: str) -> bool:
    """Whether a version lies within bounds such as `0.14.25, 0.16`, by the rules of Julia's package
    manager.
    """
    from juliapkg.compat import Compat, Version

    try:
        return not wanted or Version.parse(found) in Compat.parse(wanted)
    except ValueError:
        return False


def shortcoming(found: dict[str, str], at: str) -> tuple[str, str] | None:
    """What an environment lacks, and the command that mends it; None where it has everything.

    `found`: the versions there. `at`: the arguments with which julia comes to the environment, such
    as `--project=/some/where`.
    """
    needed = requirements()
    julia = found.get("Julia", "?")
    if not fits(julia, needed["Julia"]):
        return (
            f"Julia {julia} is there, {needed['Julia']} or later is needed",
            f"install Julia {needed['Julia']} or later",
        )
    missing = [name for name in needed if name not in found]
    other = [name for name in needed if name not in missing and not fits(found[name], needed[name])]
    if not missing and not other:
        return None
    problems = [f"{', '.join(missing)} not installed there"] if missing else []
    problems += [
        f"{name} {found[name]} is there, {needed[name].replace(', ', ' or ')} is needed"
        for name in other
    ]
    return "; ".join(problems), adding([*missing, *other], at)


def adding(names: list[str], at: str) -> str:
    """The command that adds packages to an environment: PythonCall in juliacall's version, the
    others in the newest that will do.
    """
    versions = {name: newest(bounds) for name, bounds in requirements().items()} | {
        "PythonCall": juliacall_version() or ""
    }
    packages = [
        f'(name="{name}", version="{versions[name]}")' if versions[name] else f'(name="{name}",)'
        for name in names
    ]
    return " ".join(
        part
        for part in ("julia", at, "-e", shlex.quote(f"using Pkg; Pkg.add([{', '.join(packages)}])"))
        if part
    )


def newest(bounds: str) -> str:
    """Of bounds such as `0.3.4, 0.4.1` the last, as a range of Julia's package manager:
    `0.4.1-0.4`, up to the next breaking change.
    """
    lowest = bounds.rpartition(", ")[2]
    numbers = lowest.split(".")
    return (
        lowest
        if len(numbers) < 3
        else f"{lowest}-{'.'.join(numbers[:2] if numbers[0] == '0' else numbers[:1])}"
    )


def _ask(julia: str, project: str | None) -> dict[str, str]:
    """What `julia` says of itself and its environment.

    Raises OSError, ValueError or subprocess.SubprocessError.
    """
    at = [f"--project={project}"] if project else []
    command = [julia, "--startup-file=no", "--color=no", *at, "-e", QUESTION, *requirements()]
    with busy(f"asking {julia}"):
        lines = _answer(command).strip().splitlines()
    said = lines[-1] if lines else ""
    try:
        found = json.loads(said)
        expect_form(found, {"Julia": str, "project": str, str: str}, julia)
    except (ValueError, RecursionError, Unreadable):
        raise ValueError(
            f"asked for its versions it answered {one_line(repr(said), 80)}, which is no answer"
        ) from None
    return found


def _answer(command: list[str]) -> str:
    """What a program prints, which may hang, print for ever, or leave processes behind: it is ended
    with all that it has started.

    Raises OSError, ValueError or subprocess.SubprocessError.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
        deadline = time.monotonic() + ASK_SECONDS
        try:
            while process.poll() is None:
                if time.monotonic() > deadline:
                    raise ValueError(f"it gave no answer for {ASK_SECONDS} s")
                if max(os.fstat(file.fileno()).st_size for file in (out, err)) > MOST_SAID:
                    raise ValueError("it does not stop printing")
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)
        finally:
            with suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()
            process.wait()
        for file in (out, err):
            file.seek(0)
        said, errors = (file.read(MOST_SAID).decode(errors="replace") for file in (out, err))
    if process.returncode:
        first = (errors.strip() or "it said nothing").splitlines()[0]
        raise ValueError(f"it ended with exit code {process.returncode}: {first}")
    return said


def _examine(way: str, julia: str, project: str | None) -> Installed:
    try:
        found = _ask(julia, project)
    except (OSError, ValueError, subprocess.SubprocessError) as failure:
        detail = one_line(str(failure))
        remedy = f"install Julia {requirements()['Julia']} or later"
        return Installed(way, julia, problem=f"{julia} does not run: {detail}", remedy=remedy)
    active = found.pop("project")
    environment = {"PYTHON_JULIACALL_EXE": julia, "PYTHON_JULIACALL_PROJECT": active}
    at = f"--project={shlex.quote(project)}" if project else ""
    return _judged(
        Installed(way, f"{julia}, environment {active}", found, environment=environment), at
    )


def _judged(way: Installed, at: str) -> Installed:
    """A way whose versions are known, with what stands in its way."""
    lack = shortcoming(way.versions, at)
    if lack is not None:
        return replace(way, problem=lack[0], remedy=lack[1])
    ours, theirs = juliacall_version(), way.versions["PythonCall"]
    if ours == theirs:
        return replace(way, versions=way.versions | {"juliacall": ours})
    problem = (
        f"juliacall {ours} in Python does not work with PythonCall {theirs} in Julia: they must "
        "be the same version"
    )
    return replace(
        way, problem=problem if ours else NO_JULIACALL, remedy=f"pip install juliacall=={theirs}"
    )


def _named_by_environment() -> Installed | None:
    exe, project = (
        os.environ.get("PYTHON_JULIACALL_EXE"),
        os.environ.get("PYTHON_JULIACALL_PROJECT"),
    )
    if not exe:
        return None
    way = "named by PYTHON_JULIACALL_EXE"
    if not project:
        remedy = "name the Julia project that has PythonCall and Flux"
        return Installed(way, exe, problem="PYTHON_JULIACALL_PROJECT is not set", remedy=remedy)
    found = shutil.which(exe)
    if not found:
        return Installed(
            way,
            exe,
            problem=f"there is no program {exe}",
            remedy="correct or unset PYTHON_JULIACALL_EXE",
        )
    return _examine(way, found, project)


def _on_the_path() -> Installed:
    julia = shutil.which("julia")
    if not julia:
        remedy = f"install Julia {requirements()['Julia']} or later with Flux and PythonCall"
        return Installed(
            "on the PATH", "julia", problem="there is no julia on the PATH", remedy=remedy
        )
    return _examine("on the PATH", julia, None)


def _juliapkg() -> Installed:
    """What juliapkg has installed: told from the files that it keeps, without asking it, for then
    it would install.
    """
    if juliacall_version() is None:
        return Installed(JULIAPKG, "", problem=NO_JULIACALL, remedy="pip install juliacall")
    from juliapkg.state import STATE

    project = Path(os.environ.get("PYTHON_JULIAPKG_PROJECT") or STATE["project"])
    way = Installed(JULIAPKG, str(project), environment={"PYTHON_JULIAPKG_OFFLINE": "yes"})
    may_download = os.environ.get("PYTHON_JULIAPKG_OFFLINE") != "yes"
    try:
        found = _versions_in(project)
    except (OSError, ValueError, KeyError) as damage:
        return replace(
            way,
            environment={},
            problem=str(damage),
            remedy=f"{LIVE}   (installs it anew)",
            downloads=may_download,
        )
    lack = ("nothing is installed there yet", "") if not found else shortcoming(found, "")
    if lack is not None:  # what is missing, juliapkg will add
        remedy = f"{LIVE}   (downloads {'Julia and Flux' if not found else 'what is missing'})"
        remedy = (
            remedy
            if may_download
            else "unset PYTHON_JULIAPKG_OFFLINE, which forbids to download it"
        )
        return replace(
            way,
            versions=found,
            environment={},
            problem=lack[0],
            remedy=remedy,
            downloads=may_download,
        )
    return _judged(replace(way, versions=found), "")


def _versions_in(project: Path) -> dict[str, str]:
    """Julia and the packages in juliapkg's project; empty where nothing was installed.

    Raises OSError, ValueError or KeyError for files that cannot be read, ValueError for a Julia
    that is gone.
    """
    manifest, kept = project / "Manifest.toml", project / "pyjuliapkg" / "meta.json"
    if not manifest.is_file() or not kept.is_file():
        return {}
    try:
        installed = tomllib.loads(manifest.read_text(encoding="utf-8"))
    except ValueError as damage:
        raise ValueError(f"{manifest} is damaged: {damage}") from None
    try:
        julia = json.loads(kept.read_text(encoding="utf-8"))
    except ValueError as damage:
        raise ValueError(f"{kept} is damaged: {damage}") from None
    if shutil.which(julia["executable"]) is None:
        raise ValueError(f"the Julia that was installed for it, {julia['executable']}, is gone")
    packages = {
        name: entries[0].get("version", "?") for name, entries in installed.get("deps", {}).items()
    }
    return {"Julia": julia["version"]} | {
        name: packages[name] for name in requirements() if name in packages
    }


def ways() -> Iterator[Installed]:
    """Every way to a live Julia, the preferred first."""
    named = _named_by_environment()
    if named:
        yield named
    yield _on_the_path()
    yield _juliapkg()


def juliacall_pin() -> str | None:
    """The requirement to install so that juliacall fits the Julia that is there; None where nothing
    has to change.
    """
    for way in ways():
        if way.ready:
            return None
        if (
            "PythonCall" in way.versions
            and way.remedy
            and way.remedy.startswith("pip install juliacall==")
        ):
            return way.remedy.removeprefix("pip install ")
    return None


def julia_sources() -> Path:
    """The directory of the Julia package: inside an installed wheel, or beside `pyimpl` in a
    checkout.
    """
    inside = Path(__file__).parents[1] / "julia"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "julia"
