"""Where a live Julia could come from, what is there, and what to do if it is not enough. Starts no Julia that it does not ask about itself.

Looked at in this order: what the environment names (`PYTHON_JULIACALL_EXE` with `PYTHON_JULIACALL_PROJECT`), a `julia` on the PATH whose
default environment has PythonCall and Flux, juliapkg. Only the last can download anything, and only when live is asked for by name.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

NEEDED = ("PythonCall", "Flux", "Zygote", "NNlib", "Optimisers", "PrecompileTools")
ASK_SECONDS = 60

# Prints what `Installed` holds, as JSON written by hand: a fresh Julia has no JSON.
QUESTION = r"""
using TOML
project = Base.active_project()
manifest = project === nothing ? nothing : Base.project_file_manifest_path(project)
deps = manifest === nothing || !isfile(manifest) ? Dict() : let d = TOML.parsefile(manifest); get(d, "deps", d) end
found = ["$name" => get(first(entries), "version", "?") for (name, entries) in deps if name in ARGS && entries isa Vector]
println("{\"Julia\": \"$VERSION\", \"project\": ", repr(project === nothing ? "" : dirname(project)),
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
    environment: dict[str, str] = field(default_factory=dict)  # what the worker has to be started with
    downloads: bool = False

    @property
    def ready(self) -> bool:
        """Whether a worker can be started this way without installing anything."""
        return self.problem is None


def juliacall_version() -> str | None:
    """The version of the installed juliacall, which must be that of PythonCall in Julia."""
    try:
        return version("juliacall")
    except PackageNotFoundError:
        return None


def _ask(julia: str, project: str | None) -> dict[str, str]:
    """What `julia` says of itself and its environment. Raises OSError, ValueError or subprocess.SubprocessError."""
    at = [f"--project={project}"] if project else []
    command = [julia, "--startup-file=no", "--color=no", *at, "-e", QUESTION, *NEEDED]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS, check=True, stdin=subprocess.DEVNULL)
    return json.loads(answer.stdout.strip().splitlines()[-1])


def _examine(way: str, julia: str, project: str | None) -> Installed:
    try:
        found = _ask(julia, project)
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as failure:
        detail = (getattr(failure, "stderr", None) or str(failure)).strip().splitlines()[0]
        return Installed(way, julia, problem=f"{julia} does not run: {detail}", remedy="install Julia 1.10 or later")
    project = found.pop("project")
    where = f"{julia}, environment {project}"
    environment = {"PYTHON_JULIACALL_EXE": julia, "PYTHON_JULIACALL_PROJECT": project}
    missing = [name for name in NEEDED if name not in found]
    if missing:
        add = ", ".join(f'"{name}"' for name in missing)
        return Installed(way, where, found, f"{', '.join(missing)} not installed there", f"julia -e 'using Pkg; Pkg.add([{add}])'")
    ours, fitting = juliacall_version(), f"pip install juliacall=={found['PythonCall']}"
    if ours is None:
        return Installed(way, where, found, "the Python package juliacall is not installed", fitting)
    if ours != found["PythonCall"]:
        problem = f"juliacall {ours} in Python does not work with PythonCall {found['PythonCall']} in Julia: they must be the same version"
        return Installed(way, where, found, problem, fitting, environment)
    return Installed(way, where, found | {"juliacall": ours}, environment=environment)


def _named_by_environment() -> Installed | None:
    exe, project = os.environ.get("PYTHON_JULIACALL_EXE"), os.environ.get("PYTHON_JULIACALL_PROJECT")
    if not exe:
        return None
    way = "named by PYTHON_JULIACALL_EXE"
    if not project:
        remedy = "name the Julia project that has PythonCall and Flux"
        return Installed(way, exe, problem="PYTHON_JULIACALL_PROJECT is not set", remedy=remedy)
    found = shutil.which(exe)
    if not found:
        return Installed(way, exe, problem=f"there is no program {exe}", remedy="correct or unset PYTHON_JULIACALL_EXE")
    return _examine(way, found, project)


def _on_the_path() -> Installed:
    julia = shutil.which("julia")
    if not julia:
        remedy = "install Julia 1.10 or later with Flux and PythonCall"
        return Installed("on the PATH", "julia", problem="there is no julia on the PATH", remedy=remedy)
    return _examine("on the PATH", julia, None)


def _juliapkg() -> Installed:
    way = "juliapkg"
    project = Path(os.environ.get("PYTHON_JULIAPKG_PROJECT") or Path(sys.prefix) / "julia_env")
    if juliacall_version() is None:
        return Installed(way, str(project), problem="the Python package juliacall is not installed", remedy="pip install juliacall")
    if (project / "Manifest.toml").is_file():
        return Installed(way, str(project), environment={"PYTHON_JULIAPKG_OFFLINE": "yes"})
    problem = "nothing is installed there yet"
    return Installed(way, str(project), {}, problem, "julia-parity check --reference live   (downloads Julia and Flux)", downloads=True)


def ways() -> Iterator[Installed]:
    """Every way to a live Julia, the preferred first."""
    named = _named_by_environment()
    if named:
        yield named
    yield _on_the_path()
    yield _juliapkg()


def juliacall_pin() -> str | None:
    """The requirement to install so that juliacall fits the Julia that is there; None where nothing has to change."""
    for way in ways():
        if way.ready:
            return None
        if "PythonCall" in way.versions and way.remedy and way.remedy.startswith("pip install juliacall=="):
            return way.remedy.removeprefix("pip install ")
    return None


def julia_sources() -> Path:
    """The directory of the Julia package: inside an installed wheel, or beside `pyimpl` in a checkout."""
    inside = Path(__file__).parents[1] / "julia"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "julia"
