"""Values of the user's as arrays: what a strategy draws crosses, and nothing crosses as another."""

import datetime
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

from pyimpl.parity.case.arguments import as_plain
from pyimpl.parity.case.case import Case
from pyimpl.parity.case.names import Kind, numbered
from pyimpl.parity.case.values import called, encoded, needs_words
from pyimpl.parity.sides.passing import as_passed

Point = namedtuple("Point", "x y")


@dataclass
class Config:
    rate: float
    steps: list


VALUES = [
    1.5,
    3,
    True,
    2 + 1j,
    "sum",
    None,
    [1, 2],
    [1.0, 2],
    [],
    (1, 2.0, "a"),
    ["a", "b", "a"],
    [[1, 2], [3]],
    {"rate": 0.5, "inner": {"name": "x", "none": None}},
    Config(0.5, [1, 2]),
    Point(1, (2, 3)),
    datetime.date(2024, 2, 29),
    datetime.datetime(1969, 12, 31, 23, 59, 58),
]


def there_and_back(value):
    """What a Python function is given of a value that has become arrays."""
    call = called([value])
    arrays = {numbered(Kind.INPUT, i): array for i, array in enumerate(call, 1)}

    def asked(x):
        return Config, Point  # which it names

    return as_passed(asked, Case("f", as_plain(call.arguments), arrays, "function")).places[0]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_arrives_as_it_was(value):
    back = there_and_back(value)
    assert back == value and type(back) is type(value)


def test_arrays_and_numpys_numbers_keep_their_type():
    back = there_and_back(np.array([[1, 2]], np.int16))
    assert back.dtype == np.int16 and np.array_equal(back, [[1, 2]])
    assert type(there_and_back(np.uint8(200))) is np.uint8


def test_lists_of_one_type_are_one_array():
    assert len(encoded([1, 2, 3])[1]) == 1 and len(encoded([1, 2.0])[1]) == 2
    assert len(encoded(["a", "b"])[1]) == 1


@pytest.mark.parametrize("value", [2**70, object(), {1: 2}, np.array(["a"]), [len]])
def test_what_cannot_cross(value):
    with pytest.raises(TypeError, match=r"Julia"):
        encoded(value)


def test_what_needs_no_words():
    assert not any(map(needs_words, (1, 2.0, np.ones(2), [1, 2])))
    assert all(map(needs_words, ("a", None, {}, Config(1, []), (1, 2))))
