"""Rows of the catalogue compiled ahead of their use, so that a live check of them begins at full
speed.

Julia keeps what it compiled only in the cache of a package, while it precompiles that package. So
every group of rows (layers, losses, rules, ...) gets a small package of its own beside the copy of
ours in the user's cache, which evaluates a case of every structure as it is precompiled. A group
that is done is marked with the versions that it was compiled for; a check uses the marked ones, and
interprets else.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from ..reference.find_julia import Installed
from ..reference.live import LiveJulia, cached_package
from ..reference.recorded import DECIDING
from . import CATALOGUE, Row
from .workload import as_toml

HOME = uuid.UUID(
    "5d4b0c1e-6a0d-4c59-9d0a-2f4f6a1b7c31"
)  # of the Julia package: the small ones have theirs from it
PRECOMPILE_TOOLS = "aea7be01-6a6a-4083-8856-8a6e6704d82a"
MOST_SECONDS = 7200.0  # for a group

PROJECT = """name = "{name}"
uuid = "{uuid}"
version = "0.1.0"

[deps]
JuliaParity = "{home}"
PrecompileTools = "{tools}"
"""
MODULE = """module {name}

using JuliaParity
using PrecompileTools: @setup_workload, @compile_workload

@setup_workload begin
    @compile_workload begin
        JuliaParity.compile_rows(joinpath(@__DIR__, "..", "cases.toml"))
    end
end

end
"""


@dataclass(frozen=True)
class Group:
    """Rows that are compiled together."""

    name: str  # of the Julia package: CompiledLayers
    rows: tuple[str, ...]

    @property
    def uuid(self) -> str:
        """Of the Julia package."""
        return str(uuid.uuid5(HOME, self.name))

    @property
    def place(self) -> Path:
        """The directory of the Julia package."""
        return cached_package() / "compiled" / self.name

    @property
    def mark(self) -> Path:
        """The file that says for which versions the group was compiled."""
        return self.place / "done.json"

    def is_warm(self, versions: dict[str, str]) -> bool:
        """Whether it was compiled for these versions."""
        try:
            return json.loads(self.mark.read_text(encoding="utf-8")) == self._compiled_for(versions)
        except (OSError, ValueError):
            return False

    @cached_property
    def cases(self) -> str:
        """What is evaluated while the package is precompiled, as TOML."""
        return as_toml(CATALOGUE[row] for row in self.rows)

    def _compiled_for(self, versions: dict[str, str]) -> dict[str, str]:
        """What the compiled code belongs to: cases, and versions of packages."""
        return {"cases": hashlib.sha256(self.cases.encode()).hexdigest()} | deciding(versions)

    def forget(self) -> None:
        """It was compiled, but cannot be used."""
        self.mark.unlink(missing_ok=True)

    def write(self) -> None:
        """Write the Julia package, and forget that it was compiled."""
        (self.place / "src").mkdir(parents=True, exist_ok=True)
        self.forget()
        project = PROJECT.format(name=self.name, uuid=self.uuid, home=HOME, tools=PRECOMPILE_TOOLS)
        (self.place / "Project.toml").write_text(project, encoding="utf-8")
        (self.place / "cases.toml").write_text(self.cases, encoding="utf-8")
        (self.place / "src" / f"{self.name}.jl").write_text(
            MODULE.format(name=self.name), encoding="utf-8"
        )

    def compile(self, way: Installed, told: Callable[[int, int, str], None]) -> None:
        """Compile it, which takes minutes. `told` gets how many of how many cases are done, and the
        row.

        Raises NoJulia, and RuntimeError for an error in Julia.
        """
        self.write()
        progress = self.place / "progress.txt"
        progress.write_text("", encoding="utf-8")
        with (
            LiveJulia(way, environment={"JULIA_PARITY_PROGRESS": str(progress)}) as julia,
            ThreadPoolExecutor(1) as threads,
        ):
            compiled = threads.submit(
                julia.call, "compile_group", self.name, self.uuid, seconds=MOST_SECONDS
            )
            while not compiled.done():
                wait([compiled], 0.5)
                lines = progress.read_text(encoding="utf-8").splitlines()
                if lines:
                    done, total, row = lines[-1].split(" ", 2)
                    told(int(done), int(total), row)
            compiled.result()
            self.mark.write_text(json.dumps(self._compiled_for(julia.versions)), encoding="utf-8")


def deciding(versions: dict[str, str]) -> dict[str, str]:
    """The versions that compiled code belongs to."""
    return {name: versions[name] for name in ("Julia", *DECIDING) if name in versions}


def groups(rows: Iterable[Row]) -> list[Group]:
    """The groups that rows of the catalogue belong to, whole: those of a kind stand together."""
    return [_group(name) for name in dict.fromkeys(map(_package, rows))]


@cache
def _group(name: str) -> Group:
    return Group(name, tuple(row.key for row in CATALOGUE.values() if _package(row) == name))


def _package(row: Row) -> str:
    return "CompiledTextbook" if row.family == "textbook" else f"Compiled{row.kind.capitalize()}"


def are_warm(way: Installed, rows: Collection[Row]) -> bool:
    """Whether all of the rows were compiled for a Julia."""
    return all(group.is_warm(way.versions) for group in groups(rows))


def julias(
    way: Installed, rows: Collection[Row], count: int = 1, *, compiles: bool = False
) -> list[LiveJulia]:
    """Julias, not started yet, that evaluate rows at full speed where all of them were compiled for
    it, and else interpret them - or, where so many cases follow that this pays, compile each as it
    comes.
    """
    warm = are_warm(way, rows)
    return [
        LiveJulia(way, interpreted=not (warm or compiles), groups=groups(rows) if warm else ())
        for _ in range(count)
    ]
