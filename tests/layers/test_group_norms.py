"""GroupNorm's mode: it has one in Flux, and does the same in all."""

import numpy as np
import pytest

import pyimpl
from pyimpl import GroupNorm, testmode


def test_a_group_norm_has_a_mode_that_changes_nothing():
    """Flux 0.16.9: `GroupNorm(chs, G; active)`, a field that `testmode!` sets; without running
    statistics its output is that of the sample in every mode.
    """
    x = np.random.default_rng(0).standard_normal((2, 4, 3)).astype(np.float32)
    expected = GroupNorm(4, 2)(x)
    for active in (True, False, None):
        layer = GroupNorm(4, 2, active=active)
        assert layer.active is active
        np.testing.assert_array_equal(layer(x), expected)
        np.testing.assert_array_equal(layer.pullback(x)[0], expected)
    assert testmode(layer).active is False and pyimpl.trainmode(layer).active is True
    with pytest.raises(TypeError, match="GroupNorm expects active as True, False or None"):
        GroupNorm(4, 2, active="auto")
