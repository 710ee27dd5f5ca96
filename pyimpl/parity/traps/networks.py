"""The order of gates, and the variants of activations."""

import ast
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...functions.activations import ACTIVATIONS
from .syntax import Rewriting, Scope, argument, with_argument
from .trap import Step, Trap, Way

SLOPES = (0.01, 0.1, 0.2, 0.3, 1 / 3, 1 / 5.5, 11 / 48)
GELUS = ("gelu_tanh", "gelu_erf", "gelu_sigmoid")


def gates(node: Any, at: Scope) -> Iterator[Rewriting]:
    """`i, f, g, o = np.split(...)` in another order; blocks that are taken one after the other,
    likewise.
    """
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Tuple)
        and 2 <= len(node.targets[0].elts) <= 4
    ):
        target = node.targets[0]
        if isinstance(node.value, ast.Tuple | ast.List):
            yield from _permuted(node.value.elts)
        else:
            for order in itertools.permutations(range(len(target.elts))):
                if list(order) != sorted(order):
                    new = ast.Tuple([target.elts[i] for i in order], ast.Store())
                    yield Rewriting(
                        "gates", {target: new}, 1 + 0.05 * sum(i != k for i, k in enumerate(order))
                    )
    if isinstance(node, ast.FunctionDef) and node is at.tree:
        blocks: dict[str, list[ast.expr]] = {}
        for part in ast.walk(node):
            if (
                isinstance(part, ast.Subscript)
                and isinstance(part.ctx, ast.Load)
                and not isinstance(part.value, ast.Attribute)
            ):
                index = part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]
                if any(
                    isinstance(i, ast.Slice)
                    and (i.lower or i.upper)
                    or isinstance(i, ast.Constant)
                    and isinstance(i.value, int)
                    for i in index
                ):
                    blocks.setdefault(ast.unparse(part.value), []).append(part)
        for parts in blocks.values():
            distinct = list(dict.fromkeys(ast.unparse(part) for part in parts))
            if 3 <= len(distinct) <= 4:
                for order in itertools.permutations(range(len(distinct))):
                    if list(order) != sorted(order):
                        by_text = {
                            text: ast.parse(distinct[k], mode="eval").body
                            for text, k in zip(distinct, order, strict=True)
                        }
                        yield Rewriting(
                            "gates",
                            {part: by_text[ast.unparse(part)] for part in parts},
                            1.2 + 0.05 * sum(i != k for i, k in enumerate(order)),
                        )


def _permuted(places: list[ast.expr]) -> Iterator[Rewriting]:
    for order in itertools.permutations(range(len(places))):
        moved = {
            place: places[k]
            for i, (place, k) in enumerate(zip(places, order, strict=True))
            if i != k
        }
        if moved:
            copies = {
                place: ast.parse(ast.unparse(new), mode="eval").body for place, new in moved.items()
            }
            yield Rewriting("gates", copies, 1 + 0.05 * len(moved))


def activations(node: Any, at: Scope) -> Iterator[Rewriting]:
    """gelu and the slopes of leaky ones."""
    name = at.callee(node).rpartition(".")[2] if isinstance(node, ast.Call) else ""
    if "gelu" in name.lower() and isinstance(node, ast.Call) and node.args:
        if at.of_framework(node):
            given = argument(node, "approximate")
            yield Rewriting(
                "activation",
                {node: with_argument(node, "approximate", "tanh" if given is None else None)},
            )
        else:
            for way in GELUS:
                yield at.rewritten(
                    "activation", node, f"OPS.variant(V, OPS.{way}(A))", V=node, A=node.args[0]
                )
    if isinstance(node, ast.Return) and node.value is not None and len(at.arguments) == 1:
        if any(word in ast.unparse(at.tree) for word in ("gelu", "0.044715", "1.702", "erf")):
            for way in GELUS:
                yield at.rewritten(
                    "activation",
                    node.value,
                    f"OPS.variant(V, OPS.{way}(A))",
                    1.1,
                    V=node.value,
                    A=ast.Name(at.arguments[0], ast.Load()),
                )
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and any(word in ast.unparse(node.value) for word in ("0.044715", "1.702", "erf("))
    ):
        for part in {
            part.id
            for part in ast.walk(node.value)
            if isinstance(part, ast.Name) and part.id in at.locals
        }:
            for way in GELUS:
                yield at.rewritten(
                    "activation",
                    node.value,
                    f"OPS.variant(V, OPS.{way}(A))",
                    1.1,
                    V=node.value,
                    A=ast.Name(part, ast.Load()),
                )
    if (
        at.number(node) in SLOPES
        and isinstance(at.parents.get(node), ast.BinOp | ast.arguments | ast.keyword)
        and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    ):
        for other in SLOPES:
            if other != at.number(node):
                yield Rewriting("activation", {node: ast.Constant(other)}, 1.4)


def _blocks(axis: int, order: Sequence[int]) -> Callable[[np.ndarray], np.ndarray]:
    def move(x):
        if x.shape[axis] % len(order):
            raise ValueError("the axis does not fall into blocks")
        parts = np.split(x, len(order), axis)
        return np.concatenate([parts[i] for i in order], axis)

    return move


def _orders(count: int) -> Iterator[tuple[tuple[int, ...], list[int]]]:
    """Every other order of blocks, and the way back."""
    for order in itertools.permutations(range(count)):
        if list(order) != sorted(order):
            yield order, [order.index(i) for i in range(count)]


def _blocks_moved(array: np.ndarray) -> Iterator[Way]:
    """Blocks, three or four, along the first or last axis."""
    shape = array.shape
    if array.dtype.kind != "f":
        return
    for axis, count in itertools.product(sorted({0, len(shape) - 1}) if shape else (), (3, 4)):
        if shape[axis] % count == 0 and shape[axis] >= count:
            for order, back in _orders(count):
                if shape[axis] == count and order == tuple(range(count))[::-1]:
                    continue  # that is a flip
                named = ", ".join(map(str, order))
                yield Way(
                    f"{{0}} with its {count} blocks along axis {axis} in the order {named}",
                    _blocks(axis, order),
                    _blocks(axis, back),
                    3.3,
                    f"{count} blocks in the order {named}",
                )


def _blocks_of_gates(shape: tuple[int, ...]) -> Iterator[Way]:
    for axis in range(min(len(shape), 2)):
        for count in (3, 4):
            if shape[axis] % count == 0:
                for order, back in _orders(count):
                    named = ", ".join(str(i + 1) for i in order)
                    words = f"with its {count} blocks in the order {named}"
                    yield Way(words, _blocks(axis, order), _blocks(axis, back))


def _in_another_order(names: Sequence[str]) -> Iterator[Step]:
    for order, _ in _orders(len(names)):
        named = ", ".join(names[k] for k in order)
        yield Step("order", f"the gates are taken from the blocks in the order {named}", order)


def _lstm() -> Iterator[Step]:
    return _in_another_order(("input", "forget", "cell", "output"))


def _gru() -> Iterator[Step]:
    return _in_another_order(("reset", "update", "candidate"))


def _other_activation(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if name == "approximate" and value in ("none", "tanh"):
        other = "tanh" if value == "none" else "none"
        yield f'approximate="{other}"', other
    elif name in ("negative_slope", "alpha") and isinstance(value, float):
        for slope in SLOPES:
            if slope != value:
                yield f"{name} = {slope!r} instead of {value!r}", slope
    elif getattr(value, "__name__", "") in (*GELUS, "gelu") and value in ACTIVATIONS.values():
        for other in GELUS:
            yield f"{name} = {other}", ACTIVATIONS[other]


TRAPS = (
    Trap(
        "gates",
        "the gates stand in another order in the blocks of an array",
        patterns=(gates,),
        inputs=_blocks_moved,
        steps={"LSTM": _lstm, "GRU": _gru},
        mappings=_blocks_of_gates,
    ),
    Trap(
        "activation",
        "another variant of an activation: gelu by erf, tanh or sigmoid, another slope",
        patterns=(activations,),
        settings=_other_activation,
    ),
)
