"""The table of faults, `pyimpl/parity/FAULTS.md`, made of the trials: every file is a kind, its
docstring says what comes of it; every function is a trial, or several, and says what is tried.

    python tests/faults/table.py
"""

import ast
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "pyimpl" / "parity" / "FAULTS.md"
HEAD = """# Faults and attacks, and what comes of them

Everything here is tried by `tests/faults/`; this table is made of the trials
(`python tests/faults/table.py`).

| exit code | means |
|---|---|
| 0 | all agrees |
| 1 | something differs, and the check itself has found it |
| 2 | wrong usage: an argument, or a Python or Julia file that cannot be loaded |
| 3 | no verdict: no reference, a file that cannot be read, a recording of another question, \
a run that the user's code has ended |
| 4 | all agrees, but a report, a recording or the output could not be written |
| 5 | nothing can be said: what agrees proves nothing |
| 130 | Ctrl-C |
"""


def text() -> str:
    """The whole table."""
    parts = [HEAD]
    for path in sorted(HERE.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        kind, _, rest = (ast.get_docstring(tree) or "").partition("\n\n")
        title, _, what = kind.replace("\n", " ").partition(": ")
        parts.append(
            f"\n## {title}\n\n{what[:1].upper()}{what[1:]}\n{_joined(rest)}\n\n"
            f"| tried, in `{path.name}` | by |\n|---|---|\n"
        )
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                said = _joined(ast.get_docstring(node) or "").replace("|", "\\|")
                parts.append(f"| {said} | `{node.name.removeprefix('test_')}` |\n")
    return "".join(parts)


def _joined(lines: str) -> str:
    return " ".join(lines.split())


if __name__ == "__main__":
    TABLE.write_text(text(), encoding="utf-8")
