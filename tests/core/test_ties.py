"""Which arrays cover the same memory, and where an entry of one is in the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimpl.core.ties import Shared, carried, laid_out_like, memory_of, overlap

BLOCK = np.arange(24.0).reshape(2, 3, 4)
SAME = {
    "itself": BLOCK,
    "transpose": BLOCK.T,
    "axes exchanged": BLOCK.transpose(1, 0, 2),
    "flat": BLOCK.reshape(-1),
    "another shape": BLOCK.reshape(6, 4),
    "backwards": BLOCK[::-1, :, ::-1],
    "an axis more": BLOCK[:, None],
}


@pytest.mark.parametrize("view", SAME.values(), ids=list(SAME))
def test_views_of_everything_are_the_same_memory(view):
    assert memory_of(view) == memory_of(BLOCK)
    np.testing.assert_array_equal(carried(BLOCK, BLOCK, view), view)
    np.testing.assert_array_equal(carried(view, view, BLOCK), BLOCK)


def test_a_part_or_a_copy_is_another_memory():
    for other in (BLOCK.copy(), BLOCK[:1], BLOCK[:, ::2], BLOCK.view(np.int64)):
        assert memory_of(other) != memory_of(BLOCK)
    assert memory_of(BLOCK[:, ::2]) == memory_of(BLOCK[:, ::2].T)
    empty = np.zeros((0, 2))
    assert memory_of(empty) != memory_of(np.zeros((0, 2)))
    assert memory_of(empty) == memory_of(empty)
    assert overlap(BLOCK, BLOCK[:1]) and not overlap(BLOCK[:, ::2], BLOCK[:, 1::2])


@given(st.data())
def test_what_is_carried_comes_back(data):
    """Through any views of one block: axes in any order, some of them backwards."""

    def view():
        order = data.draw(st.permutations(range(3)))
        turns = data.draw(st.tuples(*(st.sampled_from([1, -1]) for _ in range(3))))
        return BLOCK.transpose(order)[tuple(slice(None, None, step) for step in turns)]

    one, other = view(), view()
    np.testing.assert_array_equal(carried(one, one, other), other)
    np.testing.assert_array_equal(carried(carried(one, one, other), other, one), one)
    laid = laid_out_like(one.copy(), one)
    np.testing.assert_array_equal(laid, one)
    assert np.shares_memory(carried(laid, one, other), laid)


def test_one_thing_for_every_memory():
    made = Shared(lambda array: array.shape)
    assert made(BLOCK) == (BLOCK.shape, BLOCK)
    shape, first = made(BLOCK.T)
    assert shape == BLOCK.shape and first is BLOCK
    assert BLOCK.T in made and BLOCK[:1] not in made and len(made.arrays()) == 1
