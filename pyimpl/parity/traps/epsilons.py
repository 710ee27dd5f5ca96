"""Epsilons: where they are added, how large they are, whether they are there at all."""

import ast
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ...core.versions import CHANGES
from .syntax import ARRAYS, Rewriting, Scope, is_binary
from .trap import Step, Trap, Values

_PLAIN = (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12)
EPSILONS = (
    *_PLAIN,
    *(float(np.float32(eps)) for eps in _PLAIN),
    float(np.finfo(np.float32).eps),
    float(np.finfo(np.float64).eps),
)


def _is_eps(node: ast.AST, at: Scope) -> bool:
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if "eps" in name.lower() or name in ("ε", "tiny", "delta"):
            return True
    value = at.number(node)
    return isinstance(value, float) and 0 < value <= 1e-2


def _with_eps(node: ast.AST, at: Scope) -> tuple[ast.expr, ast.expr] | None:
    """(what it is added to, epsilon) of a sum with an epsilon."""
    if is_binary(node, ast.Add):
        assert isinstance(node, ast.BinOp)
        if _is_eps(node.right, at):
            return node.left, node.right
        if _is_eps(node.left, at):
            return node.right, node.left
        if is_binary(node.right, ast.Pow) and _is_eps(node.right.left, at):
            return node.left, node.right.left
    return None


def _root(node: ast.AST, at: Scope) -> ast.expr | None:
    """What the square root is taken of."""
    if at.is_call(node, "sqrt", homes=(*ARRAYS, "math")) and isinstance(node, ast.Call):
        return node.args[0]
    if is_binary(node, ast.Pow) and at.number(node.right) == 0.5:
        return node.left
    return None


def epsilon_elsewhere(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Inside, outside, squared, as a bound, not at all."""
    inside = _root(node, at)
    if inside is not None and (found := _with_eps(inside, at)):
        for way in (
            "NP.sqrt(V) + E",
            "NP.sqrt(V + E)",
            "NP.sqrt(V + E ** 2)",
            "NP.sqrt(V)",
            "NP.sqrt(NP.maximum(V, E))",
            "NP.maximum(NP.sqrt(V), E)",
        ):
            yield at.rewritten("eps", node, way, kind=way, V=found[0], E=found[1])
        return
    found = _with_eps(node, at)
    if found is None:
        if at.is_call(node, "maximum", "clip", "clamp", homes=(*ARRAYS, "")) and isinstance(
            node, ast.Call
        ):
            small = [arg for arg in node.args if _is_eps(arg, at)]
            other = [arg for arg in node.args if not _is_eps(arg, at)]
            if small and other:
                yield at.rewritten("eps", node, "V + E", V=other[0], E=small[0])
                yield Rewriting("eps", {node: other[0]}, 1.2)
        return
    base, eps = found
    root = _root(base, at)
    if root is not None:
        for way in ("NP.sqrt(V + E)", "NP.sqrt(V + E ** 2)"):
            yield at.rewritten("eps", node, way, kind=way, V=root, E=eps)
    else:
        for way in ("NP.sqrt(V ** 2 + E)", "NP.sqrt(V ** 2 + E ** 2)", "V + E ** 2"):
            yield at.rewritten("eps", node, way, 1.2, kind=way, V=base, E=eps)
    yield at.rewritten("eps", node, "NP.maximum(V, E)", 1.2, kind="maximum", V=base, E=eps)
    yield Rewriting("eps", {node: base}, 1.2, kind="without")
    whole = at.parents.get(node)
    if (
        whole is not None
        and is_binary(whole, ast.Div)
        and whole.right is node
        and is_binary(whole.left, ast.Mult)
    ):
        yield at.rewritten("eps", whole, "A / V + E", 1.6, A=whole.left, V=base, E=eps)


def epsilon_missing(node: Any, at: Scope) -> Iterator[Rewriting]:
    """An epsilon that is not there."""
    inside = _root(node, at)
    if inside is not None and _with_eps(inside, at) is None:
        for value in EPSILONS[:10]:
            yield at.rewritten(
                "eps", node, f"NP.sqrt(V + {value!r})", 2, f"inside {value}", V=inside
            )
            yield at.rewritten(
                "eps", node, f"NP.sqrt(V) + {value!r}", 2, f"outside {value}", V=inside
            )
    if at.is_call(node, "log", homes=(*ARRAYS, "math")):
        assert isinstance(node, ast.Call)
        for value in EPSILONS:
            yield at.rewritten(
                "eps", node, f"NP.log(V + {value!r})", 2, f"log {value}", V=node.args[0]
            )
        if node.args and _with_eps(node.args[0], at) is None:
            for name in at.arguments[:2]:
                yield at.rewritten(
                    "eps",
                    node,
                    f"NP.log(V + NP.finfo({name}.dtype).eps)",
                    2,
                    f"log {name}",
                    V=node.args[0],
                )


def epsilon_value(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Another one of the usual values."""
    if (
        _is_eps(node, at)
        and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        and not isinstance(at.parents.get(node), ast.Attribute)
    ):
        value = at.number(node)
        for other in EPSILONS:
            if other != value:
                yield Rewriting("eps", {node: ast.Constant(other)}, 1.1, kind=f"value {other}")
        for name in at.arguments[:2]:
            yield at.rewritten("eps", node, f"NP.finfo({name}.dtype).eps", 1.3, kind=f"of {name}")


def _other_value(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Another usual value; the same in another precision is a trap of its own."""
    if isinstance(value, float) and "eps" in name:
        single = float(np.float32(value))
        for eps in dict.fromkeys((*EPSILONS, 0.0, value**2, value**0.5)):
            if value not in (eps, float(np.float32(eps))) and single != eps:
                yield f"{name} = {eps!r} instead of {value!r}", eps
    elif name == "_formulas":  # of a normalisation of pyimpl: that of another release of Flux
        for release, formula in CHANGES["normalise"].formulas.items():
            if release != value[0]:
                yield f"normalised by {formula}", (release, *value[1:])


def _of_batches() -> Iterator[Step]:
    return _of_variance("batch variance")


def _of_layers() -> Iterator[Step]:
    return _of_variance("variance")


def _of_variance(var: str) -> Iterator[Step]:
    for eps in (*EPSILONS, 0.0, 1e-2, 1e-4, 0.1):
        yield Step("root", f"epsilon {eps:g} outside of it", partial(_outside, var, eps))
        yield Step("root", f"epsilon {eps:g} inside of it", partial(_inside, var, eps))


def _outside(var: str, eps: float, values: Values) -> np.ndarray:
    return np.sqrt(values[var]) + eps


def _inside(var: str, eps: float, values: Values) -> np.ndarray:
    return np.sqrt(values[var] + eps)


TRAPS = (
    Trap(
        "eps",
        "epsilon is added elsewhere (inside, outside, squared) or has another value",
        patterns=(epsilon_elsewhere, epsilon_missing, epsilon_value),
        settings=_other_value,
        steps={"BatchNorm": _of_batches, "LayerNorm": _of_layers},
    ),
)
