"""Explanations in words: the likeliest first, each with what speaks for it."""

from pyimpl.parity.explain import Explanation
from pyimpl.parity.report.explained import TOLD, explanation_lines


def test_what_is_not_sure_is_told_as_possible_and_not_all_are_told():
    sure = Explanation("a cause", "here", "this instead of that", "all agree", True)
    doubtful = Explanation("another", "there", "that", "some agree", False)
    lines = explanation_lines([sure, *[doubtful] * 5])
    assert lines[:3] == [
        "    a cause",
        "        at here: this instead of that",
        "        all agree",
    ]
    assert lines[3] == "    possibly: another" and len(lines) == 3 * TOLD
