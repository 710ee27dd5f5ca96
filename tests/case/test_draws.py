"""Draws: coarse numbers, the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimpl.parity.case.draws import (
    ELEMENTS,
    GRID,
    drawn_fill,
    generated,
    seeded_fill,
    smallest,
)


@pytest.mark.parametrize("kind", ELEMENTS)
@given(data=st.data())
def test_entries_are_multiples_of_the_grid_within_their_bounds(kind, data):
    low, high = ELEMENTS[kind]
    for fill in (drawn_fill(data.draw, False), seeded_fill("a name")):
        array = fill((3, 2), kind)
        assert array.shape == (3, 2) and array.dtype == np.float64
        np.testing.assert_array_equal(array * GRID, np.round(array * GRID))
        assert (low / GRID <= array).all() and (array <= high / GRID).all()
        np.testing.assert_array_equal(array.astype(np.float32), array)


@given(data=st.data())
def test_exact_draws_are_quarters_and_indices_are_whole(data):
    array = drawn_fill(data.draw, True)((70,), "real")
    np.testing.assert_array_equal(array * 4, np.round(array * 4))
    assert np.abs(array).max() <= 4
    for fill in (drawn_fill(data.draw, False), seeded_fill("a name")):
        indices = fill((5,), "index:3")
        assert indices.dtype == np.int64 and set(indices) <= {0, 1, 2}
    assert drawn_fill(data.draw, False)((), "real").shape == ()


def test_a_fill_depends_on_the_name_alone():
    one, again, other = (seeded_fill(name)((9,), "real") for name in ("a", "a", "b"))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    many = seeded_fill("a")((64,), "real")
    assert (many * 4 != np.round(many * 4)).any()  # on the fine grid, not that of exact cases


def test_the_same_seed_gives_the_same_cases_and_another_seed_others():
    strategy = st.tuples(st.integers(0, 10**9), st.integers(0, 10**9))
    one, again, other = (generated(strategy, 8, start) for start in ("1", "1", "2"))
    assert one == again != other and 1 < len(one) <= 8 and one[0] == (0, 0)
    assert (0, 0) not in generated(strategy, 8, "1", with_simplest=False)


def test_the_smallest_value():
    assert smallest(st.integers(3, 9)) == 3
