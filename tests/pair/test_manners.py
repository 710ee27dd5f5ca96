"""Every manner of differing is told, not the most frequent one only."""

import numpy as np
from pretended import checked

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.judge.verdict import Reason
from pyimpl.parity.pair.manners import manners_of
from pyimpl.parity.report.story import story


def from_the_left(images, mean):
    """Julia's broadcasting: axes are matched from the left."""
    if images.shape[:2] != mean.shape:
        raise ValueError("DimensionMismatch")
    return images - mean[:, :, None]


def test_a_refusal_of_most_does_not_hide_another_value_in_the_rest():
    result = checked(lambda x, m: x - m, from_the_left, arrays("n,h,h", "h,h", sizes=(2, 3)))
    manners = {told.manner.reason for told in manners_of(result.report.findings)}
    assert {Reason.REFUSAL, Reason.VALUE} <= manners
    text = story(result)
    assert "they differ in several ways" in text
    assert "julia raises ValueError" in text and "another value of the output" in text


def test_one_manner_is_not_listed():
    text = story(checked(np.sin, np.cos, arrays("n:small")))
    assert "several ways" not in text


def test_cases_are_counted_once_and_the_smallest_is_named():
    result = checked(np.sin, np.cos, arrays("n:small"))
    (told,) = manners_of(result.report.findings)
    assert told.cases == 50 or told.cases == 51  # with the one that the search has found
    assert told.smallest.case.size == min(f.case.size for f in result.report.findings)
