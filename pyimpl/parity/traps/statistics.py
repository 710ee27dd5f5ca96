"""Corrected or not, mean or sum, factors of two, norms."""

import ast
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .syntax import (
    Rewriting,
    Scope,
    argument,
    array_of,
    axis_name,
    axis_position,
    is_binary,
    renamed,
    shown,
    with_argument,
)
from .trap import Factor, LossScale, Step, Trap, Way, constant

SPREADS = ("std", "var", "nanstd", "nanvar")
OF_STATISTICS = {
    "stdev": "pstdev",
    "pstdev": "stdev",
    "variance": "pvariance",
    "pvariance": "variance",
}


def corrected(node: Any, at: Scope) -> Iterator[Rewriting]:
    """n or n - 1."""
    if at.is_call(node, *SPREADS):
        assert isinstance(node, ast.Call)
        if not at.of_framework(node):
            given = argument(node, "ddof")
            new = with_argument(node, "ddof", 1 if given is None or at.number(given) == 0 else None)
            yield Rewriting("corrected", {node: new}, kind="ddof")
        if not at.callee(node).startswith("numpy."):
            biased = [
                keyword for keyword in node.keywords if keyword.arg in ("unbiased", "correction")
            ]
            new = with_argument(
                with_argument(node, "unbiased", None), "correction", None if biased else 0
            )
            yield Rewriting("corrected", {node: new}, kind="correction")
    elif at.is_call(node, "cov"):
        assert isinstance(node, ast.Call)
        given = argument(node, "ddof")
        toggled = (
            None
            if argument(node, "bias") is not None or (given is not None and at.number(given) == 0)
            else 0
        )
        yield Rewriting(
            "corrected",
            {node: with_argument(with_argument(node, "bias", None), "ddof", toggled)},
            kind="ddof",
        )
    elif at.callee(node) in [f"statistics.{name}" for name in OF_STATISTICS]:
        assert isinstance(node, ast.Call)
        yield Rewriting(
            "corrected", {node: renamed(node, OF_STATISTICS[at.callee(node)[11:]])}, kind="ddof"
        )
    elif is_binary(node, ast.Div):
        assert isinstance(node, ast.BinOp)
        size = node.right
        if at.is_size(size) or isinstance(size, ast.Name):
            yield at.rewritten(
                "corrected", node, "A / (N - 1)", kind="divisor", A=node.left, N=size
            )
        if is_binary(size, ast.Sub) and at.number(size.right) == 1:
            yield at.rewritten("corrected", node, "A / N", kind="divisor", A=node.left, N=size.left)
        elif (
            is_binary(defined := at.definition(size), ast.Sub, ast.Add)
            and at.number(defined.right) == 1
        ):
            yield at.rewritten(
                "corrected", node, "A / (N + 1)", kind="divisor", A=node.left, N=size
            )
    elif at.is_call(node, "mean") and any(_squares(part) for part in ast.walk(node)):
        assert isinstance(node, ast.Call)
        array = array_of(at, node)
        if array is not None:
            rest = node.args if at.is_method(node) else node.args[1:]
            call = at.make("OPS.corrected_mean(A)", A=array)
            assert isinstance(call, ast.Call)
            yield Rewriting(
                "corrected",
                {node: ast.Call(call.func, [array, *rest], node.keywords)},
                kind="mean of squares",
            )


def _squares(node: ast.AST) -> bool:
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "square"
    ):
        return True
    return is_binary(node, ast.Pow, ast.Mult)


def corrected_running(node: Any, at: Scope) -> Iterator[Rewriting]:
    """A variance that goes into a moving average."""
    if (
        not isinstance(node, ast.Name)
        or not isinstance(node.ctx, ast.Load)
        or "var" not in node.id.lower()
        and node.id not in ("v", "s2")
    ):
        return
    if any(isinstance(outer, ast.Call) and not _users(outer, at) for outer in at.ancestors(node)):
        return  # it goes into a root, a mean
    for name in at.arguments[:1] if at.arguments else []:
        yield at.rewritten(
            "corrected",
            node,
            "OPS.corrected(V, X)",
            1.5,
            "running",
            V=node,
            X=ast.Name(name, ast.Load()),
        )


def _users(call: ast.Call, at: Scope) -> bool:
    """Whether a function or method of the user's is called."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return at.callee(call).startswith("user.") or (
        isinstance(owner, ast.Name) and owner.id == "self"
    )


def mean_or_sum(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Which divisor, if any."""
    if name := at.is_call(node, "mean", "sum", "nanmean", "nansum"):
        assert isinstance(node, ast.Call)
        other = {"mean": "sum", "sum": "mean", "nanmean": "nansum", "nansum": "nanmean"}[name]
        yield Rewriting("mean", {node: renamed(node, other)}, kind=name)
        array = array_of(at, node)
        if (
            array is not None
            and argument(node, axis_name(at, node), axis_position(at, node)) is None
        ):
            for size in ("len(A)", "NP.shape(A)[-1]", "NP.size(A)"):
                yield at.rewritten("mean", node, f"NP.sum(A) / {size}", 1.5, A=array)
    elif is_binary(node, ast.Div):
        assert isinstance(node, ast.BinOp)
        if at.is_size(node.right):
            yield Rewriting("mean", {node: node.left}, kind="divisor")
            array = next(
                (
                    part.value
                    for part in ast.walk(node.right)
                    if isinstance(part, ast.Attribute) and part.attr in ("shape", "size")
                ),
                None,
            )
            array = array or next(
                (
                    part.args[0]
                    for part in ast.walk(node.right)
                    if isinstance(part, ast.Call) and part.args
                ),
                None,
            )
            if array is not None:
                for size in ("len(A)", "A.shape[-1]", "A.size"):
                    yield at.rewritten("mean", node, f"L / {size}", 1.5, L=node.left, A=array)
    for result in at.results(node):
        for name in at.arguments:
            for size in ("len(A)", "NP.size(A)", "NP.shape(A)[-1]"):
                yield Rewriting(
                    "mean",
                    {result: at.make(f"R / {size}", R=result, A=ast.Name(name, ast.Load()))},
                    2,
                )
        yield Rewriting("mean", {result: at.make("OPS.per_sample(R)", R=result)}, 2)
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.BinOp)
        and at.returned & {shown(target) for target in node.targets}
    ):
        yield at.rewritten("mean", node.value, "OPS.per_sample(R)", 2, R=node.value)


def halves(node: Any, at: Scope) -> Iterator[Rewriting]:
    """A factor of two left out."""
    if is_binary(node, ast.Mult, ast.Div):
        assert isinstance(node, ast.BinOp)
        if at.number(node.right) in (2, 0.5):
            yield Rewriting("half", {node: node.left}, 1.5)
        if at.number(node.left) in (2, 0.5) and isinstance(node.op, ast.Mult):
            yield Rewriting("half", {node: node.right}, 1.5)


def norms(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Of the entries or of the operator."""
    if at.is_call(node, "norm", homes=("numpy.linalg",)):
        assert isinstance(node, ast.Call)
        if argument(node, "axis", 2) is None:
            array, given = node.args[0], argument(node, "ord", 1)
            if given is None:
                yield at.rewritten("norm", node, "NP.linalg.norm(A, 2)", A=array)
            else:
                yield at.rewritten("norm", node, "NP.linalg.norm(NP.ravel(A), P)", A=array, P=given)


def _below(n: float) -> float:
    """(n - 1) / n, where that is a number to divide by."""
    return (n - 1) / n if n > 1 else math.nan


_CORRECTIONS = (
    Factor("times ({0} - 1) / {0}", _below),
    Factor("times sqrt(({0} - 1) / {0})", lambda n: _below(n) ** 0.5),
    Factor("divided by ({0} - 1) / {0}", lambda n: 1 / _below(n)),
    Factor("divided by sqrt(({0} - 1) / {0})", lambda n: _below(n) ** -0.5),
)
_SIZES = (
    Factor("times {0}", lambda n: n if n > 0 else math.nan),
    Factor("divided by {0}", lambda n: 1 / n if n > 0 else math.nan),
)
_MEANS = (
    LossScale(
        "times the number of all entries: a sum instead of a mean",
        lambda shape: float(math.prod(shape)),
    ),
    LossScale(
        "divided by the number of all entries: a mean instead of a sum",
        lambda shape: 1 / float(math.prod(shape)),
    ),
    LossScale("times the size of the batch", lambda shape: float(shape[0])),
    LossScale("divided by the size of the batch", lambda shape: 1 / float(shape[0])),
    LossScale(
        "times the entries of one sample: divided by the batch alone",
        lambda shape: float(math.prod(shape[1:])),
    ),
    LossScale(
        "divided by the entries of one sample", lambda shape: 1 / float(math.prod(shape[1:]))
    ),
)
_HALVES = (
    LossScale("half of it", lambda shape: 0.5),
    LossScale("twice of it", lambda shape: 2.0),
)


def _halves(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    if array.dtype.kind == "f":
        yield from constant("2", 2.0)


def _of_batches() -> Iterator[Step]:
    yield _corrected_step("batch variance")


def _of_layers() -> Iterator[Step]:
    yield _corrected_step("variance")


def _corrected_step(var: str) -> Step:
    return Step(
        var,
        "corrected (divided by n - 1)",
        lambda v: v[var] * v["n"] / np.maximum(v["n"] - 1, 1),
    )


TRAPS = (
    Trap(
        "corrected",
        "a standard deviation, variance or covariance is corrected (divided by n - 1) on one "
        "side and not on the other: Julia corrects by default, NumPy does not",
        patterns=(corrected, corrected_running),
        factors=_CORRECTIONS,
        steps={"BatchNorm": _of_batches, "LayerNorm": _of_layers},
    ),
    Trap(
        "mean",
        "a mean on one side is a sum on the other, or the divisor is another size (of the "
        "batch, of all entries)",
        patterns=(mean_or_sum,),
        factors=_SIZES,
        loss_scales=_MEANS,
    ),
    Trap(
        "half",
        "a factor of two: half of it on one side, all of it on the other",
        patterns=(halves,),
        results=_halves,
        loss_scales=_HALVES,
    ),
    Trap(
        "norm",
        "a norm of a matrix is that of its entries on one side and that of the operator on "
        "the other",
        patterns=(norms,),
    ),
)
