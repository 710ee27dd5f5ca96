"""With which weights two models are compared, and what was carried over rightly."""

from dataclasses import replace

import numpy as np
import pytest
from pretended import TracedModels

import pyimpl
from pyimpl.parity import arrays
from pyimpl.parity.case.case import Case
from pyimpl.parity.pair.checking import check_pair
from pyimpl.parity.pair.held_against import LivePair
from pyimpl.parity.pair.layer_matching import flipped
from pyimpl.parity.pair.matching import TRANSPOSED, Match
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.pair.weights import (
    Weights,
    carried,
    drawn,
    from_julia,
    weighed,
    were_carried_over,
    with_theirs,
)
from pyimpl.parity.sides.trace import Piece

RNG = np.random.default_rng(0)
KERNEL = RNG.standard_normal((2, 3, 3, 3))
MATRIX = RNG.standard_normal((4, 3))
SQUARE = RNG.standard_normal((3, 3))
MATCHES = [
    Match("conv", "c", flipped(KERNEL.shape)),
    Match("fc", "d", TRANSPOSED),
    Match("mix", "m", TRANSPOSED),
    Match("bias", "b"),
]
PYTHON = {"conv": KERNEL, "fc": MATRIX, "mix": SQUARE, "bias": np.zeros(3)}
RIGHT = {"c": KERNEL[:, :, ::-1, ::-1], "d": MATRIX.T, "m": SQUARE.T, "b": np.zeros(3)}


def told(**julia):
    return {each.match.python: str(each) for each in carried(MATCHES, PYTHON, RIGHT | julia)}


def test_what_was_carried_over_rightly_and_what_was_not():
    assert all(each.rightly for each in carried(MATCHES, PYTHON, RIGHT))
    assert (
        "Julia's is Python's as it is, and ought to be with its kernel flipped"
        in told(c=KERNEL)["conv"]
    )
    assert "Julia's is Python's as it is, and ought to be transposed" in told(m=SQUARE)["mix"]
    other = KERNEL[:, :, ::-1, ::-1] + 0.5 * np.abs(KERNEL).max()
    assert told(c=other)["conv"] == "conv and c: other numbers, up to 0.5 of the largest apart"
    single = carried(MATCHES, PYTHON, {n: a.astype("f") for n, a in RIGHT.items()})
    assert all(each.rightly for each in single)  # kept in single precision


def test_carried_over_are_weights_of_which_most_are_the_same_numbers():
    assert were_carried_over(carried(MATCHES, PYTHON, RIGHT | {"c": KERNEL}))
    fresh = {name: RNG.standard_normal(array.shape) for name, array in RIGHT.items()}
    assert not were_carried_over(carried(MATCHES, PYTHON, fresh | {"b": np.zeros(3)}))
    assert not were_carried_over(carried(MATCHES[3:], PYTHON, RIGHT))  # zeros tell nothing


def test_the_weights_that_are_asked_for():
    auto = weighed(Weights.AUTO, MATCHES, PYTHON, RIGHT)
    assert auto.weights is Weights.AS_THEY_ARE and auto.theirs.keys() == RIGHT.keys()
    assert auto.lines()[1] == "    all 4 were carried over rightly" and "4 of 4" in auto.lines()[0]
    fresh = {name: RNG.standard_normal(array.shape) for name, array in RIGHT.items()}
    assert weighed(Weights.AUTO, MATCHES, PYTHON, fresh).lines() == [
        "weights: Python's are given to Julia"
    ]
    own = weighed(Weights.JULIA, MATCHES, PYTHON, fresh).own
    np.testing.assert_array_equal(own["fc"], fresh["d"].T)
    np.testing.assert_array_equal(own["conv"], fresh["c"][:, :, ::-1, ::-1])
    others = weighed(Weights.DRAWN, MATCHES, PYTHON, fresh).own
    assert all(np.ptp(others[name]) > 0 for name in PYTHON)
    asked = weighed(Weights.AS_THEY_ARE, MATCHES, PYTHON, fresh)
    assert len(asked.wrong) == 4 and asked.asked and "for" not in asked.lines()[0].split(":")[1]


def test_blocks_and_variances():
    packed = [Match("qkv", n, mine=Piece("qkv", i, 2)) for i, n in enumerate("ab")]
    found = from_julia(packed, {"a": np.ones((2, 3)), "b": np.zeros((2, 3))})
    assert found["qkv"].tolist() == [[1.0] * 3] * 2 + [[0.0] * 3] * 2
    arrays = drawn({"running_var": np.ones(200), "w": np.zeros(200)}, 0)
    assert arrays["running_var"].min() > 0 and arrays["w"].min() < 0
    case = Case("p", {}, {"x1": np.ones(2, "f"), "param.a": np.ones(2, "f")}, "train")
    given = with_theirs(case, {"a": np.zeros(2)}).arrays["param.a"]
    assert given.dtype == np.float32 and not given.any()


def model(kernel, matrix):
    return pyimpl.Chain(
        pyimpl.Conv(kernel, np.zeros(2), pyimpl.relu), pyimpl.flatten, pyimpl.Dense(matrix)
    )


def checked(python, julia, weights, cases=6):
    reference = LivePair(TracedModels(model=pyimpl.f64(julia)))
    pair = make_pair(python, "model", arrays("batch,3,4,4"), weights=weights)
    return check_pair(pair, reference, count=cases)


def test_pairs_with_every_choice_of_weights():
    matrix = RNG.standard_normal((8, 3))
    same, other = model(KERNEL, matrix), model(RNG.standard_normal(KERNEL.shape), matrix + 1)
    turned = model(np.ascontiguousarray(KERNEL[:, :, ::-1, ::-1]), matrix)
    for weights in Weights:
        assert checked(same, same, weights).agrees, weights
        assert checked(same, other, weights).agrees == (weights != "as-they-are"), weights
    result = checked(same, turned, "auto")
    assert not result.agrees and result.pair.weighed.weights is Weights.AS_THEY_ARE
    assert [each.match.python for each in result.pair.weighed.wrong] == ["layers.0.weight"]
    assert checked(same, turned, "python").agrees


def test_words_that_are_no_choice():
    with pytest.raises(ValueError, match="weights are one of auto, python, julia, drawn"):
        make_pair(np.sin, "sin", arrays("n"), weights="mine")
    pair = make_pair(np.sin, "sin", arrays("n"))
    assert pair.arrays() == {} and replace(pair, weighed=None).crossed is not None
