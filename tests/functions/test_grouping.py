"""Equal entries. What is expected: MLUtils.jl 0.4.10, `src/utils.jl`, its examples."""

import numpy as np
import pytest

from pyimpl import group_counts, group_indices


def test_entries_are_counted_and_found():
    assert group_counts("abb") == {"a": 1, "b": 2}
    assert group_indices(["yes", "no", "maybe", "yes"]) == {"yes": [0, 3], "maybe": [2], "no": [1]}
    assert group_counts(np.array([[1, 2], [2, 2]])) == {1: 1, 2: 3}


def test_keys_are_python_s_own_and_nan_is_nan():
    (key, *_), _ = zip(*group_counts(np.array([2, 2])).items(), strict=True)
    assert type(key) is int
    for numbers in (np.array([np.nan, 1.0, np.nan]), [float("nan"), 1.0, np.float64("nan")]):
        assert sorted(group_indices(numbers).values()) == [[0, 2], [1]]


def test_places_are_those_in_a_vector():
    with pytest.raises(ValueError, match=r"a vector, got an array of shape \(1, 2\)"):
        group_indices(np.ones((1, 2)))
