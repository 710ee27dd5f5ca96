"""Functions of an expression are differentiated."""

import numpy as np
import pytest
from reference_folder.conversions import (
    Untranslatable,
)
from reference_folder.entries import translate

import pyimpl

X = np.arange(12.0).reshape(3, 4) / 4 - 1


def layer(julia: str, config=None, row="a row", **parameters):
    """The twin of a layer's expression."""
    return translate(julia, config or {}, row, "test", parameters)


def called(julia: str, *xs, config=None, row="a row"):
    """What a function's expression makes of xs."""
    return translate(julia, config or {}, row, "function", {}).pullback(*xs)[0]


def test_a_lambda_is_differentiated_to_its_inputs_and_to_the_layers_it_uses():
    twin = layer("p -> (m = Dense(p.w, false); x -> m(x) + m(x))", w=np.ones((4, 2)))
    y, back = twin.pullback(X)
    gradient, dx = back(np.ones_like(y))
    plain, dense_back = pyimpl.Dense(np.ones((4, 2)), False).pullback(X)
    once, dx_once = dense_back(np.ones_like(plain))
    np.testing.assert_allclose(y, 2 * plain)
    np.testing.assert_allclose(gradient.m.weight, 2 * once.weight)
    np.testing.assert_allclose(dx, 2 * dx_once)


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


def test_a_part_of_several_outputs_carries_its_gradient():
    y, back = translate("x -> Flux.unstack(x; dims=2)[1]", {}, "unstack", "function", {}).pullback(
        X
    )
    np.testing.assert_array_equal(back(np.ones_like(y))[1], [[1] * 4, [0] * 4, [0] * 4])
