"""Literals and dtypes."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .arithmetic import NARROW
from .syntax import ARRAYS, Rewriting, Scope, argument, with_argument
from .trap import Trap, Way

MAKERS: tuple[str, ...] = (
    "zeros",
    "ones",
    "full",
    "empty",
    "eye",
    "identity",
    "linspace",
    "arange",
    "array",
    "asarray",
    "zeros_like",
    "ones_like",
    "full_like",
    "empty_like",
)
MAKERS += ("tri", "hamming", "hanning", "asfarray", "ascontiguousarray")
FLOATS = ("float64", "float32", "double", "single", "float_", "float")
SCALARS = (
    "sqrt",
    "log",
    "exp",
    "power",
    "prod",
    "sum",
    "mean",
    "log2",
    "cos",
    "sin",
    "array",
    "asarray",
    "float64",
    "float32",
    "sum",
    "max",
)


def literals(node: Any, at: Scope) -> Iterator[Rewriting]:
    """0.1 or 0.1f0."""
    value = (
        at.number(node)
        if isinstance(node, ast.Constant | ast.Name | ast.Attribute)
        and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        else None
    )
    if isinstance(value, float) and np.isfinite(value) and float(np.float32(value)) != value:
        yield at.rewritten("literals", node, "float(NP.float32(C))", kind="float32", C=node)
    if at.is_call(node, "float32", homes=("numpy",)):
        yield Rewriting("literals", {node: node.args[0]}, kind="float64")


def dtypes(node: Any, at: Scope) -> Iterator[Rewriting]:
    """The type of the first argument instead of the default one, and none where one was forced."""
    if at.is_call(node, *MAKERS, homes=ARRAYS):
        assert isinstance(node, ast.Call)
        for name in at.arguments[:3]:
            like = ast.Attribute(ast.Name(name, ast.Load()), "dtype", ast.Load())
            yield Rewriting(
                "dtype", {node: with_argument(node, "dtype", like)}, kind=f"made like {name}"
            )
        if argument(node, "dtype") is not None:
            yield Rewriting(
                "dtype", {node: with_argument(node, "dtype", None)}, 1.1, kind="made of none"
            )
        yield Rewriting(
            "dtype",
            {node: with_argument(node, "dtype", ast.Name("float", ast.Load()))},
            1.2,
            kind="made float",
        )
    if at.is_call(node, "astype", "double", "float", "to", "type", homes=("",)):
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        cause = "overflow" if any(word in ast.unparse(node) for word in NARROW) else "dtype"
        yield Rewriting(cause, {node: node.func.value}, kind="astype")
        for name in at.arguments[:3]:
            like = ast.Attribute(ast.Name(name, ast.Load()), "dtype", ast.Load())
            yield Rewriting(
                cause,
                {node: ast.Call(ast.Attribute(node.func.value, "astype", ast.Load()), [like], [])},
                1.1,
            )
    if at.is_call(node, "float64", "float32", homes=("numpy",)) or at.callee(node) in (
        "builtins.float",
        "builtins.int",
    ):
        assert isinstance(node, ast.Call)
        if node.args:
            # Without int() whole numbers are NumPy's, which wrap.
            wraps = at.callee(node) == "builtins.int" and isinstance(
                at.parents.get(node), ast.BinOp
            )
            yield Rewriting(
                "overflow" if wraps else "dtype",
                {node: node.args[0]},
                2.0 if wraps else 1.1,
                kind="called",
            )
    if at.is_call(node, *SCALARS, homes=("numpy",)) and isinstance(
        at.parents.get(node), ast.BinOp | ast.Assign
    ):
        yield at.rewritten("dtype", node, "OPS.weak(A)", 1.2, kind="scalar", A=node)
    if (
        isinstance(node, ast.Return)
        and node.value is not None
        and not isinstance(node.value, ast.Tuple)
    ):
        yield Rewriting(
            "dtype", {node.value: at.make("NP.asarray(A, dtype=float)", A=node.value)}, 2
        )
        for name in at.arguments[:3]:
            yield Rewriting(
                "dtype",
                {node.value: at.make(f"NP.asarray(A, dtype={name}.dtype)", A=node.value)},
                1.8,
            )


def _in_the_other_precision(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A number as a Float32 literal makes it; the decimal of one that was made so."""
    if isinstance(value, float):
        single = np.float32(value)
        written = float(str(single))
        if float(single) != value:
            yield f"{name} in single precision: {single!s}", float(single)
        elif written != value:
            yield f"{name} = {written!r} instead of {value!r}", written
    elif isinstance(value, tuple) and value and all(isinstance(part, float) for part in value):
        rounded = tuple(float(np.float32(part)) for part in value)
        if rounded != value:
            yield f"{name} in single precision", rounded


def _cast(dtype: str) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: x.astype(dtype)


def _as_other(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    if array.dtype.kind in "iufb" and other.dtype.kind in "iufb":
        for dtype in ("int64", "bool", "uint64", "int32"):
            if other.dtype == dtype and array.dtype != dtype:
                yield Way(f"{{0}} as {dtype}", _cast(dtype), None)


TRAPS = (
    Trap(
        "literals",
        "a number is written in single precision on one side: Julia's 0.1f0 is not 0.1",
        patterns=(literals,),
        settings=_in_the_other_precision,
    ),
    Trap(
        "dtype",
        "numbers become Float64, or whole, on one side only",
        patterns=(dtypes,),
        results=_as_other,
    ),
)
