"""States of models, and models loaded from them. What Flux does: 0.16.9, `src/loading.jl`."""

import numpy as np
import pytest
from small_models import network

from pyimpl import (
    BatchNorm,
    Bilinear,
    Chain,
    Conv,
    Dense,
    Embedding,
    GRUCell,
    Scale,
    loadmodel,
    relu,
    state,
    tanh,
)


def test_state_goes_from_one_model_to_another():
    source, target = network(0), network(1)
    source.layers[1].mean[:] = 3
    loadmodel(target, state(source))
    np.testing.assert_array_equal(target.layers[0].weight, source.layers[0].weight)
    np.testing.assert_array_equal(target.layers[1].mean, [3, 3])
    assert target.layers[0].weight is not source.layers[0].weight
    loadmodel(network(2), source)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            lambda: Chain(Dense(2, 3)),
            r"model.layers.0.weight has shape \(2, 2\), the source has \(2, 3\)",
        ),
        (lambda: Chain(relu), "model.layers.0 has the fields"),
        (lambda: Chain(Dense(2, 2), Dense(2, 2)), "model.layers has the fields"),
        (lambda: Chain(BatchNorm(2)), "model.layers.0 has the fields"),
        (
            lambda: {"layers": [{"weight": None, "bias": np.ones(2)}]},
            "model.layers.0.weight is an array of shape",
        ),
        (
            lambda: {"layers": [{"weight": np.ones((2, 2)), "bias": True}]},
            "model.layers.0.bias is an array of shape",
        ),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(other, message):
    model = Chain(Dense(2, 2))
    before = model.layers[0].weight.copy()
    with pytest.raises(ValueError, match=message):
        loadmodel(model, other())
    np.testing.assert_array_equal(model.layers[0].weight, before)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda bias: Dense(np.ones((2, 2)), bias), "bias"),
        (lambda bias: Conv(np.ones((2, 1, 3)), bias), "bias"),
        (lambda bias: Bilinear(np.ones((2, 2, 2)), bias), "bias"),
        (lambda bias: GRUCell(1, 2, bias=bias), "b"),
    ],
    ids=["Dense", "Conv", "Bilinear", "GRUCell"],
)
def test_no_bias_and_a_bias_of_zeros_are_the_same(make, field):
    """Flux: `dst .= src` for `src = false`. It raised, where the documentation of `loadmodel!`
    counts the two as equivalent.
    """
    model = make(np.ones(6 if field == "b" else 2))
    for source in (make(False), state(make(False)), {**state(model), field: False}):
        getattr(model, field)[:] = 1
        loadmodel(model, source)
        assert not getattr(model, field).any()
    loadmodel(make(False), make(True))


def test_a_bias_that_is_not_zero_has_no_place_in_a_model_without_one():
    """So the documentation of Flux 0.16.9; its code passes over such a bias in silence."""
    with pytest.raises(ValueError, match="model.bias has no array"):
        loadmodel(Dense(2, 2, bias=False), Dense(np.ones((2, 2)), np.ones(2)))


def test_only_a_bias_may_be_missing():
    """Flux: "Tried to copy nothing into an array destination"."""
    with pytest.raises(ValueError, match="model.shift is an array of shape"):
        loadmodel(BatchNorm(2), BatchNorm(2, affine=False))


def tied():
    embedding = Embedding(3, 2)
    return Chain(embedding, Dense(embedding.weight.T), Scale(embedding.weight, None))


def test_tied_arrays_are_loaded_from_equal_ones_only():
    """The last one won. Flux: "Encountered tied destination parameters with untied and mismatched
    sources".
    """
    model, source = tied(), state(tied())
    loadmodel(model, source)
    weight = source["layers"][0]["weight"]
    np.testing.assert_array_equal(model.layers[1].weight, weight.T)
    for place, other in ((1, weight.T + 1), (2, weight + 1)):
        parts = [dict(layer) for layer in state(tied())["layers"]]
        for layer, same in zip(parts, (weight, weight.T, weight), strict=True):
            layer["weight" if "weight" in layer else "scale"] = same
        parts[place]["weight" if place == 1 else "scale"] = other
        with pytest.raises(ValueError, match=rf"layers.{place}.* same array as model.layers.0"):
            loadmodel(model, {"layers": parts})
        np.testing.assert_array_equal(model.layers[0].weight, weight)


def test_a_filter_passes_over_parts_on_both_sides():
    """Flux: `loadmodel!(dst, src; filter)`, with the same answers."""

    def no_norm(part):
        return not isinstance(part, BatchNorm)

    source = Chain(Dense(2, 2), Dense(2, 1))
    target = Chain(Dense(2, 2, tanh), BatchNorm(2), Dense(2, 1))
    with pytest.raises(ValueError, match="model.layers has the fields"):
        loadmodel(target, source)
    loadmodel(target, source, filter=no_norm)
    np.testing.assert_array_equal(target.layers[2].weight, source.layers[1].weight)
    loadmodel(source, target, filter=no_norm)
    before = target.layers[0].weight.copy()
    loadmodel(target, network(), filter=lambda part: not isinstance(part, tuple))
    np.testing.assert_array_equal(target.layers[0].weight, before)


def test_dicts_are_matched_by_what_their_keys_are_called():
    model = {1: np.zeros(2), "a": np.zeros(1)}
    loadmodel(model, {"1": np.ones(2), "a": np.ones(1)})
    assert model[1].all() and model["a"].all()
