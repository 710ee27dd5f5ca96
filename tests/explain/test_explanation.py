"""What `explain` says."""

from pyimpl.parity.explain.explanation import Explanation


def test_an_explanation_in_four_lines():
    said = str(Explanation("a cause", "my.py:1, f(x)", "g(x)", "all cases agree", True))
    assert said.splitlines() == ["a cause", "  at my.py:1, f(x)", "  g(x)", "  all cases agree"]
