"""Arrays of unlike dimensions in one operation: which of their axes go together."""

import ast
from collections.abc import Iterator
from typing import Any

from .syntax import ARRAYS, Rewriting, Scope, array_of, is_binary
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


FLAT = ("squeeze", "ravel", "flatten", "reshape", "view")


def tables(node: Any, at: Scope) -> Iterator[Rewriting]:
    """A column of n that meets a vector of n: every entry of one meets every entry of the other."""
    if is_binary(node, ast.Add, ast.Sub, ast.Mult, ast.Div):
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(one, ast.Constant) or isinstance(other, ast.Constant):
                return
            column = at.make("OPS.crossed(A, B)", A=one, B=other)
            table = replace_operand(node, one, column)
            yield Rewriting("table", {node: table}, 1.2, kind="left" if one is node.left else "")
    elif at.is_call(node, *FLAT, homes=(*ARRAYS, "")):
        assert isinstance(node, ast.Call)
        array = array_of(at, node)
        if array is not None:
            yield Rewriting("table", {node: array}, 1.1, kind="flat")
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        index = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
        if index and isinstance(index[0], ast.Slice) and at.number(index[-1]) in (0, -1):
            yield Rewriting("table", {node: node.value}, 1.1, kind="column")


def replace_operand(node: ast.BinOp, old: ast.expr, new: ast.expr) -> ast.BinOp:
    """The operation with another operand."""
    left, right = (new if side is old else side for side in (node.left, node.right))
    return ast.BinOp(left, node.op, right)


TRAPS = (
    Trap(
        "table",
        "a column and a vector of one length are broadcast to a table on one side, (n, 1) against "
        "(n,) to (n, n): every entry of one meets every entry of the other",
        patterns=(tables,),
    ),
    Trap(
        "broadcasting",
        "arrays of unlike dimensions are matched from the last axis in NumPy and from the first in "
        "Julia",
        patterns=(from_the_left,),
    ),
)
