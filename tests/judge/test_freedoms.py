"""Results that are free by nature are moved as close as their freedom allows, and no closer."""

import numpy as np
import pytest

from pyimpl.parity.case.case import Outcome
from pyimpl.parity.judge.freedoms import Freedom, aligned, freed, parse_freedoms, write_freedoms

RNG = np.random.default_rng(0)
A = RNG.normal(size=(6, 3))
SIGNS = np.array([1.0, -1.0, -1.0])
PHASES = np.exp(1j * np.array([0.3, 2.0, -1.2]))
ROTATION = np.linalg.qr(RNG.normal(size=(3, 3)))[0]


@pytest.mark.parametrize(
    ("freedom", "mine", "theirs"),
    [
        ("sign", A * SIGNS, A),
        ("sign", (A * SIGNS).T, A.T),
        ("sign", -A[:, 0], A[:, 0]),
        ("scale", A * SIGNS * [2.0, 3.0, 0.5], A),
        ("phase", A * PHASES, A + 0j),
        ("order", (A * SIGNS)[:, [2, 0, 1]], A),
        ("rotation", A @ ROTATION, A),
        ("transposed", A.T.copy(), A),
        ("adjoint", (A * PHASES).conj().T, A * PHASES),
        ("adjoint phase", (A * PHASES).conj().T, A + 0j),
        ("transposed sign", (A * SIGNS).T, A),
    ],
)
def test_what_is_free_is_moved_onto_the_other(freedom, mine, theirs):
    assert np.allclose(aligned(mine, theirs, Freedom.parse(freedom)), theirs)


@pytest.mark.parametrize(
    ("freedom", "mine"),
    [
        ("sign", 2 * A),
        ("phase", 2 * A),
        ("order", A * [1, 1, 1.5]),
        ("rotation", A * [1, 2, 3]),
        ("scale", A + 1),
        ("sign", A * np.sign(RNG.normal(size=A.shape))),  # of single entries
    ],
)
def test_no_more_than_that(freedom, mine):
    assert not np.allclose(aligned(mine, A, Freedom.parse(freedom)), A)


def test_what_cannot_be_moved_stays():
    odd = np.array([[np.nan, 1.0], [2.0, 3.0]])
    assert np.array_equal(aligned(odd, -odd, Freedom("sign")), odd, equal_nan=True)
    assert aligned(A, A.T, Freedom("sign")) is A


def test_complex_outputs_are_moved_as_a_whole_and_others_left_alone():
    theirs = A * PHASES
    mine = Outcome({"y.0.real": A.copy(), "y.0.imag": np.zeros_like(A), "y.1": np.ones(3)})
    julia = Outcome({"y.0.real": theirs.real, "y.0.imag": theirs.imag, "y.1": -np.ones(3)})
    moved = freed(mine, julia, parse_freedoms("y.0=phase"))
    assert np.allclose(moved.arrays["y.0.real"] + 1j * moved.arrays["y.0.imag"], theirs)
    assert np.array_equal(moved.arrays["y.1"], np.ones(3))
    assert np.array_equal(freed(mine, julia, parse_freedoms("sign")).arrays["y.1"], -np.ones(3))


@pytest.mark.parametrize("text", ["", "signs", "sign scale", "x=sign", "y.0=", "adjoint adjoint"])
def test_other_words_are_refused(text):
    with pytest.raises(ValueError, match=r"free|called"):
        parse_freedoms(text)


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        ("sign", [None]),
        ("y=sign,y.1=adjoint phase", ["y", "y.1"]),
        ("y.conv1/w=sign,y.'; rm -rf /=scale", ["y.conv1/w", "y.'; rm -rf /"]),
        ("y.a,b=sign,y.\x1b[2J=order", ["y.a,b", "y.\x1b[2J"]),
    ],
)
def test_freedoms_are_written_as_they_are_read(text, outputs):
    freedoms = parse_freedoms(text)
    assert [name and str(name) for name, _ in freedoms] == outputs
    assert write_freedoms(freedoms) == text


def test_words_are_each_others_inverse():
    for text in ("sign", "adjoint phase", "transposed"):
        assert str(Freedom.parse(text)) == text and Freedom.parse(text).words
