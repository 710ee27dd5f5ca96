"""The semantics of older versions of Flux, and what `drift` says about two of them. (Outcomes: tests/test_reference_folders.py.)"""

import dataclasses
import re

import numpy as np
import pytest
from test_command import run

from pyimpl import Adam, AdamW, LayerNorm, LSTMCell, OptimiserChain, RNNCell, Rprop, normalise, semantics, trainables
from pyimpl.parity.case import Outcome
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.drift import drift
from pyimpl.versions import CHANGES, HELD_AGAINST, formulas_of, parsed, since, version_in_force

X = np.array([[1.0, 2.0, 4.0], [-1.0, 0.5, 3.0]])


@pytest.mark.parametrize(
    ("version", "release"), [("0.12.6", "0"), ("0.14", "0"), ("0.15.0", "0.15.0"), ("0.16", "0.16.11"), ("latest", "0.16.11")]
)
def test_the_formula_of_a_version(version, release):
    assert formulas_of(version)["normalise"] == release


@pytest.mark.parametrize("version", ["", "0.x", "v0.14", "0.14.2.5", "newest"])
def test_what_is_no_version(version):
    with pytest.raises(ValueError, match=re.escape(f"such as {', '.join(HELD_AGAINST)}") + f".*got {version!r}"):
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
    np.testing.assert_allclose([one_step(rule) for rule in steps.values()], [0.1 * (1 + 0.02), 0.1 + 0.02, 0.1 * (1 + 0.02)], rtol=1e-6)


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
        assert Rprop().eta == np.float32(1e-3) != 1e-3
    assert Rprop().eta == 1e-3


def test_cells_had_an_initial_state_to_learn():
    with semantics("0.14"):
        cells = RNNCell(2, 3), LSTMCell(2, 3)
    assert sorted(trainables(cells[0])) == ["Wh", "Wi", "bias", "state0"]
    assert sorted(trainables(cells[1])) == ["Wh", "Wi", "bias", "state0.0", "state0.1"]
    np.testing.assert_array_equal(cells[1].bias, [0] * 3 + [1] * 3 + [0] * 6)
    assert "state0" not in trainables(RNNCell(2, 3)) and not LSTMCell(2, 3).bias.any()
    (y, h), back = cells[0].pullback(np.ones((4, 2)))
    gradient = back((np.ones_like(y), None))[0]
    assert gradient.state0.shape == (1, 3) and gradient.state0.any()


def test_every_change_speaks_of_a_row_and_its_releases_are_in_order():
    for change in CHANGES.values():
        releases = [tuple(map(int, release.split("."))) for release in change.formulas]
        assert len(releases) > 1 and releases == sorted(releases) and releases[0] == (0,)
        assert change.effect and change.source and change.twin and change.history
        assert all(row in CATALOGUE or row in ("...", "LSTMCell") for row in change.rows)


# Drift


class Shifted:
    """A recording in which something has changed."""

    def __init__(self, recording, change):
        self._recording, self._change = recording, change

    def pairs(self, row, dtypes, count, seed):
        for case, outcomes in self._recording.pairs(row, dtypes, count, seed):
            yield case, {dtype: self._change(dtype, outcome) for dtype, outcome in outcomes.items()}


def changed(**arrays):
    def change(dtype, outcome):
        found = {name: arrays.get(name.partition(".")[0], lambda a: a)(array) for name, array in outcome.arrays.items()}
        return dataclasses.replace(outcome, arrays={name: array for name, array in found.items() if array is not None})

    return change


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (changed(), "same"),
        (changed(y=lambda y: y * (1 + np.finfo(y.dtype).eps)), "rounding"),
        (changed(y=lambda y: y * y.dtype.type(1.01)), "value"),
        (changed(grad=lambda g: None), "names"),
        (changed(y=lambda y: y[:-1]), "shape"),
        (changed(y=lambda y: y.astype(np.float64 if y.dtype == np.float32 else np.float32)), "dtype"),
        (lambda dtype, outcome: Outcome(error="refused"), "refusal"),
    ],
)
def test_kinds_of_drift(recording, change, kind):
    (found,) = drift(recording, Shifted(recording, change), ["softplus"])
    assert found.kind == kind and found.changed == (kind not in ("same", "rounding"))


def test_drift_of_rows_that_are_in_the_table_says_so(recording):
    (found,) = drift(recording, Shifted(recording, changed(y=lambda y: y * 2)), ["normalise"])
    assert any("std + eps" in line for line in found.known)
    assert found.sizes["y"] == pytest.approx(0.5)


def test_the_command_drift(tmp_path):
    done = run("drift", "0.16.9", "0.16.9", "--row", "normalise")
    assert done.returncode == 0 and "0 of 1 rows changed" in done.stdout
    done = run("drift", "0.13", "0.16.9")
    assert done.returncode == 2 and "no recording of Flux 0.13 is shipped" in done.stderr
    done = run("drift", tmp_path / "no.npz", "0.16.9")
    assert done.returncode == 3 and "is no recording" in " ".join(done.stderr.split())


def test_the_option_semantics():
    done = run("check", "--reference", "recorded", "--semantics", "0.14", "normalise", "Dense")
    assert done.returncode == 1 and "the NumPy side follows Flux 0.14" in done.stdout
    assert "1 rows agree, 1 disagree" in done.stdout
    assert run("check", "--reference", "recorded", "--semantics", "latest", "Dense").returncode == 0
    assert run("check", "--semantics", "new").returncode == 2
