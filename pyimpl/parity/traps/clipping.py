"""Gradients that are clipped by their norm: all of them together, or each array by its own."""

import ast
from collections.abc import Iterator
from typing import Any

from .syntax import Rewriting, Scope, argument, replaced, same
from .trap import Trap

NORMS = ("norm", "vector_norm")


def by_library(node: Any, at: Scope) -> Iterator[Rewriting]:
    """PyTorch's `clip_grad_norm_`: each array by itself, and without its 1e-6."""
    if not isinstance(node, ast.Call) or not at.callee(node).endswith("clip_grad_norm_"):
        return
    most = argument(node, "max_norm", 1)
    if not node.args or most is None:
        return
    # Of a single array both do the same, and the second says what it is.
    for call, cause, cost in (("clip_each", "clipping", 1.1), ("clip_together", "eps", 1.0)):
        yield at.rewritten(cause, node, f"OPS.{call}(P, M)", cost, P=node.args[0], M=most)


def by_hand(node: Any, at: Scope) -> Iterator[Rewriting]:
    """In a loop over arrays, the norm of all of them where that of each stands, and the reverse."""
    for every, one, inside in _loops(node):
        parts: dict[Any, ast.AST] = {}
        for part in inside:
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                alone = _of_one(part, every, one, at)
                if alone is not None:
                    parts[part] = alone
        if parts:
            yield Rewriting("clipping", parts)
        for part in inside:
            if isinstance(part, ast.Call) and part.args and same(part.args[0], one):
                name = at.callee(part).rpartition(".")[2]
                if name in NORMS and len(part.args) == 1:
                    yield at.rewritten("clipping", part, "OPS.norm_of_all(L)", L=every)
                elif name == "clip_grad_norm_":
                    new = ast.Call(part.func, [every, *part.args[1:]], part.keywords)
                    yield Rewriting("clipping", {part: new})


def _loops(node: Any) -> Iterator[tuple[ast.expr, ast.expr, list[ast.AST]]]:
    """What a loop goes over, its variable, and all nodes inside."""
    if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
        for each in node.generators[:1]:
            yield each.iter, each.target, list(ast.walk(node.elt))
    elif isinstance(node, ast.For):
        inside = [part for statement in node.body for part in ast.walk(statement)]
        yield node.iter, node.target, inside


def _of_one(name: ast.Name, every: ast.expr, one: ast.expr, at: Scope) -> ast.AST | None:
    """What a name stands for, made of one array instead of all that the loop goes over; None where
    it is not made of them.
    """
    definition = at.definition(name)
    if definition is None:
        return None
    new: dict[ast.AST, ast.AST] = {}
    for part in ast.walk(definition):
        if isinstance(part, ast.Call) and part.args:
            over = part.args[0]
            if (
                isinstance(over, ast.ListComp | ast.GeneratorExp)
                and at.callee(part).rpartition(".")[2] == "sum"
                and same(over.generators[0].iter, every)
            ):
                target = ast.unparse(over.generators[0].target)
                elements: dict[ast.AST, ast.AST] = {
                    each: one
                    for each in ast.walk(over.elt)
                    if isinstance(each, ast.Name) and each.id == target
                }
                new[part] = _loaded(replaced(over.elt, elements))
        elif isinstance(part, ast.Name):
            inner = _of_one(part, every, one, at)
            if inner is not None:
                new[part] = inner
    return replaced(definition, new) if new else None


def _loaded(node: ast.AST) -> ast.AST:
    """The node with its names read, not written: a loop's variable is taken into an expression."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            part.ctx = ast.Load()
    return node


TRAPS = (
    Trap(
        "clipping",
        "gradients are clipped by the norm of all of them together on one side, and each array by "
        "its own norm on the other",
        patterns=(by_library, by_hand),
    ),
)
