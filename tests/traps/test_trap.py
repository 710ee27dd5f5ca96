"""What an entry of the table consists of."""

import numpy as np
import pytest

from pyimpl.parity.traps.trap import Trap, Way, constant, no_ways, times


def test_a_way_without_a_way_back_says_so():
    way = Way("{0} rounded", np.round, None)
    assert way.forth(np.array(0.4)) == 0
    with pytest.raises(ValueError, match="rounded cannot be undone"):
        way.undone(np.array(0.0))


def test_a_factor_keeps_the_type_of_floating_point_numbers():
    assert times(0.5)(np.ones(2, np.float32)).dtype == np.float32
    assert times(0.5)(np.array([3])).tolist() == [1.5]
    words = {way.words: float(way.forth(np.array(6.0))) for way in constant("two", 2.0)}
    assert words == {"{0} times two": 12, "{0} divided by two": 3}
    assert [way.words for way in constant("-1", -1.0)] == ["{0} times -1"]


def test_an_entry_without_ways_has_none():
    trap = Trap("a name", "a sentence")
    assert not list(trap.inputs(np.ones(2))) and not list(trap.settings("eps", 1e-5))
    assert not trap.patterns and not trap.steps and list(no_ways()) == []
