"""A pair: what is asked of both sides."""

import numpy as np
import pytest

import pyimpl
from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.pair.pair import MODEL_SLACK, make_pair


def mine(x, k=2.0):
    return k * x


def test_names_inputs_and_slack():
    pair = make_pair(mine, "yours", arrays("n"))
    assert (pair.name, pair.key, pair.julia.expression) == ("mine", "mine", "yours")
    assert pair.argument_names[:1] == ["x"]
    case = pair.case([np.ones(3, np.float32)])
    assert case.dtype == np.float64 and pair.allowance(case).ulps == 0
    np.testing.assert_array_equal(pair.evaluate(case).output, 2 * np.ones(3))
    model = make_pair(pyimpl.Dense(2, 3), "Dense(2 => 3)", arrays("batch,2"))
    case = model.case([np.ones((4, 2))])
    assert model.allowance(case).ulps == MODEL_SLACK
    assert {"param.weight", "param.bias"} <= set(map(str, case.arrays))


@pytest.mark.parametrize(
    ("subject", "options", "error", "message"),
    [
        (3, {}, TypeError, "must be a function, a layer or a module"),
        (mine, {"gradient": "both"}, ValueError, "gradient"),
        (mine, {"mode": "sometimes"}, ValueError, "mode"),
        (mine, {"layout": "sideways"}, ValueError, '"same" or "reversed"'),
    ],
)
def test_what_makes_no_pair(subject, options, error, message):
    with pytest.raises(error, match=message):
        make_pair(subject, "yours", arrays("n"), **options)


def test_sensitivity_to_inputs_is_part_of_the_response():
    pair = make_pair(lambda x: x - 1000.0, "yours", arrays("n"))
    case = pair.case([np.array([1000.5])])
    julia = {"float64": pair.evaluate(case)}
    (response,) = (
        array
        for name, array in pair.responses(case, julia, pair.evaluate)["float64"].items()
        if str(name) == "y"
    )
    assert response[0] >= 1000
