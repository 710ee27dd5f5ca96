"""Losses for rare classes and segmentation: focal_loss, binary_focal_loss, dice_coeff_loss,
tversky_loss.

Source: Flux.jl `src/losses/functions.jl`.
"""

import numpy as np

from ..core.pullback import differentiable
from .loss import epsilon, log, loss, numeric, paired

__all__ = ["binary_focal_loss", "dice_coeff_loss", "focal_loss", "tversky_loss"]


def _power(who, x, gamma):
    """`x^gamma` and its slope.

    A fractional power of a negative number raises ValueError (Julia: DomainError).
    """
    if float(gamma).is_integer():
        gamma = int(gamma)
    else:
        gamma = x.dtype.type(gamma)
    if not isinstance(gamma, int) and np.any(x < 0):
        raise ValueError(
            f"{who} expects predictions of at most 1 - eps where gamma is not an integer, got 1 "
            f"- prediction - eps = {np.min(x)}"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        return x**gamma, gamma * x ** x.dtype.type(gamma - 1)


@loss
def focal_loss(prediction, target, dims=-1, gamma=2, eps=None):
    """`-sum(target * (1 - q)^gamma * log(q))` over the class axis `dims`, q = prediction + eps; the
    prediction is probabilities.

    With a gamma that is not an integer, a prediction of 1 raises ValueError: 1 - q is -eps then. So
    it does in Flux.
    """
    q = prediction + epsilon(prediction, eps)
    logq = log(q)
    weight, weight_slope = _power("focal_loss", 1 - q, gamma)

    def focal_back(dl):
        with np.errstate(divide="ignore", invalid="ignore"):
            return dl * target * (weight_slope * logq - weight / q), -dl * (weight * logq)

    return -(target * (weight * logq)).sum(dims, keepdims=True), focal_back


@loss
def binary_focal_loss(prediction, target, gamma=2, eps=None):
    """`-(1 - p)^gamma * log(p)`, where p, the probability given to the truth, is q or 1 - q as
    target is 1 or 0; q = prediction + eps.

    A prediction of 1 for a target of 0 raises ValueError: p is -eps then. So it does in Flux.
    """
    target = numeric(target, prediction)
    q = prediction + epsilon(prediction, eps)
    p = target * q + (1 - target) * (1 - q)
    logp = log(p)
    weight, weight_slope = _power("binary_focal_loss", 1 - p, gamma)

    def binary_focal_back(dl):
        with np.errstate(divide="ignore", invalid="ignore"):
            dp = dl * (weight_slope * logp - weight / p)
        return dp * target - dp * (1 - target), dp * q - dp * (1 - q)

    return -(weight * logp), binary_focal_back


@differentiable
def dice_coeff_loss(prediction, target, smooth=1.0):
    """`1 - (2 * sum(prediction * target) + smooth) / (sum(target^2) + sum(prediction^2) + smooth)`;
    the batch is summed over too.
    """
    prediction, target = paired("dice_coeff_loss", prediction, target)
    target, smooth = numeric(target, prediction), prediction.dtype.type(smooth)
    overlap = 2 * (target * prediction).sum() + smooth
    size = (target * target).sum() + (prediction * prediction).sum() + smooth
    y, quotient_back = _one_minus_quotient(overlap, size)

    def dice_coeff_back(dy):
        doverlap, dsize = quotient_back(dy)
        dprediction = 2 * (doverlap * target + dsize * prediction)
        return None, dprediction, 2 * (doverlap * prediction + dsize * target)

    return y, dice_coeff_back


@differentiable
def tversky_loss(prediction, target, beta=0.7):
    """`1 - (sum(both) + 1) / (sum(both + beta * false_positive + (1 - beta) * false_negative) +
    1)`; the batch too.

    Here both = target * prediction, false_positive = (1 - target) * prediction, false_negative =
    target * (1 - prediction). Flux's documentation has beta on the false negatives; its code, and
    this, on the false positives.
    """
    prediction, target = paired("tversky_loss", prediction, target)
    target, beta = numeric(target, prediction), prediction.dtype.type(beta)
    both = target * prediction
    overlap = both.sum() + 1
    size = (
        both + beta * (1 - target) * prediction + (1 - beta) * target * (1 - prediction)
    ).sum() + 1
    y, quotient_back = _one_minus_quotient(overlap, size)

    def tversky_back(dy):
        doverlap, dsize = quotient_back(dy)
        dprediction = doverlap * target + dsize * (
            target + beta * (1 - target) - (1 - beta) * target
        )
        dtarget = doverlap * prediction + dsize * (
            prediction - beta * prediction + (1 - beta) * (1 - prediction)
        )
        return None, dprediction, dtarget

    return y, tversky_back


def _one_minus_quotient(overlap, size):
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = overlap / size

    def quotient_back(dy):
        with np.errstate(divide="ignore", invalid="ignore"):
            return -dy / size, dy * quotient / size

    return 1 - quotient, quotient_back
