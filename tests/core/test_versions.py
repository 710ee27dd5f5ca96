"""The semantics of older versions of Flux. (Outcomes: tests/catalogue/test_drift.py,
tests/reference_folder/.)
"""

import copy
import re

import numpy as np
import pytest
from julia_parity import run

from pyimpl import (
    Adam,
    AdamW,
    GRUCell,
    GRUv3Cell,
    LayerNorm,
    LSTMCell,
    OptimiserChain,
    RNNCell,
    Rprop,
    early_stopping,
    loadmodel,
    mae,
    normalise,
    plateau,
    semantics,
    state,
    trainables,
)
from pyimpl.core.versions import (
    CHANGES,
    HELD_AGAINST,
    formulas_of,
    parsed,
    since,
    version_in_force,
)
from pyimpl.parity.catalogue import CATALOGUE

X = np.array([[1.0, 2.0, 4.0], [-1.0, 0.5, 3.0]])


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("0.12.6", "0"),
        ("0.14", "0"),
        ("0.15.0", "0.15.0"),
        ("0.16", "0.16.11"),
        ("latest", "0.16.11"),
    ],
)
def test_the_formula_of_a_version(version, release):
    assert formulas_of(version)["normalise"] == release


@pytest.mark.parametrize("version", ["", "0.x", "v0.14", "0.14.2.5", "newest"])
def test_what_is_no_version(version):
    with pytest.raises(
        ValueError, match=re.escape(f"such as {', '.join(HELD_AGAINST)}") + f".*got {version!r}"
    ):
        parsed(version)


def test_semantics_end_with_the_block_whatever_happens_in_it():
    before = version_in_force()
    with pytest.raises(RuntimeError), semantics("0.14"):
        assert since("AdamW") == "0.12.10"
        raise RuntimeError
    assert version_in_force() == before and since("AdamW") == "0.15.0"


@pytest.mark.parametrize(
    ("version", "divisor"),
    [
        ("0.14", lambda std, eps: std + eps),
        ("0.16.9", lambda std, eps: np.sqrt(std**2 + eps**2)),
        ("0.16.11", lambda std, eps: np.sqrt(std**2 + eps)),
    ],
)
def test_the_three_formulas_of_normalise(version, divisor):
    std = X.std(0)
    with semantics(version):
        y = normalise(X, dims=0, eps=0.1)
        layer = LayerNorm(3, affine=False, eps=0.1)
    np.testing.assert_allclose(y, (X - X.mean(0)) / divisor(std, 0.1), rtol=1e-12)
    rows = (X - X.mean(1, keepdims=True)) / divisor(X.std(1, keepdims=True), 0.1)
    np.testing.assert_allclose(layer(X), rows, rtol=1e-12)  # as it was when the layer was made


def test_the_old_gradient_of_a_constant_column_is_nan_and_an_old_eps_has_its_type():
    constant = np.ones((3, 1), np.float32)
    with semantics("0.14"):
        y, back = normalise.pullback(constant)
        assert np.isnan(back(np.ones_like(y))[1]).all()
        assert normalise(constant, eps=1e-3).dtype == np.float64
    assert normalise(constant, eps=1e-3).dtype == np.float32
    y, back = normalise.pullback(constant)
    assert np.isfinite(back(np.ones_like(y))[1]).all()


def one_step(rule):
    x = np.array([2.0])
    _, dx = rule.apply(rule.init(x), x, np.array([1.0]))
    return dx[0]


def test_weight_decay_of_adamw():
    steps = {}
    for version in ("0.12.6", "0.14", "0.16.9"):
        with semantics(version):
            steps[version] = AdamW(0.1, (0.9, 0.999), 0.01)
    assert [type(rule) for rule in steps.values()] == [OptimiserChain, OptimiserChain, AdamW]
    np.testing.assert_allclose(
        [one_step(rule) for rule in steps.values()],
        [0.1 * (1 + 0.02), 0.1 + 0.02, 0.1 * (1 + 0.02)],
        rtol=1e-6,
    )


def test_the_old_adam_is_adam_but_for_rounding_and_stays_old_when_it_is_adjusted():
    with semantics("0.12.6"):
        old = Adam(0.01)
    old, new = old.adjust(eta=0.02), Adam(0.02)
    assert type(old) is not Adam and old.eta == 0.02
    rng = np.random.default_rng(0)
    results = []
    for rule in (old, new):
        x, rng = np.ones(5, np.float32), np.random.default_rng(0)
        state = rule.init(x)
        for _ in range(10):
            state, dx = rule.apply(state, x, rng.standard_normal(5).astype(np.float32))
            assert dx.dtype == np.float32
            x -= dx
        results.append(x)
    np.testing.assert_allclose(*results, rtol=1e-5)
    assert (results[0] != results[1]).any()


def test_defaults_of_rprop_were_float32_literals():
    with semantics("0.14"):
        assert Rprop().eta == float(np.float32(1e-3)) != 1e-3
    assert Rprop().eta == 1e-3


def test_cells_had_an_initial_state_to_learn():
    with semantics("0.14"):
        cells = RNNCell(2, 3), LSTMCell(2, 3)
    assert list(trainables(cells[0])) == ["Wi", "Wh", "b", "state0"]
    assert list(trainables(cells[1])) == ["Wi", "Wh", "b", "state0.0", "state0.1"]
    np.testing.assert_array_equal(cells[1].b, [0] * 3 + [1] * 3 + [0] * 6)
    assert "state0" not in trainables(RNNCell(2, 3)) and not LSTMCell(2, 3).bias.any()
    (y, h), back = cells[0].pullback(np.ones((4, 2)))
    gradient = back((np.ones_like(y), None))[0]
    assert gradient.state0.shape == (1, 3) and gradient.state0.any()


@pytest.mark.parametrize("kind", [RNNCell, LSTMCell, GRUCell, GRUv3Cell])
def test_a_cell_has_the_names_of_its_time(kind):
    """Flux 0.14.25, `src/layers/recurrent.jl`: the bias of every cell is `b`; of RNN and LSTM it
    was called `bias` here, and files of that time did not fit.
    """
    with semantics("0.14"):
        old = kind(2, 3)
    new = kind(2, 3)
    theirs = "b" if kind in (GRUCell, GRUv3Cell) else "bias"
    assert "b" in state(old) and "bias" not in state(old) and theirs in state(new)
    for bias, saved in (("b", state(old)), (theirs, {**state(old), theirs: old.b})):
        saved = {**saved, bias: np.ones_like(old.b)}
        loadmodel(old, saved if bias == "b" else {n: a for n, a in saved.items() if n != "b"})
        assert old.b.all()
    loadmodel(new, {name: array for name, array in state(old).items() if name != "state0"})
    assert getattr(new, theirs).all()
    with semantics("0.14"):
        assert isinstance(copy.deepcopy(old), kind) and kind(2, 3, bias=False).b is None


def test_the_old_slope_of_abs_at_zero_had_the_sign_of_the_zero():
    slopes = {}
    for version in ("0.14", "0.16.9"):
        with semantics(version):
            _, back = mae.pullback(np.array([0.0, -0.0, 2.0, -2.0]), np.zeros(4), agg="sum")
        slopes[version] = back(1.0)[1].tolist()
    assert slopes == {"0.14": [1, -1, 1, -1], "0.16.9": [0, 0, 1, -1]}


def test_the_first_score_was_zero():
    with semantics("0.16.7"):
        old = early_stopping(lambda score: score, 1), plateau(lambda score: score, 1)
    new = early_stopping(lambda score: score, 1), plateau(lambda score: score, 1)
    assert [stopping(0.5) for stopping in (old[0], new[0])] == [True, False]
    assert [stopping(0.0) for stopping in (old[1], new[1])] == [True, False]


def test_every_change_speaks_of_a_row_and_its_releases_are_in_order():
    for change in CHANGES.values():
        releases = [tuple(map(int, release.split("."))) for release in change.formulas]
        assert len(releases) > 1 and releases == sorted(releases) and releases[0] == (0,)
        assert change.effect and change.source and change.twin
        assert all(row in CATALOGUE or row in ("...", "LSTMCell") for row in change.rows)


def test_the_option_semantics():
    done = run("check", "--reference", "recorded", "--semantics", "0.14", "normalise", "Dense")
    assert done.returncode == 1 and "the NumPy side follows Flux 0.14" in done.stdout
    assert "1 row agrees, 1 disagree" in done.stdout
    assert run("check", "--reference", "recorded", "--semantics", "latest", "Dense").returncode == 0
    assert run("check", "--semantics", "new").returncode == 2
