"""Names at the border: a case goes over in Julia's names, an outcome comes back in Python's."""

import numpy as np

from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.case.names import Kind, Name
from pyimpl.parity.pair.crossing import compared, received, sent
from pyimpl.parity.pair.matching import TRANSPOSED, Match
from pyimpl.parity.traps.trap import Way

W = np.arange(6.0).reshape(2, 3)
ROLLED = Way("{0} rolled", lambda x: np.roll(x, 1, -1), lambda x: np.roll(x, -1, -1))
MATCHES = [Match("fc.W", "layers.0.weight", TRANSPOSED), Match("m", "layers.1.mean", ROLLED)]


def test_parameters_go_over_in_julias_names_and_layout():
    case = Case("p", {}, {"x1": W, "param.fc.W": W, "param.m": W[0], "param.only": W}, "train")
    crossed = sent(case, MATCHES)
    assert set(map(str, crossed.arrays)) == {"x1", "param.layers.0.weight", "param.layers.1.mean"}
    np.testing.assert_array_equal(crossed.arrays["param.layers.0.weight"], W.T)
    assert crossed.arrays["param.layers.1.mean"].tolist() == [1, 2, 0]
    assert sent(case, []) is case


def test_outcomes_come_back_in_pythons_names():
    arrays = {"y": W, "plain": W, "grad.layers.0.weight": W.T, "state.layers.1.mean": W[0]}
    outcome = received(
        Outcome(
            arrays | {"grad.layers.1.mean": W[0]}, frozenset([Name.parse("grad.layers.0.weight")])
        ),
        MATCHES,
    )
    assert set(map(str, outcome.arrays)) == {"y", "grad.fc.W", "state.m"}
    np.testing.assert_array_equal(outcome.arrays["grad.fc.W"], W)
    assert outcome.arrays["state.m"].tolist() == [2, 0, 1]
    assert set(map(str, received(Outcome(arrays), [], [Kind.OUTPUT]).arrays)) == set(arrays) - {"y"}


def test_what_only_python_has_is_not_compared():
    outcome = Outcome({"y": W, "grad.b": W, "state.b": W, "state.W": W})
    assert set(map(str, compared(outcome, ["b"]).arrays)) == {"y", "state.W"}
    assert compared(outcome, []) is outcome
