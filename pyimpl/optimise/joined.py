"""Small parameters stepped together: NumPy takes as long for ten numbers as for a thousand, so they
share one flat state.

Only for rules that treat every entry by itself. The leaves of a group look like any others: their
`state` is a view of the group's. The first time one of them is treated differently (frozen,
adjusted alone, without a gradient) all of them part for good.
"""

from typing import Any

import numpy as np

from .rules import Rule

SMALL = 4096  # entries; larger arrays gain nothing from being joined


class Leaf:
    """The rule of one parameter, the rule's state, and whether the parameter is frozen."""

    __slots__ = ("_state", "frozen", "group", "rule")

    def __init__(self, rule: Rule, x: np.ndarray):
        self.rule, self.frozen = rule, False
        self.group: Group | None = None
        self._state = rule.init(x)

    @property
    def state(self) -> Any:
        """What the rule remembers of this parameter."""
        return self._state if self.group is None else self.group.state_of(self)

    def step(self, x: np.ndarray, g: np.ndarray) -> None:
        """x minus what the rule makes of its gradient g, in place."""
        self._state, dx = self.rule.apply(self._state, x, g)
        if dx is not None:
            x -= dx

    def part(self) -> None:
        """Leave the group, and with it all others of the group."""
        if self.group is not None:
            self.group.dissolve()

    def keep(self, state) -> None:
        """Go on alone from `state`."""
        self.group, self._state = None, state

    def __repr__(self):
        return f"Leaf({self.rule!r}, {self.state!r}{', frozen' if self.frozen else ''})"


class Group:
    """Leaves of one rule and one dtype that have always been stepped together."""

    def __init__(self, rule: Rule, parameters: dict[Leaf, np.ndarray]):
        self.rule = rule
        self.places: dict[Leaf, tuple[int, int, tuple[int, ...]]] = {}
        end = 0
        for leaf, x in parameters.items():
            self.places[leaf] = (end, end := end + x.size, x.shape)
            leaf.group = self
        self._state = rule.init(np.concatenate([x.ravel() for x in parameters.values()]))

    def state_of(self, leaf: Leaf) -> Any:
        """The part of the common state that is this leaf's."""
        start, end, shape = self.places[leaf]

        def part(state):
            if isinstance(state, tuple):
                return tuple(part(item) for item in state)
            return state[start:end].reshape(shape) if isinstance(state, np.ndarray) else state

        return part(self._state)

    def dissolve(self) -> None:
        """Every leaf goes on alone, from a copy of its part."""
        for leaf in self.places:
            leaf.keep(_copied(self.state_of(leaf)))

    def step(self, steps: dict[Leaf, tuple[np.ndarray, np.ndarray]]) -> None:
        """One step for all."""
        xs, gs = zip(*(steps[leaf] for leaf in self.places), strict=True)
        x, g = (np.concatenate([array.ravel() for array in arrays]) for arrays in (xs, gs))
        self._state, dx = self.rule.apply(self._state, x, g)
        if dx is not None:
            for x, (start, end, shape) in zip(xs, self.places.values(), strict=True):
                x -= dx[start:end].reshape(shape)


def _copied(state):
    if isinstance(state, tuple):
        return tuple(_copied(item) for item in state)
    return state.copy() if isinstance(state, np.ndarray) else state


def join(rule: Rule, parameters: dict[Leaf, np.ndarray]) -> None:
    """Put the small parameters of every dtype into a group, if the rule allows it."""
    if not rule.elementwise:
        return
    for dtype in {x.dtype for x in parameters.values()}:
        small = {leaf: x for leaf, x in parameters.items() if x.dtype == dtype and x.size <= SMALL}
        if len(small) > 1:
            Group(rule, small)
