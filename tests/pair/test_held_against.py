"""What a pair is held against: live Julia and what is kept of it."""

from pretended import pretended
from small_models import flux, in_torch

from pyimpl.parity import arrays
from pyimpl.parity.pair.checking import check_pair
from pyimpl.parity.pair.held_against import RecordedPair
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.reference import recorded


def test_what_is_recorded_is_in_pythons_names(tmp_path):
    _, model = in_torch()
    inputs = arrays("batch,3", sizes=(2, 5))
    pair = make_pair(model, "julia", inputs)
    julia = pretended(flux())
    recorded.write(
        tmp_path / "pair.npz",
        julia.tape(check_pair(pair, julia, count=5)),
        {"versions": julia.versions, "made": "today"},
    )
    again = check_pair(pair, RecordedPair(tmp_path / "pair.npz"))
    assert again.agrees and again.report.cases == 5 and not again.report.mistrusted
