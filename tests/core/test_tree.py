"""Models as trees: paths, modes, state in and out, dtype."""

import copy
import pickle
from collections import namedtuple

import numpy as np
import pytest
from small_models import network

import pyimpl
from pyimpl import (
    BatchNorm,
    Chain,
    Conv,
    Dense,
    Dropout,
    fmap,
    modules,
    relu,
    testmode,
    trainables,
    trainmode,
)


def test_trainables_in_flux_s_order():
    found = trainables(network())
    assert list(found) == [
        "layers.0.weight",
        "layers.0.bias",
        "layers.1.shift",
        "layers.1.scale",
        "layers.3.weight",
        "layers.3.bias",
    ]


def test_a_shared_array_is_one_parameter():
    dense = Dense(2, 2)
    assert list(trainables(Chain(dense, dense))) == ["layers.0.weight", "layers.0.bias"]


def test_modes():
    model = network()
    bn, dropout = model.layers[1], model.layers[4]
    assert testmode(model) is model
    assert (bn.active, dropout.active) == (False, False)
    assert (trainmode(model).layers[1].active, trainmode(model, False).layers[4].active) == (
        True,
        False,
    )
    testmode(model, "auto")
    assert (bn.active, dropout.active) == (None, None)
    with pytest.raises(ValueError, match="got 'sometimes'"):
        trainmode(model, "sometimes")


def test_running_statistics_move_inside_a_gradient_and_only_there():
    model, x = network(), np.random.default_rng(3).standard_normal((5, 1, 4, 4)).astype(np.float32)
    bn = model.layers[1]
    model(x)
    np.testing.assert_array_equal(bn.mean, 0)
    model.pullback(x)
    once = bn.mean.copy()
    assert once.any()
    model.pullback(x)
    assert (np.abs(bn.mean) > np.abs(once)).any()
    testmode(model).pullback(x)
    assert not np.array_equal(bn.mean, once)


def test_a_layer_can_be_used_twice_before_back():
    dense, x1, x2 = Dense(2, 3), np.ones((4, 2), np.float32), np.zeros((4, 2), np.float32)
    _, back1 = dense.pullback(x1)
    _, back2 = dense.pullback(x2)
    assert back1(np.ones((4, 3), np.float32))[0].weight.any()
    assert not back2(np.ones((4, 3), np.float32))[0].weight.any()


def test_copies_and_pickles():
    model, x = testmode(network()), np.ones((2, 1, 4, 4), np.float32)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(twin(x), model(x))
        twin.layers[3].weight[:] = 0
        assert model.layers[3].weight.any()


def test_complex_arrays_stay_complex_in_every_precision():
    """The imaginary parts were dropped. Flux 0.16.9: `f32` makes `Complex{Float32}` of them."""
    model = {"z": np.array([1 + 2j]), "x": np.ones(1)}
    for convert, dtype in ((pyimpl.f32, np.complex64), (pyimpl.f64, np.complex128)):
        z = convert(model)["z"]
        assert z.dtype == dtype and z == 1 + 2j
    assert pyimpl.astype(model, np.float32)["z"] == np.complex64(1 + 2j)
    with pytest.raises(ValueError, match="no complex numbers of two float16"):
        pyimpl.f16(model)


def test_keys_of_dicts_may_be_anything():
    model = {1: np.ones(2), "1": np.zeros(3), "a": {(2, 3): np.ones(1)}}
    assert {path: array.size for path, array in trainables(model).items()} == {
        "1": 2,
        "'1'": 3,
        "a.(2, 3)": 1,
    }
    assert fmap(np.copy, model).keys() == model.keys()
    assert list(pyimpl.state(model)) == [1, "1", "a"]


def test_a_named_tuple_is_a_model():
    Pair = namedtuple("Pair", "one other")
    model = Pair(np.ones(2, np.float32), Dense(1, 1))
    copied = pyimpl.f64(model)
    assert (type(copied), copied.one.dtype) == (Pair, np.float64)
    assert type(pyimpl.astype(model, np.float64)) is Pair


def test_astype_converts_arrays_and_keeps_settings():
    model = pyimpl.astype(network(), np.float64)
    assert {array.dtype for array in trainables(model).values()} == {np.dtype(np.float64)}
    assert model.layers[1].eps == float(np.float32(1e-5))


def test_astype_keeps_what_is_shared():
    """The id of an array that was converted and freed went to its neighbour, which then was taken
    for it.
    """
    for _ in range(20):
        tied = Dense(3, 3)
        model = pyimpl.astype(Chain(tied, tied), np.float64)
        assert (model.layers[1].weight.shape, model.layers[1].bias.shape) == ((3, 3), (3,))


def test_copies_in_another_precision_leave_the_model_alone():
    model = network()
    for convert, dtype in (
        (pyimpl.f16, np.float16),
        (pyimpl.f32, np.float32),
        (pyimpl.f64, np.float64),
    ):
        copied = convert(model)
        assert {array.dtype for array in trainables(copied).values()} == {np.dtype(dtype)}
        assert copied.layers[1].mean.dtype == dtype
        assert model.layers[0].weight.dtype == np.float32
    assert pyimpl.f32(model).layers[0].weight is model.layers[0].weight


@pytest.mark.parametrize("transposed_first", [False, True])
@pytest.mark.parametrize("f", [np.copy, lambda array: array.copy(), lambda array: 2 * array])
def test_a_transpose_stays_tied_in_a_copy(f, transposed_first):
    """Functors walks to the parent of a transpose: its copy is the transpose of the copy."""
    weight = np.arange(6.0).reshape(2, 3)
    weight = weight.T if transposed_first else weight
    one, other = fmap(f, Chain(Dense(weight), Dense(weight.T))).layers
    np.testing.assert_array_equal(one.weight, f(weight))
    one.weight[0, 1] = 7
    assert other.weight[1, 0] == 7
    model = pyimpl.astype(Chain(Dense(weight), Dense(weight.T)), np.float32)
    model.layers[0].weight[:] = 0
    assert not model.layers[1].weight.any() and weight.any()


def test_fmap_changes_arrays_and_keeps_what_is_shared():
    dense = Dense(2, 2)
    doubled = fmap(lambda array: 2 * array, Chain(dense, relu, dense))
    np.testing.assert_array_equal(doubled.layers[0].weight, 2 * dense.weight)
    assert doubled.layers[0] is doubled.layers[2]
    assert doubled.layers[1] is relu


def test_modules_are_all_layers_once():
    dense = Dense(2, 2)
    model = Chain(dense, Chain(BatchNorm(2), dense), relu)
    assert [type(layer).__name__ for layer in modules(model)] == [
        "Chain",
        "Dense",
        "Chain",
        "BatchNorm",
    ]


def test_activations_are_the_outputs_of_every_layer():
    model, x = network(), np.ones((2, 1, 4, 4), np.float32)
    ys = model.activations(x)
    assert [y.shape for y in ys] == [(2, 2, 2, 2), (2, 2, 2, 2), (2, 8), (2, 3), (2, 3)]
    np.testing.assert_array_equal(ys[-1], model(x))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Dense(2, 3)(np.ones((4, 5))),
            r"Dense\(2 => 3\) expects 2 features, got x of shape \(4, 5\)",
        ),
        (
            lambda: Dense(2, 3)(np.ones((4, 2), complex)),
            "expects real numbers, got an array of complex128",
        ),
        (lambda: Dense(2, 3)(np.array([["a", "b"]])), "expects real numbers, got an array of <U1"),
        (
            lambda: BatchNorm(3)(np.ones(3)),
            r"BatchNorm\(3\) expects 3 channels on axis 1 .* got x of shape \(3,\)",
        ),
        (lambda: pyimpl.mse(np.ones((3, 1)), np.ones(3)), r"one shape, got \(3, 1\) and \(3,\)"),
        (
            lambda: pyimpl.mse(np.ones(3), np.ones(3), agg="median"),
            "agg expects one of mean, sum, identity",
        ),
        (lambda: Dropout(1.5), "expects 0 <= p <= 1, got 1.5"),
        (lambda: Conv((3, 3), 3, 4, groups=2), "divisible by groups=2, got 3 => 4"),
        (
            lambda: Conv((3, 3), 1, 1, stride=(1, 2, 3)),
            r"expects stride as an integer or 2 integers, got \(1, 2, 3\)",
        ),
        (lambda: pyimpl.Adam(-1.0), "learning rate of at least 0, got -1.0"),
        (lambda: pyimpl.onehotbatch([0, 7], [0, 1]), "expects labels among"),
        (lambda: pyimpl.onehot(7, [0, 1]), "expects labels among"),
        (
            lambda: pyimpl.gradient(Dense(2, 2), np.ones((1, 2))),
            r"a gradient needs a scalar, got an output of shape \(1, 2\)",
        ),
    ],
)
def test_bad_input_is_refused_in_the_user_s_terms(make, message):
    with pytest.raises(ValueError, match=message):
        make()
