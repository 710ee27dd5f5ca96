"""Softmax and cross entropy as the textbooks write them: the 1e-7 that keeps log(0) away has no
part in the backward pass.

Labels are one-hot rows (batch, classes), or integer class indices (batch,), counted from 0. No
gradient flows to them: `back(dy)` gives `(None, dscores, None)`.
"""

import numpy as np

from ..core.expect import as_float
from ..core.pullback import differentiable

__all__ = ["cross_entropy_error", "softmax", "softmax_with_loss", "softmax_with_summed_loss"]

TINY = 1e-7  # in the value only


@differentiable
def softmax(x):
    """`exp(x) / sum(exp(x))` over the last axis.

    Infinite scores give NaN (Flux's `softmax`: +inf takes everything).
    """
    x = as_float("softmax", x)
    with np.errstate(invalid="ignore"):
        e = np.exp(x - x.max(-1, keepdims=True))
    y = e / e.sum(-1, keepdims=True)

    def softmax_back(dy):
        weighted = dy * y
        return None, weighted - y * weighted.sum(-1, keepdims=True)

    return y, softmax_back


@differentiable
def cross_entropy_error(y, labels):
    """`-sum(log(y[label] + 1e-7)) / batch`; y (batch, classes) holds probabilities.

    The gradient is exact.
    """
    y, hot = _scores_and_hot("cross_entropy_error", y, labels)
    batch = len(y)

    def cross_entropy_back(dl):
        return None, -dl * hot / (y + TINY) / batch, None

    return _summed_error(y, hot) / batch, cross_entropy_back


@differentiable
def softmax_with_loss(scores, labels):
    """`cross_entropy_error(softmax(scores), labels)`; its gradient `(softmax - onehot) / batch`
    knows nothing of the 1e-7.

    Where the probability p of the label is small, the value's true slope is p / (p + 1e-7) of that.
    Flux's `logitcrossentropy` is exact.
    """
    scores, hot = _scores_and_hot("softmax_with_loss", scores, labels)
    y, batch = softmax(scores), len(scores)

    def softmax_with_loss_back(dl):
        return None, dl * (y - hot) / batch, None

    return _summed_error(y, hot) / batch, softmax_with_loss_back


@differentiable
def softmax_with_summed_loss(scores, labels):
    """`-sum(log(softmax(scores)[label] + 1e-7))`, the sum over the batch; its gradient is `softmax
    - onehot`, not divided by anything.

    The output layer of experiment E5: the same learning rate makes steps that are `batch` times
    those of `softmax_with_loss`. The loss that E5 prints is `cross_entropy_error`, a mean.
    """
    scores, hot = _scores_and_hot("softmax_with_summed_loss", scores, labels)
    y = softmax(scores)

    def softmax_with_summed_loss_back(dl):
        return None, dl * (y - hot), None

    return _summed_error(y, hot), softmax_with_summed_loss_back


def _summed_error(y, hot):
    return -(hot * np.log(y + TINY)).sum()


def _scores_and_hot(who, scores, labels):
    scores = as_float(who, scores)
    if scores.ndim != 2:
        raise ValueError(f"{who} expects scores of shape (batch, classes), got {scores.shape}")
    labels = np.asarray(labels)
    if labels.ndim != 1:
        if labels.shape != scores.shape:
            raise ValueError(
                f"{who} expects one-hot labels of the scores' shape {scores.shape}, got "
                f"{labels.shape}"
            )
        return scores, as_float(who, labels, scores.dtype)
    batch, classes = scores.shape
    if labels.dtype.kind not in "iu" or labels.shape != (batch,):
        raise ValueError(
            f"{who} expects one-hot labels or {batch} integers for scores of shape "
            f"{scores.shape}, got {labels.dtype} {labels.shape}"
        )
    outside = (labels < 0) | (labels >= classes)
    if outside.any():
        raise ValueError(f"{who} expects labels from 0 to {classes - 1}, got {labels[outside][0]}")
    return scores, (labels[:, None] == np.arange(classes)).astype(scores.dtype)
