"""Deliberately wrong twins: every one must be found, against the recording too, and named by row
and array.

A mutant is the real twin with one convention broken by patching the fewest lines that break it. A
check that lets one live is a defect.
"""

import dataclasses
import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

import pyimpl
from pyimpl import Gradient
from pyimpl.functions import activations
from pyimpl.layers import attention, conv_transpose, pooling, recurrent
from pyimpl.optimise import adaptive, rules
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import check_row

normalise = importlib.import_module(
    "pyimpl.layers.normalise"
)  # the module, not the function of that name


@dataclass(frozen=True)
class Mutant:
    """A wrong convention: in which row it must show, in which array, and how it is planted."""

    name: str
    row: str
    array: str  # a prefix of one of the arrays that must be named
    plant: Callable[[pytest.MonkeyPatch], None]


def wrap_back(change):
    """Plant a change of the gradients that `cls.pullback` gives."""

    def planter(cls):
        original = cls.pullback

        def pullback(self, *xs):
            y, back = original(self, *xs)

            def wrong_back(dy):
                gradient, *dxs = back(dy)
                return change(gradient, *dxs)

            return y, wrong_back

        return lambda patch: patch.setattr(cls, "pullback", pullback)

    return planter


def scaled(field, factor):
    def change(gradient, *dxs):
        if getattr(gradient, field) is not None:
            setattr(gradient, field, getattr(gradient, field) * np.float32(factor))
        return gradient, *dxs

    return change


def scaled_input(factor):
    return lambda gradient, dx: (gradient, dx * np.float32(factor))


def batchnorm(method, replacement):
    return lambda patch: patch.setattr(pyimpl.BatchNorm, method, replacement)


def track(correct, keep_new):
    """BatchNorm's running statistics, with or without the correction, with either reading of
    momentum.
    """

    def wrong_track(self, mean, var, count):
        new = self.momentum if keep_new else 1 - self.momentum
        factor = count / max(count - 1, 1) if correct else 1.0
        self.mean[...] = (1 - new) * self.mean + new * mean
        self.var[...] = (1 - new) * self.var + new * factor * var

    return batchnorm("_track", wrong_track)


def epsilon_outside_the_root(patch):
    original = pyimpl.BatchNorm._apply

    def wrong_apply(self, x, active):
        eps, self.eps = self.eps, 0.0
        root = np.sqrt
        patch_sqrt = lambda value: root(value) + eps  # noqa: E731
        normalise.np, real = _Module(np, sqrt=patch_sqrt), normalise.np
        try:
            return original(self, x, active)
        finally:
            normalise.np, self.eps = real, eps

    patch.setattr(pyimpl.BatchNorm, "_apply", wrong_apply)


class _Module:
    """A module with one function replaced."""

    def __init__(self, module, **replaced):
        self._module = module
        self.__dict__ |= replaced

    def __getattr__(self, name):
        return getattr(self._module, name)


def slope(name, wrong):
    return lambda patch: patch.setattr(activations.ACTIVATIONS[name], "slope", wrong)


def value(name, wrong):
    return lambda patch: patch.setattr(activations.ACTIVATIONS[name], "value", wrong)


def loss_rule(name, change):
    function = getattr(pyimpl, name)
    original = function.pullback
    return lambda patch: patch.setattr(
        function, "pullback", lambda *xs, **options: change(original, *xs, **options)
    )


def times(factor):
    def change(original, *xs, **options):
        y, back = original(*xs, **options)
        return y * np.float32(factor), lambda dy: tuple(
            None if d is None else d * np.float32(factor) for d in back(dy)
        )

    return change


def direction(wrong):
    return lambda patch: patch.setattr(rules.AdamMoments, "direction", wrong)


def adam_without_correction(self, state, x, g):
    T = x.dtype.type
    m, v, powers = state
    b1, b2 = T(self.beta[0]), T(self.beta[1])
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    return (m, v, (powers[0] * b1, powers[1] * b2)), m / (np.sqrt(v) + T(self.eps))


def adam_epsilon_inside(self, state, x, g):
    T = x.dtype.type
    m, v, (p1, p2) = state
    b1, b2 = T(self.beta[0]), T(self.beta[1])
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    return (m, v, (p1 * b1, p2 * b2)), m / (1 - p1) / np.sqrt(v / (1 - p2) + T(self.eps))


def apply_of(rule, wrong):
    return lambda patch: patch.setattr(rule, "apply", wrong)


def momentum_reversed(self, v, x, g):
    T = x.dtype.type
    v = T(self.eta) * v + T(self.rho) * g
    return v, v


def normalise_eps_not_squared(patch):
    original = pyimpl.normalise.pullback
    wrong = lambda x, dims=0, eps=normalise.EPS: original(x, dims=dims, eps=np.sqrt(eps))  # noqa: E731
    patch.setattr(pyimpl.normalise, "pullback", wrong)


def last_maximum(patch):
    original = pooling._max_pullback

    def wrong(x, kernel, stride, pad):
        y, back = original(x, kernel, stride, pad)
        flipped = tuple(range(2, x.ndim))
        _, flipped_back = original(
            np.flip(x, flipped), kernel, stride, tuple((high, low) for low, high in pad)
        )
        if any(
            (n + low + high - k) % s
            for n, k, s, (low, high) in zip(x.shape[2:], kernel, stride, pad, strict=True)
        ):
            return y, back  # the flipped windows would be others
        return y, lambda dy: (None, np.flip(flipped_back(np.flip(dy, flipped))[1], flipped))

    patch.setattr(pyimpl.MaxPool, "rule", staticmethod(wrong))


def mean_without_padding(patch):
    original = pooling._mean_pullback

    def wrong(x, kernel, stride, pad):
        ones, _ = original(np.ones_like(x), kernel, stride, pad)
        y, back = original(x, kernel, stride, pad)
        return y / ones, lambda dy: back(dy / ones)

    patch.setattr(pyimpl.MeanPool, "rule", staticmethod(wrong))


def dropout_not_inverted(patch):
    original = pyimpl.Dropout._apply

    def wrong(self, x, active):
        y, back = original(self, x, active)
        keep = np.float32(1 - self.p) if active else np.float32(1)
        return y * keep, lambda dy: (None, back(dy)[1] * keep)

    patch.setattr(pyimpl.Dropout, "_apply", wrong)


def dense_sums_bias_as_mean(gradient, dx):
    if gradient.bias is not None:
        gradient.bias = gradient.bias / max(len(dx), 1) if dx.ndim > 1 else gradient.bias
    return gradient, dx


def same_pad_high(patch):
    conv = importlib.import_module(
        "pyimpl.layers.conv"
    )  # the attribute `conv` of the package is the function
    original = conv.same_padding
    wrong = lambda *arguments: tuple((low, high) for high, low in original(*arguments))  # noqa: E731
    patch.setattr(conv, "same_padding", wrong)


def gelu_exact(patch):
    erf = activations.ACTIVATIONS["gelu_erf"]
    value("gelu", erf.value)(patch)
    slope("gelu", erf.slope)(patch)


MUTANTS = [
    Mutant(
        "running variance not corrected",
        "BatchNorm",
        "state.var",
        track(correct=False, keep_new=True),
    ),
    Mutant(
        "momentum the other way round",
        "BatchNorm",
        "state.mean",
        track(correct=True, keep_new=False),
    ),
    Mutant("epsilon outside the root", "BatchNorm", "y", epsilon_outside_the_root),
    Mutant(
        "gradient of scale off by a thousandth",
        "BatchNorm",
        "grad.scale",
        wrap_back(scaled("scale", 1.001))(pyimpl.BatchNorm),
    ),
    Mutant(
        "gradient of x off by a thousandth",
        "BatchNorm",
        "grad.x1",
        wrap_back(scaled_input(1.001))(pyimpl.BatchNorm),
    ),
    Mutant(
        "batch statistics in test mode",
        "BatchNorm",
        "y",
        batchnorm("pullback", lambda self, x: self._apply(x, True)),
    ),
    Mutant(
        "plain call uses the batch",
        "BatchNorm",
        "plain",
        batchnorm("__call__", lambda self, x: self.pullback(x)[0]),
    ),
    Mutant(
        "kernel not flipped",
        "Conv",
        "y",
        lambda patch: patch.setattr(pyimpl.Conv, "flipped", False),
    ),
    Mutant(
        "kernel flipped",
        "CrossCor",
        "y",
        lambda patch: patch.setattr(pyimpl.CrossCor, "flipped", True),
    ),
    Mutant("same padding on the high side", "Conv", "y", same_pad_high),
    Mutant(
        "gradient of the kernel off by a thousandth",
        "Conv",
        "grad.weight",
        wrap_back(scaled("weight", 1.001))(pyimpl.Conv),
    ),
    Mutant(
        "gradient of bias is a mean",
        "Dense",
        "grad.bias",
        wrap_back(dense_sums_bias_as_mean)(pyimpl.Dense),
    ),
    Mutant(
        "gradient of weight off by a thousandth",
        "Dense",
        "grad.weight",
        wrap_back(scaled("weight", 1.001))(pyimpl.Dense),
    ),
    Mutant(
        "gradient of bias dropped",
        "Dense",
        "grad.bias",
        wrap_back(lambda g, dx: (Gradient(weight=g.weight, bias=None), dx))(pyimpl.Dense),
    ),
    Mutant("the last of equal maxima", "MaxPool", "grad.x1", last_maximum),
    Mutant("mean without the padding", "MeanPool", "y", mean_without_padding),
    Mutant("epsilon not squared", "normalise", "y", normalise_eps_not_squared),
    Mutant("dropout not inverted", "Dropout", "y", dropout_not_inverted),
    Mutant("gelu is the exact one", "gelu", "y", gelu_exact),
    Mutant(
        "slope 1 at zero",
        "relu",
        "grad.x1",
        slope("relu", lambda dy, x, y: np.where(x >= 0, dy, 0)),
    ),
    Mutant(
        "blocked by multiplication", "relu", "grad.x1", slope("relu", lambda dy, x, y: dy * (y > 0))
    ),
    Mutant(
        "slope 1 where saturated",
        "hardsigmoid",
        "grad.x1",
        slope("hardsigmoid", lambda dy, x, y: np.where((y > 0) & (y < 1), dy / 6, dy)),
    ),
    Mutant(
        "slope of x, not 0.01 x",
        "leakyrelu",
        "grad.x1",
        slope("leakyrelu", lambda dy, x, y, a=0.01: np.where(y > 0, dy, dy)),
    ),
    Mutant(
        "scale without alpha at zero",
        "selu",
        "grad.x1",
        slope("selu", lambda dy, x, y: np.where(y >= 0, dy * 1.0507009873554805, 0)),
    ),
    Mutant(
        "sign of sigmoid's slope",
        "sigmoid",
        "grad.x1",
        slope("sigmoid", lambda dy, x, y: -dy * y * (1 - y)),
    ),
    Mutant(
        "Keras 2's hard sigmoid",
        "hardsigmoid",
        "y",
        value("hardsigmoid", lambda x: np.clip(x * np.float32(0.2) + np.float32(0.5), 0, 1)),
    ),
    Mutant("a half in front", "mse", "y", loss_rule("mse", times(0.5))),
    Mutant(
        "sum instead of mean",
        "mae",
        "y",
        loss_rule("mae", lambda original, x, y, agg="mean": original(x, y, agg="sum")),
    ),
    Mutant("mean over classes too", "crossentropy", "y", loss_rule("crossentropy", times(1 / 3))),
    Mutant(
        "epsilon of Float64",
        "crossentropy",
        "y",
        loss_rule("crossentropy", lambda original, *xs, **o: original(*xs, **(o | {"eps": 1e-3}))),
    ),
    Mutant(
        "delta twice",
        "huber_loss",
        "y",
        loss_rule(
            "huber_loss", lambda original, *xs, delta=1.0, **o: original(*xs, delta=2 * delta, **o)
        ),
    ),
    Mutant("no bias correction", "Adam", "x@1", direction(adam_without_correction)),
    Mutant("epsilon inside the root", "Adam", "x@1", direction(adam_epsilon_inside)),
    Mutant("eta and rho exchanged", "Momentum", "x@1", apply_of(rules.Momentum, momentum_reversed)),
    Mutant(
        "uncoupled by default",
        "AdamW",
        "x@1",
        apply_of(rules.AdamW, lambda self, s, x, g: _uncoupled(self, s, x, g)),
    ),
    Mutant(
        "accumulator from zero",
        "AdaGrad",
        "state@1",
        lambda patch: patch.setattr(rules.AdaGrad, "init", lambda self, x: np.zeros_like(x)),
    ),
    Mutant(
        "clipped by the norm of nothing",
        "ClipNorm",
        "x@1",
        apply_of(rules.ClipNorm, lambda self, s, x, g: (s, g)),
    ),
    Mutant(
        "fans exchanged",
        "kaiming_uniform",
        "y",
        lambda patch: patch.setattr(pyimpl.initialise, "fans", lambda shape: _fans(shape)[::-1]),
    ),
]

# The rest of Flux.


def blocks_in_order(count, *order):
    """The blocks of a cell with `count` gates, taken in another order."""
    original = recurrent._blocks

    def wrong(x, n):
        parts = tuple(original(x, n))
        return tuple(parts[i] for i in order) if n == count else parts

    return lambda patch: patch.setattr(recurrent, "_blocks", wrong)


def unscaled_attention(patch):
    patch.setattr(attention, "math", _Module(math, sqrt=lambda _: 1.0))


def lion_of_the_paper(self, m, x, g):
    T = x.dtype.type
    b1, b2 = T(self.beta[0]), T(self.beta[1])
    return b2 * m + (1 - b2) * g, T(self.eta) * np.sign(b1 * m + (1 - b1) * g)


def whole_group_as_one(patch):
    original = pyimpl.GroupNorm._within
    patch.setattr(
        pyimpl.GroupNorm, "_within", lambda self, x, groups, active: original(self, x, 1, active)
    )


MUTANTS += [
    Mutant("output gate before candidate", "LSTM", "y", blocks_in_order(4, 0, 1, 3, 2)),
    Mutant("forget gate before input gate", "LSTM", "y", blocks_in_order(4, 1, 0, 2, 3)),
    Mutant("update gate before reset gate", "GRU", "y", blocks_in_order(3, 1, 0, 2)),
    Mutant(
        "scores not divided by the root of their size",
        "dot_product_attention",
        "y",
        unscaled_attention,
    ),
    Mutant("the paper's Lion", "Lion", "state@1", apply_of(adaptive.Lion, lion_of_the_paper)),
    Mutant("one group of all channels", "GroupNorm", "y", whole_group_as_one),
    Mutant(
        "kernel not flipped",
        "ConvTranspose",
        "y",
        lambda patch: patch.setattr(conv_transpose, "_flipped", lambda weight: weight),
    ),
    Mutant(
        "gradient of scale off by a thousandth",
        "LayerNorm",
        "grad.diag.scale",
        wrap_back(scaled("scale", 1.001))(pyimpl.Scale),
    ),
]

_fans = pyimpl.initialise.fans


def _uncoupled(self, state, x, g):
    state, a = self.direction(state, x, g)
    return state, x.dtype.type(self.eta) * a + x.dtype.type(self.lam) * x


@pytest.mark.parametrize(
    "mutant", MUTANTS, ids=[f"{mutant.row}: {mutant.name}" for mutant in MUTANTS]
)
def test_the_recording_kills(mutant, recording, monkeypatch):
    mutant.plant(monkeypatch)
    result = check_row(CATALOGUE[mutant.row], recording)
    assert result.verdict == "disagrees", f"{mutant.name} lives"
    named = {
        d.what for finding in result.findings for d in finding.verdict.differences if not d.agrees
    }
    assert any(array.startswith(mutant.array) for array in named), named


def test_a_mutant_that_changes_nothing_lives(recording, monkeypatch):
    """The check above is not one that calls everything wrong."""
    wrap_back(scaled("weight", 1.0))(pyimpl.Dense)(monkeypatch)
    assert check_row(CATALOGUE["Dense"], recording).verdict == "agrees"


def test_a_wrong_row_is_wrong_for_one_precision_only(recording):
    """A twin that computes in Float32 whatever it is given differs in Float64: a difference in
    meaning.
    """
    row = CATALOGUE["softmax"]

    def narrow(config):
        twin = row.twin(config)
        return pyimpl.differentiable(
            lambda x: _narrowed(*twin.pullback(x.astype(np.float32)), x.dtype)
        )

    result = check_row(dataclasses.replace(row, twin=narrow), recording)
    assert result.verdict == "disagrees"
    assert {finding.kind for finding in result.findings} == {"meaning"}


def _narrowed(y, back, dtype):
    return y.astype(dtype), lambda dy: (None, back(dy.astype(np.float32))[1].astype(dtype))
