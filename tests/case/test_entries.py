"""Kinds of entries: each keeps its promise, whatever is drawn, and can be read from its words."""

import numpy as np
import pytest

from pyimpl.parity.case.draws import seeded_fill
from pyimpl.parity.case.entries import WIDTHS, Entries

SEEDS = range(20)


def drawn(text, shape, seed=0):
    rng = np.random.default_rng(seed)

    def whole(shape, low, high):
        return rng.integers(low, high, shape, np.int64, endpoint=True)

    return Entries.parsed(text).drawn(shape, whole, seeded_fill(f"{text} {seed}"))


def is_symmetric(A):
    return np.array_equal(A, A.T)


PROMISES = {
    "sorted": ((4,), lambda x: np.all(np.diff(x) >= 0)),
    "unique": ((9,), lambda x: len(set(x.tolist())) == 9 and not np.all(np.diff(x) > 0)),
    "symmetric": ((3, 3), is_symmetric),
    "spd": ((4, 4), lambda A: is_symmetric(A) and np.all(np.linalg.eigvalsh(A) > 0.5)),
    "orthogonal": ((3, 3), lambda Q: np.allclose(Q @ Q.T, np.eye(3))),
    "decimal": ((5,), lambda x: np.array_equal(np.round(x, 2), x) and np.any(x * 32 % 1)),
    "labels:3": ((6,), lambda x: set(x.tolist()) == {0, 1, 2}),
    "index:3": ((6,), lambda x: set(x.tolist()) <= {0, 1, 2}),
    "int:1..6": ((50,), lambda x: x.min() == 1 and x.max() == 6),
    "real:-1..0.5": ((9,), lambda x: np.all((x >= -1) & (x <= 0.5)) and len(set(x.tolist())) > 3),
    "complex": ((3,), lambda x: x.dtype == np.complex128),
    "random:9": ((), lambda x: x.shape == (2, 9) and np.all((x[0] >= 0) & (x[0] < 1))),
    "bool": ((3,), lambda x: x.dtype == bool),
}


@pytest.mark.parametrize("text", PROMISES)
def test_a_kind_keeps_its_promise(text):
    shape, holds = PROMISES[text]
    assert all(holds(drawn(text, shape, seed)) for seed in SEEDS)


@pytest.mark.parametrize("name", WIDTHS)
def test_whole_numbers_of_a_width_reach_its_limits(name):
    found = drawn(name, (2000,))
    limits = np.iinfo(name)
    assert found.dtype == name and found.max() == limits.max and found.min() == limits.min


def test_normal_numbers_stand_where_the_even_ones_do():
    even, normal = drawn("random:1000", ())
    assert np.array_equal(np.argsort(even), np.argsort(normal))
    assert abs(normal.mean()) < 0.1 and abs(normal.std() - 1) < 0.1


@pytest.mark.parametrize(
    "text",
    [
        "odd",
        "index:0",
        "labels",
        "labels:x",
        "int:3..1",
        "int:0.5..2",
        "real:1",
        "text",
        "size:2",
        "random:0",
        "sorted:3",
        f"labels:{2**63}",
        f"random:{2**40}",
    ],
)
def test_words_that_say_no_kind(text):
    with pytest.raises(ValueError, match=r"entries are|at most"):
        Entries.parsed(text)


@pytest.mark.parametrize(("text", "shape"), [("sorted", ()), ("spd", (2, 3)), ("symmetric", (3,))])
def test_a_shape_that_a_kind_cannot_have(text, shape):
    with pytest.raises(ValueError, match=r"is not sorted|is square"):
        drawn(text, shape)


def test_kinds_are_written_as_they_are_read():
    for text in (*PROMISES, "positive", "text:sum|mean"):
        assert str(Entries.parsed(text)) == text
