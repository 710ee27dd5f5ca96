"""The walk that applies a rule to a model: `setup`, `update`, `freeze`, `thaw`, `adjust`. It knows
no rule.

Parameters are changed in place. An array that occurs twice in the model is one parameter: it has
one state, and the gradients of its occurrences are summed. Where the gradient is None the rule is
not applied at all: no decay, no momentum. Source: Optimisers.jl 0.4, `src/interface.jl`,
`src/adjust.jl`.
"""

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np

from ..core.tree import children, is_trainable, leaves, trainable_children
from .joined import Leaf, join
from .rules import Rule

__all__ = ["adjust", "freeze", "setup", "thaw", "update"]

LARGE = 31 * 2**20  # just below what glibc still learns from; no page of it is ever touched


def setup(rule: Rule, model):
    """The optimiser's state for every trainable array of `model`, as a tree with the model's field
    names. Flux: `setup`.
    """
    # Linux's C library hands the memory of every step back to the system, and fetches it anew,
    # until a program has freed a large block.
    np.empty(LARGE, np.uint8)
    shared: dict[int, Leaf] = {}
    parameters: dict[Leaf, np.ndarray] = {}

    def grow(node):
        if is_trainable(node):
            if id(node) not in shared:
                leaf = shared[id(node)] = Leaf(rule, node)
                parameters[leaf] = node
            return shared[id(node)]
        if isinstance(node, tuple | list):
            return tuple(grow(child) for child in node)
        grown = {name: grow(child) for name, child in trainable_children(node)}
        grown = {name: part for name, part in grown.items() if part is not None}
        return SimpleNamespace(**grown) if grown else None

    state = grow(model)
    join(rule, parameters)
    return state


def update(opt_state, model, gradient):
    """One step: every trainable array of `model` minus what its rule makes of its gradient, in
    place. Flux: `update!`.

    `gradient` has the structure of the model, as `back` gives it. Raises ValueError where its shape
    does not fit a parameter's.
    """
    if isinstance(gradient, tuple) and not isinstance(model, tuple | list):
        raise ValueError(
            "update expects the gradient of the model, got a tuple: take withgradient(...)[1][0]"
        )
    steps: dict[Leaf, tuple[np.ndarray, np.ndarray]] = {}
    _collect(opt_state, model, gradient, steps)
    for x, g in steps.values():
        if g.shape != x.shape:
            path = next(path for path, array in leaves(model, "model") if array is x)
            raise ValueError(f"{path} has shape {x.shape}, its gradient {g.shape}")
    for group in {leaf.group for leaf in steps if leaf.group is not None}:
        if group.places.keys() <= steps.keys():
            group.step(steps)
        else:
            group.dissolve()
    for leaf, (x, g) in steps.items():
        if leaf.group is None:
            leaf.step(x, g)
    return opt_state, model


def _collect(state, node, gradient, steps) -> None:
    """Walk state, model and gradient side by side; the state has the fewest branches, and leads."""
    if state is None or gradient is None:
        return
    if type(state) is Leaf:
        if not state.frozen:
            steps[state] = (node, steps[state][1] + gradient if state in steps else gradient)
    elif type(state) is tuple:
        for part, child, g in zip(state, node, gradient, strict=True):
            _collect(part, child, g, steps)
    else:
        for name, part in vars(state).items():
            child = node[name] if isinstance(node, dict) else getattr(node, name)
            _collect(part, child, getattr(gradient, name, None), steps)


def leaves_of(opt_state) -> Iterator[Leaf]:
    """Every Leaf of an optimiser state, or of a part of it."""
    if isinstance(opt_state, Leaf):
        yield opt_state
    for _, child in children(opt_state):
        yield from leaves_of(child)


def freeze(opt_state) -> None:
    """Stop updating what belongs to this part of the state, e.g.

    `freeze(state.layers[0])`. Flux: `freeze!`.
    """
    for leaf in leaves_of(opt_state):
        leaf.part()
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
    adjusted = set(leaves_of(opt_state))
    for leaf in adjusted:
        leaf.rule = leaf.rule.adjust(**changes)
    for group in {leaf.group for leaf in adjusted if leaf.group is not None}:
        if group.places.keys() <= adjusted:
            group.rule = group.rule.adjust(**changes)
        else:
            group.dissolve()
