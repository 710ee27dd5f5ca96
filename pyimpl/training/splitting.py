"""Data cut into parts: once, or into folds. Source: MLUtils.jl `src/splitobs.jl`, `src/folds.jl`.

Instead of data a number of observations may be given; then the parts are indices, counted from 0.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.expect import is_size
from ..functions.grouping import group_indices
from .observations import numobs, obsview

__all__ = ["kfolds", "leavepout", "splitobs"]

Indices = range | list[int]


def splitobs(data, at, shuffle: bool = False, stratified=None, rng=None) -> tuple:
    """The observations in two or more parts. MLUtils: `splitobs`.

    `at` is what the first part gets: an integer is a number of observations, a float a share of
    them; a tuple says so of all parts but the last, which gets what is left. With `shuffle` in
    random order, drawn from `rng`. `stratified` are labels, one for each observation: every part
    gets its share of the observations of each.

    >>> splitobs(100, at=(0.1, 0.4))
    (range(0, 10), range(10, 50), range(50, 100))
    """
    n = data if is_size(data) else numobs(data)
    shares = _shares(n, at)
    if is_size(data) and not shuffle and stratified is None:
        return tuple(_split(n, shares))
    order: Any = range(n)
    if shuffle:
        order = (np.random.default_rng() if rng is None else rng).permutation(n).tolist()
    if stratified is None:
        parts: list[Indices] = _split(n, shares)
    else:
        parts = [[] for _ in range(len(shares) + 1)]
        for places in _groups("splitobs", stratified, order, n).values():
            for part, some in zip(parts, _split(len(places), shares), strict=True):
                part.extend(places[i] for i in some)  # type: ignore[union-attr]
    chosen = [part if isinstance(order, range) else [order[i] for i in part] for part in parts]
    return tuple(part if is_size(data) else obsview(data, part) for part in chosen)


def _shares(n: int, at) -> tuple[float, ...]:
    """`at` as shares of all observations."""
    given = at if isinstance(at, tuple | list) else (at,)
    if all(map(is_size, given)):
        return tuple(count / n for count in given)
    if not all(isinstance(share, float | np.floating) for share in given):
        raise ValueError(f"splitobs expects at in integers or in floats, got {at!r}")
    return tuple(map(float, given))


def _split(n: int, shares: tuple[float, ...]) -> list[Indices]:
    """Consecutive ranges of n indices."""
    parts: list[Indices] = []
    start, left = 0, shares
    while left:
        room, (share, *rest) = n - start, left
        if not 0 <= share <= 1:
            raise ValueError(
                f"splitobs expects shares from 0 to 1 that add up to no more, got {shares}"
            )
        size = round(room * share)  # half to even, as in Julia
        parts.append(range(start, start + size))
        # The rest are shares of what is left, computed as MLUtils does.
        left = tuple(s * room / (room - size) if room > size else np.nan for s in rest)
        start += size
    return [*parts, range(start, n)]


def _groups(who: str, labels, order, n: int) -> dict[Any, list[int]]:
    """Label -> its observations, counted in an order."""
    labels = list(labels)
    if len(labels) != n:
        raise ValueError(f"{who} expects a label for each of {n} observations, got {len(labels)}")
    return group_indices([labels[i] for i in order])


def kfolds(data, k: int = 5, shuffle: bool = False, stratified=None, rng=None):
    """(training, validation) for each of k folds, an iterator; every observation is in one
    validation set. MLUtils: `kfolds`.

    The first folds have one observation more if k does not divide their number. `shuffle` and
    `stratified` as in `splitobs`. Of a number of observations: the indices for training and those
    for validation, a list for each fold. Raises ValueError unless 2 <= k <= n.

    >>> kfolds(5, 2)
    ([[3, 4], [0, 1, 2]], [range(0, 3), range(3, 5)])
    """
    if is_size(data):
        return _folds("kfolds", data, k)
    n = numobs(data)
    order: Any = range(n)
    if shuffle:
        order = (np.random.default_rng() if rng is None else rng).permutation(n).tolist()
    if stratified is None:
        training, validation = _folds("kfolds", n, k)
    else:
        training, validation = _stratified(_groups("kfolds", stratified, order, n), k, n)
    pairs = zip(training, validation, strict=True)
    return _views(data, ([_chosen(order, part) for part in pair] for pair in pairs))


def _chosen(order, part: Indices) -> Indices:
    return part if isinstance(order, range) else [order[i] for i in part]


def _views(data, pairs) -> Iterator[tuple]:
    return ((obsview(data, training), obsview(data, validation)) for training, validation in pairs)


def _folds(who: str, n: int, k: int) -> tuple[list[Indices], list[Indices]]:
    if not is_size(k) or not 2 <= k <= n:
        raise ValueError(f"{who} expects from 2 to {max(2, n)} folds of {n} observations, got {k}")
    sizes = [n // k + (i < n % k) for i in range(k)]
    ends = np.cumsum(sizes).tolist()
    validation: list[Indices] = [range(e - s, e) for s, e in zip(sizes, ends, strict=True)]
    training: list[Indices] = [[*range(v[0]), *range(v[-1] + 1, n)] for v in validation]
    return training, validation


def _stratified(groups: dict, k: int, n: int) -> tuple[list[Indices], list[Indices]]:
    """Folds of every group by itself, put together."""
    validation: list[list[int]] = [[] for _ in range(k)]
    for places in groups.values():
        for fold, some in zip(validation, _folds("kfolds", len(places), k)[1], strict=True):
            fold.extend(places[i] for i in some)
    training = [sorted(set(range(n)) - set(fold)) for fold in validation]
    return list(training), [sorted(fold) for fold in validation]


def leavepout(data, p: int = 1):
    """`kfolds` with so many folds that a validation set has p observations, or p + 1. Raises
    ValueError unless 1 <= p <= n / 2. MLUtils: `leavepout`.
    """
    n = data if is_size(data) else numobs(data)
    if not is_size(p) or not 1 <= p <= n // 2:
        raise ValueError(f"leavepout expects p from 1 to {n // 2} of {n} observations, got {p}")
    return kfolds(data, n // p)
