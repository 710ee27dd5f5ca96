"""Whole models in files: into pyimpl's models where names fit, and old names of Flux put right."""

from pathlib import Path

import numpy as np
import pytest

import pyimpl
from pyimpl import BatchNorm, Chain, Dense, loadmodel, read_state
from pyimpl.core.tree import leaves
from pyimpl.core.versions import semantics
from pyimpl.files.julia_values import JuliaType, Struct, built
from pyimpl.files.old_flux import FLUX, field_names, modern
from pyimpl.files.our_names import our_names

DATA = Path(__file__).parent / "data"
MODELS = {
    "chain": lambda: Chain(Dense(2, 3, pyimpl.tanh), BatchNorm(3), Dense(3, 1, bias=False)),
    "convolution": lambda: Chain(
        pyimpl.Conv((3, 2), 1, 2, pyimpl.relu, pad=(2, 1), stride=(2, 1)),
        pyimpl.MaxPool((2, 2)),
        pyimpl.flatten,
        Dense(4, 1),
    ),
    "dense": lambda: Dense(2, 3),
    "named": lambda: Chain(first=Dense(1, 2), skip=pyimpl.SkipConnection(Dense(2, 2), pyimpl.add)),
    "recurrent": lambda: Chain(pyimpl.LSTM(2, 3), pyimpl.GRU(3, 2)),
    "layers": lambda: [Dense(1, 2), Dense(2, 1)],
}


@pytest.mark.parametrize("suffix", ["jld2", "bson"])
@pytest.mark.parametrize("name", MODELS)
def test_a_whole_model_goes_into_the_twin(name, suffix):
    model = loadmodel(MODELS[name](), read_state(DATA / f"models.{suffix}", name))
    # write_values.jl filled every trainable array with numbers that tell its place
    for part in model if name == "layers" else [model]:
        check_filled(part)


def check_filled(model):
    for count, array in enumerate(pyimpl.trainables(model).values()):
        expected = count + 0.5 * np.arange(array.size).reshape(array.shape)
        np.testing.assert_array_equal(array, expected.astype(np.float32), strict=True)


@pytest.mark.parametrize("suffix", ["jld2", "bson"])
def test_settings_of_a_whole_layer_are_in_our_order(suffix):
    conv, pool, _, last = read_state(DATA / f"models.{suffix}", "convolution")["layers"]
    assert conv.julia_type == "Flux.Conv" and last.julia_type == "Flux.Dense"
    assert {name: value for name, value in conv.items() if not isinstance(value, np.ndarray)} == {
        "act": "NNlib.relu",
        "stride": [2, 1],
        "pad": [[2, 2], [1, 1]],
        "dilation": [1, 1],
        "groups": 1,
    }
    assert pool["k"] == [2, 2]


@pytest.mark.parametrize("suffix", ["jld2", "bson"])
def test_optimiser_states_and_a_restructure(suffix):
    tree = read_state(DATA / f"optimisers.{suffix}", "tree")
    leaf = tree["layers"][0]["weight"]
    assert leaf.julia_type == "Optimisers.Leaf" and leaf["frozen"] is False
    assert leaf["rule"] == {"eta": 0.01, "beta": [0.9, 0.999], "epsilon": 1e-8}
    assert [moment.shape for moment in leaf["state"][:2]] == [(2, 3), (2, 3)]
    flat = read_state(DATA / f"optimisers.{suffix}", "flat")
    re = read_state(DATA / f"optimisers.{suffix}", "re")
    assert re["length"] == len(flat) == 13
    model = loadmodel(Chain(Dense(2, 3, pyimpl.tanh), Dense(3, 1)), re["model"])
    np.testing.assert_array_equal(pyimpl.destructure(model)[0], flat)


@pytest.mark.parametrize("suffix", ["jld2", "bson"])
def test_parameters_and_states_of_lux(suffix):
    ps = read_state(DATA / f"lux.{suffix}", "ps")
    st = read_state(DATA / f"lux.{suffix}", "st")
    shapes = {path: leaf.shape for path, leaf in leaves(ps) if isinstance(leaf, np.ndarray)}
    assert shapes == {
        "layer_1.weight": (2, 3),
        "layer_1.bias": (3,),
        "layer_2.scale": (3,),
        "layer_2.bias": (3,),
        "layer_3.weight": (3, 1),
        "layer_3.bias": (1,),
    }
    assert st["layer_2"]["training"] is True and st["layer_2"]["running_var"].shape == (3,)


def test_the_model_of_lux_is_its_settings():
    layers = read_state(DATA / "lux.jld2", "model")["layers"]
    assert layers["layer_1"].julia_type == "Lux.Dense"
    assert layers["layer_1"]["activation"] == "Base.tanh"


W, B = np.ones((2, 3), np.float32), np.zeros(3, np.float32)


def flux(name, **fields):
    return Struct(JuliaType(f"Flux.{name}"), fields)


@pytest.mark.parametrize(
    ("old", "names"),
    [
        (flux("Dense", W=W, b=B, σ="NNlib.relu"), ["weight", "bias", "act"]),
        (flux("Dense", weight=W, bias=False, σ="NNlib.relu"), ["weight", "bias", "act"]),
        (flux("Maxout", over=[W]), ["layers"]),
        (flux("Diagonal", α=B, β=B), ["scale", "bias"]),
        (
            flux("Recur", cell=flux("LSTMCell", Wi=W, Wh=W, b=B, h=B, c=B), init=B, state=B),
            ["cell"],
        ),
        (
            flux("Recur", cell=flux("RNNCell", σ="tanh", Wi=W, Wh=W, b=B, state0=B), state=B),
            ["cell"],
        ),
    ],
)
def test_names_of_old_flux_are_put_right(old, names):
    assert list(our_names(old)) == names


def test_a_cell_of_old_flux_has_the_names_of_the_twin_of_that_version():
    square, ones = np.ones((3, 3), np.float32), np.ones(3, np.float32)
    older = flux("RNNCell", σ="tanh", Wi=W, Wh=square, b=B, h=ones)  # up to Flux 0.11
    old = flux("RNNCell", σ="tanh", Wi=W, Wh=square, b=B, state0=ones[None])  # up to 0.14
    for cell in older, old:
        with semantics("0.14"):
            twin = loadmodel(pyimpl.RNNCell(2, 3), our_names(flux("Recur", cell=cell))["cell"])
        np.testing.assert_array_equal(twin.Wi, W)
        np.testing.assert_array_equal(twin.state0, [[1, 1, 1]])


def test_the_user_s_own_fields_keep_their_names():
    own = Struct(JuliaType("Main.Layer"), {"W": W, "b": B, "σ": 1})
    assert list(our_names(own)) == ["W", "b", "σ"]
    assert modern(own) is own


def test_fields_are_those_of_the_version_where_several_fit(monkeypatch):
    kind = JuliaType("Flux.Dense")
    assert field_names(kind, 3) == ["weight", "bias", "σ"]
    with semantics("0.11"):
        assert field_names(kind, 3) == ["W", "b", "σ"]
    assert field_names(JuliaType("Flux.Conv"), 6)[-1] == "dilation"
    assert field_names(JuliaType("Flux.Conv"), 7)[-1] == "groups"
    assert field_names(kind, 9) is None and field_names(JuliaType("Main.Dense"), 3) is None
    assert all(list(releases) for releases in FLUX.values())


def axis(**places):
    return JuliaType("ComponentArrays.Axis", [places])


def test_a_component_array_has_its_parts_by_name():
    data = np.arange(10, dtype=np.float32)
    shaped = JuliaType("ComponentArrays.ShapedAxis", [[2, 3]])
    weight = Struct(JuliaType("ComponentArrays.ViewAxis", [range(1, 7), None, shaped]), {})
    layer = Struct(
        JuliaType(
            "ComponentArrays.ViewAxis", [range(1, 9), None, axis(weight=weight, bias=range(7, 9))]
        ),
        {},
    )
    axes = JuliaType("Core.Tuple", [axis(layer=layer, rate=9, last=10)])
    kind = JuliaType("ComponentArrays.ComponentArray", [None, 1, None, axes])
    theta = our_names(built(kind, {"data": data, "axes": None}))
    np.testing.assert_array_equal(theta["layer"]["weight"], data[:6].reshape(3, 2))
    np.testing.assert_array_equal(theta["layer"]["bias"], [6, 7])
    assert theta["rate"] == 8 and theta["last"] == 9 and list(theta) == ["data", "axes"]
    with pytest.raises(KeyError):
        theta["nothing"]


def test_a_data_frame_has_its_columns_by_name():
    index = Struct(JuliaType("DataFrames.Index"), {"lookup": {"x": 1}, "names": ["x"]})
    kind = JuliaType("DataFrames.DataFrame")
    frame = our_names(built(kind, {"columns": [np.ones(2)], "colindex": index}))
    np.testing.assert_array_equal(frame["x"], [1, 1])
    assert list(frame) == ["columns", "colindex"] and list(frame.parts) == ["x"]
