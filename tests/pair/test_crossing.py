"""Names at the border: a case goes over in Julia's names, an outcome comes back in Python's."""

import numpy as np

from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.case.names import Kind, Name
from pyimpl.parity.pair.crossing import compared, received, sent
from pyimpl.parity.pair.matching import TRANSPOSED, Match
from pyimpl.parity.sides.trace import Piece
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


def test_blocks_go_over_as_arrays_of_their_own_and_come_back_as_one():
    blocks = [
        Match("qkv", name, TRANSPOSED, mine=Piece("qkv", i, 3)) for i, name in enumerate("abc")
    ]
    packed = np.arange(12.0).reshape(6, 2)
    crossed = sent(Case("p", {}, {"param.qkv": packed}, "train"), blocks)
    np.testing.assert_array_equal(crossed.arrays["param.b"], packed[2:4].T)
    back = {f"grad.{name}": crossed.arrays[f"param.{name}"] for name in "ac"}
    outcome = received(Outcome(back, frozenset([Name.parse("grad.b")])), blocks)
    expected = packed.copy()
    expected[2:4] = 0  # no gradient flows to a block: that of all is zero there
    np.testing.assert_array_equal(outcome.arrays["grad.qkv"], expected)
    packing = [Match(name, "qkv", theirs=Piece("qkv", i, 2, 1)) for i, name in enumerate("ab")]
    case = Case("p", {}, {"param.a": W, "param.b": W + 10}, "train")
    np.testing.assert_array_equal(sent(case, packing).arrays["param.qkv"], np.hstack([W, W + 10]))
    outcome = received(Outcome({"state.qkv": np.hstack([W, W + 10])}), packing)
    np.testing.assert_array_equal(outcome.arrays["state.b"], W + 10)


def test_gradients_of_an_array_in_two_places_are_summed():
    places = [Match("w", "first"), Match("w", "second", TRANSPOSED, again=True)]
    crossed = sent(Case("p", {}, {"param.w": W}, "train"), places)
    assert set(map(str, crossed.arrays)) == {"param.first"}
    arrays = {"grad.first": W, "grad.second": W.T, "state.first": W, "state.second": W.T}
    outcome = received(Outcome(arrays), places)
    np.testing.assert_array_equal(outcome.arrays["grad.w"], 2 * W)
    np.testing.assert_array_equal(outcome.arrays["state.w"], W)


def test_arrays_after_a_step_of_training_keep_the_step():
    outcome = received(Outcome({"param.layers.0.weight@2": W.T}), MATCHES)
    np.testing.assert_array_equal(outcome.arrays["param.fc.W@2"], W)
