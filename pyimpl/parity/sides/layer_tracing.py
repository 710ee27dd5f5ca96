"""Layers of pyimpl and objects of one's own, traced: their innermost layers are replaced by others
that do the same and note it.

What a model does itself between its layers cannot be seen: a value that comes out of that has a
number of its own, and no call that made it.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from typing import Any

import numpy as np

from ...core import tree
from .composed import ComposedSide, Link
from .trace import Call, Part, Trace, with_turns

# Layers of pyimpl that call others, which are traced in their place.
CONTAINERS = ("Chain", "Parallel", "SkipConnection", "Maxout", "PairwiseFusion")
COMPOSED = (*CONTAINERS, "MultiHeadAttention")


def arrays_in(value: Any) -> list[np.ndarray]:
    """All arrays of a value: of tuples, lists and dicts in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [array for part in value for array in arrays_in(part)]
    return (
        [np.asarray(value)]
        if isinstance(value, np.generic)
        else [value]
        if isinstance(value, np.ndarray)
        else []
    )


@dataclass(eq=False)
class Log:
    """What was noted of a run so far."""

    values: dict[int, np.ndarray] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    _numbers: dict[int, int] = field(default_factory=dict)
    _kept: list[Any] = field(default_factory=list)  # an identity is one as long as it lives
    _open: list[tuple[str, int]] = field(default_factory=list)
    _turns: dict[str, int] = field(default_factory=dict)

    def number(self, array: Any, new: bool = False) -> int:
        """The number of an array; where it is new, or ought to be, another one."""
        if new or id(array) not in self._numbers:
            self._numbers[id(array)] = len(self._kept)
            self._kept.append(array)
            self.values[self._numbers[id(array)]] = np.array(array)
        return self._numbers[id(array)]

    def enter(self, path: str, xs: Any) -> tuple[tuple[str, int], tuple[int, ...]]:
        """A call begins: its key, and what goes in."""
        turn = self._turns.get(path, 0)
        self._turns[path] = turn + 1
        inputs = tuple(self.number(x) for x in arrays_in(xs))
        self._open.append((path, turn))
        return (path, turn), inputs

    def leave(
        self, kind: str, inputs: tuple[int, ...], y: Any, own: dict[str, Any], act: str, whole: bool
    ) -> int:
        """The call that was entered last has come to an end: its position."""
        path, _ = self._open.pop()
        outputs = tuple(self.number(part, new=whole) for part in arrays_in(y))
        shapes = {name: np.shape(array) for name, array in own.items()}
        inside = self._open[-1] if self._open else None
        self.calls.append(Call(path, kind, inputs, outputs, shapes, act, inside))
        return len(self.calls) - 1


def kind_of_layer(layer: Any) -> str:
    """The name of its class, or of the function."""
    return getattr(layer, "__name__", None) or type(layer).__name__


def _act_of(layer: Any) -> str:
    act = getattr(layer, "act", None)
    name = getattr(act, "__name__", "")
    return "" if name == "identity" else name


class Noted:
    """A layer with a `pullback` that notes what it is called with and what it gives."""

    def __init__(self, layer: Any, path: str, log: Log, whole: bool):
        self._layer, self._path, self._log, self._whole = layer, path, log, whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def __call__(self, *xs, **options):
        return self.pullback(*xs, **options)[0]

    def pullback(self, *xs, **options):
        """As the layer does."""
        log, layer = self._log, self._layer
        own = own_arrays(layer, self._path)
        _, inputs = log.enter(self._path, xs)
        y, back = layer.pullback(*xs, **options)
        act = _act_of(layer) if self._whole else ""
        place = log.leave(kind_of_layer(layer), inputs, y, own, act, self._whole)
        after = {path: np.array(array) for path, array in own_arrays(layer, self._path).items()}
        log.calls[place] = replace(log.calls[place], after=after)

        def noted_back(dy):
            gradient, *dxs = back(dy)
            log.calls[place] = replace(
                log.calls[place],
                cotangents=_by_position(dy),
                input_gradients=_by_position(tuple(dxs)),
                gradients=_gradients(gradient, self._path),
            )
            return gradient, *dxs

        return y, noted_back


def _by_position(value: Any) -> dict[int, np.ndarray]:
    """Arrays by their position; those that are None are left out."""
    parts = value if isinstance(value, tuple | list) else (value,)
    flat: list[Any] = []
    for part in parts:
        flat += _by_position(part).values() if isinstance(part, tuple | list) else [part]
    return {i: np.array(part) for i, part in enumerate(flat) if part is not None}


def _gradients(gradient: Any, path: str) -> dict[str, np.ndarray]:
    return {
        f"{path}.{name}" if path else name: np.array(leaf)
        for name, leaf in tree.leaves(gradient)
        if isinstance(leaf, np.ndarray)
    }


def own_arrays(layer: Any, path: str) -> dict[str, np.ndarray]:
    """Its arrays of floating-point numbers by their paths in the model."""
    plain = _plain(layer)
    return {
        f"{path}.{name}" if path else name: leaf
        for name, leaf in tree.leaves(plain)
        if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
    }


def _plain(node: Any) -> Any:
    """The node with noted layers taken back."""
    if isinstance(node, Noted):
        return _plain(node._layer)
    if is_dataclass(node) and not isinstance(node, type):
        other = copy.copy(node)
        for name in tree.field_names(node):
            object.__setattr__(other, name, _plain(getattr(node, name)))
        return other
    if isinstance(node, tuple | list):
        return type(node)(map(_plain, node))
    if isinstance(node, dict):
        return {key: _plain(part) for key, part in node.items()}
    return node


def noted(node: Any, path: str, log: Log, called: bool = True) -> Any:
    """The node with every innermost layer in it replaced; `called`: whether a function at this
    place is called with whole arrays, as the layers of a Chain are.
    """
    joined = f"{path}." if path else ""
    if isinstance(node, tuple | list):
        return type(node)(noted(part, f"{joined}{i}", log, called) for i, part in enumerate(node))
    if isinstance(node, dict):
        return {key: noted(part, f"{joined}{key}", log, called) for key, part in node.items()}
    if not hasattr(node, "pullback") or isinstance(node, type):
        return node
    if not is_dataclass(node):
        return Noted(node, path, log, True) if called else node
    ours = type(node).__module__.startswith("pyimpl.")
    if (ours and type(node).__name__ not in COMPOSED) or not _has_layers(node):
        return Noted(node, path, log, True)
    other = copy.copy(node)
    for name in tree.field_names(node):
        part = noted(getattr(node, name), f"{joined}{name}", log, ours)
        object.__setattr__(other, name, part)
    return Noted(other, path, log, False) if ours else other


def _has_layers(node: Any) -> bool:
    return any(
        is_dataclass(part) and hasattr(part, "pullback") for part in list(tree.layers_of(node))[1:]
    )


@dataclass(eq=False)
class LayerTrace(Trace):
    """A trace of layers; what lies between values can be run alone where it is a single call."""

    side: Any = None  # of the model as the user has it

    def between(self, inputs: Sequence[int], outputs: Sequence[int]) -> Part | None:
        """The layers that make the outputs of the inputs, where nothing unseen lies between."""
        links = []
        known = set(inputs)
        for call in self.needed(outputs, known):
            if not known.issuperset(call.inputs):
                return None
            known.update(call.outputs)
            side = replace(self.side, subject=_part_at(self.side.subject, call.path))
            prefix = f"{call.path}." if call.path else ""
            paths = {name: f"{prefix}{name}" for name in side.parameters()}
            links.append(Link(side, paths, call.inputs, call.outputs))
        if not links or not known.issuperset(outputs):
            return None
        if len(links) == 1 and links[0].spans(inputs, outputs):
            return Part(links[0].side, links[0].paths)
        composed = ComposedSide(links, tuple(inputs), tuple(outputs))
        return Part(composed, {name: name for name in composed.parameters()})


def _part_at(model: Any, path: str) -> Any:
    for name in path.split(".") if path else ():
        model = dict(tree.children(model))[name]
    return model


def traced(
    model: Any, xs: Sequence[np.ndarray], dys: Sequence[np.ndarray], side: Any
) -> LayerTrace:
    """The run of a side's layer or model of layers inside a gradient, and its backward pass where
    there are cotangents; of one that raises, what came before. `model` is a copy of it.
    """
    log = Log()
    inputs = tuple(log.number(x) for x in xs)
    outputs: tuple[int, ...] = ()
    error = ""
    try:
        y, back = noted(model, "", log).pullback(*xs)
        outputs = tuple(log.number(part) for part in arrays_in(y))
        if dys:
            back(tuple(dys) if isinstance(y, tuple) else dys[0])
    except Exception as problem:  # of the user's model: told where the trace is used
        error = f"{type(problem).__name__}: {problem}"
    return LayerTrace(inputs, outputs, with_turns(log.calls), log.values, error, side)
