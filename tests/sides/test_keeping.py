"""Globals that a call changes are named; what is only used is not."""

import numpy as np

from pyimpl.parity.sides.keeping import changed_globals

KERNEL = np.array([1.0, 2.0])
SEEN: list[float] = []
SCALE = 2.0
IN_USE = {"scale": np.ones(2)}


def flips(x):
    KERNEL[:] = KERNEL[::-1].copy()
    SEEN.append(float(x))
    return SCALE * x * IN_USE["scale"]


def test_changed_globals_are_named_and_others_are_not():
    assert sorted(changed_globals(flips, lambda: flips(1.0))) == ["KERNEL", "SEEN"]
    assert changed_globals(flips, lambda: None) == []
    assert changed_globals(len, lambda: None) == []
