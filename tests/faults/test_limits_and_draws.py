"""Limits: none can be passed by arithmetic, and what is allowed can be drawn.

Sizes are counted in Python's integers, which do not overflow; arrays beyond some entries are drawn
from one seed, for Hypothesis draws no more than some thousand numbers.
"""

import time

import numpy as np
import pytest
from faults.trials import crosscheck

from pyimpl.parity import arrays
from pyimpl.parity.case.draws import generated
from pyimpl.parity.case.inputs import MOST_BYTES, as_inputs

TOO_LARGE = [
    "4294967296,4294967296",
    "9223372036854775807,3",
    "18446744073709551616",
    "65536,65536,65536,65536",
    "n," * 60 + "n",
    "1" + "0" * 400,
    "33554433",
]


@pytest.mark.parametrize("shape", TOO_LARGE)
def test_shapes_that_overflow(shape):
    """A shape of 2^64 entries and more, of sixty axes, of a size of 400 digits is refused."""
    with pytest.raises(ValueError, match="more than the"):
        arrays(shape)
    with pytest.raises(ValueError, match="more than the"):
        arrays("2", shape)


def test_shapes_that_overflow_in_the_command(doubled):
    """The same in the command: wrong usage, within seconds, without a gigabyte of memory."""
    for shape in TOO_LARGE[:4]:
        doubled.run(*crosscheck("double.py:double", "x -> 2x", "--shape", shape), code=2)


@pytest.mark.parametrize(
    "shape",
    ["100,100:bool", "8000:int", "10000:natural", "9999:index:7", "200,50:index:1", "70,70,2"],
)
def test_large_arrays_of_every_kind_are_drawn(shape):
    """`100,100:bool`, `8000:int`, thousands of indices: drawn within seconds, each case another."""
    start = time.monotonic()
    cases = generated(arrays(shape).strategy(), 20, "0")
    assert len(cases) == 20 and time.monotonic() - start < 20
    assert all(case[0].size >= 8000 for case in cases)
    if "index:1" not in shape:
        assert len({case[0].tobytes() for case in cases}) > 15
    kind = cases[0][0].dtype.kind
    assert kind == ("b" if "bool" in shape else "f" if ":" not in shape else "i")


def test_the_range_of_large_draws_is_that_of_small_ones():
    """Large arrays of whole numbers have the ends of their range, as small ones do."""
    for kind, low, high in (("int", -8, 8), ("natural", 0, 16), ("index:5", 0, 4)):
        (case,) = generated(arrays(f"9000:{kind}").strategy(), 1, "0", with_simplest=True)[:1]
        assert (case[0].min(), case[0].max()) == (low, high) and case[0].dtype == np.int64


@pytest.mark.parametrize(
    "shape", ["-1", "n-1", "1.5", "n;m", "n:", "n:index:0", "n:index:-1", "n:index:", "n::", "5:x"]
)
def test_shapes_that_are_none(shape):
    """A shape of negative or broken sizes, of entries that nobody knows."""
    if shape == "n:":
        assert str(arrays(shape).shapes[0]) == "n"
        return
    with pytest.raises(ValueError, match="shape is written|entries are"):
        arrays(shape)


def test_an_index_beyond_every_integer():
    """`index:N` for an N that no machine integer holds is refused, not wrapped around."""
    for number in (2**63, 2**64, 10**30):
        with pytest.raises(ValueError, match="index:N"):
            arrays(f"3:index:{number}")
    arrays(f"3:index:{2**62}")


def test_given_arrays_beyond_the_limit():
    """Arrays of one's own that are too large, also where no memory is behind them."""
    huge = np.broadcast_to(np.float64(1), (2**20, 2**20))
    with pytest.raises(ValueError, match="more than the"):
        as_inputs(huge)
    assert huge.nbytes > MOST_BYTES


@pytest.mark.parametrize(
    "array",
    [
        np.ma.masked_less(np.arange(3.0), 1),
        np.array(["a"]),
        np.array([None]),
        np.array(["2020-01-01"], "M8[D]"),
        np.zeros(1, [("a", float)]),
    ],
    ids=["masked", "texts", "objects", "dates", "records"],
)
def test_given_arrays_that_would_lose_something(array):
    """A masked array, texts, objects: refused, for what they have besides would be lost."""
    with pytest.raises(ValueError, match="masked|dtype"):
        as_inputs(array)
    with pytest.raises(ValueError, match="masked|dtype"):
        as_inputs([array, np.ones(2)])
    with pytest.raises(ValueError, match="masked|dtype"):
        as_inputs([(array, np.ones(2))])
