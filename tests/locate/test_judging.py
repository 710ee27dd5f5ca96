"""A stage held against Julia's outcome: what is compared, and what is entered."""

import numpy as np

import pyimpl
from pyimpl.parity.case.case import Outcome
from pyimpl.parity.case.inputs import Given
from pyimpl.parity.locate.judging import Compared, distance, judge, larger
from pyimpl.parity.locate.stages import Stage
from pyimpl.parity.pair.matching import Match
from pyimpl.parity.pair.pair import Pair
from pyimpl.parity.reference.session import JuliaSide, Layout
from pyimpl.parity.sides.frameworks import side_of

RNG = np.random.default_rng(0)
LAYER = pyimpl.f64(pyimpl.Dense(3, 2))


def stage(names=("weight", "bias")):
    pair = Pair("s", side_of(LAYER), JuliaSide("j"), Given(()), Layout("reversed"), "train")
    matches = [Match(name, name) for name in names]
    return Stage("0", "Dense", pair, {name: name for name in names}, matches)


def asked(of):
    return of.pair.case([RNG.standard_normal((4, 3))], [RNG.standard_normal((4, 2))])


def test_what_has_no_counterpart_is_not_compared():
    of = stage(["weight"])
    names = set(map(str, Compared(of).evaluate(asked(of)).arrays))
    assert names == {"y", "grad.x1", "grad.weight", "state.weight"}


def test_findings_forward_and_backward():
    for wrong, forward, backward in (
        ((), 0, 0), (("y",), 1, 0), (("grad.weight",), 0, 1), (("state.bias", "grad.x1"), 1, 1)
    ):  # fmt: skip
        of = stage()
        case = asked(of)
        outcome = Compared(of).evaluate(case)
        for name in wrong:
            outcome.arrays[name] = outcome.arrays[name] + 1
        judge(of, {"float64": case}, {"float64": outcome})
        assert (len(of.forward_findings), len(of.backward_findings)) == (forward, backward)
        assert of.agrees == (not wrong) and of.shows == sorted(wrong, key=of.shows.index)
        assert of.evidence[0].agrees == (not wrong)


def test_a_refusal_is_one_forward():
    of = stage()
    judge(of, {"float64": asked(of)}, {"float64": Outcome(error="DimensionMismatch")})
    assert of.shows == ["refusal"] and of.forward_findings and not of.backward_findings


def test_distances():
    errors: dict[str, float] = {}
    for error in (1.0, 3.0, 2.0):
        larger(errors, "float64", error)
    assert errors == {"float64": 3.0}
    assert distance(np.zeros(2), np.array([0.0, -2.0])) == 2.0
    assert distance(None, np.zeros(2)) == distance(np.zeros(3), np.zeros(2)) == np.inf
