"""Ranges and slices, counting from 0 or 1, order of entries, padding, flipped kernels."""

import ast
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...layers import Conv, CrossCor
from .syntax import (
    ARRAYS,
    Rewriting,
    Scope,
    argument,
    array_of,
    plus,
    shown,
    with_argument,
    with_array,
)
from .trap import Trap, Way

POSITIONS = (
    "argmax",
    "argmin",
    "argsort",
    "searchsorted",
    "flatnonzero",
    "nonzero",
    "index",
    "find",
    "argwhere",
    "unravel_index",
)
READ_ALONG = (
    "argmax",
    "argmin",
    "cumsum",
    "cumprod",
    "flatnonzero",
    "repeat",
    "diff",
    "take",
    "delete",
    "compress",
    "convolve",
)


def ranges(node: Any, at: Scope) -> Iterator[Rewriting]:
    """`range` and `arange`, to the end or from one further."""
    if not at.is_call(node, "arange", homes=ARRAYS) and at.callee(node) != "builtins.range":
        return
    assert isinstance(node, ast.Call)
    args, keywords = node.args, node.keywords
    if not args or len(args) > 3:
        return

    def made(*args):
        return ast.Call(node.func, list(args), keywords)

    if len(args) == 1:
        for step in (1, -1):
            yield Rewriting("ends", {node: made(plus(at, args[0], step))}, kind=f"end {step}")
        yield Rewriting("index", {node: made(ast.Constant(1), plus(at, args[0], 1))}, kind="from 1")
        yield Rewriting("index", {node: made(ast.Constant(1), args[0])}, 1.2, kind="without 0")
        return
    start, end, by = args[0], args[1], args[2:]
    given = at.number(by[0]) if by else 1
    if not isinstance(given, int):
        yield Rewriting("ends", {node: made(start, at.make("E + S", E=end, S=by[0]), *by)})
        yield Rewriting("ends", {node: made(start, at.make("E + S / 2", E=end, S=by[0]), *by)}, 1.2)
        yield Rewriting("ends", {node: made(start, at.make("E - S / 2", E=end, S=by[0]), *by)}, 1.2)
    else:
        for one in (1, -1):
            yield Rewriting(
                "ends",
                {node: made(start, plus(at, end, one * (1 if given > 0 else -1)), *by)},
                kind=f"end {one}",
            )
            yield Rewriting(
                "index", {node: made(plus(at, start, one), end, *by)}, kind=f"start {one}"
            )
            yield Rewriting(
                "index",
                {node: made(plus(at, start, one), plus(at, end, one), *by)},
                kind=f"both {one}",
            )
        if abs(given) > 1:
            yield Rewriting("ends", {node: made(start, at.make("E + S", E=end, S=by[0]), *by)})


def linear_spaces(node: Any, at: Scope) -> Iterator[Rewriting]:
    """With or without the end."""
    if at.is_call(node, "linspace", "logspace", "geomspace", homes=ARRAYS):
        assert isinstance(node, ast.Call)
        yield Rewriting(
            "ends",
            {
                node: with_argument(
                    node, "endpoint", False if argument(node, "endpoint") is None else None
                )
            },
        )
        given = argument(node, "num", 2)
        if given is not None:
            for step in (1, -1):
                yield Rewriting(
                    "ends", {node: with_argument(node, "num", plus(at, given, step), 2)}
                )
    if at.is_call(node, "tril", "triu", "eye", homes=(*ARRAYS, "")):
        assert isinstance(node, ast.Call)
        given = argument(node, "k", 1) or argument(node, "diagonal", 1) or ast.Constant(0)
        name = (
            "diagonal" if argument(node, "diagonal") is not None or at.of_framework(node) else "k"
        )
        for step in (1, -1):
            yield Rewriting("ends", {node: with_argument(node, name, plus(at, given, step), 1)})


def _moved(at: Scope, node: ast.expr, low: int, high: int) -> ast.expr | None:
    """A slice with its bounds moved."""
    assert isinstance(node, ast.Slice)
    lower, upper = node.lower, node.upper
    if low:
        if lower is None and low < 0:
            return None
        lower = plus(at, lower or ast.Constant(0), low)
    if high:
        if upper is None and high > 0:
            return None
        value = at.number(upper) if upper is not None else 0
        upper = (
            None
            if upper is not None and value == -1 and high == 1
            else plus(at, upper or ast.Constant(0), high)
        )
    return ast.Slice(lower, upper, node.step)


def _is_index(node: ast.expr, at: Scope) -> bool:
    """Whether it may be the number of an entry."""
    if isinstance(node, ast.Call):
        return at.callee(node) in ("builtins.len", "builtins.int", "builtins.round")
    return not isinstance(node, ast.Compare) and not (
        isinstance(node, ast.Constant) and not isinstance(node.value, int)
    )


def subscripts(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Slices and single indices."""
    if not isinstance(node, ast.Subscript) or (
        isinstance(node.value, ast.Attribute) and node.value.attr in ("shape", "at")
    ):
        return
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]

    def with_part(i, new):
        changed = [*parts[:i], new, *parts[i + 1 :]]
        return ast.Subscript(
            node.value,
            ast.Tuple(changed, ast.Load()) if isinstance(node.slice, ast.Tuple) else changed[0],
            node.ctx,
        )

    for i, part in enumerate(parts):
        if isinstance(part, ast.Slice):
            for low, high, cause in (
                (0, 1, "ends"),
                (0, -1, "ends"),
                (1, 0, "index"),
                (-1, 0, "index"),
                (1, 1, "index"),
                (-1, -1, "index"),
            ):
                if (part.lower is None and part.upper is None) or (
                    moved := _moved(at, part, low, high)
                ) is None:
                    continue
                yield Rewriting(
                    cause,
                    {node: with_part(i, moved)},
                    1.2 if low else 1,
                    kind=f"slice {low} {high}",
                )
        elif _is_index(part, at):
            for step in (1, -1):
                if at.number(part) != 0 or step > 0:
                    yield Rewriting(
                        "index",
                        {node: with_part(i, plus(at, part, step))},
                        1.3,
                        kind=f"subscript {step}",
                    )


def counted(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Positions that are given back, `enumerate`, and the number of a step as an exponent."""
    if at.is_call(node, *POSITIONS, homes=(*ARRAYS, "")):
        for step in (1, -1):
            yield Rewriting("index", {node: plus(at, node, step)}, 1.1, kind=f"position {step}")
    elif at.callee(node) == "builtins.enumerate":
        assert isinstance(node, ast.Call)
        given = argument(node, "start", 1)
        yield Rewriting(
            "index", {node: with_argument(node, "start", 1 if given is None else None, 1)}
        )
    elif (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow)
        and not isinstance(node.right, ast.Constant)
    ):
        for step in (1, -1):
            yield Rewriting(
                "index",
                {node: ast.BinOp(node.left, node.op, plus(at, node.right, step))},
                1.1,
                kind=f"exponent {step}",
            )


def loop_variables(node: Any, at: Scope) -> Iterator[Rewriting]:
    """What a loop counts, used as a number."""
    if isinstance(node, ast.For | ast.comprehension) and any(
        word in ast.unparse(node.iter) for word in ("range", "enumerate")
    ):
        for target in [part for part in ast.walk(node.target) if isinstance(part, ast.Name)]:
            around = at.tree if isinstance(node, ast.For) else at.parents[node]
            loads = [
                part
                for part in ast.walk(around)
                if isinstance(part, ast.Name)
                and part.id == target.id
                and isinstance(part.ctx, ast.Load)
                and not any(
                    isinstance(outer, ast.Subscript) and part in ast.walk(outer.slice)
                    for outer in at.ancestors(part)
                )
            ]
            for step in (1, -1):
                for load in loads:
                    yield Rewriting("index", {load: plus(at, load, step)}, 1.1)
                if len(loads) > 1:
                    yield Rewriting("index", {load: plus(at, load, step) for load in loads}, 1.2)
    elif (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
        and at.callee(node.value).endswith(".arange")
    ):
        for step in (1, -1):
            yield Rewriting("index", {node.value: plus(at, node.value, step)}, 1.1)


def places(root: Any, at: Scope) -> Iterator[Rewriting]:
    """An argument that says where, everywhere in the function."""
    if root is not at.tree:
        return
    for name in at.arguments:
        loads = [
            node
            for node in ast.walk(root)
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        ]
        if len(loads) > 1 and any(
            isinstance(outer, ast.Slice) for load in loads for outer in at.ancestors(load)
        ):
            for step in (1, -1):
                yield Rewriting("index", {load: plus(at, load, step) for load in loads}, 1.4)


def order(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Along the rows or down the columns."""
    if at.is_call(node, "reshape", "ravel", "flatten", homes=("numpy", "")):
        assert isinstance(node, ast.Call)
        yield Rewriting(
            "order",
            {node: with_argument(node, "order", "F" if argument(node, "order") is None else None)},
            kind="order",
        )
    if at.is_call(node, *READ_ALONG, homes=("numpy", "")):
        assert isinstance(node, ast.Call)
        array = array_of(at, node)
        if array is not None:
            yield Rewriting(
                "order",
                {node: with_array(at, node, at.make("NP.asarray(A).T", A=array))},
                1.2,
                kind="T",
            )
    if isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Name):
        yield at.rewritten("order", node.iter, "NP.asarray(A).T", 1.3, A=node.iter)
    if at.is_call(node, "tolist", homes=("",)) or (
        isinstance(node, ast.Attribute) and node.attr == "flat"
    ):
        array = array_of(at, node) if isinstance(node, ast.Call) else node.value
        assert array is not None
        yield at.rewritten(
            "order", node, f"A.T.{'tolist()' if isinstance(node, ast.Call) else 'flat'}", A=array
        )
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.slice, ast.Compare | ast.Name | ast.UnaryOp)
    ):
        yield at.rewritten("order", node, "A.T[NP.asarray(M).T]", 1.3, A=node.value, M=node.slice)
    if at.is_call(node, "where", "nonzero", "argwhere", homes=("numpy",)) and len(node.args) == 1:
        yield at.rewritten("order", node, "NP.nonzero(NP.asarray(A).T)[::-1]", 1.3, A=node.args[0])
    if at.is_call(node, "unravel_index", "ravel_multi_index", homes=("numpy",)):
        assert isinstance(node, ast.Call)
        yield Rewriting(
            "order",
            {node: with_argument(node, "order", "F" if argument(node, "order") is None else None)},
        )


def padding(node: Any, at: Scope) -> Iterator[Rewriting]:
    """The other side."""
    if at.is_call(node, "pad", homes=ARRAYS):
        assert isinstance(node, ast.Call)
        width = argument(node, "pad_width", 1)
        if isinstance(width, ast.Tuple | ast.List):
            pairs = [
                part
                for part in [width, *width.elts]
                if isinstance(part, ast.Tuple | ast.List) and len(part.elts) == 2
            ]
            pairs = [
                pair
                for pair in pairs
                if not any(isinstance(part, ast.Tuple | ast.List) for part in pair.elts)
                and not _even(pair)
            ]
            for pair in pairs:
                yield Rewriting(
                    "padding", {pair: ast.Tuple(pair.elts[::-1], ast.Load())}, kind="pad"
                )
            if len(width.elts) == 4:
                a, b, c, d = width.elts
                yield Rewriting("padding", {width: ast.Tuple([b, a, d, c], ast.Load())})
                yield Rewriting("padding", {width: ast.Tuple([c, d, a, b], ast.Load())}, 1.2)
        elif isinstance(width, ast.Name) and at.definition(width) is None:
            yield Rewriting("padding", {width: at.make("W[::-1]", W=width)})
    elif at.is_call(node, "convolve", "correlate", homes=("numpy",)):
        assert isinstance(node, ast.Call)
        given = argument(node, "mode", 2)
        for mode in ("same", "valid", "full"):
            if given is None or not isinstance(given, ast.Constant) or given.value != mode:
                yield Rewriting("padding", {node: with_argument(node, "mode", mode, 2)}, 1.3)
        if at.is_call(node, "convolve", homes=("numpy",)):
            for later in (-1, 0, 1):
                yield at.rewritten(
                    "padding",
                    node,
                    f"OPS.centred(A, K, {later})",
                    1.4,
                    A=node.args[0],
                    K=node.args[1],
                )
    elif at.is_call(node, "concatenate", "hstack", "vstack", "append", "cat", homes=ARRAYS):
        assert isinstance(node, ast.Call)
        both = node.args[0] if node.args else None
        if isinstance(both, ast.List | ast.Tuple) and len(both.elts) == 2:
            yield Rewriting("padding", {both: ast.List(both.elts[::-1], ast.Load())})
            yield Rewriting(
                "padding",
                {both: ast.List([_mirrored(part) for part in both.elts[::-1]], ast.Load())},
                1.1,
            )
        elif len(node.args) >= 2 and at.is_call(node, "append"):
            yield Rewriting(
                "padding",
                {
                    node: ast.Call(
                        node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords
                    )
                },
            )
    elif at.is_call(node, "roll", homes=ARRAYS):
        assert isinstance(node, ast.Call)
        given = argument(node, "shift", 1)
        if given is not None:
            yield Rewriting(
                "padding", {node: with_argument(node, "shift", ast.UnaryOp(ast.USub(), given), 1)}
            )
    elif (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Call)
        and at.is_call(node.value, "pad", homes=("numpy",))
    ):
        width = argument(node.value, "pad_width", 1)
        if (
            isinstance(width, ast.Tuple)
            and len(width.elts) == 2
            and isinstance(_mirrored(node), ast.Subscript)
        ):
            yield Rewriting(
                "padding",
                {node: _mirrored(node), width: ast.Tuple(width.elts[::-1], ast.Load())},
                1.1,
            )
    elif (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Subscript)
        and isinstance(node.value, ast.Subscript)
    ):
        target, value = node.targets[0], node.value
        if isinstance(target.slice, ast.Slice) and isinstance(value.slice, ast.Slice):
            new = {
                target: ast.Subscript(target.value, value.slice, ast.Store()),
                value: ast.Subscript(value.value, target.slice, ast.Load()),
            }
            yield Rewriting("padding", new)


def _mirrored(node: ast.expr) -> ast.expr:
    """`x[k:]` for `x[:-k]`, and the reverse."""
    if (
        not isinstance(node, ast.Subscript)
        or not isinstance(node.slice, ast.Slice)
        or node.slice.step is not None
    ):
        return node
    lower, upper = node.slice.lower, node.slice.upper
    if upper is None and lower is not None:
        return ast.Subscript(
            node.value, ast.Slice(None, ast.UnaryOp(ast.USub(), lower)), ast.Load()
        )
    if lower is None and isinstance(upper, ast.UnaryOp) and isinstance(upper.op, ast.USub):
        return ast.Subscript(node.value, ast.Slice(upper.operand, None), ast.Load())
    return node


def _even(pair: ast.Tuple | ast.List) -> bool:
    return shown(pair.elts[0]) == shown(pair.elts[1])


def kernels(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Flipped or not."""
    if at.is_call(node, "convolve", "correlate", homes=("numpy",)):
        assert isinstance(node, ast.Call)
        new = ast.Call(
            node.func,
            [node.args[0], at.make("K[::-1]", K=node.args[1]), *node.args[2:]],
            node.keywords,
        )
        yield Rewriting("kernel", {node: new})
    elif at.is_call(node, "flip", "flipud", "fliplr", "rot90", homes=(*ARRAYS, "")):
        array = array_of(at, node)
        if array is not None:
            yield Rewriting("kernel", {node: array})
    elif (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and not any(word in ast.unparse(node.value) for word in ("sort", "eig"))
    ):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if any(
            isinstance(part, ast.Slice) and part.step is not None and ast.unparse(part.step) == "-1"
            for part in parts
        ):
            yield Rewriting("kernel", {node: node.value})
            if len(parts) == 2:
                for i in range(2):
                    kept = [*parts[:i], ast.Slice(), *parts[i + 1 :]]
                    yield Rewriting(
                        "kernel",
                        {node: ast.Subscript(node.value, ast.Tuple(kept, ast.Load()), ast.Load())},
                        1.2,
                    )


def _shift(step: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: x + step


def _shifted(array: np.ndarray) -> Iterator[Way]:
    if array.dtype.kind == "i":
        for step in (1, -1):
            sign = "+" if step > 0 else "-"
            yield Way(f"{{0}} {sign} 1", _shift(step), _shift(-step))


def _shifted_result(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    if array.dtype.kind in "iu":
        for step in (1, -1):
            yield Way(f"{{0}} {'+' if step > 0 else '-'} 1", _shift(step), None)


def _reread(x: np.ndarray) -> np.ndarray:
    return np.reshape(np.ravel(x), x.shape, order="F")


def _reread_back(x: np.ndarray) -> np.ndarray:
    return np.reshape(np.ravel(x, order="F"), x.shape)


def _read_otherwise(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    if array.ndim >= 2:
        yield Way("{0}, its entries read in the other order", _reread, _reread_back)
        yield Way("{0}, its entries read in the other order", _reread_back, _reread)


PADDINGS = ("zeros", "reflect", "replicate", "circular")


EXTENTS = {"padding": "pad", "output_padding": "outpad"}  # of PyTorch's layers, and of Flux's


def _other_padding(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if name == "padding_mode" and value in PADDINGS:
        for mode in PADDINGS:
            if mode != value:
                yield f'padding_mode="{mode}"', mode
    elif name in ("count_include_pad", "ceil_mode") and isinstance(value, bool):
        yield f"{name}={not value}", not value
    elif name in EXTENTS:
        sizes = value if isinstance(value, tuple) else (value,)
        if sizes and all(type(size) is int for size in sizes):
            for step in (-1, 1, -2, 2):
                moved = tuple(size + step for size in sizes)
                if min(moved) >= 0:
                    other = moved if isinstance(value, tuple) else moved[0]
                    yield f"{name}={other} (in Julia {EXTENTS[name]} = {value})", other


def _flip(axes: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.flip(x, axes)


def _flipped(array: np.ndarray) -> Iterator[Way]:
    """Along one or several of the last three axes."""
    rank = array.ndim
    for count in range(1, min(rank, 3) + 1):
        for axes in itertools.combinations(range(rank - min(rank, 3), rank), count):
            flip = _flip(axes)
            words = f"{'axis' if count == 1 else 'axes'} {', '.join(map(str, axes))}"
            yield Way(f"{{0}} flipped along {words}", flip, flip, 3.1, f"flipped along {words}")


def _flipped_result(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    if array.ndim == 1:
        yield from _flipped(array)


def _flipped_kernel(shape: tuple[int, ...]) -> Iterator[Way]:
    if len(shape) > 2:
        flip = _flip(tuple(range(2, len(shape))))
        yield Way("with its kernel flipped", flip, flip)


CONVOLUTIONS = {Conv: CrossCor, CrossCor: Conv}


def _other_convolution(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if name == "__class__" and (other := CONVOLUTIONS.get(value)):
        yield f"{other.__name__} instead of {value.__name__}", other


TRAPS = (
    Trap(
        "ends",
        "a range or slice includes its end in Julia, not in Python",
        patterns=(ranges, linear_spaces, subscripts),
    ),
    Trap(
        "index",
        "something is counted from 1 in Julia and from 0 in Python",
        patterns=(counted, loop_variables, places),
        inputs=_shifted,
        results=_shifted_result,
    ),
    Trap(
        "order",
        "entries are read in another order: Julia goes down the columns, NumPy along the rows",
        patterns=(order,),
        results=_read_otherwise,
    ),
    Trap(
        "padding",
        "padding is on the other side, or of another extent",
        patterns=(padding,),
        settings=_other_padding,
    ),
    Trap(
        "kernel",
        "a kernel is flipped: convolution on one side, correlation on the other",
        patterns=(kernels,),
        inputs=_flipped,
        results=_flipped_result,
        settings=_other_convolution,
        mappings=_flipped_kernel,
    ),
)
