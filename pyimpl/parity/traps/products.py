"""Terms inside and outside of products: weight decay, reset gates."""

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from .syntax import ARRAYS, Rewriting, Scope, is_binary, same
from .trap import Step, Trap


def factors(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """(factor, the rest) of a product of two or three."""
    if not is_binary(node, ast.Mult):
        return []
    assert isinstance(node, ast.BinOp)
    found = [(node.left, node.right), (node.right, node.left)]
    for factor, rest in factors(node.left):
        found.append((factor, ast.BinOp(rest, ast.Mult(), node.right)))
    return found


def _inside_or_outside(node: ast.AST, at: Scope) -> str:
    """What a term inside or outside of a product is about."""
    product = any(
        is_binary(part, ast.MatMult) or at.is_call(part, "dot", "matmul", homes=(*ARRAYS, ""))
        for part in ast.walk(node)
    )
    return "reset" if product or "tanh" in ast.unparse(at.tree) else "coupled"


def distributed(node: Any, at: Scope) -> Iterator[Rewriting]:
    """A term inside a product or outside: `a * (b + c)`, `a * b + c`; `r * (h @ W)`, `(r * h) @
    W`.
    """
    if is_binary(node, ast.Mult):
        assert isinstance(node, ast.BinOp)
        for a, both in ((node.left, node.right), (node.right, node.left)):
            if is_binary(both, ast.Add):
                assert isinstance(both, ast.BinOp)
                cause = _inside_or_outside(both, at)
                for b, c in ((both.left, both.right), (both.right, both.left)):
                    yield at.rewritten(cause, node, "A * B + C", kind="", A=a, B=b, C=c)
                    if is_binary(b, ast.MatMult):
                        yield at.rewritten(
                            cause, node, "(A * L) @ R + C", 1.3, A=a, L=b.left, R=b.right, C=c
                        )
                        yield at.rewritten(
                            cause, node, "L @ (A * R) + C", 1.3, A=a, L=b.left, R=b.right, C=c
                        )
            if is_binary(both, ast.MatMult):
                yield at.rewritten("reset", node, "(A * L) @ R", A=a, L=both.left, R=both.right)
                yield at.rewritten("reset", node, "L @ (A * R)", A=a, L=both.left, R=both.right)
    elif is_binary(node, ast.Add):
        assert isinstance(node, ast.BinOp)
        cause = _inside_or_outside(node, at)
        for product, c in ((node.left, node.right), (node.right, node.left)):
            for a, b in factors(product):
                yield at.rewritten(cause, node, "A * (B + C)", 1.1, A=a, B=b, C=c)
            if is_binary(product, ast.MatMult):
                for side in ("left", "right"):
                    for r, h in factors(getattr(product, side)):
                        other = product.right if side == "left" else product.left
                        text = "R * (H @ O + C)" if side == "left" else "R * (O @ H + C)"
                        yield at.rewritten(cause, node, text, 1.2, R=r, H=h, O=other, C=c)
        # (x + r * (h @ W)) + b: the bias goes inside
        if is_binary(node.left, ast.Add):
            for r, h in factors(node.left.right):
                yield at.rewritten(
                    cause, node, "X + R * (H + C)", 1.1, X=node.left.left, R=r, H=h, C=node.right
                )
    elif is_binary(node, ast.MatMult):
        assert isinstance(node, ast.BinOp)
        for r, h in factors(node.left):
            yield at.rewritten("reset", node, "R * (H @ W)", R=r, H=h, W=node.right)
        for r, h in factors(node.right):
            yield at.rewritten("reset", node, "R * (W @ H)", R=r, H=h, W=node.left)
    if is_binary(node, ast.Sub):
        assert isinstance(node, ast.BinOp)
        # x - a * b - c and x - a * (b + c)
        if is_binary(node.left, ast.Sub):
            x, c = node.left.left, node.right
            for a, b in factors(node.left.right):
                yield at.rewritten("coupled", node, "X - A * (B + C)", X=x, A=a, B=b, C=c)
                for d, e in factors(c):
                    if same(a, d):
                        yield at.rewritten("coupled", node, "X - A * B - E", X=x, A=a, B=b, E=e)
        for a, both in factors(node.right):
            if is_binary(both, ast.Add):
                yield at.rewritten(
                    "coupled", node, "X - A * B - C", X=node.left, A=a, B=both.left, C=both.right
                )
                yield at.rewritten(
                    "coupled", node, "X - A * C - B", X=node.left, A=a, B=both.left, C=both.right
                )


def decoupled(node: Any, at: Scope) -> Iterator[Rewriting]:
    """A term that is added to the gradient, taken from the parameter instead, and the reverse."""
    if (
        not isinstance(node, ast.BinOp)
        or not isinstance(node.op, ast.Add)
        or not isinstance(at.tree, ast.FunctionDef)
    ):
        return
    outer = at.statement(node)
    for term, rest in ((node.right, node.left), (node.left, node.right)):
        if not is_binary(term, ast.Mult):
            continue
        for other in ast.walk(at.tree):
            if not is_binary(other, ast.Sub) or other in ast.walk(outer):
                continue
            for a, b in factors(other.right):
                for text in ("X - A * (B + T)", "X - A * B - T"):
                    new = at.make(text, X=other.left, A=a, B=b, T=term)
                    yield Rewriting("coupled", {node: rest, other: new}, 1.5)
            if is_binary(other.right, ast.Div):
                for a, b in factors(other.right.left):
                    new = at.make(
                        "X - A * (B / D + T)", X=other.left, A=a, B=b, D=other.right.right, T=term
                    )
                    yield Rewriting("coupled", {node: rest, other: new}, 1.5)
        for name in at.arguments:
            loads = [
                part
                for part in ast.walk(at.tree)
                if isinstance(part, ast.Name)
                and part.id == name
                and isinstance(part.ctx, ast.Load)
                and part not in ast.walk(outer)
            ]
            if loads:
                yield Rewriting(
                    "coupled",
                    {node: rest, **{load: at.make("G + T", G=load, T=term) for load in loads}},
                    1.7,
                )


SWITCHES = ("couple", "decoupled_weight_decay")


def _coupled(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if name in SWITCHES and isinstance(value, bool):
        yield f"{name} = {not value}", not value


def _gru() -> Iterator[Step]:
    yield Step(
        "candidate",
        "bias inside the reset product",
        lambda v: np.tanh(v["x part"] + v["reset gate"] * (v["h part"] + v["bias"])),
    )
    yield Step(
        "candidate",
        "reset before the product",
        lambda v: np.tanh(v["x part"] + (v["reset gate"] * v["h"]) @ v["Wh"] + v["bias"]),
    )
    yield Step(
        "candidate", "without reset", lambda v: np.tanh(v["x part"] + v["h part"] + v["bias"])
    )


TRAPS = (
    Trap(
        "coupled",
        "a term stands inside a product on one side and outside on the other: coupled or "
        "decoupled weight decay, the learning rate inside or outside",
        patterns=(distributed, decoupled),
        settings=_coupled,
    ),
    Trap(
        "reset",
        "the reset gate multiplies before the product with the weights or after it, or with "
        "the bias or without",
        steps={"GRU": _gru},
    ),
)
