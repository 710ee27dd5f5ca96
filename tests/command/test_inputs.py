"""Inputs that the command line asks for: shapes with sizes, and strategies of the user's."""

import pytest

from pyimpl.parity.case.draws import generated
from pyimpl.parity.command.inputs import asked_inputs
from pyimpl.parity.pair.loading import SubjectError

SOURCE = """
from hypothesis import strategies as st

small = st.integers(0, 3)
hows = st.sampled_from(["sum", "max"])
both = st.tuples(st.lists(small, min_size=1), hows)

@st.composite
def even(draw):
    return 2 * draw(small)

def f(xs, how): ...
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    return path


def drawn(file, *texts):
    found = asked_inputs(None, None, "1..5", None, [text.format(file) for text in texts])
    return [
        [(one.keyword, one.form.kind) for one in call.arguments]
        for call in generated(found.strategy(), 5, "0")
    ]


def test_a_strategy_for_each_argument_by_place_and_by_keyword(file):
    assert drawn(file, "{}:even", "how={}:hows")[-1] == [("", "array"), ("how", "text")]


def test_one_strategy_of_all_arguments(file):
    assert drawn(file, "*{}:both")[-1] == [("", "list"), ("", "text")]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["*{0}:both", "{0}:even"], "draws all arguments"),
        (["how={0}:hows", "{0}:even"], "stand before those by keyword"),
    ],
)
def test_strategies_that_make_no_call(file, texts, message):
    with pytest.raises(ValueError, match=message):
        drawn(file, *texts)


def test_what_is_no_strategy(file):
    with pytest.raises(SubjectError, match="expected a strategy"):
        drawn(file, "{}:st")


def test_sizes_lie_where_they_are_asked_for():
    found = asked_inputs(None, ["n,3"], "7..8", None, None)
    assert {x.shape[0] for (x,) in generated(found.strategy(), 20, "0")} == {7, 8}
    with pytest.raises(ValueError, match=r"LOW\.\.HIGH"):
        asked_inputs(None, ["n"], "7", None, None)
    with pytest.raises(ValueError, match="between two numbers"):
        asked_inputs(None, ["n"], "8..7", None, None)
