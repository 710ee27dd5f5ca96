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


def _taken_off(node: Any, at: Scope) -> Iterator[tuple[ast.expr, ast.expr]]:
    """(the parameter, what is taken off it) of `x *= 1 - T`, `x = x * (1 - T)`, `x -= T * x` and
    `x.mul_(1 - T)`, where T is a share of the parameter.
    """
    if isinstance(node, ast.AugAssign):
        if isinstance(node.op, ast.Mult) and _rest_of_one(node.value, at):
            yield node.target, node.value.right  # type: ignore[attr-defined]
        elif isinstance(node.op, ast.Sub):
            yield from ((node.target, t) for x, t in factors(node.value) if same(x, node.target))
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        for x, rest in factors(node.value):
            if same(x, target) and _rest_of_one(rest, at):
                yield target, rest.right  # type: ignore[attr-defined]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value.args:
        call = node.value
        if at.callee(call) == ".mul_" and _rest_of_one(call.args[0], at):
            yield call.func.value, call.args[0].right  # type: ignore[attr-defined]


def _rest_of_one(node: ast.AST, at: Scope) -> bool:
    return is_binary(node, ast.Sub) and at.number(node.left) == 1


def decay_in_place(node: Any, at: Scope) -> Iterator[Rewriting]:
    """A decay that is taken off the parameter itself, added to the gradient instead."""
    for parameter, share in _taken_off(node, at):
        x = ast.parse(ast.unparse(parameter), mode="eval").body
        loads = _gradients(node, parameter, at)
        for decay in [*(rest for _, rest in factors(share)), share]:
            for places in loads:
                new: dict[Any, ast.AST] = {node: ast.Pass()}
                new |= {g: at.make("G + D * X", G=g, D=decay, X=x) for g in places}
                yield Rewriting("coupled", new, 1.5)


def _gradients(dropped: ast.AST, parameter: ast.AST, at: Scope) -> Iterator[list[ast.expr]]:
    """The places at which each thing is read that may be a gradient: an argument, `p.grad`."""
    gone = set(ast.walk(dropped))
    read: dict[str, list[ast.expr]] = {}
    for part in ast.walk(at.tree):
        named = isinstance(part, ast.Name) and (part.id in at.arguments or part.id.startswith("g"))
        grad = isinstance(part, ast.Attribute) and part.attr == "grad"
        if (named or grad) and part not in gone and isinstance(part.ctx, ast.Load):  # type: ignore[attr-defined]
            if not same(part, parameter):
                read.setdefault(ast.unparse(part), []).append(part)  # type: ignore[arg-type]
    yield from read.values()


def decay_off_the_parameter(node: Any, at: Scope) -> Iterator[Rewriting]:
    """A decay that is added to the gradient, taken off the parameter in `x -= ...` instead."""
    if not is_binary(node, ast.Add) or not isinstance(at.tree, ast.FunctionDef):
        return
    for term, rest in ((node.right, node.left), (node.left, node.right)):
        for other in ast.walk(at.tree) if is_binary(term, ast.Mult) else ():
            if not isinstance(other, ast.AugAssign) or not isinstance(other.op, ast.Sub):
                continue
            if node in ast.walk(other):
                continue
            value = other.value
            over = value.right if is_binary(value, ast.Div) else None
            product = value.left if is_binary(value, ast.Div) else value
            text = "A * (B + T)" if over is None else "A * (B / D + T)"
            for a, b in factors(product):
                parts = {"A": a, "B": b, "T": term} | ({} if over is None else {"D": over})
                yield Rewriting("coupled", {node: rest, value: at.make(text, **parts)}, 1.5)


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
        patterns=(distributed, decoupled, decay_in_place, decay_off_the_parameter),
        settings=_coupled,
    ),
    Trap(
        "reset",
        "the reset gate multiplies before the product with the weights or after it, or with "
        "the bias or without",
        steps={"GRU": _gru},
    ),
)
