"""What agrees but for what is free by nature is found, and counted as agreement on request."""

import numpy as np
import pytest
from pretended import checked

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import find_proportions, try_freedoms
from pyimpl.parity.judge.freedoms import write_freedoms
from pyimpl.parity.report.story import story

SIX_BY_THREE = [(np.random.default_rng(seed).normal(size=(6, 3)),) for seed in range(5)]


def factors(A):
    u, s, vh = np.linalg.svd(A, full_matrices=False)
    return u, s, vh


def flipped(A):
    u, s, vh = factors(A)
    signs = np.where(np.arange(3) % 2, 1.0, -1.0).astype(A.dtype)
    return u * signs, s, (vh * signs[:, None]).T


def test_the_least_freedom_of_every_output_is_found():
    result = checked(factors, flipped, SIX_BY_THREE)
    assert result.differs
    try_freedoms(result)
    assert write_freedoms(result.free) == "y.0=sign,y.2=transposed sign"
    assert "--up-to" in story(result) and "up to the sign of each column" in story(result)
    again = checked(factors, flipped, SIX_BY_THREE, up_to=write_freedoms(result.free))
    assert again.agrees


def test_complex_vectors_are_free_up_to_a_phase():
    def vectors(A):
        return np.linalg.svd(A + A.dtype.type(1) * 1j * A[::-1], full_matrices=False)[0]

    def turned(A):
        u = vectors(A)
        return u * np.exp(1j * np.array([0.1, 0.2, 0.3])).astype(u.dtype)

    result = checked(vectors, turned, SIX_BY_THREE)
    try_freedoms(result)
    assert write_freedoms(result.free) == "y=phase"


@pytest.mark.parametrize("wrong", [lambda A: (2 * factors(A)[0], *factors(A)[1:]), factors])
def test_another_difference_is_not_called_free(wrong):
    result = checked(
        lambda A: (factors(A)[0], factors(A)[1] + 1, factors(A)[2]), wrong, SIX_BY_THREE
    )
    try_freedoms(result)
    assert all(str(name) != "y.1" for name, _ in result.free)
    assert result.differs


def test_what_is_nearly_proportional_is_said_to_be_so():
    noise = np.random.default_rng(1).normal(size=(6, 3))
    result = checked(lambda A: A * [1.0, -2.0, 3.0], lambda A: A + 0.02 * noise, SIX_BY_THREE)
    try_freedoms(result)
    find_proportions(result)
    text = story(result)
    assert not result.free and "times a factor for each column (1, -0.5" in text


def test_an_ordinary_difference_has_no_such_note():
    text = story(checked(lambda x: np.sin(x), lambda x: np.cos(x), arrays("6,3:small")))
    assert "free" not in text and "factor for each column" not in text


def test_the_adjoint_of_a_complex_factor_is_found():
    def right(A):
        return np.linalg.svd(A + 1j * A * A, full_matrices=False)[2][:2]

    result = checked(right, lambda A: right(A).conj().T, SIX_BY_THREE)
    try_freedoms(result)
    assert write_freedoms(result.free) == "y=adjoint"
