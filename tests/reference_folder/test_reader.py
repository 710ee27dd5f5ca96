"""The translation of reference folders: what is understood, and that nothing is dropped in silence.
No Julia, no folder of outcomes.

(Whether the twin agrees with Flux is asked in test_reference_folders.py, for every folder given
with --reference-dir.)
"""

import ast
import json

import numpy as np
import pytest
from reference_folder.reader import (
    COLON,
    Untranslatable,
    as_python,
    axes,
    read,
    reverse,
    reverse_pad,
    same,
    translate,
    zero_based,
)

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


# Conversions.


@pytest.mark.parametrize(
    ("julia", "ours"), [((3, 2), (2, 3)), ([3, 2, 1], (1, 2, 3)), (2, 2), (None, None)]
)
def test_sizes_are_reversed(julia, ours):
    assert reverse(julia) == ours


@pytest.mark.parametrize(
    ("julia", "rank", "ours"),
    [
        (1, 2, 1),
        ((1, 2), 2, (2, 1)),
        ((1, 2), 1, (1, 2)),
        ((1, 2, 3, 4), 2, (3, 4, 1, 2)),
        (pyimpl.SamePad(), 2, pyimpl.SamePad()),
    ],
)
def test_pairs_of_a_padding_are_reversed_and_low_stays_before_high(julia, rank, ours):
    assert reverse_pad(julia, rank) == ours


@pytest.mark.parametrize(("julia", "ours"), [(1, -1), (3, -3), ((1, 2), (-1, -2)), (COLON, None)])
def test_dimensions_are_counted_from_the_other_end(julia, ours):
    assert axes(julia) == ours


def test_written_indices_count_from_0():
    assert zero_based([1, 3]).tolist() == [0, 2]


# Syntax.


@pytest.mark.parametrize(
    ("julia", "python"),
    [
        ("x -> f.(x, 0.2f0)", "lambda x: f.__dot__(x, Float32(0.2e0))"),
        ("(a, b) -> f(a, b; dims=:)", "lambda a, b: f(a, b, dims=':')"),
        (
            "p -> (c = f(p.w); R{false, typeof(c)}(c))",
            "lambda p: __block__(c := f(p.w), R[false, typeof(c)](c))",
        ),
        ("p -> (c = f(p.w); c.γ .= p.g; c)", "lambda p: __block__(c := f(p.w), c.γ == p.g, c)"),
        ("Chain((a = f(1), b = g))", "Chain((a := f(1), b := g))"),
        ("f(; lambda=1f-3)", "f(lambda_=Float32(1e-3))"),
        ("f(:which, +; )", "f('which', __plus__)"),
        ("Chain(x -> g(x), h)", "Chain(lambda x: g(x), h)"),
        ("f([1, 2], 1:2)", "f([1, 2], 1 << 2)"),
        ("f(2 => 3)", "f(2 @ 3)"),
    ],
)
def test_julia_is_written_in_the_syntax_of_python(julia, python):
    assert ast.unparse(ast.parse(as_python(julia), mode="eval")) == ast.unparse(
        ast.parse(python, mode="eval")
    )


@pytest.mark.parametrize(
    "julia", ["[f(i) for i in 1:3]", "f(x...)", "2x", "x'", "begin; f(x); end", "f(1", "[1 2; 3 4]"]
)
def test_other_syntax_is_refused(julia):
    with pytest.raises(Untranslatable, match="the syntax of"):
        rule(julia)


# Nothing is dropped in silence.


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


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"colour": 3}, "option colour=3 of row Dense"),
        ({"act": "relu"}, r"option act='relu' \(the expression has tanh\) of row Dense"),
        ({"act": "wiggle"}, r"option act='wiggle' \(the expression has tanh\) of row Dense"),
        ({"bias": False}, "option bias=False"),
        ({"expr": "Dense()"}, "option expr"),
    ],
)
def test_every_key_of_the_configuration_is_held_against_the_expression(config, what):
    twin = layer(
        "p -> Dense(p.weight, p.bias, tanh)",
        config,
        "Dense",
        weight=np.ones((4, 2)),
        bias=np.ones(2),
    )
    with pytest.raises(Untranslatable, match=what):
        twin.pullback(X)


@pytest.mark.parametrize(
    ("julia", "config"),
    [
        ("Adam(0.1)", {"eta": 0.1}),
        ("Adam(0.1)", {"eta": 0.1, "beta": [0.9, 0.999], "epsilon": 1e-8}),
        ("AdamW(; lambda=0.1)", {"lambda": 0.1, "expr": "AdamW(; lambda=0.1)"}),
        ("OptimiserChain(ClipGrad(0.5), Adam())", {"delta": 0.5, "zero_grad_at": [0, 3]}),
    ],
)
def test_a_configuration_that_says_the_same_is_confirmed(julia, config):
    assert rule(julia, config)


def test_a_setting_of_a_rule_that_is_another_is_refused():
    with pytest.raises(Untranslatable, match="option eta=0.2"):
        rule("Adam(0.1)", {"eta": 0.2})


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("tanh", pyimpl.tanh),
        ("σ", pyimpl.sigmoid),
        ("+", pyimpl.add),
        ([2, 2], 2),
        ([1, 0], (1, 1, 0, 0)),
        (1, (1, 1)),
        (0.001, np.float32(0.001)),
        (True, np.ones(3)),
        ("SamePad", pyimpl.SamePad()),
        (":", COLON),
    ],
)
def test_two_ways_to_say_the_same(said, value):
    assert same(said, value)


@pytest.mark.parametrize(
    ("said", "value"),
    [("tanh", pyimpl.tanh_fast), ([1, 2], (2, 1)), (False, 0), (1, True), (0.1, 0.11), ("a", 1)],
)
def test_two_ways_to_say_something_else(said, value):
    assert not same(said, value)


# Layers, functions and rules.


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


def test_a_lambda_is_differentiated_to_its_inputs_and_to_the_layers_it_uses():
    twin = layer("p -> (m = Dense(p.w, false); x -> m(x) + m(x))", w=np.ones((4, 2)))
    y, back = twin.pullback(X)
    gradient, dx = back(np.ones_like(y))
    plain, dense_back = pyimpl.Dense(np.ones((4, 2)), False).pullback(X)
    once, dx_once = dense_back(np.ones_like(plain))
    np.testing.assert_allclose(y, 2 * plain)
    np.testing.assert_allclose(gradient.m.weight, 2 * once.weight)
    np.testing.assert_allclose(dx, 2 * dx_once)


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


def test_arithmetic_is_differentiated_and_broadcast():
    y, back = translate("(x, w) -> sum(w .* x)", {}, "agg", "function", {}).pullback(X, X[:, :1])
    _, dx, dw = back(2.0)
    np.testing.assert_allclose(dx, np.broadcast_to(2 * X[:, :1], X.shape))
    np.testing.assert_allclose(dw, 2 * X.sum(1, keepdims=True))


def test_a_weight_that_agg_uses_has_a_gradient():
    y, back = translate(
        "(x, w) -> Flux.mse(x, 0 .* x; agg = l -> sum(w .* l))", {}, "mse", "function", {}
    ).pullback(X, X[:, :1])
    np.testing.assert_allclose(y, (X[:, :1] * X * X).sum())
    np.testing.assert_allclose(back(1.0)[2], (X * X).sum(1, keepdims=True))


def test_a_function_that_uses_an_input_and_is_called_elsewhere_is_refused():
    with pytest.raises(Untranslatable, match="a function that uses what is differentiated"):
        called("(x, w) -> Flux.kldivergence(x, x; agg = l -> sum(w .* l))", X, X)


def test_a_product_of_matrices_is_not_taken_for_one_of_entries():
    with pytest.raises(Untranslatable, match="the syntax of x [*] x"):
        called("x -> x * x", X)


def test_a_mask_among_the_inputs_has_no_gradient():
    mask = np.tri(3, dtype=bool)
    twin = translate(
        "(q, m) -> dot_product_attention(q, q, q; mask=m)[1]", {}, "attention", "function", {}
    )
    y, back = twin.pullback(X, mask)
    np.testing.assert_allclose(y, pyimpl.dot_product_attention(X, X, X, mask=mask)[0])
    assert back(y)[2] is None


def test_calc_padding_is_evaluated():
    conv = layer(
        "p -> Conv(p.w; pad=Flux.calc_padding(Conv, SamePad(), (4, 2), 1, 1))",
        {"k": [4, 2]},
        w=np.ones((1, 1, 2, 4)),
    )
    assert (
        conv.pad == pyimpl.Conv(np.ones((1, 1, 2, 4)), pad=pyimpl.SamePad()).pad == ((1, 0), (2, 1))
    )


def test_a_part_of_several_outputs_carries_its_gradient():
    y, back = translate("x -> Flux.unstack(x; dims=2)[1]", {}, "unstack", "function", {}).pullback(
        X
    )
    np.testing.assert_array_equal(back(np.ones_like(y))[1], [[1] * 4, [0] * 4, [0] * 4])


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


# Entries.


def folder(tmp_path, entry, arrays):
    """A folder with one case."""
    case = {"group": "layers", "case": "0001", "dtype": "float64", "nothing": [], **entry}
    (tmp_path / "index.json").write_text(
        json.dumps({"versions": {"Flux": "0.16.9"}, "cases": [case]}), encoding="utf-8"
    )
    np.savez(tmp_path / "layers.npz", **{f"0001/{name}": array for name, array in arrays.items()})
    return next(iter(read(tmp_path)))


def test_an_entry_has_our_names_and_indices(tmp_path):
    entry = {
        "row": "Chain",
        "julia": "p -> Chain(Embedding(p.w), BatchNorm(2))",
        "config": {},
        "mode": "train",
    }
    arrays = {
        "in/param.w": np.ones((3, 2)),
        "in/x1": np.array([1, 3]),
        "in/dy1": np.ones((2, 2)),
        "out/after.layers.2.μ": np.ones(2),
    }
    made = folder(tmp_path, entry, arrays)
    assert made.case.arrays["x1"].tolist() == [0, 2]
    assert [str(name) for name in made.flux.arrays] == ["state.layers.1.mean"]
    assert isinstance(made.build(made.case)[0], pyimpl.Embedding)


def test_the_cotangents_of_a_nested_output_are_handed_back_in_its_form(tmp_path):
    arrays = {
        "in/param.wi": np.ones((3, 8)),
        "in/param.wh": np.ones((2, 8)),
        "in/x1": np.ones((1, 3)),
    }
    entry = {
        "row": "LSTMCell",
        "julia": "p -> Flux.LSTMCell(p.wi, p.wh, false)",
        "config": {"bias": False},
        "mode": "train",
    }
    made = folder(tmp_path, entry, arrays)
    y, back = made.build(made.case).pullback(made.case.arrays["x1"])
    assert y[0] is y[1][0]
    assert back((np.ones((1, 2)),) * 3)[1].shape == (1, 3)


def test_an_entry_that_cannot_be_translated_is_an_entry_whose_twin_says_so(tmp_path):
    entry = {"row": "Conv", "julia": "p -> Conv(p.w; twist=2)", "config": {}, "mode": "train"}
    made = folder(tmp_path, entry, {"in/param.w": np.ones((3, 2, 2)), "in/x1": np.ones((1, 2, 4))})
    with pytest.raises(Untranslatable, match="cannot be translated: option twist of row Conv"):
        made.build(made.case)
