"""Which axes are reduced, whether they are kept, transpositions."""

import ast
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .syntax import (
    ARRAYS,
    Rewriting,
    Scope,
    argument,
    array_of,
    axis_name,
    axis_position,
    is_binary,
    with_argument,
)
from .trap import Step, Trap, Way

REDUCTIONS: tuple[str, ...] = (
    "sum",
    "mean",
    "std",
    "var",
    "max",
    "min",
    "amax",
    "amin",
    "prod",
    "median",
    "norm",
    "any",
    "all",
    "ptp",
    "logsumexp",
)
REDUCTIONS += ("nansum", "nanmean", "nanstd", "nanvar", "nanmax", "nanmin")
ALONG: tuple[str, ...] = (
    *REDUCTIONS,
    "argmax",
    "argmin",
    "cumsum",
    "cumprod",
    "sort",
    "argsort",
    "softmax",
    "log_softmax",
    "flip",
    "diff",
    "concatenate",
    "average",
)
ALONG += (
    "stack",
    "roll",
    "repeat",
    "count_nonzero",
    "split",
    "cat",
    "expand_dims",
    "take",
    "take_along_axis",
    "quantile",
    "percentile",
)
SEVERAL = (
    (0,),
    (1,),
    (2,),
    (3,),
    (0, 1),
    (0, 2),
    (0, 3),
    (1, 2),
    (1, 3),
    (2, 3),
    (0, 1, 2),
    (0, 1, 3),
    (0, 2, 3),
    (1, 2, 3),
)


def kept_dimensions(node: Any, at: Scope) -> Iterator[Rewriting]:
    """`keepdims`, the other way."""
    if at.is_call(node, *REDUCTIONS, "argmax", "argmin", homes=(*ARRAYS, "numpy.linalg", "")):
        assert isinstance(node, ast.Call)
        name = "keepdim" if axis_name(at, node) == "dim" else "keepdims"
        given = argument(node, name)
        yield Rewriting(
            "keepdims",
            {node: with_argument(node, name, True if given is None or at.number(given) else None)},
            kind="keepdims",
        )
        if given is not None:
            yield Rewriting("keepdims", {node: with_argument(node, name, None)}, kind="keepdims")


def other_axes(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Another axis, or all."""
    if at.is_call(node, *ALONG, homes=(*ARRAYS, "numpy.linalg", "user", "")):
        assert isinstance(node, ast.Call)
        name, position = (
            axis_name(at, node),
            2 if at.is_call(node, "norm", homes=("numpy.linalg",)) else axis_position(at, node),
        )
        given = argument(node, name, position)
        numeric = given is not None and isinstance(at.number(given), int)
        for axis in (-2, -1, 0, 1, 2) if given is None or numeric else ():
            if given is None or at.number(given) != axis:
                yield Rewriting(
                    "axes",
                    {node: with_argument(node, name, axis, position)},
                    1.2 if axis >= 0 else 1.4,
                    kind=f"axis {axis}",
                )
        for axes in SEVERAL if isinstance(given, ast.Tuple) else ():
            several = ast.Tuple([ast.Constant(axis) for axis in axes], ast.Load())
            yield Rewriting(
                "axes",
                {node: with_argument(node, name, several, position)},
                1.3,
                kind=f"axes {axes}",
            )
        if given is not None:
            yield Rewriting(
                "axes", {node: with_argument(node, name, None, position)}, 1.3, kind="no axis"
            )
            yield Rewriting(
                "axes",
                {node: with_argument(with_argument(node, name, None, position), "keepdims", None)},
                1.3,
                kind="no axis",
            )
        if numeric and at.is_call(node, *REDUCTIONS):
            for axis in (0, 1):
                if given is None or at.number(given) not in (axis, axis - 2):
                    kept = with_argument(
                        with_argument(node, name, axis, position),
                        "keepdim" if name == "dim" else "keepdims",
                        True,
                    )
                    yield Rewriting("axes", {node: kept}, 1.5, kind=f"axis {axis} kept")
    if at.is_call(node, "cov", "corrcoef"):
        assert isinstance(node, ast.Call)
        yield Rewriting(
            "axes",
            {
                node: with_argument(
                    node, "rowvar", False if argument(node, "rowvar") is None else None
                )
            },
        )
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "shape"
    ):
        for axis in (0, 1, 2, -1):
            if at.number(node.slice) is not None and at.number(node.slice) != axis:
                yield Rewriting(
                    "axes", {node: ast.Subscript(node.value, ast.Constant(axis), ast.Load())}, 1.5
                )


def transposed(node: Any, at: Scope) -> Iterator[Rewriting]:
    """A transposition left out or put in."""
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield Rewriting("axes", {node: node.value}, 1.2, kind="T")
    if at.is_call(node, "transpose", "permute", "swapaxes", "moveaxis"):
        assert isinstance(node, ast.Call)
        array = array_of(at, node)
        if array is not None:
            yield Rewriting("axes", {node: array}, 1.2)
            yield at.rewritten("axes", node, "NP.transpose(A)", 1.4, A=array)
    if is_binary(node, ast.MatMult):
        assert isinstance(node, ast.BinOp)
        yield at.rewritten("axes", node, "L @ R.T", 1.4, L=node.left, R=node.right)
        yield at.rewritten("axes", node, "L.T @ R", 1.4, L=node.left, R=node.right)
        yield at.rewritten("axes", node, "R @ L", 1.6, L=node.left, R=node.right)


def _swap(a: int, b: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.swapaxes(x, a, b)


def _turned(array: np.ndarray) -> Iterator[Way]:
    """Axes reversed, two of them swapped."""
    rank = array.ndim
    if rank >= 2:
        yield Way("{0} with its axes reversed", np.transpose, np.transpose, 3.0, "reversed")
    if rank >= 3:
        for a, b in itertools.combinations(range(rank), 2):
            swap = _swap(a, b)
            yield Way(f"{{0}} with axes {a} and {b} swapped", swap, swap, 3.2)


def _turned_result(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    return _turned(array)


def _batch_first(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if name == "batch_first" and isinstance(value, bool):
        yield f"batch_first={not value}", not value


def _dense() -> Iterator[Step]:
    yield Step("product", "with the transposed weight", lambda v: v["x"] @ v["weight"].T)


def _transposed_square(shape: tuple[int, ...]) -> Iterator[Way]:
    if len(shape) == 2 and shape[0] == shape[1]:
        yield Way("transposed", np.transpose, np.transpose)


def _drop(axis: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.squeeze(x, axis)


def _keep(axis: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.expand_dims(x, axis)


def _kept_or_dropped(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    if other.ndim > array.ndim:
        for axis in range(array.ndim + 1):
            yield Way(f"{{0}} with axis {axis} kept", _keep(axis), _drop(axis))
    if other.ndim < array.ndim:
        for axis in range(array.ndim):
            yield Way(f"{{0}} with axis {axis} dropped", _drop(axis), _keep(axis))


TRAPS = (
    Trap(
        "axes",
        "axes are reversed or swapped, or another axis is meant: Julia counts them from 1",
        patterns=(other_axes, transposed),
        inputs=_turned,
        results=_turned_result,
        settings=_batch_first,
        steps={"Dense": _dense},
        mappings=_transposed_square,
    ),
    Trap(
        "keepdims",
        "a reduced dimension is kept on one side and dropped on the other: Julia keeps it "
        "with dims, NumPy drops it",
        patterns=(kept_dimensions,),
        results=_kept_or_dropped,
    ),
)
