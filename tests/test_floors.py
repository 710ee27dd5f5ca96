"""The house: a room may use the rooms below it, never one above, at any depth of the code; and no
file is called by what is left over.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLKIT = "pyimpl.parity"
# From the top to the bottom; a dot stands for a room or a file of the toolkit.
FLOORS = (
    ("command",),
    ("experiments", "mutants"),
    ("crosschecking",),
    ("report",),
    ("locate",),
    ("explain",),
    ("pair",),
    ("traps",),
    ("sides",),
    ("catalogue",),
    ("reference",),
    ("judge",),
    ("case",),
    ("progress", "plain_text"),
)
FLOOR = {room: number for number, rooms in enumerate(reversed(FLOORS)) for room in rooms}
TWIN_FLOORS = (
    ("public_names",),
    ("files",),
    ("models",),
    ("training", "textbook"),
    ("layers",),
    ("losses", "optimise", "initialise"),
    ("functions",),
    ("core",),
)
TWIN_FLOOR = {room: number for number, rooms in enumerate(reversed(TWIN_FLOORS)) for room in rooms}
LEFT_OVER = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "base",
    "more",
    "other",
    "stuff",
    "tools",
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything that a file imports, inside functions too."""
    module = module_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (
                ".".join(package.split(".")[: len(package.split(".")) + 1 - node.level])
                if node.level
                else ""
            )
            name = ".".join(part for part in (base, node.module) if part)
            yield from ((node.lineno, f"{name}.{alias.name}") for alias in node.names)


def room_of(module: str, house: str, floors: dict[str, int]) -> str | None:
    """The room of a module of the toolkit or the twin; None for others and for the front door."""
    room = module.removeprefix(f"{house}.").split(".")[0]
    return room if module.startswith(f"{house}.") and room in floors else None


def files_of(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


@pytest.mark.parametrize(
    ("house", "floors"), [(TOOLKIT, FLOOR), ("pyimpl", TWIN_FLOOR)], ids=["toolkit", "twin"]
)
def test_a_room_uses_the_rooms_below_it_only(house, floors):
    wrong = []
    for path in files_of(house.replace(".", "/")):
        own = room_of(module_of(path), house, floors)
        for line, name in imports(path):
            used = room_of(name, house, floors)
            if own and used and own != used and floors[used] >= floors[own]:
                wrong.append(
                    f"{path.relative_to(ROOT)}:{line} uses {used}, which is not below {own}"
                )
    assert not wrong, "\n".join(wrong)


def test_every_file_of_the_toolkit_is_in_a_room():
    assert {
        path.relative_to(ROOT / "pyimpl" / "parity").parts[0].removesuffix(".py")
        for path in files_of("pyimpl/parity")
    } <= {
        *FLOOR,
        "__init__",
    }


def test_every_file_of_the_twin_is_in_a_room():
    rooms = {
        path.relative_to(ROOT / "pyimpl").parts[0].removesuffix(".py")
        for path in files_of("pyimpl")
    }
    assert rooms <= {*TWIN_FLOOR, "__init__", "parity"}


def test_the_twin_knows_nothing_of_the_toolkit():
    twin = [path for path in files_of("pyimpl") if "parity" not in path.parts]
    assert not [path for path in twin for _, name in imports(path) if name.startswith(TOOLKIT)]


def test_no_file_is_called_by_what_is_left_over():
    wrong = [
        path
        for folder in ("pyimpl", "tests", "comparisons")
        for path in files_of(folder)
        if LEFT_OVER & set(path.stem.split("_"))
    ]
    assert not wrong


def test_no_function_has_a_name_that_says_nothing():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in files_of("pyimpl")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name in {"found", "told", "of"}
    ]
    assert not wrong


def test_every_folder_of_code_has_a_door_plate():
    rooms = [
        ROOT / "pyimpl" / "parity" / room
        for rooms in FLOORS
        for room in rooms
        if (ROOT / "pyimpl" / "parity" / room).is_dir()
    ]
    top = [ROOT / name for name in ("pyimpl", "pyimpl/parity", "julia", "tests", "comparisons")]
    assert not [folder for folder in (*top, *rooms) if not (folder / "README.md").is_file()]


LOADED = """
import sys
{}
print(*sys.modules)
"""


@pytest.mark.parametrize(
    ("code", "not_loaded"),
    [
        (
            "import pyimpl",
            ["juliacall", "hypothesis", "typer", "rich", "matplotlib", "torch", "pyimpl.parity"],
        ),
        (
            "import pyimpl.parity",
            ["juliacall", "hypothesis", "pyimpl.parity.catalogue.row", "torch"],
        ),
        (
            "from pyimpl.parity import arrays, crosscheck",
            ["juliacall", "pyimpl.parity.catalogue", "torch"],
        ),
        (
            "import pyimpl.parity.command.verbs",
            ["juliacall", "hypothesis", "pyimpl.parity.catalogue", "torch"],
        ),
        (
            "import pyimpl.parity.command.crosscheck",
            ["pyimpl.parity.catalogue", "juliacall", "torch"],
        ),
    ],
)
def test_nothing_is_loaded_that_was_not_asked_for(code, not_loaded):
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(code)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert not set(not_loaded) & set(done.stdout.split())
