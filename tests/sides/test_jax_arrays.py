"""Functions of JAX, models and rules."""

import numpy as np
import pytest
from pretended import checked

from pyimpl.parity import arrays
from pyimpl.parity.case.case import Case
from pyimpl.parity.case.names import Name
from pyimpl.parity.sides.frameworks import framework_of, framework_of_rule, side_of
from pyimpl.parity.sides.jax_arrays import JAX
from pyimpl.parity.sides.training import RuleSide

jax = pytest.importorskip("jax")
jnp = jax.numpy
X = np.array([[0.5, -1.0], [2.0, 0.25]])


def outcome(function, **given):
    """What comes of a function of some arrays."""
    named = {Name.parse(name): np.asarray(array) for name, array in given.items()}
    return side_of(function).evaluate(Case("f", {}, named, "function"))


def standardised(x):
    return (x - jnp.mean(x, axis=0)) / (jnp.std(x, axis=0) + 1)


@pytest.mark.parametrize(
    "function", [standardised, jax.jit(standardised), jnp.tanh], ids=["own", "compiled", "JAX's"]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_function_in_the_precision_of_the_case(function, dtype):
    assert framework_of(function) is JAX
    found = outcome(function, x1=X.astype(dtype), dy1=np.ones((2, 2), dtype))
    assert found.error is None
    assert {array.dtype for array in found.arrays.values()} == {np.dtype(dtype)}


def test_jax_is_left_as_it_was():
    outcome(standardised, x1=X)
    assert jnp.ones(1).dtype == np.float32


def test_gradients_are_jax_s():
    found = outcome(lambda x: jnp.exp(x), x1=X, dy1=2 * np.ones_like(X))
    np.testing.assert_allclose(found.arrays[Name.parse("grad.x1")], 2 * np.exp(X), rtol=1e-14)


def test_a_number_may_decide_what_is_done():
    def grown(x, a):
        return jnp.exp(x) if a > 0 else jnp.sin(x)

    for a, slope in ((1.0, np.exp(X)), (-1.0, np.cos(X))):
        found = outcome(grown, x1=X, x2=np.array(a), dy1=np.ones_like(X))
        assert found.error is None
        np.testing.assert_allclose(found.arrays[Name.parse("grad.x1")], slope, rtol=1e-14)


def test_what_is_compiled_is_not_mistaken_for_another_question():
    """Cases of one shape that differ in what is no array of real numbers."""

    def power(x, n):
        return jnp.power(x, n)

    for n in (1, 2, 3):
        found = outcome(power, x1=X, x2=np.array(n), dy1=np.ones_like(X))
        np.testing.assert_allclose(
            found.arrays[Name.parse("grad.x1")], n * X ** (n - 1), rtol=1e-12
        )


def test_what_jax_cannot_differentiate_is_said_with_a_remedy():
    def through_numpy(x):
        return jnp.asarray(np.sort(np.asarray(x), axis=0))

    found = outcome(through_numpy, x1=X, dy1=np.ones_like(X))
    assert "--gradient none" in (found.error or "")
    assert outcome(through_numpy, x1=X).error is None


def test_what_was_compiled_is_forgotten_when_the_user_s_function_is_another():
    def inner(x):
        return jnp.sin(x)

    def other(x):
        return jnp.cos(x)

    function = jax.jit(lambda x: inner(x) + 0)
    side = side_of(function)
    case = Case("f", {}, {Name.parse("x1"): X}, "function")
    before = side.evaluate(case).arrays[Name.parse("y")]
    inner.__code__ = other.__code__
    JAX.forget()
    after = side.evaluate(case).arrays[Name.parse("y")]
    np.testing.assert_allclose(before, np.sin(X), rtol=1e-14)
    np.testing.assert_allclose(after, np.cos(X), rtol=1e-14)


def test_a_wrong_divisor_is_explained():
    def by_n(x):
        return (x - jnp.mean(x, axis=0)) / (1 + jnp.std(x, axis=0))

    def by_n_less_one(x):
        return (x - np.mean(x, axis=0)) / (1 + np.std(x, axis=0, ddof=1))

    from pyimpl.parity.explain.explaining import explain

    result = checked(by_n, by_n_less_one, arrays("n,2", sizes=(3, 4)), gradient="none", count=6)
    assert not result.agrees
    assert any("ddof" in str(why) or "n - 1" in str(why) for why in explain(result))


def test_rules_of_optax():
    optax = pytest.importorskip("optax")
    rule = optax.sgd(0.5, momentum=0.5)
    assert framework_of_rule(rule) is JAX
    steps = {"x": [1.0], "g1": [1.0], "g2": [1.0]}
    given = {Name.parse(name): np.array(array) for name, array in steps.items()}
    found = RuleSide(rule, seconds=60).evaluate(Case("f", {}, given, "steps"))
    assert found.error is None, found.error
    assert [found.arrays[Name.parse(f"x@{step}")].item() for step in (1, 2)] == [0.5, -0.25]
