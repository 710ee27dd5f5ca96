"""Arrays of unlike dimensions in one operation: which of their axes go together."""

import ast
from collections.abc import Iterator
from typing import Any

from .syntax import Rewriting, Scope, is_binary
from .trap import Trap


def from_the_left(node: Any, at: Scope) -> Iterator[Rewriting]:
    """The operand with fewer axes given further ones at its end."""
    if not is_binary(node, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow):
        return
    if isinstance(node.left, ast.Constant) or isinstance(node.right, ast.Constant):
        return
    left, right = (
        at.make(f"OPS.led({one})", A=node.left, B=node.right) for one in ("A, B", "B, A")
    )
    led = ast.BinOp(left, node.op, right)
    yield Rewriting("broadcasting", {node: led}, 1.1, kind="from the left")


TRAPS = (
    Trap(
        "broadcasting",
        "arrays of unlike dimensions are matched from the last axis in NumPy and from the first in "
        "Julia",
        patterns=(from_the_left,),
    ),
)
