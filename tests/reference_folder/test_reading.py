"""The translation of reference folders: what is understood, and that nothing is dropped in silence.
No Julia, no folder of outcomes.

(Whether the twin agrees with Flux is asked in test_folders.py, for every folder given
with --reference-dir.)
"""

import numpy as np
import pytest
from reference_folder.conversions import (
    Untranslatable,
)
from reference_folder.entries import translate

import pyimpl

X = np.arange(12.0).reshape(3, 4) / 4 - 1


IMAGE = np.arange(48.0).reshape(2, 2, 4, 3)


def layer(julia: str, config=None, row="a row", **parameters):
    """The twin of a layer's expression."""
    return translate(julia, config or {}, row, "test", parameters)


def called(julia: str, *xs, config=None, row="a row"):
    """What a function's expression makes of xs."""
    return translate(julia, config or {}, row, "function", {}).pullback(*xs)[0]


def rule(julia: str, config=None):
    return translate(julia, config or {}, "a rule", "steps", {})


@pytest.mark.parametrize(
    ("julia", "what"),
    [
        ("p -> BatchNorm(3; momentum=0.3f0, colour=1)", "option colour of row BatchNorm"),
        ("p -> Chain(LayerNorm(4), LayerNorm(4; epsilon=1f-3))", "option epsilon of row BatchNorm"),
        ("p -> Attention(3)", "the name Attention of row BatchNorm"),
        ("p -> BatchNorm(3, wiggle)", "the name wiggle of row BatchNorm"),
        ("p -> Chain(BatchNorm(3), Flux.wiggle)", "the name wiggle of row BatchNorm"),
        ("p -> Dense(2 => 3)", "the syntax of 2 @ 3 of row BatchNorm"),
        ("p -> MaxPool(2)", "the arguments of MaxPool: 2 of row BatchNorm"),
        ("p -> Dense(p.weight)", "the array p.weight, which is not there, of row BatchNorm"),
        ("p -> BatchNorm(3).colour", "the field colour of BatchNorm of row BatchNorm"),
        ("p -> Chain(Dropout(0.1))[1]", "the syntax of"),
        ("p -> Chain(x -> softmax.(x))", "the syntax of softmax[.]"),
        ("p -> nothing", "None where a layer or a function is expected"),
    ],
)
def test_what_is_not_known_is_refused_by_name(julia, what):
    with pytest.raises(Untranslatable, match=f"cannot be translated: {what.replace('(', '[(]')}"):
        layer(julia, row="BatchNorm").pullback(X)


def test_what_is_not_known_inside_of_a_lambda_is_refused_when_it_is_called():
    with pytest.raises(Untranslatable, match="option colour of row softmax"):
        called("x -> softmax(x; colour=1)", X, row="softmax")


def test_options_reach_the_layer_at_any_depth():
    chain = layer(
        "p -> Chain(a = LayerNorm((4, 3), relu; eps=1f-1), b = Chain(BatchNorm(3; "
        "momentum=0.3f0, affine=false), Dropout(0.4)))"
    )
    norm, inner = chain["a"], chain["b"]
    assert (norm.size, norm.act, norm.eps) == ((3, 4), pyimpl.relu, np.float32(0.1))
    assert (
        inner[0].momentum == float(np.float32(0.3)) and inner[0].shift is None and inner[1].p == 0.4
    )


def test_a_cell_has_the_activation_that_is_written():
    arrays = dict(wi=np.ones((3, 4)), wh=np.ones((4, 4)))
    rnn = layer(
        "p -> (c = Flux.RNNCell(relu, p.wi, p.wh, false); RNN{true, typeof(c)}(c))",
        {"act": "relu", "return_state": True},
        **arrays,
    )
    assert rnn.cell.act is pyimpl.relu and rnn.cell.bias is None and rnn.return_state


def test_the_geometry_of_a_convolution_is_turned_round():
    conv = layer(
        "p -> Conv(p.w; stride=(2, 1), pad=(1, 0, 2, 3), dilation=(1, 2))",
        {"pad": [1, 0, 2, 3], "k": [3, 2]},
        w=np.ones((4, 2, 2, 3)),
    )
    assert (conv.stride, conv.pad, conv.dilation) == ((1, 2), ((2, 3), (1, 0)), (2, 1))


def test_arrays_can_be_put_into_a_layer_that_was_made():
    norm = layer("p -> (m = BatchNorm(3); m.γ .= p.gamma; m)", gamma=np.arange(3.0))
    assert norm.scale.tolist() == [0, 1, 2] and norm.scale.dtype == np.float32


def test_every_use_of_an_array_is_a_copy_of_its_own():
    weight = np.ones((4, 4))
    chain = layer("p -> Chain(Dense(p.w, false), Dense(p.w, false))", w=weight)
    assert chain[0].weight is not chain[1].weight and chain[0].weight is not weight


@pytest.mark.parametrize(
    ("julia", "config", "expected"),
    [
        ("x -> softmax(x; dims=2)", {"dims": 2}, lambda: pyimpl.softmax(X, dims=0)),
        ("x -> leakyrelu.(x, 0.2)", {"arg": 0.2}, lambda: pyimpl.leakyrelu(X, 0.2)),
        ("x -> logsumexp(x)", {}, lambda: pyimpl.logsumexp(X)),
        (
            "x -> Flux.normalise(x; dims=1, eps=1f-1)",
            {"dims": 1, "eps": 0.1},
            lambda: pyimpl.normalise(X, dims=-1, eps=np.float32(0.1)),
        ),
        ("x -> Flux.mse(x, x; agg=x -> sum(x; dims=1))", {}, lambda: np.zeros((3, 1))),
        ("x -> pad_constant(x, (1, 2))", {"pad": [1, 2]}, lambda: np.pad(X, ((2, 2), (1, 1)))),
        ("x -> pad_zeros(x, (1, 2); dims=2)", {"dims": 2}, lambda: np.pad(X, ((1, 2), (0, 0)))),
        ("x -> Flux.chunk(x, 2; dims=1)[2]", {"n": 2}, lambda: X[:, 2:]),
        ("x -> Flux.stack([x, x]; dims=3)", {"dims": 3}, lambda: np.stack([X, X])),
        ("x -> Flux.unsqueeze(x; dims=1)", {"dims": 1}, lambda: X[..., None]),
        ("x -> (x |> Flux.flatten)", {}, lambda: X),
        ("x -> 2 * x .* x ./ 4 .- 1", {}, lambda: X * X / 2 - 1),
        ("x -> -x", {}, lambda: -X),
        ("x -> (y -> relu(y)).(x)", {}, lambda: pyimpl.relu(X)),
        ("x -> Flux.mse(x, -x)", {"agg": "mean"}, lambda: np.mean(4 * X * X)),
    ],
)
def test_options_of_functions(julia, config, expected):
    np.testing.assert_allclose(called(julia, X, config=config), expected())


def test_calc_padding_is_evaluated():
    conv = layer(
        "p -> Conv(p.w; pad=Flux.calc_padding(Conv, SamePad(), (4, 2), 1, 1))",
        {"k": [4, 2]},
        w=np.ones((1, 1, 2, 4)),
    )
    assert (
        conv.pad == pyimpl.Conv(np.ones((1, 1, 2, 4)), pad=pyimpl.SamePad()).pad == ((1, 0), (2, 1))
    )


@pytest.mark.parametrize(
    ("julia", "ours"),
    [
        ("Adam(0.02, (0.8, 0.9), 1e-4)", pyimpl.Adam(0.02, (0.8, 0.9), 1e-4)),
        ("AdamW(0.01; couple=false)", pyimpl.AdamW(0.01, couple=False)),
        (
            "RMSProp(; eta=0.1, epsilon=1e-3, centred=true)",
            pyimpl.RMSProp(0.1, eps=1e-3, centred=True),
        ),
        ("ClipNorm(0.5, 1; throw=false)", pyimpl.ClipNorm(0.5, 1, False)),
        (
            "OptimiserChain(AccumGrad(2), WeightDecay(; lambda=0.1))",
            pyimpl.OptimiserChain(pyimpl.AccumGrad(2), pyimpl.WeightDecay(0.1)),
        ),
        ("Descent(0.1f0)", pyimpl.Descent(float(np.float32(0.1)))),
    ],
)
def test_settings_of_rules(julia, ours):
    assert rule(julia) == ours
