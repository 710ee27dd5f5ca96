"""The table of options."""

from pyimpl.parity.catalogue.options_table import entries, markdown
from pyimpl.parity.catalogue.reached import Line


def test_the_table_tells_what_no_case_asks_and_why():
    lines = [
        Line("Dense", "", "(x)", 2),
        Line("Dense", "bias", "left out", 2),
        Line("Dense", "bias", "False", 0),
        Line("Dense", "bias with act", "", 0),
    ]
    call, bias, pairs = entries(lines)
    assert call.asked == "(x) 2" and not list(call.left())
    assert bias.asked == "left out 2" and list(bias.left()) == [("False", "")]
    assert pairs.asked == "0 of 1" and list(pairs.left()) == [("bias with act", "")]
    assert "ask 2 of 4 things" in markdown(lines, "recorded Flux")
