"""What a place without arrays of its own computes: a join of branches, an activation, a function
without a name. Its formula is looked for among those that people write there, by what goes in and
comes out: `relu(a) + relu(b)` where the other side has `relu(a + b)`.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...functions.activations import ACTIVATIONS

Formula = tuple[str, Any]  # as it is written, with {0}, {1} for what goes in; as a function

JOINS: tuple[Formula, ...] = (
    ("{0} + {1}", np.add),
    ("{0} - {1}", np.subtract),
    ("{1} - {0}", lambda a, b: b - a),
    ("{0} * {1}", np.multiply),
    ("max({0}, {1})", np.maximum),
    ("min({0}, {1})", np.minimum),
    ("({0} + {1}) / 2", lambda a, b: (a + b) / 2),
)
# Tried in a join; one alone may be any.
COMMON = ("identity", "relu", "tanh", "sigmoid", "gelu_tanh", "gelu_erf", "swish")
MOST = 3  # that go in
ENOUGH = 1e-9  # relative to the largest entry


def _written(act: str, inner: str) -> str:
    return inner if act == "identity" else f"{act}({inner})"


def _activated(act: str, *xs: np.ndarray) -> np.ndarray:
    return ACTIVATIONS[act].value(xs[0])


def _of_one() -> Iterator[Formula]:
    for act in ACTIVATIONS:
        if not act.endswith("_fast"):
            yield _written(act, "{0}"), partial(_activated, act)


def _of_two() -> Iterator[Formula]:
    for words, join in JOINS:
        for act in COMMON:
            inner = words if act == "identity" else f"{act}({words})"
            yield inner, partial(_joined, join, act, ("identity", "identity"))
        for first in COMMON:
            for second in COMMON:
                if first != "identity" or second != "identity":
                    parts = _written(first, "{0}"), _written(second, "{1}")
                    yield words.format(*parts), partial(_joined, join, "identity", (first, second))
    for axis in (-1, 0, 1):
        yield f"cat({{0}}, {{1}}) along axis {axis}", partial(_beside, axis)
        yield f"cat({{1}}, {{0}}) along axis {axis}", partial(_beside, axis, turned=True)


def _joined(join, act: str, parts: tuple[str, str], a: np.ndarray, b: np.ndarray) -> np.ndarray:
    first, second = (ACTIVATIONS[part].value(x) for part, x in zip(parts, (a, b), strict=True))
    return ACTIVATIONS[act].value(join(first, second))


def _beside(axis: int, a: np.ndarray, b: np.ndarray, turned: bool = False) -> np.ndarray:
    return np.concatenate((b, a) if turned else (a, b), axis)


def _of_three() -> Iterator[Formula]:
    for act in COMMON:
        for kept in ((0, 1, 2), (0, 1), (0, 2), (1, 2)):
            words = " + ".join(f"{{{i}}}" for i in kept)
            yield (
                words if act == "identity" else f"{act}({words})",
                partial(_summed, act, kept),
            )


def _summed(act: str, kept: Sequence[int], *xs: np.ndarray) -> np.ndarray:
    return ACTIVATIONS[act].value(sum(xs[i] for i in kept[1:]) + xs[kept[0]])


def _formulas(count: int) -> Iterator[Formula]:
    """Those of so many arrays: of one of them, too, where the rest is left out."""
    if count == 1:
        yield from _of_one()
    if count == 2:
        yield from _of_two()
    if count == 3:
        yield from _of_three()
    if count > 1:
        for i in range(count):
            for act in COMMON:
                yield _written(act, f"{{{i}}}"), partial(_one_of, act, i)


def _one_of(act: str, i: int, *xs: np.ndarray) -> np.ndarray:
    return ACTIVATIONS[act].value(xs[i])


def formula_of(
    runs: Sequence[tuple[Sequence[np.ndarray], np.ndarray]], names: Sequence[str]
) -> str:
    """The first known formula that gives every output of what went in, with these names; empty
    where there is none.

    >>> a, b = np.array([1.0, -2.0]), np.array([-3.0, 0.5])
    >>> formula_of([((a, b), np.maximum(a, 0) + np.maximum(b, 0))], ["main", "shortcut"])
    'relu(main) + relu(shortcut)'
    """
    count = len(runs[0][0]) if runs else 0
    if not 1 <= count <= MOST:
        return ""
    for words, function in _formulas(count):
        with np.errstate(all="ignore"):
            if all(_gives(function, xs, y) for xs, y in runs):
                return words.format(*names)
    return ""


def _gives(function, xs: Sequence[np.ndarray], y: np.ndarray) -> bool:
    try:
        found = np.asarray(function(*(np.asarray(x, np.float64) for x in xs)))
    except (ValueError, IndexError):  # shapes that do not go together
        return False
    scale = float(np.abs(y).max(initial=0))
    return found.shape == y.shape and bool(np.all(np.abs(found - y) <= ENOUGH * max(1e-300, scale)))
