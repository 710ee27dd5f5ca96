"""Inputs that go to the limits: every theme is there, and keeps to what the kind promises."""

import numpy as np
import pytest

from pyimpl.parity.case.extremes import EXTREMES, extreme_inputs
from pyimpl.parity.case.inputs import arrays


def drawn(*shapes, seed=0):
    return list(extreme_inputs(arrays(*shapes), seed))


@pytest.mark.parametrize("kind", EXTREMES)
def test_every_theme_of_a_kind_has_its_values(kind):
    for shape in ("", "n,3"):
        found = drawn(f"{shape}:{kind}")
        assert {theme for theme, _ in found} == set(EXTREMES[kind])
        for theme, (x,) in found:
            ordinary = [v for values in EXTREMES[kind].values() for v in values]
            assert any(value in ordinary or np.isnan(value) for value in x.ravel()) or not x.ndim, (
                theme
            )


def test_a_number_is_given_every_special_value():
    zeros = [x for theme, (x,) in drawn("") if theme == "zeros"]
    assert {str(x[()]) for x in zeros} == {"0.0", "-0.0"}
    large = [x[()] for theme, (x,) in drawn(":int") if theme == "large numbers"]
    assert any(abs(x) > 2**53 for x in large)


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("positive", lambda x: np.all(x > 0) and np.all(np.isfinite(x))),
        ("probability", lambda x: np.all((x > 0) & (x < 1))),
        ("natural", lambda x: np.all((x >= 0) & (x < 1000))),
    ],
)
def test_a_promise_is_kept(kind, holds):
    assert all(holds(x) for shape in ("", "n") for _, (x,) in drawn(f"{shape}:{kind}"))


def test_of_several_arguments_all_are_special_and_each_alone():
    found = [xs for theme, xs in drawn("3", "3") if theme == "NaN"]
    special = [tuple(bool(np.isnan(x).any()) for x in xs) for xs in found]
    assert set(special) == {(True, True), (True, False), (False, True)}


def test_sizes_are_shared_and_draws_are_the_same_again():
    for (_, one), (_, other) in zip(drawn("m,n", "n"), drawn("m,n", "n"), strict=True):
        assert one[0].shape[1] == one[1].shape[0]
        assert all(np.array_equal(*both, equal_nan=True) for both in zip(one, other, strict=True))


def test_kinds_without_limits_have_none():
    assert not drawn("n:bool", "n:index:3", "n:small")
