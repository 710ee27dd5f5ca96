"""ctc_loss: connectionist temporal classification of one sequence.

Source: NNlib.jl `src/ctc.jl`, after Graves, *Supervised Sequence Labelling with Recurrent Neural
Networks* (2012), chapter 7.
"""

import numpy as np

from ..core.expect import as_float
from ..core.pullback import differentiable
from ..functions.softmax import logsoftmax

__all__ = ["ctc_loss"]


@differentiable
def ctc_loss(logits, labels):
    """`-log P(labels | logits)`: the sum over all ways of writing the labels down in the given
    time, blanks between them.

    logits: (time, classes), before any softmax; the last class is the blank. labels: integers below
    the blank, at least one. No batch, no mean. Labels that need more time than there is give inf,
    and a gradient of NaN, as in Flux. A blank among the labels raises ValueError; Flux takes it,
    and gives a gradient that is not that of its loss. `back(dy)` gives `(None, dlogits, None)`.
    """
    logits, labels = _sequence(logits, labels)
    logp = logsoftmax(logits)
    states = np.full(
        2 * len(labels) + 1, logits.shape[1] - 1
    )  # a blank before, between and after the labels
    states[1::2] = labels
    emitted = logp[:, states]  # (time, states)
    skips = np.zeros(
        len(states), bool
    )  # whether the blank before a label may be left out: not between two of the same
    skips[3::2] = labels[1:] != labels[:-1]
    before = _arrivals(emitted, skips)
    after = _arrivals(emitted[::-1, ::-1], np.roll(skips, -2)[::-1])[
        ::-1, ::-1
    ]  # the same walk from the end
    loss = -_logaddexp(*(before + emitted)[-1, -2:])

    def ctc_back(dy):
        passing = np.full_like(
            logp, -np.inf
        )  # log of the probability of all ways through this class at this time
        for way, state in zip((before + emitted + after).T, states, strict=True):
            passing[:, state] = _logaddexp(passing[:, state], way)
        with np.errstate(invalid="ignore"):
            return None, dy * (np.exp(logp) - np.exp(passing + loss)), None

    return loss, ctc_back


def _sequence(logits, labels):
    logits = as_float("ctc_loss", logits)
    labels = np.asarray(labels)
    if logits.ndim != 2 or len(logits) == 0:
        raise ValueError(
            "ctc_loss expects logits of shape (time, classes) with at least one time step, got "
            f"{logits.shape}"
        )
    if labels.ndim != 1 or len(labels) == 0 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"ctc_loss expects a vector of integer labels, at least one, got {labels.dtype} of "
            f"shape {labels.shape}"
        )
    blank = logits.shape[1] - 1
    if labels.min() < 0 or labels.max() >= blank:
        raise ValueError(
            f"ctc_loss expects labels from 0 to {blank - 1}, below the blank {blank}, got "
            f"{labels.min()} to {labels.max()}"
        )
    return logits, labels


def _arrivals(emitted, skips):
    """The log probability of all ways into each state at each time, without what it emits then; a
    way begins in one of the first two.
    """
    arrivals = np.full_like(emitted, -np.inf)
    arrivals[0, :2] = 0
    for t in range(1, len(emitted)):
        stay = arrivals[t - 1] + emitted[t - 1]
        arrivals[t] = stay
        arrivals[t, 1:] = _logaddexp(arrivals[t, 1:], stay[:-1])
        arrivals[t, 2:] = _logaddexp(arrivals[t, 2:], np.where(skips[2:], stay[:-2], -np.inf))
    return arrivals


def _logaddexp(a, b):
    """`log(exp(a) + exp(b))` as NNlib takes it: not by log1p, so that what is below an ulp of the
    larger term is lost.
    """
    low, high = np.minimum(a, b), np.maximum(a, b)
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(low), high, high + np.log(1 + np.exp(low - high)))[()]
