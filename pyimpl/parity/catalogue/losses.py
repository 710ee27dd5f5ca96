"""Losses: prediction and target, aggregated by mean or sum or not at all."""

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...pullback import differentiable
from .row import Config, Example, Row, Slack

MATRIX = {"agg": "mean", "sizes": (4, 1)}
COLUMN = np.arange(1.0, 5.0).reshape(4, 1)
LOGARITHM = Slack(12, "the logarithm of a probability near 1 is small, but its error is that of the probability")


def _row(name, *, prediction="real", target="real", options=(), examples=(), slack=None, exact=False, covers="") -> Row:
    function = getattr(pyimpl, name)

    def twin(config: Config):
        settings = {key: config[key] for key in ("agg", "dims", "eps", "delta") if key in config}
        return differentiable(lambda x, y: function.pullback(x, y, **settings))

    return Row(
        name,
        "flux",
        "loss",
        twin=twin,
        structures=({"agg": "mean"}, {"agg": "sum"}, {"agg": "identity"}, *options),
        sizes={"sizes": st.tuples(st.integers(1, 5), st.integers(1, 4))},
        shapes=lambda c: {"x1": (c["sizes"], prediction), "x2": (c["sizes"], target)},
        exact=lambda c: exact and c.get("agg") in ("sum", "identity"),
        slack=lambda c: slack,
        examples=(
            *examples,
            Example(
                "a column against a row",
                {"agg": "mean", "sizes": (4, 1)},
                {"x1": [[1.0], [2.0], [3.0], [4.0]], "x2": [[1.0, 2.0, 3.0, 4.0]]},
                refused=True,
            ),
            Example(
                "a matrix against a vector",
                {"agg": "mean", "sizes": (4, 1)},
                {"x1": [[1.0], [2.0], [3.0], [4.0]], "x2": [1.0, 2.0, 3.0, 4.0]},
                refused=True,
            ),
        ),
        covers=covers or "mean, sum, no aggregation; gradients of prediction and target; shapes that would broadcast are refused",
    )


def _one_hot(*classes, of=3):
    return [[float(i == label) for i in range(of)] for label in classes]


TWO_OF_THREE = {"agg": "mean", "sizes": (2, 3)}
CERTAIN = Example("certain, right and wrong", TWO_OF_THREE, {"x1": _one_hot(0, 1), "x2": _one_hot(0, 2)})
ONE_HOT = Example("one-hot targets", TWO_OF_THREE, {"x1": [[0.25, 0.5, 0.25], [0.125, 0.125, 0.75]], "x2": _one_hot(1, 2)})
LARGE = Example("large logits", TWO_OF_THREE, {"x1": [[500.0, 0.0, -500.0], [90.0, 89.0, -91.0]], "x2": _one_hot(2, 1)})
EQUAL = Example("equal entries", {"agg": "sum", "sizes": (1, 3)}, {"x1": [[1.0, 2.0, 3.0]], "x2": [[1.0, 2.5, 2.0]]})
AT_DELTA = Example("at delta", {"agg": "sum", "sizes": (1, 4)}, {"x1": [[1.0, -1.0, 0.0, 3.0]], "x2": [[0.0, 0.0, 0.0, 1.0]]})
FIRST_AXIS = {"agg": "mean", "dims": -2}
LARGE_EPS = {"agg": "mean", "eps": 0.125}
BOTH_PROBABILITIES = {"prediction": "probability", "target": "probability"}

ROWS = (
    _row("mse", exact=True),
    _row("mae", exact=True, examples=(EQUAL,)),
    _row("huber_loss", options=({"agg": "mean", "delta": 0.5},), examples=(AT_DELTA,)),
    _row("crossentropy", **BOTH_PROBABILITIES, options=(FIRST_AXIS, LARGE_EPS), examples=(CERTAIN, ONE_HOT), slack=LOGARITHM),
    _row("logitcrossentropy", target="probability", options=(FIRST_AXIS,), examples=(LARGE, ONE_HOT), slack=LOGARITHM),
    _row("binarycrossentropy", **BOTH_PROBABILITIES, options=(LARGE_EPS,), examples=(CERTAIN,), slack=LOGARITHM),
    _row("logitbinarycrossentropy", target="probability", examples=(LARGE,), slack=LOGARITHM),
    _row("kldivergence", **BOTH_PROBABILITIES, options=(FIRST_AXIS, LARGE_EPS), examples=(ONE_HOT,), slack=LOGARITHM),
)
