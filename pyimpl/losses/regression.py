"""Losses of numbers: mse, mae, msle, huber_loss, poisson_loss.

Source: Flux.jl `src/losses/functions.jl`.
"""

import numpy as np

from ..core.versions import since
from .loss import epsilon, log, loss, xlogy

__all__ = ["huber_loss", "mae", "mse", "msle", "poisson_loss"]


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
    """`|prediction - target|`; the slope at 0 is 0, before Flux 0.15 that of the side on which a
    signed zero lies.
    """
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
    difference, delta = prediction - target, prediction.dtype.type(delta)
    e = np.abs(difference)

    def huber_back(dl):
        dprediction = dl * np.where(e < delta, difference, delta * np.sign(difference))
        return dprediction, -dprediction

    return np.where(e < delta, difference * difference / 2, delta * (e - delta / 2)), huber_back


@loss
def poisson_loss(prediction, target):
    """`prediction - target * log(prediction)`: no epsilon and no Stirling term; the gradient where
    both are 0 is NaN, as in Flux.
    """

    def poisson_back(dl):
        with np.errstate(divide="ignore", invalid="ignore"):
            return dl - dl * (target / prediction), xlogy(-dl, prediction)

    return prediction - xlogy(target, prediction), poisson_back
