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
mutant of the toolkit (`judge`, `pair`, `sides`, ...), and of what has no row, names none: it is
held against the probes, whose answers are known. `lives` says why a mutant cannot be killed,
`needs` which library that takes.
"""

import ast
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2]
LISTS = Path(__file__).with_name("lists")
TOOLKIT = ("verdict", "matching", "sides", "border")  # groups of mutants of the check itself
STATES = "states"  # the group of what the twin has beside its rows: files, modes, draws, the tape


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
    def is_probed(self) -> bool:
        """Whether it is held against probes, and not against rows."""
        return not self.rows

    @property
    def module_name(self) -> str:
        """As it is imported."""
        parts = Path(self.module).with_suffix("").parts
        return ".".join(("pyimpl", *(part for part in parts if part != "__init__")))

    def source(self) -> str:
        """The text of the module with the convention broken. Raises NoMutant where the old text is
        not there once, or where the new one makes no other program.
        """
        text = text_of(self.module)
        if (count := text.count(self.old)) != 1:
            raise NoMutant(
                f"{self.name}: pyimpl/{self.module} has {count} times what is to be replaced, "
                f"expected it once: {self.old!r}. Where the module has changed, change the entry"
            )
        broken = text.replace(self.old, self.new)
        try:
            same = _own_parts(self.module) == _parts(broken)
        except SyntaxError as problem:
            raise NoMutant(f"{self.name}: what comes of it is no Python: {problem}") from None
        if same:
            raise NoMutant(f"{self.name}: the program is the same with it")
        return broken


@cache
def text_of(module: str) -> str:
    """The text of a module as it is."""
    return (PACKAGE / module).read_text(encoding="utf-8")


@cache
def _own_parts(module: str) -> list["_Part"]:
    return _parts(text_of(module))


def _parts(text: str) -> list["_Part"]:
    """The statements of a module, without comments and layout."""
    lines = text.splitlines()
    return [_Part(node, lines) for node in ast.parse(text).body]


class _Part:
    """A statement. Two are the same if their lines are, or if they are the same program: to ask the
    second of all takes long.
    """

    def __init__(self, node: ast.stmt, lines: list[str]):
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(one.lineno for one in decorators)])
        self.node, self.lines = node, lines[first - 1 : node.end_lineno]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Part) and (
            self.lines == other.lines or ast.dump(self.node) == ast.dump(other.node)
        )


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
