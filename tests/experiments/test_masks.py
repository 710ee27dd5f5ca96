"""Dropout's random numbers, one bit each."""

import numpy as np

from pyimpl.parity.experiments.masks import Masks, draw_masks


def test_masks_come_back_bit_by_bit_in_order():
    drawn = draw_masks(np.random.default_rng(0), 0.25, 3, 10)
    assert drawn.shape == (3, 2) and drawn.dtype == np.uint8
    rng, masks = np.random.default_rng(0), Masks(drawn)
    for _ in range(3):
        expected = rng.random(10) > 0.25
        given = masks.random((2, 5), np.float32)
        assert given.dtype == np.float32
        np.testing.assert_array_equal(given.ravel(), expected)
    many = draw_masks(np.random.default_rng(1), 0.25, 1, 40_000)
    assert abs(Masks(many).random((40_000,)).mean() - 0.75) < 0.01
