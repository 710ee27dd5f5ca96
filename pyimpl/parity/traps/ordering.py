"""NaN, equal entries, sorted order."""

import ast
from collections.abc import Iterator
from typing import Any

from .syntax import (
    Rewriting,
    Scope,
    argument,
    array_of,
    axis_position,
    renamed,
    with_argument,
    with_array,
)
from .trap import Trap

NAN_AWARE = (
    "sum",
    "mean",
    "std",
    "var",
    "max",
    "min",
    "argmax",
    "argmin",
    "median",
    "prod",
    "cumsum",
    "cumprod",
    "quantile",
    "percentile",
)
MIRRORED = {ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt}


def nan_or_not(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Skipped or spread."""
    if name := at.is_call(node, *NAN_AWARE):
        assert isinstance(node, ast.Call)
        if at.is_method(node):
            assert isinstance(node.func, ast.Attribute)
            call = at.make(f"NP.nan{name}(A)", A=node.func.value)
            assert isinstance(call, ast.Call)
            yield Rewriting(
                "nan",
                {node: ast.Call(call.func, [*call.args, *node.args], node.keywords)},
                kind="nan",
            )
        else:
            yield Rewriting("nan", {node: renamed(node, f"nan{name}")}, kind="nan")
    elif name := at.is_call(node, *(f"nan{name}" for name in NAN_AWARE)):
        yield Rewriting("nan", {node: renamed(node, name[3:])}, kind="not nan")
    elif name := at.is_call(node, "maximum", "minimum", "fmax", "fmin"):
        other = {"maximum": "fmax", "minimum": "fmin", "fmax": "maximum", "fmin": "minimum"}[name]
        yield Rewriting("nan", {node: renamed(node, other)}, kind=other)
    elif at.callee(node) in ("builtins.max", "builtins.min"):
        assert isinstance(node, ast.Call)
        short = at.callee(node)[9:]
        if len(node.args) == 1:
            yield at.rewritten("nan", node, f"NP.{short}(A)", A=node.args[0])
            yield at.rewritten("nan", node, f"NP.nan{short}(A)", A=node.args[0])
        elif len(node.args) == 2:
            for word in (f"{short}imum", f"f{short}"):
                yield at.rewritten("nan", node, f"NP.{word}(A, B)", A=node.args[0], B=node.args[1])
            yield at.rewritten("nan", node, f"{short}(B, A)", A=node.args[0], B=node.args[1])
    elif at.is_call(node, "nan_to_num"):
        assert isinstance(node, ast.Call)
        yield Rewriting("nan", {node: node.args[0]})
    elif isinstance(node, ast.Subscript) and "isnan" in ast.unparse(node.slice):
        yield Rewriting("nan", {node: node.value})


def ties(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Which of equal entries, and on which side of a bound."""
    if name := at.is_call(node, "argmax", "argmin"):
        assert isinstance(node, ast.Call)
        array = array_of(at, node)
        if array is None:
            return
        call = at.make(f"OPS.last_{name}(A)", A=array)
        assert isinstance(call, ast.Call)
        rest = node.args if at.is_method(node) else node.args[1:]
        yield Rewriting("ties", {node: ast.Call(call.func, [*call.args, *rest], node.keywords)})
    elif at.is_call(node, "argsort"):
        assert isinstance(node, ast.Call)
        yield Rewriting("ties", {node: with_argument(node, "kind", "stable")}, kind="stable")
        array = array_of(at, node)
        if isinstance(array, ast.UnaryOp) and isinstance(array.op, ast.USub):
            yield at.rewritten("ties", node, "OPS.unstable_descending(A)", A=array.operand)
        elif array is not None:
            yield at.rewritten("ties", node, "OPS.stable_descending(A)[::-1]", A=array)
    elif name := at.is_call(node, "searchsorted", "digitize"):
        assert isinstance(node, ast.Call)
        if name == "searchsorted":
            given = argument(node, "side", 2)
            new = "left" if isinstance(given, ast.Constant) and given.value == "right" else "right"
            yield Rewriting("ties", {node: with_argument(node, "side", new, 2)})
        else:
            given = argument(node, "right", 2)
            yield Rewriting(
                "ties",
                {
                    node: with_argument(
                        node,
                        "right",
                        not (given is not None and at.number(given) != 0 or given is not None),
                        2,
                    )
                },
            )
    elif at.is_call(node, "histogram"):
        assert isinstance(node, ast.Call)
        for word in ("histogram_half_open", "histogram_right_closed"):
            call = at.make(f"OPS.{word}(A)", A=node.args[0])
            assert isinstance(call, ast.Call)
            yield Rewriting("ties", {node: ast.Call(call.func, node.args, node.keywords)})
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in MIRRORED:
        cause = (
            "ends"
            if any(
                isinstance(outer, ast.While) and node in ast.walk(outer.test)
                for outer in at.ancestors(node)
            )
            else "ties"
        )
        yield Rewriting(
            cause,
            {node: ast.Compare(node.left, [MIRRORED[type(node.ops[0])]()], node.comparators)},
            kind="comparison",
        )


def sorted_order(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Ascending, descending, or in order of appearance."""
    if name := at.is_call(node, "sort", "argsort", homes=("numpy", "")):
        assert isinstance(node, ast.Call)
        array = array_of(at, node)
        if array is None or (name == "sort" and at.is_method(node)):
            return
        rest = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg == "axis"}
        axis = argument(node, "axis", axis_position(at, node)) or ast.Constant(-1)
        del rest
        yield at.rewritten("sorted", node, "NP.flip(S, A)", S=node, A=axis)
        if name == "argsort":
            yield at.rewritten("sorted", node, "OPS.stable_descending(X, A)", X=array, A=axis)
            if isinstance(array, ast.UnaryOp):
                yield Rewriting(
                    "sorted",
                    {node: with_argument(with_array(at, node, array.operand), "kind", "stable")},
                )
    elif at.callee(node) == "builtins.sorted":
        assert isinstance(node, ast.Call)
        yield Rewriting(
            "sorted",
            {
                node: with_argument(
                    node, "reverse", True if argument(node, "reverse") is None else None
                )
            },
        )
    elif at.is_call(node, "unique", homes=("numpy",)):
        assert isinstance(node, ast.Call)
        yield at.rewritten("sorted", node, "OPS.unique_in_order(A)", A=node.args[0])
    elif at.is_call(node, "eigvals", "eigvalsh", "svd", homes=("numpy.linalg",)):
        yield at.rewritten("sorted", node, "NP.sort(A)", A=node)
        yield at.rewritten("sorted", node, "NP.sort(A)[::-1]", A=node)
    elif (
        isinstance(node, ast.Subscript)
        and _reverses(node.slice)
        and any(word in ast.unparse(node.value) for word in ("sort", "eig", "svd"))
    ):
        yield Rewriting("sorted", {node: node.value})


def _reverses(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Slice)
        and node.lower is None
        and node.upper is None
        and node.step is not None
        and ast.unparse(node.step) == "-1"
    )


TRAPS = (
    Trap(
        "nan",
        "NaN or missing values are skipped on one side and spread on the other",
        patterns=(nan_or_not,),
    ),
    Trap(
        "ties",
        "equal numbers are treated differently: which of them is taken, in which order, or on "
        "which side of a bound they fall",
        patterns=(ties,),
    ),
    Trap(
        "sorted",
        "a sorted order is the other way round, or is that of appearance",
        patterns=(sorted_order,),
    ),
)
