"""Epsilons, moving averages, bias correction, terms inside and outside of products, gates, variants of activations."""

import ast
import itertools
from collections.abc import Iterator

import numpy as np

from .syntax import Rewriting, Scope, argument, is_binary, same, with_argument

_PLAIN = (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12)
EPSILONS = (*_PLAIN, *(float(np.float32(eps)) for eps in _PLAIN), float(np.finfo(np.float32).eps), float(np.finfo(np.float64).eps))
SLOPES = (0.01, 0.1, 0.2, 0.3, 1 / 3, 1 / 5.5, 11 / 48)
GELUS = ("gelu_tanh", "gelu_erf", "gelu_sigmoid")


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
    if at.is_call(node, "sqrt", homes=("numpy", "math", "torch")):
        return node.args[0]  # type: ignore[attr-defined]
    if is_binary(node, ast.Pow) and at.number(node.right) == 0.5:
        return node.left
    return None


def epsilon_elsewhere(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
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
        if at.is_call(node, "maximum", "clip", "clamp", homes=("numpy", "torch", "")) and isinstance(node, ast.Call):
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
    if whole is not None and is_binary(whole, ast.Div) and whole.right is node and is_binary(whole.left, ast.Mult):
        yield at.rewritten("eps", whole, "A / V + E", 1.6, A=whole.left, V=base, E=eps)


def epsilon_missing(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """An epsilon that is not there."""
    inside = _root(node, at)
    if inside is not None and _with_eps(inside, at) is None:
        for value in EPSILONS[:10]:
            yield at.rewritten("eps", node, f"NP.sqrt(V + {value!r})", 2, f"inside {value}", V=inside)
            yield at.rewritten("eps", node, f"NP.sqrt(V) + {value!r}", 2, f"outside {value}", V=inside)
    if at.is_call(node, "log", homes=("numpy", "math", "torch")):
        assert isinstance(node, ast.Call)
        for value in EPSILONS:
            yield at.rewritten("eps", node, f"NP.log(V + {value!r})", 2, f"log {value}", V=node.args[0])
        if node.args and _with_eps(node.args[0], at) is None:
            for name in at.arguments[:2]:
                yield at.rewritten("eps", node, f"NP.log(V + NP.finfo({name}.dtype).eps)", 2, f"log {name}", V=node.args[0])


def epsilon_value(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """Another one of the usual values."""
    if _is_eps(node, at) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and not isinstance(at.parents.get(node), ast.Attribute):
        value = at.number(node)
        for other in EPSILONS:
            if other != value:
                yield Rewriting("eps", {node: ast.Constant(other)}, 1.1, kind=f"value {other}")
        for name in at.arguments[:2]:
            yield at.rewritten("eps", node, f"NP.finfo({name}.dtype).eps", 1.3, kind=f"of {name}")


def _complement(node: ast.AST, at: Scope) -> ast.expr | None:
    """b of `1 - b`."""
    if is_binary(node, ast.Sub) and at.number(node.left) == 1:
        return node.right
    return None


def _factors(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """(factor, the rest) of a product of two or three."""
    if not is_binary(node, ast.Mult):
        return []
    assert isinstance(node, ast.BinOp)
    found = [(node.left, node.right), (node.right, node.left)]
    for factor, rest in _factors(node.left):
        found.append((factor, ast.BinOp(rest, ast.Mult(), node.right)))
    return found


def averages(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """`b * m + (1 - b) * g` the other way round, or with one weight only."""
    if is_binary(node, ast.Add):
        assert isinstance(node, ast.BinOp)
        for one, two in ((node.left, node.right), (node.right, node.left)):
            for (b, m), (c, g) in itertools.product(_factors(one), _factors(two)):
                weight = _complement(c, at)
                by_value = (
                    weight is None
                    and at.number(b) is not None
                    and at.number(c) is not None
                    and abs(at.number(b) + at.number(c) - 1) < 1e-12
                )
                if by_value or (weight is not None and same(weight, b)):
                    yield at.rewritten("momentum", node, "C * M + B * G", kind="exchanged", B=b, C=c, M=m, G=g)
                    yield at.rewritten("momentum", node, "B * M + G", 1.2, B=b, M=m, G=g)
        for (b, m), g in ((pair, node.right) for pair in _factors(node.left)):
            if (
                not isinstance(m, ast.BinOp)
                and not isinstance(b, ast.BinOp | ast.Call)
                and isinstance(b, ast.Name | ast.Constant | ast.Attribute)
            ):
                yield at.rewritten("momentum", node, "B * M + (1 - B) * G", 1.3, B=b, M=m, G=g)
                yield at.rewritten("momentum", node, "(1 - B) * M + B * G", 1.4, B=b, M=m, G=g)
    # m + b * (g - m)
    for part in (node.right,) if is_binary(node, ast.Add) else (node.value,) if isinstance(node, ast.AugAssign) else ():
        for b, difference in _factors(part):
            if is_binary(difference, ast.Sub):
                weight = _complement(b, at)
                yield at.rewritten("momentum", part, "W * D", W=weight or at.make("1 - B", B=b), D=difference)


def bias_corrections(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """`m / (1 - b**t)`, without it."""
    power = _complement(node, at)
    if power is not None and is_binary(power, ast.Pow):
        yield Rewriting("bias correction", {node: ast.Constant(1.0)}, kind="without")


def bias_correction_missing(root: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """Every moving average of the function divided by `1 - b**t`."""
    if root is not at.tree or not isinstance(root, ast.FunctionDef):
        return
    counters = [
        name
        for name in at.arguments
        if name in ("t", "step", "k", "n", "i", "it", "iteration", "epoch", "count", "time", "n_step", "steps")
    ]
    averaged: dict[str, ast.expr] = {}
    for node in ast.walk(root):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AugAssign) else None
        if isinstance(target, ast.Name):
            for part in ast.walk(node.value):  # type: ignore[attr-defined]
                weight = _complement(part, at)
                if weight is not None and not isinstance(weight, ast.BinOp):
                    averaged[target.id] = weight
    loads: dict[str, list[ast.Name]] = {}
    for node in ast.walk(root):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in averaged:
            outer = at.parents[node]
            inside_own = any(
                isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name) and s.targets[0].id in averaged for s in at.ancestors(node)
            )
            if not isinstance(outer, ast.Return | ast.Tuple | ast.Dict) and not inside_own:
                loads.setdefault(node.id, []).append(node)
    for counter in counters:
        for step in ("T", "T + 1"):
            parts = {
                name: {
                    load: at.make(f"(M / float(1 - B ** ({step})))", M=load, B=averaged[name], T=ast.Name(counter, ast.Load()))
                    for load in places
                }
                for name, places in loads.items()
            }
            if parts:
                yield Rewriting("bias correction", {k: v for one in parts.values() for k, v in one.items()}, 1.5 + (step != "T") * 0.3)
            if len(parts) > 1:
                for one in parts.values():
                    yield Rewriting("bias correction", one, 2)


def _inside_or_outside(node: ast.AST, at: Scope) -> str:
    """What a term inside or outside of a product is about."""
    product = any(
        is_binary(part, ast.MatMult) or at.is_call(part, "dot", "matmul", homes=("numpy", "torch", "")) for part in ast.walk(node)
    )
    return "reset" if product or "tanh" in ast.unparse(at.tree) else "coupled"


def distributed(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """A term inside a product or outside: `a * (b + c)`, `a * b + c`; `r * (h @ W)`, `(r * h) @ W`."""
    if is_binary(node, ast.Mult):
        assert isinstance(node, ast.BinOp)
        for a, both in ((node.left, node.right), (node.right, node.left)):
            if is_binary(both, ast.Add):
                assert isinstance(both, ast.BinOp)
                cause = _inside_or_outside(both, at)
                for b, c in ((both.left, both.right), (both.right, both.left)):
                    yield at.rewritten(cause, node, "A * B + C", kind="", A=a, B=b, C=c)
                    if is_binary(b, ast.MatMult):
                        yield at.rewritten(cause, node, "(A * L) @ R + C", 1.3, A=a, L=b.left, R=b.right, C=c)
                        yield at.rewritten(cause, node, "L @ (A * R) + C", 1.3, A=a, L=b.left, R=b.right, C=c)
            if is_binary(both, ast.MatMult):
                yield at.rewritten("reset", node, "(A * L) @ R", A=a, L=both.left, R=both.right)
                yield at.rewritten("reset", node, "L @ (A * R)", A=a, L=both.left, R=both.right)
    elif is_binary(node, ast.Add):
        assert isinstance(node, ast.BinOp)
        cause = _inside_or_outside(node, at)
        for product, c in ((node.left, node.right), (node.right, node.left)):
            for a, b in _factors(product):
                yield at.rewritten(cause, node, "A * (B + C)", 1.1, A=a, B=b, C=c)
            if is_binary(product, ast.MatMult):
                for side in ("left", "right"):
                    for r, h in _factors(getattr(product, side)):
                        other = product.right if side == "left" else product.left
                        text = "R * (H @ O + C)" if side == "left" else "R * (O @ H + C)"
                        yield at.rewritten(cause, node, text, 1.2, R=r, H=h, O=other, C=c)
        # (x + r * (h @ W)) + b: the bias goes inside
        if is_binary(node.left, ast.Add):
            for r, h in _factors(node.left.right):
                yield at.rewritten(cause, node, "X + R * (H + C)", 1.1, X=node.left.left, R=r, H=h, C=node.right)
    elif is_binary(node, ast.MatMult):
        assert isinstance(node, ast.BinOp)
        for r, h in _factors(node.left):
            yield at.rewritten("reset", node, "R * (H @ W)", R=r, H=h, W=node.right)
        for r, h in _factors(node.right):
            yield at.rewritten("reset", node, "R * (W @ H)", R=r, H=h, W=node.left)
    if is_binary(node, ast.Sub):
        assert isinstance(node, ast.BinOp)
        # x - a * b - c and x - a * (b + c)
        if is_binary(node.left, ast.Sub):
            x, c = node.left.left, node.right
            for a, b in _factors(node.left.right):
                yield at.rewritten("coupled", node, "X - A * (B + C)", X=x, A=a, B=b, C=c)
                for d, e in _factors(c):
                    if same(a, d):
                        yield at.rewritten("coupled", node, "X - A * B - E", X=x, A=a, B=b, E=e)
        for a, both in _factors(node.right):
            if is_binary(both, ast.Add):
                yield at.rewritten("coupled", node, "X - A * B - C", X=node.left, A=a, B=both.left, C=both.right)
                yield at.rewritten("coupled", node, "X - A * C - B", X=node.left, A=a, B=both.left, C=both.right)


def decoupled(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """A term that is added to the gradient, taken from the parameter instead, and the reverse."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add) or not isinstance(at.tree, ast.FunctionDef):
        return
    outer = at.statement(node)
    for term, rest in ((node.right, node.left), (node.left, node.right)):
        if not is_binary(term, ast.Mult):
            continue
        for other in ast.walk(at.tree):
            if not is_binary(other, ast.Sub) or other in ast.walk(outer):
                continue
            for a, b in _factors(other.right):
                for text in ("X - A * (B + T)", "X - A * B - T"):
                    new = at.make(text, X=other.left, A=a, B=b, T=term)
                    yield Rewriting("coupled", {node: rest, other: new}, 1.5)
            if is_binary(other.right, ast.Div):
                for a, b in _factors(other.right.left):
                    new = at.make("X - A * (B / D + T)", X=other.left, A=a, B=b, D=other.right.right, T=term)
                    yield Rewriting("coupled", {node: rest, other: new}, 1.5)
        for name in at.arguments:
            loads = [
                part
                for part in ast.walk(at.tree)
                if isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Load) and part not in ast.walk(outer)
            ]
            if loads:
                yield Rewriting("coupled", {node: rest, **{load: at.make("G + T", G=load, T=term) for load in loads}}, 1.7)


def gates(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """`i, f, g, o = np.split(...)` in another order; blocks that are taken one after the other, likewise."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and 2 <= len(node.targets[0].elts) <= 4:
        target = node.targets[0]
        if isinstance(node.value, ast.Tuple | ast.List):
            yield from _permuted(node.value.elts)
        else:
            for order in itertools.permutations(range(len(target.elts))):
                if list(order) != sorted(order):
                    new = ast.Tuple([target.elts[i] for i in order], ast.Store())
                    yield Rewriting("gates", {target: new}, 1 + 0.05 * sum(i != k for i, k in enumerate(order)))
    if isinstance(node, ast.FunctionDef) and node is at.tree:
        blocks: dict[str, list[ast.expr]] = {}
        for part in ast.walk(node):
            if isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Load) and not isinstance(part.value, ast.Attribute):
                index = part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]
                if any(
                    isinstance(i, ast.Slice) and (i.lower or i.upper) or isinstance(i, ast.Constant) and isinstance(i.value, int)
                    for i in index
                ):
                    blocks.setdefault(ast.unparse(part.value), []).append(part)
        for parts in blocks.values():
            distinct = list(dict.fromkeys(ast.unparse(part) for part in parts))
            if 3 <= len(distinct) <= 4:
                for order in itertools.permutations(range(len(distinct))):
                    if list(order) != sorted(order):
                        by_text = {text: ast.parse(distinct[k], mode="eval").body for text, k in zip(distinct, order, strict=True)}
                        yield Rewriting(
                            "gates",
                            {part: by_text[ast.unparse(part)] for part in parts},
                            1.2 + 0.05 * sum(i != k for i, k in enumerate(order)),
                        )


def _permuted(places: list[ast.expr]) -> Iterator[Rewriting]:
    for order in itertools.permutations(range(len(places))):
        moved = {place: places[k] for i, (place, k) in enumerate(zip(places, order, strict=True)) if i != k}
        if moved:
            copies = {place: ast.parse(ast.unparse(new), mode="eval").body for place, new in moved.items()}
            yield Rewriting("gates", copies, 1 + 0.05 * len(moved))


def activations(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """gelu and the slopes of leaky ones."""
    name = at.callee(node).rpartition(".")[2] if isinstance(node, ast.Call) else ""
    if "gelu" in name.lower() and isinstance(node, ast.Call) and node.args:
        if at.callee(node).startswith("torch"):
            given = argument(node, "approximate")
            yield Rewriting("activation", {node: with_argument(node, "approximate", "tanh" if given is None else None)})
        else:
            for way in GELUS:
                yield at.rewritten("activation", node, f"OPS.{way}(A)", A=node.args[0])
    if isinstance(node, ast.Return) and node.value is not None and len(at.arguments) == 1:
        if any(word in ast.unparse(at.tree) for word in ("gelu", "0.044715", "1.702", "erf")):
            for way in GELUS:
                yield at.rewritten("activation", node.value, f"OPS.{way}(A)", 1.1, A=ast.Name(at.arguments[0], ast.Load()))
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and any(word in ast.unparse(node.value) for word in ("0.044715", "1.702", "erf("))
    ):
        for part in {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name) and part.id in at.locals}:
            for way in GELUS:
                yield at.rewritten("activation", node.value, f"OPS.{way}(A)", 1.1, A=ast.Name(part, ast.Load()))
    if (
        at.number(node) in SLOPES
        and isinstance(at.parents.get(node), ast.BinOp | ast.arguments | ast.keyword)
        and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    ):
        for other in SLOPES:
            if other != at.number(node):
                yield Rewriting("activation", {node: ast.Constant(other)}, 1.4)


RULES = (
    epsilon_elsewhere,
    epsilon_missing,
    epsilon_value,
    averages,
    bias_corrections,
    bias_correction_missing,
    distributed,
    decoupled,
    gates,
    activations,
)
