"""A generator that gives out numbers of the case, whichever distribution is asked for."""

import numpy as np
import pytest

from pyimpl.parity.sides.handed_numbers import HandedNumbers

EVEN = np.array([0.1, 0.9, 0.5, 0.3, 0.7, 0.2])
NORMAL = np.array([-1.0, 1.5, 0.0, -0.5, 0.25, -2.0])


@pytest.fixture
def rng():
    return HandedNumbers(np.array([EVEN, NORMAL]))


def test_numbers_come_in_order_from_the_row_of_their_distribution(rng):
    assert isinstance(rng, np.random.Generator)
    assert (rng.random(), rng.standard_normal(), rng.random()) == (0.1, 1.5, 0.5)
    assert np.array_equal(rng.normal(1, 2, size=(1, 2)), [[1 + 2 * -0.5, 1 + 2 * 0.25]])


def test_arrays_are_filled_row_by_row(rng):
    assert np.array_equal(rng.random((2, 3)), EVEN.reshape(2, 3))


def test_ranges_choices_and_orders(rng):
    assert rng.integers(1, 7) == 1 and rng.integers(10) == 9
    assert rng.integers(1, 6, size=2, endpoint=True).tolist() == [4, 2]
    assert rng.choice([10, 20]) == 20
    assert rng.choice(["a", "b"], 1).tolist() == ["a"]


def test_an_order_is_that_of_as_many_numbers(rng):
    assert rng.permutation(3).tolist() == [0, 2, 1]
    listed = ["a", "b", "c"]
    rng.shuffle(listed)
    assert listed == ["c", "a", "b"]


def test_bounds_broadcast_and_arrays_are_filled_in_place(rng):
    assert rng.uniform(np.array([0, 10]), np.array([1, 20])).tolist() == [0.1, 19.0]
    there = np.zeros(2)
    rng.random(out=there)
    assert there.tolist() == [0.5, 0.3]
    assert rng.standard_normal(1, np.float32).dtype == np.float32


def test_what_it_has_not_is_said(rng):
    with pytest.raises(ValueError, match="random:14"):
        rng.random(7)
    with pytest.raises(ValueError, match="probabilities"):
        rng.choice(2, p=[0.5, 0.5])
