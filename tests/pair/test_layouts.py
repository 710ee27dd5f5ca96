"""Where arrays may lie the other way round, every layout is tried."""

import numpy as np
from pretended import functions_by_expression

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.crosschecking import conclude
from pyimpl.parity.pair.checking import check_pair
from pyimpl.parity.pair.held_against import Taped
from pyimpl.parity.pair.layouts import ambiguous
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.report.story import story


class Crossing:
    """A session whose side is given arrays as the layout has them cross: those that keep their
    indices as they are, the others with their axes reversed, as Julia would index them.
    """

    def __init__(self, function):
        self._session = functions_by_expression({"julia": function})
        self.versions, self.name = self._session.versions, "live"
        self.describe, self.shapes = self._session.describe, self._session.shapes

    def evaluate(self, side, layout, cases):
        from dataclasses import replace

        def across(arrays):
            return {
                name: array.T if layout.lies(name) == "reversed" else array
                for name, array in arrays.items()
            }

        for case in cases:
            sent = replace(case, arrays=across(case.arrays))
            (outcome,) = self._session.evaluate(side, layout, [sent])
            yield replace(outcome, arrays=across(outcome.arrays))


def samples_first(x, W):
    return x @ W.T


def features_first(x, W):
    try:
        return W @ x
    except ValueError as error:
        raise ValueError(f"DimensionMismatch: {error}") from None


def result_of(python, julia, *shapes, **options):
    pair = make_pair(python, "julia", arrays(*shapes), **options)
    reference = Taped(Crossing(julia))
    result = check_pair(pair, reference, count=12)
    conclude(result, reference)
    return result


def test_sizes_that_do_not_go_together_lead_to_the_layout_that_is_meant():
    result = result_of(samples_first, features_first, "batch,4", "3,4")
    assert result.agrees and result.relaid
    assert result.layouts[0] == "x=reversed,y=reversed"
    assert "x=reversed,y=reversed" in story(result)


def test_square_arrays_cannot_tell_and_it_is_said():
    result = result_of(samples_first, features_first, "3,3", "3,3")
    assert result.differs and "x=reversed,y=reversed" in result.layouts
    assert "the sizes cannot tell which is meant" in story(result)
    assert ambiguous(result.smallest.case)


def test_a_layout_that_the_user_has_named_is_kept():
    result = result_of(samples_first, features_first, "batch,4", "3,4", layout="same")
    assert result.differs and result.layouts and not result.relaid


def test_no_layout_makes_up_for_a_difference_in_meaning():
    result = result_of(samples_first, lambda x, W: features_first(x, 2 * W), "batch,4", "3,4")
    assert result.differs and not result.layouts


def test_vectors_have_no_layout():
    result = result_of(np.cumsum, lambda x: np.cumsum(x) + 1, "n")
    assert result.differs and not result.layouts
