"""Flux's loss functions: `loss(prediction, target, agg="mean", ...)`.

The prediction comes first. `agg` makes one number of the losses of all entries (or, where `dims` names the class
axis, of all samples): "mean", "sum", "identity" to keep them, or any differentiable function. Both arguments have
the same shape; anything else raises ValueError, for a broadcast loss is the wrong loss in silence. Epsilons
default to `eps(dtype)` of the prediction. `back(dy)` gives `(None, dprediction, dtarget)`. The logarithm of a negative
number raises ValueError, as it raises DomainError in Julia.
"""

from .ctc import ctc_loss
from .entropy import (
    binarycrossentropy,
    crossentropy,
    kldivergence,
    label_smoothing,
    logitbinarycrossentropy,
    logitcrossentropy,
)
from .margin import hinge_loss, siamese_contrastive_loss, squared_hinge_loss
from .overlap import binary_focal_loss, dice_coeff_loss, focal_loss, tversky_loss
from .regression import huber_loss, mae, mse, msle, poisson_loss

__all__ = [
    "binary_focal_loss",
    "binarycrossentropy",
    "crossentropy",
    "ctc_loss",
    "dice_coeff_loss",
    "focal_loss",
    "hinge_loss",
    "huber_loss",
    "kldivergence",
    "label_smoothing",
    "logitbinarycrossentropy",
    "logitcrossentropy",
    "mae",
    "mse",
    "msle",
    "poisson_loss",
    "siamese_contrastive_loss",
    "squared_hinge_loss",
    "tversky_loss",
]
