"""The walk that applies a rule to a model: `setup`, `update`, `freeze`, `thaw`, `adjust`. It knows no rule.

Parameters are changed in place. An array that occurs twice in the model is one parameter: it has one
state, and the gradients of its occurrences are summed. Where the gradient is None the rule is not
applied at all: no decay, no momentum. Source: Optimisers.jl 0.4, `src/interface.jl`, `src/adjust.jl`.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..tree import children, is_trainable, trainable_children
from .rules import Rule


class Leaf:
    """The rule of one parameter, the rule's state, and whether the parameter is frozen."""

    def __init__(self, rule: Rule, state: Any, frozen: bool = False):
        self.rule, self.state, self.frozen = rule, state, frozen

    def __repr__(self):
        return f"Leaf({self.rule!r}, {self.state!r}{', frozen' if self.frozen else ''})"


def setup(rule: Rule, model):
    """The optimiser's state for every trainable array of `model`, as a tree with the model's field names. Flux: `setup`."""
    shared: dict[int, Leaf] = {}

    def grow(node):
        if is_trainable(node):
            if id(node) not in shared:
                shared[id(node)] = Leaf(rule, rule.init(node))
            return shared[id(node)]
        return _like(node, {name: grow(child) for name, child in trainable_children(node)})

    return grow(model)


def _like(node, parts: dict[str, Any]):
    if isinstance(node, tuple | list):
        return tuple(parts.values())
    return SimpleNamespace(**parts) if parts else None


def update(opt_state, model, gradient):
    """One step: every trainable array of `model` minus what its rule makes of its gradient, in place. Flux: `update!`.

    `gradient` has the structure of the model, as `back` gives it. Raises ValueError where its shape does
    not fit a parameter's.
    """
    if isinstance(gradient, tuple) and not isinstance(model, tuple | list):
        raise ValueError("update expects the gradient of the model, got a tuple: take withgradient(...)[1][0]")
    pairs: dict[int, list] = {}
    for leaf, x, g in _zip_leaves(opt_state, model, gradient, "model"):
        if id(leaf) in pairs:
            pairs[id(leaf)][2] = pairs[id(leaf)][2] + g
        elif not leaf.frozen:
            pairs[id(leaf)] = [leaf, x, g]
    for leaf, x, g in pairs.values():
        leaf.state, dx = leaf.rule.apply(leaf.state, x, g)
        if dx is not None:
            x -= dx
    return opt_state, model


def _zip_leaves(state, node, gradient, path) -> Iterator[tuple[Leaf, np.ndarray, np.ndarray]]:
    if gradient is None or state is None:
        return
    if isinstance(state, Leaf):
        if np.shape(gradient) != node.shape:
            raise ValueError(f"{path} has shape {node.shape}, its gradient {np.shape(gradient)}")
        yield state, node, gradient
        return
    states, gradients = dict(children(state)), dict(children(gradient))
    for name, child in trainable_children(node):
        if name in states and name in gradients:
            yield from _zip_leaves(states[name], child, gradients[name], f"{path}.{name}")


def leaves_of(opt_state) -> Iterator[Leaf]:
    """Every Leaf of an optimiser state, or of a part of it."""
    if isinstance(opt_state, Leaf):
        yield opt_state
    for _, child in children(opt_state):
        yield from leaves_of(child)


def freeze(opt_state) -> None:
    """Stop updating what belongs to this part of the state, e.g. `freeze(state.layers[0])`. Flux: `freeze!`."""
    for leaf in leaves_of(opt_state):
        leaf.frozen = True


def thaw(opt_state) -> None:
    """Undo `freeze`. Flux: `thaw!`."""
    for leaf in leaves_of(opt_state):
        leaf.frozen = False


def adjust(opt_state, eta: float | None = None, **changes) -> None:
    """Change the learning rate or other hyper-parameters and keep the state. Flux: `adjust!`.

    A hyper-parameter that a rule does not have is left out in silence, as in Flux.
    """
    if eta is not None:
        changes["eta"] = eta
    for leaf in leaves_of(opt_state):
        leaf.rule = leaf.rule.adjust(**changes)
