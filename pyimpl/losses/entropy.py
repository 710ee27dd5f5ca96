"""Losses of probabilities and of their logits: cross entropies, Kullback-Leibler divergence,
smoothed labels.

Source: Flux.jl `src/losses/functions.jl`.
"""

import numpy as np

from ..core.expect import as_float
from ..core.pullback import differentiable
from ..functions.activations import sigmoid, softplus
from ..functions.softmax import logsoftmax
from .loss import Agg, aggregation, epsilon, loss, paired, xlogy

__all__ = [
    "binarycrossentropy",
    "crossentropy",
    "kldivergence",
    "label_smoothing",
    "logitbinarycrossentropy",
    "logitcrossentropy",
]


@loss
def crossentropy(prediction, target, dims=-1, eps=None):
    """`-sum(target * log(prediction + eps))` over the class axis `dims`; the prediction is
    probabilities, and not renormalised.
    """
    shifted = prediction + epsilon(prediction, eps)

    def crossentropy_back(dl):
        return -dl * (target / shifted), xlogy(np.broadcast_to(-dl, shifted.shape), shifted)

    return -xlogy(target, shifted).sum(dims, keepdims=True), crossentropy_back


@loss
def logitcrossentropy(prediction, target, dims=-1):
    """`-sum(target * logsoftmax(prediction))` over the class axis `dims`."""
    logp, logsoftmax_back = logsoftmax.pullback(prediction, dims=dims)
    terms = np.where(target, logp, 0) if target.dtype == bool else target * logp

    def logitcrossentropy_back(dl):
        return logsoftmax_back(-dl * target)[1], -dl * logp

    return -terms.sum(dims, keepdims=True), logitcrossentropy_back


@loss
def binarycrossentropy(prediction, target, eps=None):
    """`-target * log(prediction + eps) - (1 - target) * log(1 - prediction + eps)`."""
    eps = epsilon(prediction, eps)
    target = target.astype(prediction.dtype, copy=False)
    yes, no = prediction + eps, 1 - prediction + eps

    def binarycrossentropy_back(dl):
        dprediction = dl * ((1 - target) / no - target / yes)
        return dprediction, xlogy(dl, no) - xlogy(dl, yes)

    return -xlogy(target, yes) - xlogy(1 - target, no), binarycrossentropy_back


@loss
def logitbinarycrossentropy(prediction, target):
    """`(1 - target) * prediction - log(sigmoid(prediction))`."""
    target = target.astype(prediction.dtype, copy=False)

    def logitbinarycrossentropy_back(dl):
        return dl * (1 - target - sigmoid.value(-prediction)), -dl * prediction

    return (1 - target) * prediction + softplus.value(-prediction), logitbinarycrossentropy_back


@differentiable
def kldivergence(prediction, target, agg: Agg = "mean", dims=-1, eps=None):
    """`agg(sum(target * log(target))) + crossentropy(prediction, target)`, both over the class axis
    `dims`. Boolean and integer targets have logarithms in Float64, so that the loss is one, as in
    Flux.
    """
    whole = np.asarray(target).dtype.kind in "iub"
    prediction, target = paired("kldivergence", prediction, target)
    of = target.astype(np.float64) if whole else target
    entropies = xlogy(of, of).sum(dims, keepdims=True)
    entropy, agg_back = aggregation(agg).pullback(entropies)
    cross, cross_back = crossentropy.pullback(prediction, target, agg=agg, dims=dims, eps=eps)

    def kldivergence_back(dy):
        dy = np.asarray(dy, cross.dtype)
        _, dprediction, dtarget = cross_back(dy)
        with np.errstate(divide="ignore"):
            return None, dprediction, dtarget + agg_back(dy)[1] * (np.log(target) + 1)

    return entropy + cross, kldivergence_back


@differentiable
def label_smoothing(y, alpha, dims=-1):
    """`y * (1 - alpha) + alpha / classes`, y one-hot along the last axis; `dims=None`, for labels 0
    and 1: `y * (1 - alpha) + alpha / 2`.

    Not a loss: it is applied to the targets. Raises ValueError unless 0 < alpha < 1. Flux's
    `dims=0` is None here, and as in Flux no other axis than the first (of Julia's; our last) can
    hold the classes.
    """
    y = as_float("label_smoothing", y)
    if not 0 < alpha < 1:
        raise ValueError(f"label_smoothing expects alpha between 0 and 1, got {alpha}")
    if dims not in (-1, None):
        raise ValueError(
            "label_smoothing expects the classes on the last axis (dims=-1) or labels 0 and 1 "
            f"(dims=None), got dims={dims}"
        )
    classes = 2 if dims is None else y.shape[-1] if y.ndim else 1
    return y * (1 - alpha) + alpha / classes, lambda dy: (None, dy * (1 - alpha))
