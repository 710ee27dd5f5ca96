"""Data in which every class has as many observations. Source: MLUtils.jl `src/resample.jl`.

The classes are labels, one for each observation; of a tuple they are the last part, unless they are
given. The result is the data and the classes.
"""

import numpy as np

from ..functions.grouping import group_indices
from .observations import numobs, obsview

__all__ = ["oversample", "undersample"]


def oversample(data, classes=None, fraction: float = 1, shuffle: bool = True, rng=None) -> tuple:
    """All observations, and those of rare classes again, until each class has at least `fraction`
    times as many as the largest. MLUtils: `oversample`.

    Without `shuffle` what is repeated comes at the end, class by class; with it which observations
    are repeated, and the order of all, are drawn from `rng`.
    """
    if classes is None:
        return _of_tuple(oversample, data, fraction=fraction, shuffle=shuffle, rng=rng)
    rng = np.random.default_rng() if rng is None else rng
    groups = _groups("oversample", data, classes)
    wanted = round(fraction * max(map(len, groups.values())))
    places = list(range(numobs(data)))
    for own in groups.values():
        missing = wanted - len(own)
        while missing > len(own):
            missing -= len(own)
            places += own
        if missing > 0:
            chosen = rng.choice(len(own), missing, replace=False) if shuffle else range(missing)
            places += [own[i] for i in chosen]
    return _balanced(data, classes, rng.permutation(places).tolist() if shuffle else places)


def undersample(data, classes=None, shuffle: bool = True, rng=None) -> tuple:
    """As many observations of each class as the smallest one has. MLUtils: `undersample`.

    Without `shuffle` the first of each class, in the order that they had; with it those that are
    kept, and their order, are drawn from `rng`.
    """
    if classes is None:
        return _of_tuple(undersample, data, shuffle=shuffle, rng=rng)
    rng = np.random.default_rng() if rng is None else rng
    groups = _groups("undersample", data, classes)
    kept = min(map(len, groups.values()))
    places: list[int] = []
    for own in groups.values():
        chosen = rng.choice(len(own), kept, replace=False) if shuffle else range(kept)
        places += [own[i] for i in chosen]
    return _balanced(data, classes, rng.permutation(places).tolist() if shuffle else sorted(places))


def _groups(who: str, data, classes) -> dict:
    if numobs(data) != len(classes) or len(classes) == 0:
        raise ValueError(
            f"{who} expects a class for each of {numobs(data)} observations, at least one, got "
            f"{len(classes)}"
        )
    return group_indices(classes)


def _balanced(data, classes, places: list[int]) -> tuple:
    if not isinstance(classes, np.ndarray):
        classes = list(classes)
    return obsview(data, places), obsview(classes, places)


def _of_tuple(balance, data, **options) -> tuple:
    """The same of a tuple whose last part are the classes."""
    if not isinstance(data, tuple) or len(data) < 2:
        raise ValueError(
            f"{balance.__name__} expects classes, or data in a tuple with the classes behind it, "
            f"got {type(data).__name__}"
        )
    parts, classes = balance(data[:-1], data[-1], **options)
    return *parts, classes
