"""Remainders and division, whole numbers, logarithms and angles, operators of matrices."""

import ast
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .syntax import ARRAYS, Rewriting, Scope, argument, array_of, is_binary, renamed
from .trap import Trap, Way, constant

LOGARITHMS = ("log", "log2", "log10")
TRIGONOMETRY = ("sin", "cos", "tan", "sinh", "cosh")
INVERSE = ("arcsin", "arccos", "arctan", "arctan2", "asin", "acos", "atan", "atan2", "angle")
NARROW = ("int8", "int16", "int32", "uint8", "uint16", "uint32")
HOMES = (*ARRAYS, "math")


def remainder(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Whose sign it has."""
    if is_binary(node, ast.Mod):
        assert isinstance(node, ast.BinOp)
        yield at.rewritten(
            "remainder", node, "NP.fmod(A, B)", kind="fmod", A=node.left, B=node.right
        )
    elif at.is_call(node, "mod", "remainder", "fmod", homes=HOMES):
        assert isinstance(node, ast.Call)
        other = "mod" if at.is_call(node, "fmod", homes=HOMES) else "fmod"
        yield at.rewritten(
            "remainder", node, f"NP.{other}(A, B)", kind=other, A=node.args[0], B=node.args[1]
        )
        if at.callee(node) == "math.remainder":
            yield at.rewritten("remainder", node, "A % B", A=node.args[0], B=node.args[1])
    elif at.callee(node) == "builtins.divmod":
        assert isinstance(node, ast.Call)
        yield at.rewritten(
            "remainder",
            node,
            "(OPS.divide_towards_zero(A, B), NP.fmod(A, B))",
            A=node.args[0],
            B=node.args[1],
        )


def remainder_in_place(node: Any, at: Scope) -> Iterator[Rewriting]:
    """`a %= b` and `a //= b`."""
    if (
        isinstance(node, ast.AugAssign)
        and isinstance(node.op, ast.Mod | ast.FloorDiv)
        and isinstance(node.target, ast.Name)
    ):
        cause = "remainder" if isinstance(node.op, ast.Mod) else "integer division"
        call = "NP.fmod(A, B)" if cause == "remainder" else "OPS.divide_towards_zero(A, B)"
        value = at.make(call, A=ast.Name(node.target.id, ast.Load()), B=node.value)
        yield Rewriting(cause, {node: ast.Assign([node.target], value)})


def integer_division(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Down, towards zero, or not at all."""
    if is_binary(node, ast.FloorDiv):
        assert isinstance(node, ast.BinOp)
        yield at.rewritten(
            "integer division",
            node,
            "OPS.divide_towards_zero(A, B)",
            kind="div",
            A=node.left,
            B=node.right,
        )
        yield at.rewritten("integer division", node, "A / B", A=node.left, B=node.right)
        yield at.rewritten("integer division", node, "-(-A // B)", 1.5, A=node.left, B=node.right)
    elif at.is_call(node, "floor_divide", homes=("numpy",)):
        assert isinstance(node, ast.Call)
        yield at.rewritten(
            "integer division",
            node,
            "OPS.divide_towards_zero(A, B)",
            A=node.args[0],
            B=node.args[1],
        )
    elif is_binary(node, ast.Div):
        assert isinstance(node, ast.BinOp)
        yield at.rewritten("integer division", node, "A // B", 1.5, A=node.left, B=node.right)
    elif at.callee(node) == "builtins.int":
        assert isinstance(node, ast.Call)
        if node.args and is_binary(node.args[0], ast.Div):
            yield at.rewritten(
                "integer division", node, "A // B", A=node.args[0].left, B=node.args[0].right
            )


# What else the functions are called that make numbers whole.
SYNONYMS = {"rint": "round", "around": "round", "fix": "trunc"}


def rounding(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Half to even, half away, down, up, towards zero."""
    ways = {
        "NP.round(A)",
        "NP.floor(A)",
        "NP.trunc(A)",
        "NP.ceil(A)",
        "OPS.half_away(A)",
        "OPS.half_up(A)",
    }
    name = at.is_call(
        node,
        "round",
        "rint",
        "floor",
        "trunc",
        "ceil",
        "fix",
        "around",
        homes=(*ARRAYS, "math", "builtins", ""),
    )
    whole = at.callee(node) == "builtins.int" or (
        at.callee(node) == ".astype"
        and isinstance(node, ast.Call)
        and bool(node.args)
        and ast.unparse(node.args[0]).split(".")[-1] in ("int", "int64", "int32")
    )
    if not name and not whole:
        return
    assert isinstance(node, ast.Call)
    array = array_of(at, node)
    if array is None:
        return
    if whole:
        new = {way: at.make(way, A=array) for way in ways - {"NP.trunc(A)"}}
        for made in new.values():
            replaced = (
                ast.Call(ast.Attribute(made, "astype", ast.Load()), node.args, [])
                if at.is_method(node)
                else ast.Call(node.func, [made], [])
            )
            yield Rewriting(
                "integer division" if is_binary(array, ast.Div) else "rounding",
                {node: replaced},
                1.2,
            )
        return
    digits = argument(node, "decimals", 0 if at.is_method(node) else 1) or argument(
        node, "ndigits", 1
    )
    if digits is not None:
        builtin = at.callee(node) == "builtins.round"
        for way in (
            ("NP.round(A, D)", "OPS.half_away(A, D)") if builtin else ("OPS.half_away(A, D)",)
        ):
            yield at.rewritten("rounding", node, way, kind=way, A=array, D=digits)
        return
    to_int = at.callee(node) in ("math.floor", "math.ceil", "math.trunc", "builtins.round")
    for way in sorted(ways):
        if way != f"NP.{SYNONYMS.get(name, name)}(A)":
            yield at.rewritten(
                "rounding", node, f"int({way})" if to_int else way, kind=way, A=array
            )


def overflow(node: Any, at: Scope) -> Iterator[Rewriting]:
    """What a machine integer does that is full."""
    if is_binary(node, ast.Mult, ast.Add, ast.Sub, ast.Pow, ast.LShift):
        assert isinstance(node, ast.BinOp)
        if is_binary(at.parents.get(node, node), ast.Mult, ast.Add) and not isinstance(
            node.op, ast.Pow | ast.LShift | ast.Mult
        ):
            return
        for bits, signed in (
            (64, True),
            (64, False),
            (32, True),
            (32, False),
            (8, False),
            (8, True),
            (16, True),
        ):
            word = f"OPS.wrapped(A, {bits}, {signed})"
            yield at.rewritten(
                "overflow", node, word, 1.5 + (bits != 64) + (not signed) * 0.5, kind=word, A=node
            )
        wide = ast.BinOp(
            at.make("OPS.wide(A)", A=node.left), node.op, at.make("OPS.wide(A)", A=node.right)
        )
        yield Rewriting("overflow", {node: wide}, 1.5, kind="wide")
    elif is_binary(node, ast.BitAnd) and at.number(node.right) in (
        0xFF,
        0xFFFF,
        0xFFFFFFFF,
        0xFFFFFFFFFFFFFFFF,
        2**63 - 1,
    ):
        yield Rewriting("overflow", {node: node.left}, kind="mask")
    elif isinstance(node, ast.Attribute) and node.attr in NARROW:
        yield Rewriting(
            "overflow", {node: ast.Attribute(node.value, "int64", ast.Load())}, kind="int64"
        )
    elif isinstance(node, ast.Constant) and node.value in NARROW:
        yield Rewriting("overflow", {node: ast.Constant("int64")}, kind="int64")
    elif at.is_call(
        node,
        "sum",
        "prod",
        "cumsum",
        "cumprod",
        "factorial",
        "dot",
        homes=("numpy", "math", "builtins", ""),
    ):
        for bits, signed in ((64, True), (32, True), (8, False)):
            yield at.rewritten(
                "overflow", node, f"OPS.wrapped(A, {bits}, {signed})", 2 + (bits != 64), A=node
            )


def logarithms(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Another base."""
    if name := at.is_call(node, *LOGARITHMS, homes=(*HOMES, "")):
        assert isinstance(node, ast.Call)
        if at.callee(node) == "math.log" and len(node.args) == 2:
            yield Rewriting("log", {node: ast.Call(node.func, node.args[:1], [])})
            return
        if node.args and at.number(node.args[0]) in (2, 10):
            for base in (2, 10):
                yield Rewriting("log", {node.args[0]: ast.Constant(base)})
            yield Rewriting("log", {node: ast.Constant(1.0)})
        for other in LOGARITHMS:
            if other != name:
                yield Rewriting("log", {node: renamed(node, other)}, kind=other)
    elif name := at.is_call(node, "exp", "exp2", homes=(*HOMES, "")):
        assert isinstance(node, ast.Call)
        if node.args:
            for way in ("NP.exp(A)", "2.0 ** A", "10.0 ** A"):
                if way != f"NP.{name}(A)":
                    yield at.rewritten("log", node, way, 1.5, kind=way, A=node.args[0])
    elif is_binary(node, ast.Pow) and at.number(node.left) in (2, 10):
        yield at.rewritten("log", node, "NP.exp(A)", 1.5, A=node.right)


def degrees(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Degrees or radians."""
    if at.is_call(node, *TRIGONOMETRY, homes=(*HOMES, "")):
        assert isinstance(node, ast.Call)
        if node.args:
            for way in ("deg2rad", "rad2deg"):
                new = ast.Call(
                    node.func,
                    [at.make(f"NP.{way}(A)", A=node.args[0]), *node.args[1:]],
                    node.keywords,
                )
                yield Rewriting("degrees", {node: new}, kind=f"trigonometry {way}")
    elif at.is_call(node, *INVERSE, homes=(*HOMES, "")):
        for way in ("deg2rad", "rad2deg"):
            yield at.rewritten("degrees", node, f"NP.{way}(A)", kind=way, A=node)
    elif name := at.is_call(node, "deg2rad", "rad2deg", "radians", "degrees", homes=HOMES):
        assert isinstance(node, ast.Call)
        yield Rewriting("degrees", {node: node.args[0]}, kind=name)
    elif (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mult | ast.Div)
        and at.number(node.right) == 180
    ):
        if isinstance(node.left, ast.BinOp):
            yield Rewriting("degrees", {node: node.left.left}, 1.5)


def matrix_operators(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Of matrices or entry by entry."""
    if is_binary(node, ast.Mult, ast.MatMult):
        assert isinstance(node, ast.BinOp)
        other = "OPS.matrix_product(A, B)" if isinstance(node.op, ast.Mult) else "A * B"
        yield at.rewritten("matrix", node, other, kind=other, A=node.left, B=node.right)
    elif at.is_call(node, "dot", "matmul", "multiply", "inner", homes=(*ARRAYS, "")):
        assert isinstance(node, ast.Call)
        if len(node.args) == 2:
            other = (
                "OPS.matrix_product(A, B)"
                if at.is_call(node, "multiply", homes=(*ARRAYS, ""))
                else "A * B"
            )
            yield at.rewritten("matrix", node, other, kind=other, A=node.args[0], B=node.args[1])
    elif is_binary(node, ast.Div):
        assert isinstance(node, ast.BinOp)
        yield at.rewritten("matrix", node, "OPS.over(A, B)", A=node.left, B=node.right)
        yield at.rewritten("matrix", node, "NP.linalg.solve(B, A)", 1.5, A=node.left, B=node.right)
        if at.number(node.left) == 1:
            yield at.rewritten("matrix", node, "NP.linalg.inv(B)", B=node.right)
    elif is_binary(node, ast.Pow):
        assert isinstance(node, ast.BinOp)
        yield at.rewritten(
            "matrix", node, "NP.linalg.matrix_power(A, B)", kind="power", A=node.left, B=node.right
        )
        if at.number(node.right) == 0.5:
            yield at.rewritten("matrix", node, "OPS.matrix_sqrt(A)", A=node.left)
    elif at.callee(node) == "numpy.linalg.matrix_power":
        assert isinstance(node, ast.Call)
        yield at.rewritten("matrix", node, "A ** B", A=node.args[0], B=node.args[1])
    elif name := at.is_call(node, "exp", "sqrt", "log", "square", "reciprocal", homes=ARRAYS):
        assert isinstance(node, ast.Call)
        way = {"square": "A @ A", "reciprocal": "NP.linalg.inv(A)"}.get(
            name, f"OPS.matrix_{name}(A)"
        )
        yield at.rewritten("matrix", node, way, A=node.args[0])
    elif at.callee(node) == "numpy.linalg.solve" and len(node.args) == 2:
        assert isinstance(node, ast.Call)
        yield at.rewritten("matrix", node, "OPS.over(A, B)", A=node.args[1], B=node.args[0])
    elif at.callee(node) in ("numpy.linalg.inv",):
        assert isinstance(node, ast.Call)
        yield at.rewritten("matrix", node, "1 / A", A=node.args[0])


def _as_type(dtype: str, own: np.dtype) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: x.astype(dtype).astype(own)


def _modulo(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    """Whole numbers as machine integers of other sizes hold them."""
    if array.dtype.kind in "iu":
        for bits in (8, 16, 32, 64):
            for dtype in (f"int{bits}", f"uint{bits}"):
                yield Way(f"{{0}} modulo 2^{bits}", _as_type(dtype, other.dtype), None)


def _logarithms(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    if array.dtype.kind == "f":
        yield from constant("ln 2", math.log(2))
        yield from constant("ln 10", math.log(10))


def _degrees(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    if array.dtype.kind == "f":
        yield from constant("pi / 180", math.pi / 180)


def _sign(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    if array.dtype.kind == "f":
        yield from constant("-1", -1.0)


TRAPS = (
    Trap(
        "remainder",
        "the remainder of a negative number: Julia's % has the sign of the dividend, Python's "
        "(Julia's mod) that of the divisor",
        patterns=(remainder, remainder_in_place),
    ),
    Trap(
        "integer division",
        "a division of whole numbers rounds down on one side and towards zero, or not at all, "
        "on the other: Python's // rounds down, Julia's div towards zero",
        patterns=(integer_division,),
    ),
    Trap(
        "rounding",
        "a number is made whole in another way: half to even or away from zero, down, up or "
        "towards zero",
        patterns=(rounding,),
    ),
    Trap(
        "overflow",
        "whole numbers wrap on one side and do not, or at another size, on the other",
        patterns=(overflow,),
        results=_modulo,
    ),
    Trap(
        "log",
        "a logarithm or power has another base",
        patterns=(logarithms,),
        results=_logarithms,
    ),
    Trap(
        "degrees",
        "an angle is in degrees on one side and in radians on the other",
        patterns=(degrees,),
        results=_degrees,
    ),
    Trap(
        "matrix",
        "an operator is one of matrices on one side and entry by entry on the other: *, /, ^, "
        "exp, sqrt without a dot in Julia",
        patterns=(matrix_operators,),
    ),
    Trap(
        "sign",
        "the result has the other sign",
        results=_sign,
    ),
)
