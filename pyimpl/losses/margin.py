"""Losses that stop at a margin: hinge_loss, squared_hinge_loss, siamese_contrastive_loss.

Source: Flux.jl `src/losses/functions.jl`.
"""

import numpy as np

from .loss import loss, numeric

__all__ = ["hinge_loss", "siamese_contrastive_loss", "squared_hinge_loss"]


def _hinge(prediction, target):
    """`1 - prediction * target` cut off at 0, and its slope: 1 at the margin itself, for Julia's
    `max` takes the second of two equals.
    """
    room = 1 - prediction * target
    return np.maximum(room, 0), (~(room < 0)).astype(room.dtype)


@loss
def hinge_loss(prediction, target):
    """`max(0, 1 - prediction * target)` for targets 1 and -1; at the margin, where it becomes 0,
    the slope is not 0.
    """
    hinge, slope = _hinge(prediction, target)

    def hinge_back(dl):
        return -(dl * slope) * target, -(dl * slope) * prediction

    return hinge, hinge_back


@loss
def squared_hinge_loss(prediction, target):
    """`max(0, 1 - prediction * target)^2` for targets 1 and -1."""
    hinge, slope = _hinge(prediction, target)

    def squared_hinge_back(dl):
        dhinge = dl * (2 * hinge) * slope
        return -dhinge * target, -dhinge * prediction

    return hinge * hinge, squared_hinge_back


@loss
def siamese_contrastive_loss(prediction, target, margin=1.0):
    """`(1 - target) * prediction^2 + target * max(0, margin - prediction)^2`: target 1 means that
    the two are *dissimilar*.

    The prediction is their distance. Raises ValueError for a negative margin.
    """
    if margin < 0:
        raise ValueError(f"siamese_contrastive_loss expects a margin of at least 0, got {margin}")
    target, margin = numeric(target, prediction), prediction.dtype.type(margin)
    room = np.maximum(margin - prediction, 0)

    def siamese_contrastive_back(dl):
        dprediction = dl * (2 * (1 - target) * prediction - 2 * target * room)
        return dprediction, dl * (room * room - prediction * prediction)

    return (1 - target) * (prediction * prediction) + target * (
        room * room
    ), siamese_contrastive_back
