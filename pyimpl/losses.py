"""Flux's loss functions: `loss(prediction, target, agg="mean", ...)`. Source: Flux.jl `src/losses/functions.jl`.

The prediction comes first. `agg` makes one number of the losses of all entries (or, where `dims` names the class
axis, of all samples): "mean", "sum", "identity" to keep them, or any differentiable function. Both arguments have
the same shape; anything else raises ValueError, for a broadcast loss is the wrong loss in silence. Epsilons
default to `eps(dtype)` of the prediction. `back(dy)` gives `(None, dprediction, dtarget)`. The logarithm of a negative
number raises ValueError, as it raises DomainError in Julia. Losses of other kinds: `margin_losses.py`, `overlap_losses.py`, `ctc.py`.
"""

import numpy as np

from .activations import sigmoid, softplus
from .expect import as_float, expect_same_shape
from .pullback import Function, differentiable
from .softmax import logsoftmax
from .versions import since


@differentiable
def mean(x):
    """The mean of all entries. The gradient is one number for all of them, which broadcasts."""
    count = x.dtype.type(x.size)
    return np.add.reduce(x, axis=None) / count, lambda dy: (None, dy / count)


@differentiable
def total(x):
    """The sum of all entries. The gradient is one number for all of them, which broadcasts."""
    return np.add.reduce(x, axis=None), lambda dy: (None, dy)


@differentiable
def keep(x):
    """x itself."""
    return x, lambda dy: (None, dy)


AGGREGATIONS = {"mean": mean, "sum": total, "identity": keep}


def aggregation(agg) -> Function:
    """The function that makes one number of many losses."""
    if isinstance(agg, str):
        if agg not in AGGREGATIONS:
            raise ValueError(f"agg expects one of {', '.join(AGGREGATIONS)} or a differentiable function, got {agg!r}")
        return AGGREGATIONS[agg]
    if not hasattr(agg, "pullback"):
        raise ValueError(f"agg expects one of {', '.join(AGGREGATIONS)} or a differentiable function, got {agg!r}")
    return agg


def paired(who, prediction, target):
    """Both as arrays of one shape; a Boolean target stays Boolean."""
    prediction = as_float(who, prediction)
    target = np.asarray(target)
    if target.dtype.kind not in "fiub":
        raise ValueError(f"{who} expects real targets, got an array of {target.dtype}")
    expect_same_shape(who, prediction, target)
    return prediction, target if target.dtype.kind in "fb" else target.astype(prediction.dtype)


def loss(formula):
    """A loss from `formula(prediction, target, ...) -> (losses, back)`, where `back(dlosses)` gives the gradients of both."""
    who = formula.__name__

    def rule(prediction, target, agg="mean", **options):
        prediction, target = paired(who, prediction, target)
        losses, losses_back = formula(prediction, target, **options)
        y, agg_back = aggregation(agg).pullback(losses)

        def loss_back(dy):
            dprediction, dtarget = losses_back(agg_back(dy)[1])
            return None, dprediction, dtarget

        return y, loss_back

    rule.__name__, rule.__qualname__, rule.__doc__, rule.__module__ = who, who, formula.__doc__, formula.__module__
    return Function(rule)


def log(x):
    """`log(x)`, -inf at 0. Raises ValueError for a negative number."""
    if np.any(x < 0):
        raise ValueError(
            f"a loss expects numbers of at least 0 where it takes the logarithm, got {np.min(x)}: is the prediction a probability?"
        )
    with np.errstate(divide="ignore"):
        return np.log(x)


def xlogy(x, y):
    """`x * log(y)`, and 0 where x is 0, even for y = 0. LogExpFunctions: `xlogy`."""
    with np.errstate(invalid="ignore"):
        return np.where(x == 0, x * 1.0, x * log(y)) if x.dtype.kind == "f" else np.where(x, log(y), 0)


def numeric(target, prediction):
    """A Boolean target as numbers of the prediction's type."""
    return target.astype(prediction.dtype) if target.dtype == bool else target


def epsilon(prediction, eps):
    """The epsilon in the prediction's type: Flux's default is the type's own."""
    return prediction.dtype.type(np.finfo(prediction.dtype).eps if eps is None else eps)


@loss
def mse(prediction, target):
    """`(prediction - target)^2`: no factor 1/2, and the mean is over all entries."""
    difference = prediction - target

    def mse_back(dl):
        dprediction = dl * (2 * difference)
        return dprediction, -dprediction

    return difference * difference, mse_back


@loss
def mae(prediction, target):
    """`|prediction - target|`; the slope at 0 is 0, before Flux 0.15 that of the side on which a signed zero lies."""
    difference = prediction - target
    slope = np.copysign(1, difference) if since("slope of abs") == "0" else np.sign(difference)

    def mae_back(dl):
        dprediction = dl * slope
        return dprediction, -dprediction

    return np.abs(difference), mae_back


@loss
def msle(prediction, target, eps=None):
    """`log((prediction + eps) / (target + eps))^2`."""
    eps = epsilon(prediction, eps)
    shifted, shifted_target = prediction + eps, target + eps
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = log(shifted / shifted_target)

    def msle_back(dl):
        dratio = dl * (2 * ratio)
        with np.errstate(divide="ignore", invalid="ignore"):
            return dratio / shifted, -dratio / shifted_target

    return ratio * ratio, msle_back


@loss
def huber_loss(prediction, target, delta=1.0):
    """`e^2 / 2` where `e = |prediction - target| < delta`, `delta * (e - delta/2)` elsewhere."""
    difference = prediction - target
    e = np.abs(difference)

    def huber_back(dl):
        dprediction = dl * np.where(e < delta, difference, delta * np.sign(difference))
        return dprediction, -dprediction

    return np.where(e < delta, difference * difference / 2, delta * (e - delta / 2)), huber_back


@loss
def crossentropy(prediction, target, dims=-1, eps=None):
    """`-sum(target * log(prediction + eps))` over the class axis `dims`; the prediction is probabilities, and not renormalised."""
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
def kldivergence(prediction, target, agg="mean", dims=-1, eps=None):
    """`agg(sum(target * log(target))) + crossentropy(prediction, target)`, both over the class axis `dims`."""
    prediction, target = paired("kldivergence", prediction, target)
    entropies = xlogy(target, target).sum(dims, keepdims=True)
    entropy, agg_back = aggregation(agg).pullback(entropies)
    cross, cross_back = crossentropy.pullback(prediction, target, agg=agg, dims=dims, eps=eps)

    def kldivergence_back(dy):
        _, dprediction, dtarget = cross_back(dy)
        with np.errstate(divide="ignore"):
            return None, dprediction, dtarget + agg_back(dy)[1] * (np.log(target) + 1)

    return entropy + cross, kldivergence_back


@loss
def poisson_loss(prediction, target):
    """`prediction - target * log(prediction)`: no epsilon and no Stirling term; the gradient where both are 0 is NaN, as in Flux."""

    def poisson_back(dl):
        with np.errstate(divide="ignore", invalid="ignore"):
            return dl - dl * (target / prediction), xlogy(-dl, prediction)

    return prediction - xlogy(target, prediction), poisson_back


@differentiable
def label_smoothing(y, alpha, dims=-1):
    """`y * (1 - alpha) + alpha / classes`, y one-hot along the last axis; `dims=None`, for labels 0 and 1: `y * (1 - alpha) + alpha / 2`.

    Not a loss: it is applied to the targets. Raises ValueError unless 0 < alpha < 1. Flux's `dims=0` is None here, and as in
    Flux no other axis than the first (of Julia's; our last) can hold the classes.
    """
    y = as_float("label_smoothing", y)
    if not 0 < alpha < 1:
        raise ValueError(f"label_smoothing expects alpha between 0 and 1, got {alpha}")
    if dims not in (-1, None):
        raise ValueError(f"label_smoothing expects the classes on the last axis (dims=-1) or labels 0 and 1 (dims=None), got dims={dims}")
    classes = 2 if dims is None else y.shape[-1] if y.ndim else 1
    return y * (1 - alpha) + alpha / classes, lambda dy: (None, dy * (1 - alpha))
