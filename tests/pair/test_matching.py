"""Arrays of two models matched by order, name and shape, and every match proved."""

import numpy as np
import pytest
from small_models import Net, checked_model, flux, in_torch

import pyimpl
from pyimpl import (
    Chain,
    Dense,
    tanh,
)
from pyimpl.parity import arrays
from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.pair.matching import (
    AS_IT_IS,
    TRANSPOSED,
    Match,
    NoMatch,
    mappings,
    match,
    match_models,
    prove,
)
from pyimpl.parity.report.story import story


def test_a_torch_model_is_matched_and_every_match_is_proved():
    _, model = in_torch()
    result = checked_model(model, flux(), arrays("batch,3", sizes=(2, 5)))
    assert result.agrees, story(result)
    assert {found.python: found.julia for found in result.pair.matches} == {
        "0.weight": "layers.0.weight",
        "0.bias": "layers.0.bias",
        "2.weight": "layers.1.scale",
        "2.bias": "layers.1.shift",
        "2.running_mean": "layers.1.mean",
        "2.running_var": "layers.1.var",
        "3.weight": "layers.2.weight",
        "3.bias": "layers.2.bias",
    }
    assert all(found.proved for found in result.pair.matches)
    assert {"y", "grad.x1", "grad.3.weight", "state.2.running_var"} <= set(
        map(str, result.evidence[0].julia["float32"].arrays)
    )


def test_the_second_biases_of_torch_are_left_out():
    torch, _ = in_torch()
    model = torch.nn.LSTM(3, 4, batch_first=True)
    result = checked_model(model, pyimpl.LSTM(3, 4), arrays("batch,time,3", sizes=(1, 4)))
    assert result.agrees and result.pair.alone == ("bias_hh_l0",), story(result)
    assert np.any(model.bias_hh_l0.detach().numpy()), "the user's own model is changed"


def test_a_class_of_ones_own_is_matched():
    result = checked_model(Net(), Chain(Dense(3, 4, tanh), Dense(4, 2)), arrays("batch,3"))
    assert result.agrees, story(result)
    assert [str(found) for found in result.pair.matches[:2]] == [
        "W1 = layers.0.weight: proved",
        "b1 = layers.0.bias: proved",
    ]


def test_a_square_weight_that_lies_the_other_way_is_named():
    class Transposed(Net):
        def forward(self, x):
            self.x, self.hidden = x, np.tanh(x @ self.W1.T + self.b1)
            return self.hidden @ self.W2 + self.b2

    result = checked_model(
        Transposed((3, 3, 2)), Chain(Dense(3, 3, tanh), Dense(3, 2)), arrays("batch,3")
    )
    assert "W1 = layers.0.weight: does not move the output alike; transposed does" in story(result)


def test_models_of_other_arrays_are_refused_with_both_lists():
    with pytest.raises(
        NoMatch,
        match=r"(?s)W1 of shape \(3, 4\) fits no array.*python: W1 \(3, 4\), b1.*julia: "
        r"layers.0.weight \(3, 5\)",
    ):
        checked_model(Net(), Chain(Dense(3, 5, tanh), Dense(5, 2)), arrays("batch,3"))


def test_layers_with_equal_shapes_are_matched_in_their_order():
    mine = {"W1": (3, 3), "b1": (3,), "W2": (3, 3), "b2": (3,)}
    theirs = {
        "layers.0.weight": (3, 3),
        "layers.0.bias": (3,),
        "layers.1.weight": (3, 3),
        "layers.1.bias": (3,),
    }
    assert [(m.python, m.julia) for m in match_models(mine, theirs)] == list(
        zip(mine, theirs, strict=True)
    )
    assert [
        m.julia
        for m in match_models(
            {"out.bias": (3,), "out.weight": (3, 2)}, {"weight": (3, 2), "bias": (3,)}
        )
    ] == ["bias", "weight"]
    with pytest.raises(NoMatch, match=r"W could be layers.0.weight or layers.1.weight"):
        match_models({"W": (3, 3), "V": (3, 3), "b1": (3,), "b2": (3,)}, theirs)


def test_matching_by_name_by_shape_and_not_at_all():
    assert match({"W": (2, 3), "b": (3,)}, {"bias": (3,), "weight": (3, 2)}) == [
        Match("W", "weight", TRANSPOSED),
        Match("b", "bias", AS_IT_IS),
    ]
    assert [
        m.julia for m in match({"gamma": (3,), "beta": (3,)}, {"shift": (3,), "scale": (3,)})
    ] == ["scale", "shift"]
    assert [m.julia for m in match({"odd": (5,)}, {"anything": (5,)})] == ["anything"]
    for python, julia, message in [
        ({"odd": (3,)}, {"one": (3,), "two": (3,)}, "odd could be one or two"),
        ({"W": (3,)}, {}, "fits no array"),
        ({}, {"bias": (3,)}, "has bias besides"),
    ]:
        with pytest.raises(NoMatch, match=message):
            match(python, julia)


def test_two_arrays_exchanged_are_found():
    rng = np.random.default_rng(0)
    case = Case(
        "p",
        {},
        {"x1": rng.standard_normal((4, 3)), "param.a": np.ones(3), "param.b": np.ones(3)},
        "train",
    )

    def side(first, second):
        def evaluate(case):
            y = case.arrays["x1"] * case.arrays[f"param.{first}"] + case.arrays[f"param.{second}"]
            return Outcome({"y": y})

        return evaluate

    found = prove(
        [Match("a", "a"), Match("b", "b")],
        case,
        side("a", "b"),
        lambda cases: map(side("b", "a"), cases),
    )
    assert [m.instead for m in found] == ["b in its place", "a in its place"]
    found = prove(
        [Match("a", "a"), Match("b", "b")],
        case,
        side("a", "b"),
        lambda cases: map(side("a", "b"), cases),
    )
    assert all(m.proved for m in found)


@pytest.mark.parametrize("shape", [(3, 3), (6, 4), (2, 2, 3, 3), (8,)])
def test_every_mapping_has_its_way_back(shape):
    array = np.arange(np.prod(shape)).reshape(shape)
    found = list(mappings(shape))
    assert found[0] is AS_IT_IS and len(found) > 1
    for mapping in found:
        np.testing.assert_array_equal(mapping.undone(mapping.forth(array)), array)
        assert mapping is AS_IT_IS or not np.array_equal(mapping.forth(array), array)
