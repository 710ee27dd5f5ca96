"""What a mutant is: one module of `pyimpl` with one piece of its text replaced, as data.

The lists of this room are TOML, one file for each module that is broken:

    module = "layers/dense.py"                # in `pyimpl`
    group = "layers"

    [[mutant]]
    name = "dense-bias-mean"
    breaks = "The gradient of a bias is the sum over the batch, not the mean."
    rows = ["Dense"]                          # of the catalogue, in which it should show
    old = "np.add.reduce(rows) if has_bias"   # occurs once in the module
    new = "rows.mean(0) if has_bias"

A mutant of the twin is held against the catalogue: the rows that it names first, then all others. A
mutant of the toolkit (`judge`, `pair`, `sides`, ...) is held against the probes, pairs whose
verdict is known. `lives` says why a mutant cannot be killed, `needs` which library that takes.
"""

import ast
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2]
LISTS = Path(__file__).with_name("lists")
TOOLKIT = ("verdict", "matching", "sides", "border")  # groups of mutants that probes must kill


class NoMutant(ValueError):
    """An entry of a list that is no mutant of the program as it is; the message says why."""


@dataclass(frozen=True)
class Mutant:
    """A module with one piece of its text replaced, and the convention that this breaks."""

    name: str
    group: str
    module: str  # its file, relative to the package
    breaks: str  # the convention, as it would be right
    old: str
    new: str
    rows: tuple[str, ...] = ()  # of the catalogue, in which it should show
    lives: str = ""  # why no check can find it, or none of those that there are
    needs: str = ""  # a library without which it cannot be found

    @property
    def of_toolkit(self) -> bool:
        """Whether it is the check that is broken, not what is checked."""
        return self.group in TOOLKIT

    @property
    def module_name(self) -> str:
        """As it is imported."""
        parts = Path(self.module).with_suffix("").parts
        return ".".join(("pyimpl", *(part for part in parts if part != "__init__")))

    def source(self) -> str:
        """The text of the module with the convention broken. Raises NoMutant where the old text is
        not there once, or where the new one makes no other program.
        """
        text = (PACKAGE / self.module).read_text(encoding="utf-8")
        if (count := text.count(self.old)) != 1:
            raise NoMutant(
                f"{self.name}: pyimpl/{self.module} has {count} times what is to be replaced, "
                f"expected it once: {self.old!r}. Where the module has changed, change the entry"
            )
        broken = text.replace(self.old, self.new)
        try:
            same = ast.dump(ast.parse(broken)) == ast.dump(ast.parse(text))
        except SyntaxError as problem:
            raise NoMutant(f"{self.name}: what comes of it is no Python: {problem}") from None
        if same:
            raise NoMutant(f"{self.name}: the program is the same with it")
        return broken


@cache
def all_mutants() -> tuple[Mutant, ...]:
    """Every mutant of the lists. Raises NoMutant for an entry that is none, or a name that is
    taken.
    """
    found: dict[str, Mutant] = {}
    for path in sorted(LISTS.glob("*.toml")):
        for mutant in _read(path):
            if mutant.name in found:
                raise NoMutant(f"two mutants are called {mutant.name}")
            found[mutant.name] = mutant
    return tuple(found.values())


def _read(path: Path) -> Iterable[Mutant]:
    about = tomllib.loads(path.read_text(encoding="utf-8"))
    for entry in about["mutant"]:
        entry = {key: value for key, value in about.items() if key != "mutant"} | entry
        try:
            yield Mutant(**entry | {"rows": tuple(entry.get("rows", ()))})
        except TypeError as problem:
            raise NoMutant(f"{path.name}, {entry.get('name', 'an entry')}: {problem}") from None
