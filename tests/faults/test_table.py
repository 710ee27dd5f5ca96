"""The table: what is documented of faults is what is tried.

`FAULTS.md` is made of the trials.
"""

import ast

from faults.table import HERE, TABLE, text


def test_the_table_is_up_to_date():
    """The table is that of the trials as they are."""
    assert TABLE.read_text(encoding="utf-8") == text(), "run python tests/faults/table.py"


def test_every_trial_says_what_is_tried():
    """Every kind and every trial has its words."""
    for path in HERE.glob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ": " in (ast.get_docstring(tree) or "").partition("\n\n")[0], path.name
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name}"
