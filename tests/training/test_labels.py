"""One-hot labels and back, as OneHotArrays.jl 0.2.10 has them, `src/onehot.jl`."""

import numpy as np
import pytest

from pyimpl import onecold, onehot, onehotbatch

NAN = float("nan")


def test_labels_and_back():
    hot = onehotbatch(["b", "a", "b"], ["a", "b"])
    assert hot.tolist() == [[False, True], [True, False], [False, True]]
    assert onecold(hot, ["a", "b"]).tolist() == ["b", "a", "b"]
    assert onehot(2, [1, 2, 3]).tolist() == [False, True, False]


def hot_at(index, count):
    return [i == index for i in range(count)]


@pytest.mark.parametrize(
    ("label", "classes", "index"),
    [
        (2, [1, 2, 2], 1),  # the first of equals; it gave two hots
        (-0.0, [0.0, -0.0], 1),
        (0.0, [-0.0, 0.0], 1),
        (0, [-0.0, 0.0], 1),
        (NAN, [0.0, NAN], 1),
        (1, [0.0, 1.0], 1),
        (True, [0, 1], 1),
        (1, ["1", 1], 1),
        ("1", [1, "1"], 1),
        ("b", "abc", 1),
        (None, [1, None], 1),
        ((1, 2), [(2, 1), (1, 2)], 1),
        (1j, [1, 1j], 1),
        (np.int64(3), range(1, 4), 2),
        (np.str_("b"), np.array(["a", "b"]), 1),
        (2**53 + 1, [2**53, 2**53 + 1], 1),
    ],
)
def test_a_label_is_the_class_that_it_equals(label, classes, index):
    """Julia: `findfirst(isequal(label), classes)`."""
    expected = hot_at(index, len(classes))
    assert onehot(label, classes).tolist() == expected
    assert onehotbatch([label], classes).tolist() == [expected]


@pytest.mark.parametrize(
    ("label", "classes"),
    [(-0.0, [0.0]), (1, ["1"]), ("1", [1]), (NAN, [0.0]), (b"a", ["a"]), ("", ["a"]), (3, [])],
)
def test_a_label_that_is_no_class_is_refused(label, classes):
    with pytest.raises(ValueError, match="onehot expects labels among"):
        onehot(label, classes)
    with pytest.raises(ValueError, match="onehotbatch expects labels among"):
        onehotbatch([label], classes)


def test_a_default_is_a_class():
    """`onehot(3, [1, 2], 4)` was all zeros. OneHotArrays: "Default value 4 is not in labels"."""
    assert onehot(7, [1, 2], 2).tolist() == [False, True]
    assert onehot(1, [1, 2], 4).tolist() == [True, False]  # not asked for
    with pytest.raises(ValueError, match="onehot expects a default among"):
        onehot(3, [1, 2], 4)
    for labels in ([3], [1]):  # in a batch it is asked for in any case
        with pytest.raises(ValueError, match="onehotbatch expects a default among"):
            onehotbatch(labels, [1, 2], 4)


def test_the_batch_that_the_documentation_prints():
    """`onehotbatch("abracadabra", 'a':'e', 'e')`: a text is its characters."""
    hot = onehotbatch("abracadabra", "abcde", "e")
    assert hot.shape == (11, 5)
    assert "".join(onecold(hot, "abcde")) == "abeacadabea"
    assert onehotbatch(iter([1, 2]), (1, 2)).tolist() == [[True, False], [False, True]]
    assert onehotbatch(np.array([[0, 1], [1, 1]]), range(2)).shape == (2, 2, 2)
    assert onehotbatch([[0, 1], [1, 1]], range(2)).shape == (2, 2, 2)
    assert onehotbatch([], ["a"]).shape == (0, 1)


@pytest.mark.parametrize(
    ("y", "index"),
    [
        ([0.3, 0.2, 0.5], 2),
        ([1, 3, 3], 1),
        ([-0.0, 0.0], 1),  # Julia: `isless(-0.0, 0.0)`
        ([0.0, -0.0, 0.0], 0),
        ([-1.0, -0.0], 1),
        ([False, True], 1),
        ([-np.inf, -np.inf], 0),
    ],
)
def test_the_largest_is_the_first_in_julia_s_order(y, index):
    assert onecold(y) == index
    assert onecold([y, y]).tolist() == [index, index]
    assert onecold(y, "abc"[: len(y)]) == "abc"[index]


def test_a_vector_with_nan_has_no_largest_entry():
    """OneHotArrays: "maximum value found by onecold is NaN"; it was the class of the NaN. In a
    matrix NaN is the largest there, too.
    """
    with pytest.raises(ValueError, match="onecold expects a largest entry, got NaN at 1"):
        onecold([0.3, NAN, 0.5])
    assert onecold([[0.3, NAN, NAN], [0.0, 1.0, 0.5]]).tolist() == [1, 1]


@pytest.mark.parametrize("y", [[0.1, 0.9], [[0.1, 0.9]]])
@pytest.mark.parametrize("classes", [["a"], ["a", "b", "c"]])
def test_another_number_of_classes_is_refused(y, classes):
    """OneHotArrays: "onecold got 3 labels for a vector of length 2, these must agree"."""
    with pytest.raises(ValueError, match="onecold expects as many classes as entries"):
        onecold(y, classes)


def test_nothing_has_no_largest_entry():
    for y in (3.0, np.zeros((2, 0))):
        with pytest.raises(ValueError, match="onecold expects entries along the last axis"):
            onecold(y)


def test_classes_keep_what_they_are():
    assert onecold([0, 1], [(1, 2), (3, 4)]) == (3, 4)
    assert onecold([0, 1], ["a", 1]) == 1
    assert onecold([[0, 1]], [None, True]).tolist() == [True]
