"""The walk that applies a rule to a model: `setup`, `update`, `freeze`, `thaw`, `adjust`. It knows
no rule.

Parameters are changed in place. An array that occurs twice in the model, be it as its transpose,
is one parameter: it has one state, and the gradients of its occurrences are summed. Where the
gradient is None the rule is not applied at all: no decay, no momentum. Source: Optimisers.jl 0.4.8,
`src/interface.jl`, `src/adjust.jl`.
"""

from collections.abc import Iterator
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..core.ties import Shared, carried, overlap
from ..core.tree import Branches, is_trainable, leaves, parts, trainable_parts
from .joined import Leaf, join
from .rules import Rule

__all__ = ["adjust", "freeze", "setup", "thaw", "update"]

LARGE = 31 * 2**20  # just below what glibc still learns from; no page of it is ever touched


def setup(rule: Rule, model):
    """The optimiser's state for every trainable array of `model`, as a tree with the model's field
    names, and a dict's keys. Flux: `setup`.

    Raises ValueError for arrays that cannot be written to or overlap in part, TypeError for what is
    no rule.
    """
    if not isinstance(rule, Rule):
        raise TypeError(f"setup expects a rule such as Adam() and a model, got {rule!r}")
    # Linux's C library hands the memory of every step back to the system, and fetches it anew,
    # until a program has freed a large block.
    np.empty(LARGE, np.uint8)
    shared = Shared(lambda array: Leaf(rule, array))

    def grow(node):
        if is_trainable(node):
            return shared(node)[0]
        if isinstance(node, tuple | list):
            return tuple(grow(child) for child in node)
        grown = {key: grow(child) for key, child in trainable_parts(node)}
        grown = {key: part for key, part in grown.items() if part is not None}
        if not grown:
            return None
        return Branches(grown) if isinstance(node, dict) else SimpleNamespace(**grown)

    _expect_mutable(model, [array for _, array in leaves(model, "model") if is_trainable(array)])
    state = grow(model)
    join(rule, {shared(array)[0]: array for array in shared.arrays()})
    return state


def _expect_mutable(model, arrays) -> None:
    """Each can be changed in place without changing half of another."""

    def path_of(array):
        return next(path for path, leaf in leaves(model, "model") if leaf is array)

    for array in arrays:
        if not array.flags.writeable:
            raise ValueError(f"{path_of(array)} expects to be changed in place, got it read-only")
    firsts = Shared(lambda array: None)
    for array in arrays:
        firsts(array)
    for one, other in combinations(firsts.arrays(), 2):
        if overlap(one, other):
            raise ValueError(
                f"setup expects arrays that are apart or the same, got {path_of(one)} and "
                f"{path_of(other)}, which share a part of their memory"
            )


def update(opt_state, model, gradient):
    """One step: every trainable array of `model` minus what its rule makes of its gradient, in
    place. Flux: `update!`.

    `gradient` has the structure of the model, as `back` gives it; that of a dict may be a dict.
    Nothing is changed unless everything fits: raises ValueError with the path of the first part
    that does not.
    """
    if isinstance(gradient, tuple) and not isinstance(model, tuple | list):
        raise ValueError(
            "update expects the gradient of the model, got a tuple: take withgradient(...)[1][0]"
        )
    steps: dict[Leaf, tuple[np.ndarray, np.ndarray]] = {}
    _collect(opt_state, model, gradient, steps)
    for group in {leaf.group for leaf in steps if leaf.group is not None}:
        if group.places.keys() <= steps.keys():
            group.step(steps)
        else:
            group.dissolve()
    for leaf, (x, g) in steps.items():
        if leaf.group is None:
            leaf.step(x, g)
    return opt_state, model


Place = tuple[Any, ...]  # of a part of the model: that of the whole, and its key there


def _path(place: Place) -> str:
    """The path of a part, written as in `trainables`."""
    if not place:
        return "model"
    whole, key = place
    return f"{_path(whole)}.{key}"


def _collect(state, node, gradient, steps, place: Place = ()) -> None:
    """Walk state, model and gradient side by side; the state has the fewest branches, and leads."""
    if state is None or gradient is None:
        return
    if type(state) is Leaf:
        g = gradient
        if type(g) is not np.ndarray or g.dtype.kind != "f" or g.shape != node.shape:
            g = _entries(gradient, node, place)
        if not state.frozen:
            if state not in steps:
                steps[state] = node, g
            else:  # one parameter in two places, perhaps as its transpose
                x, before = steps[state]
                steps[state] = x, before + carried(g, node, x)
    elif type(state) is tuple and isinstance(gradient, tuple | list):
        if len(gradient) != len(state):
            raise ValueError(f"{_path(place)} has {len(state)} parts, its gradient {len(gradient)}")
        for i, part in enumerate(state):
            _collect(part, node[i], gradient[i], steps, (place, i))
    elif isinstance(state, dict | SimpleNamespace) and isinstance(gradient, dict | SimpleNamespace):
        given = gradient if isinstance(gradient, dict) else vars(gradient)
        for key, part in parts(state):
            child = node[key] if isinstance(node, dict) else getattr(node, key)
            _collect(part, child, given.get(key), steps, (place, key))
    elif isinstance(state, tuple | dict | SimpleNamespace):
        raise ValueError(
            f"{_path(place)} expects a gradient for its parts, got {type(gradient).__name__}"
        )
    else:
        raise ValueError(f"update expects the state that setup made, got {state!r}")


def _entries(gradient, x: np.ndarray, place: Place) -> np.ndarray:
    """The gradient of the parameter x as an array of its shape."""
    g = np.asarray(gradient)
    if g.dtype.kind not in "biufc" or (g.dtype.kind == "c" and x.dtype.kind != "c"):
        raise ValueError(f"{_path(place)} holds {x.dtype}, its gradient {g.dtype}")
    if g.shape != x.shape:
        raise ValueError(f"{_path(place)} has shape {x.shape}, its gradient {g.shape}")
    return g


def leaves_of(who: str, opt_state) -> Iterator[Leaf]:
    """Every Leaf of an optimiser state, or of a part of it. Raises ValueError for anything else,
    such as the model.
    """
    if isinstance(opt_state, Leaf):
        yield opt_state
    elif isinstance(opt_state, tuple | dict | SimpleNamespace):
        for _, child in parts(opt_state):
            yield from leaves_of(who, child)
    elif opt_state is not None:  # a part without parameters
        raise ValueError(
            f"{who} expects the state that setup made, or a part of it, got "
            f"{type(opt_state).__name__}"
        )


def freeze(opt_state) -> None:
    """Stop updating what belongs to this part of the state, e.g. `freeze(state.layers[0])`. Raises
    ValueError for a model. Flux: `freeze!`.
    """
    for leaf in list(leaves_of("freeze", opt_state)):
        leaf.part()
        leaf.frozen = True


def thaw(opt_state) -> None:
    """Undo `freeze`. Flux: `thaw!`."""
    for leaf in list(leaves_of("thaw", opt_state)):
        leaf.frozen = False


def adjust(opt_state, eta: float | None = None, **changes) -> None:
    """Change the learning rate or other hyper-parameters and keep the state. Flux: `adjust!`.

    A hyper-parameter that a rule does not have is left out in silence, as in Flux. Raises
    ValueError for a model, and for nothing to change.
    """
    if eta is not None:
        changes["eta"] = eta
    if not changes:
        raise ValueError("adjust expects a learning rate or other hyper-parameters, got none")
    adjusted = set(leaves_of("adjust", opt_state))
    for leaf in adjusted:
        leaf.rule = leaf.rule.adjust(**changes)
    for group in {leaf.group for leaf in adjusted if leaf.group is not None}:
        if group.places.keys() <= adjusted:
            group.rule = group.rule.adjust(**changes)
        else:
            group.dissolve()
