"""Constants in single precision: adopted where they explain all of a difference, and only there."""

import numpy as np

import pyimpl
from pyimpl.parity.case.inputs import Given
from pyimpl.parity.locate.constants import adopt
from pyimpl.parity.locate.judging import judge
from pyimpl.parity.locate.stages import Stage
from pyimpl.parity.pair.matching import Match
from pyimpl.parity.pair.pair import Pair
from pyimpl.parity.reference.session import JuliaSide, Layout
from pyimpl.parity.sides.frameworks import side_of

RNG = np.random.default_rng(0)
SINGLE = float(np.float32(1e-5))


def held(python, julia):
    side = side_of(pyimpl.f64(python))
    pair = Pair("s", side, JuliaSide("j"), Given(()), Layout("reversed"), "train")
    names = list(side.parameters())
    stage = Stage("0", "BatchNorm", pair, {n: n for n in names}, [Match(n, n) for n in names])
    for _ in range(3):
        case = pair.case([RNG.standard_normal((4, 3))], [RNG.standard_normal((4, 3))])
        outcome = side_of(pyimpl.f64(julia)).evaluate(case)
        arrays = {n: a for n, a in outcome.arrays.items() if n.kind.value != "plain"}
        outcome.arrays = type(outcome.arrays)(
            {n: a for n, a in arrays.items() if str(n) not in ("grad.mean", "grad.var")}
        )
        judge(stage, {"float64": case}, {"float64": outcome})
    return stage


def test_what_single_precision_explains_is_adopted():
    stage = held(pyimpl.BatchNorm(3, eps=1e-5), pyimpl.BatchNorm(3, eps=SINGLE))
    assert not stage.agrees and adopt(stage)
    assert stage.agrees and "single precision" in stage.adopted


def test_any_other_difference_stays_one():
    stage = held(pyimpl.BatchNorm(3, eps=1e-5), pyimpl.BatchNorm(3, eps=1e-3))
    assert not adopt(stage) and not stage.agrees and not stage.adopted
    stage = held(pyimpl.BatchNorm(3, eps=SINGLE), pyimpl.BatchNorm(3, eps=SINGLE))
    assert stage.agrees and not adopt(stage)
