"""Moving averages: their weights, their bias correction."""

import ast
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...optimise import Momentum, Nesterov
from .products import factors
from .syntax import Rewriting, Scope, is_binary, same
from .trap import Step, Trap


def _complement(node: ast.AST, at: Scope) -> ast.expr | None:
    """b of `1 - b`."""
    if is_binary(node, ast.Sub) and at.number(node.left) == 1:
        return node.right
    return None


def averages(node: Any, at: Scope) -> Iterator[Rewriting]:
    """`b * m + (1 - b) * g` the other way round, or with one weight only."""
    if is_binary(node, ast.Add):
        assert isinstance(node, ast.BinOp)
        for one, two in ((node.left, node.right), (node.right, node.left)):
            for (b, m), (c, g) in itertools.product(factors(one), factors(two)):
                weight = _complement(c, at)
                old, new = at.number(b), at.number(c)
                by_value = (
                    weight is None
                    and old is not None
                    and new is not None
                    and abs(old + new - 1) < 1e-12
                )
                if by_value or (weight is not None and same(weight, b)):
                    yield at.rewritten(
                        "momentum", node, "C * M + B * G", kind="exchanged", B=b, C=c, M=m, G=g
                    )
                    yield at.rewritten("momentum", node, "B * M + G", 1.2, B=b, M=m, G=g)
        for (b, m), g in ((pair, node.right) for pair in factors(node.left)):
            value = at.number(b)
            weight_like = isinstance(b, ast.Name | ast.Constant | ast.Attribute) and (
                value is None or 0 < value < 1
            )
            if weight_like and not isinstance(m, ast.BinOp):
                yield at.rewritten("momentum", node, "B * M + (1 - B) * G", 1.3, B=b, M=m, G=g)
                yield at.rewritten("momentum", node, "(1 - B) * M + B * G", 1.4, B=b, M=m, G=g)
    # m + b * (g - m)
    for part in (
        (node.right,)
        if is_binary(node, ast.Add)
        else (node.value,)
        if isinstance(node, ast.AugAssign)
        else ()
    ):
        for b, difference in factors(part):
            if is_binary(difference, ast.Sub):
                weight = _complement(b, at)
                yield at.rewritten(
                    "momentum", part, "W * D", W=weight or at.make("1 - B", B=b), D=difference
                )


def bias_corrections(node: Any, at: Scope) -> Iterator[Rewriting]:
    """`m / (1 - b**t)`, without it."""
    power = _complement(node, at)
    if power is not None and is_binary(power, ast.Pow):
        yield Rewriting("bias correction", {node: ast.Constant(1.0)}, kind="without")


def bias_correction_missing(root: Any, at: Scope) -> Iterator[Rewriting]:
    """Every moving average of the function divided by `1 - b**t`."""
    if root is not at.tree or not isinstance(root, ast.FunctionDef):
        return
    counters = [
        name
        for name in at.arguments
        if name
        in (
            "t",
            "step",
            "k",
            "n",
            "i",
            "it",
            "iteration",
            "epoch",
            "count",
            "time",
            "n_step",
            "steps",
        )
    ]
    averaged: dict[str, ast.expr] = {}
    for node in ast.walk(root):
        if not isinstance(node, ast.Assign | ast.AugAssign):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name):
            for part in ast.walk(node.value):
                weight = _complement(part, at)
                if weight is not None and not isinstance(weight, ast.BinOp):
                    averaged[target.id] = weight
    loads: dict[str, list[ast.Name]] = {}
    for node in ast.walk(root):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in averaged:
            outer = at.parents[node]
            inside_own = any(
                isinstance(s, ast.Assign)
                and isinstance(s.targets[0], ast.Name)
                and s.targets[0].id in averaged
                for s in at.ancestors(node)
            )
            if not isinstance(outer, ast.Return | ast.Tuple | ast.Dict) and not inside_own:
                loads.setdefault(node.id, []).append(node)
    for counter in counters:
        for step in ("T", "T + 1"):
            parts = {
                name: {
                    load: at.make(
                        f"(M / float(1 - B ** ({step})))",
                        M=load,
                        B=averaged[name],
                        T=ast.Name(counter, ast.Load()),
                    )
                    for load in places
                }
                for name, places in loads.items()
            }
            if parts:
                yield Rewriting(
                    "bias correction",
                    {k: v for one in parts.values() for k, v in one.items()},
                    1.5 + (step != "T") * 0.3,
                )
            if len(parts) > 1:
                for one in parts.values():
                    yield Rewriting("bias correction", one, 2)


# What the weight of what was before is called, of moving averages and of rules.
SLOW = ("momentum", "rho", "beta", "beta1", "beta2", "dampening")
SWITCHES = ("amsgrad",)
LOOKING_AHEAD = {Momentum: Nesterov, Nesterov: Momentum}


def _other_weight(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool):
        if name in SWITCHES:
            yield f"{name} = {not value}", not value
    elif isinstance(value, float) and name in SLOW and 0 < value < 1:
        for other in (1 - value, float(np.float32(1 - value))):
            yield f"{name} = {other:g} instead of {value:g}", other
    elif isinstance(value, tuple) and len(value) == 2 and value != value[::-1]:
        if all(isinstance(part, float) for part in value):
            yield f"{name} = {value[::-1]} instead of {value}", value[::-1]


def _looking_ahead(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if name == "nesterov" and isinstance(value, bool):
        yield f"nesterov = {not value}", not value
    elif name == "__class__" and (other := LOOKING_AHEAD.get(value)):
        yield f"{other.__name__} instead of {value.__name__}", other


def _gru() -> Iterator[Step]:
    yield Step(
        "hidden state",
        "update gate the other way round",
        lambda v: v["update gate"] * v["candidate"] + (1 - v["update gate"]) * v["h"],
    )


TRAPS = (
    Trap(
        "momentum",
        "a moving average takes its weight the other way round (momentum, update gate), or a "
        "term is damped on one side only",
        patterns=(averages,),
        settings=_other_weight,
        steps={"GRU": _gru},
    ),
    Trap(
        "nesterov",
        "momentum looks one step ahead (Nesterov's) on one side only",
        settings=_looking_ahead,
    ),
    Trap(
        "bias correction",
        "moving averages are corrected for their start at zero on one side only",
        patterns=(bias_corrections, bias_correction_missing),
    ),
)
