"""Where the tests of a module are: in the folder called like its room, in a file called like it.

`pyimpl/layers/conv.py` is tested by `tests/layers/test_conv.py`, `pyimpl/parity/judge/verdict.py`
by `tests/judge/test_verdict.py`, and `pyimpl/parity/progress.py`, which is in no room, by
`tests/test_progress.py`.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
# Files without logic of their own, and where what they say is tested. A pattern stands for files.
TABLES = {
    "pyimpl/parity/catalogue/[row files].py": "",
}


def modules() -> list[Path]:
    """The modules of the twin and of the toolkit that have functions or classes with a body."""
    return [
        path
        for path in sorted((ROOT / "pyimpl").rglob("*.py"))
        if path.name != "__init__.py" and has_logic(path)
    ]


def has_logic(path: Path) -> bool:
    """Whether there is a function in it: not data, names or the form of a record alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree))


def tests_of(module: Path) -> Path:
    """Where the tests of a module are."""
    parts = module.relative_to(ROOT / "pyimpl").parts
    *rooms, name = parts[1:] if parts[0] == "parity" else parts
    return TESTS.joinpath(*rooms, f"test_{name}")
