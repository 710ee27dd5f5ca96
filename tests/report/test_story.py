"""What a difference is told as."""

from pathlib import Path

import numpy as np
from pretended import checked

from pyimpl.parity import arrays
from pyimpl.parity.explain import explain
from pyimpl.parity.report.story import story


def square(x):
    return x * x


def test_an_exception_on_one_side_says_where():
    def fails(x):
        raise KeyError("no such key")

    result = checked(fails, square, arrays("n"))
    assert "python raised «KeyError: 'no such key'" in story(
        result
    ) and f"{Path(__file__).name}:" in story(result)


def test_chance_is_named_and_not_explained():
    rng = np.random.default_rng(0)
    result = checked(lambda x: x * rng.random(), square, arrays("n"))
    assert result.random == ["python"] and not explain(result)
    assert not result.differs and not result.agrees
    text = story(result)
    assert "python gave more than one result for the same inputs" in text
    assert "chance, or what is kept from call to call" in text


def test_state_that_one_side_keeps_from_call_to_call_is_named():
    class Flips:
        sign = 1.0

        def __call__(self, x):
            self.sign = -self.sign
            return self.sign * x

    result = checked(lambda x: -x, Flips(), arrays("n"), calls=2)
    assert result.differs and "julia gives another result at a second call" in story(result)
