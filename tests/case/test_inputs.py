"""Inputs of a user's pair: shapes as text, drawn sizes and kinds, own arrays and strategies."""

import numpy as np
import pytest
from hypothesis.extra import numpy as arrays_of
from hypothesis.strategies import floats
from pretended import checked

from pyimpl.parity import arrays
from pyimpl.parity.case.inputs import Shape, as_inputs
from pyimpl.parity.sides.frameworks import side_of


def square(x):
    return x * x


def test_named_sizes_are_shared_and_kinds_are_kept():
    seen = []

    def product(a, b, n):
        seen.append((a.shape, b.shape, type(n)))
        assert (b > 0).all()
        return a @ b

    result = checked(product, product, arrays("m,k", "k,n:positive", ":int"))
    assert result.agrees
    assert all(a[1] == b[0] and kind is int for a, b, kind in seen)
    assert len({a for a, _, _ in seen}) > 5


def test_own_arrays_and_own_strategies():
    assert checked(square, square, [(np.ones(3),), (np.zeros((2, 2)),)]).report.cases == 2
    assert checked(np.add, np.add, [np.ones(3), np.ones(3)]).report.cases == 1
    own = arrays_of.arrays(np.float64, (3,), elements=floats(0, 1, width=32))
    assert not checked(square, lambda x: x, own).agrees


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch,x y", "sizes and names of sizes"),
        ("2:odd", "entries are real"),
        ("-1", "sizes and names"),
        ("3:index:0", "index:N"),
    ],
)
def test_shapes_that_cannot_be_read(text, message):
    with pytest.raises(ValueError, match=message):
        Shape.parsed(text)


def test_what_is_no_input_or_too_much_of_it():
    with pytest.raises(TypeError, match="inputs must be arrays"):
        as_inputs("batch,5")
    with pytest.raises(ValueError, match="GB"):
        arrays("20000,20000")
    with pytest.raises(ValueError, match=r"2.1 GB.*give smaller arrays"):
        as_inputs(np.broadcast_to(np.float64(0), (2**28,)))
    with pytest.raises(ValueError, match="expected real or complex numbers"):
        as_inputs([np.array(["a"])])
    with pytest.raises(TypeError, match="must be a function, a layer or a module"):
        side_of(3)
