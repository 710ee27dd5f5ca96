"""What Julia says of stages, kept and given again by the content of the question."""

import numpy as np
import pytest
from pretended import functions_by_expression

from pyimpl.parity.case.case import Case
from pyimpl.parity.reference.recorded import NoRecording
from pyimpl.parity.reference.session import JuliaSide, Layout
from pyimpl.parity.reference.stage_recordings import Replayed, Taped

SIDE = JuliaSide("double")


def case(value, mode="function"):
    return Case("stage", {}, {"x1": np.array([value])}, mode)


@pytest.fixture
def recorded(tmp_path):
    session = functions_by_expression({"double": lambda x: 2 * x})
    session.call = lambda name, *arguments: (
        "Chain" if name == "kind" else {"weight": np.array([[1.0]])}
    )
    taped = Taped(session)
    assert list(taped.evaluate(SIDE, Layout(), [case(1.0), case(2.0)]))[1].output == [4.0]
    assert taped.call("kind", "somewhere/model.jl", "m") == "Chain"
    assert taped.call("arrays", "m")["weight"] == 1
    taped.write(tmp_path / "said.npz", {"made": "today"})
    return Replayed(tmp_path / "said.npz")


def test_what_was_asked_is_answered_in_any_order_and_from_any_folder(recorded):
    answers = list(recorded.evaluate(SIDE, Layout(), [case(2.0), case(1.0)]))
    assert [answer.output[0] for answer in answers] == [4.0, 2.0]
    assert recorded.call("kind", "elsewhere/model.jl", "m") == "Chain"
    np.testing.assert_array_equal(recorded.call("arrays", "m")["weight"], [[1.0]])
    assert recorded.provenance["made"] == "today"


@pytest.mark.parametrize(
    ("side", "asked"),
    [(SIDE, case(3.0)), (SIDE, case(1.0, "test")), (JuliaSide("triple"), case(1.0))],
)
def test_what_was_not_asked_is_an_error(recorded, side, asked):
    with pytest.raises(NoRecording, match="record again"):
        list(recorded.evaluate(side, Layout(), [asked]))
    with pytest.raises(NoRecording):
        recorded.call("kind", "elsewhere/other.jl", "m")
