"""Losses: prediction and target, aggregated by mean or sum or not at all."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core.pullback import differentiable
from .row import Config, Example, Row, Slack
from .settings import chosen

AGGREGATED: tuple[Config, ...] = ({"agg": "mean"}, {"agg": "sum"}, {"agg": "identity"})
LABELLED: tuple[Config, ...] = (
    {"agg": "mean", "labels": "bool"},
    {"agg": "identity", "labels": "int"},
)
SETTINGS = ("agg", "dims", "eps", "delta", "gamma", "margin", "beta", "smooth")


def _no_gradients(dy):
    return None, None, None


@differentiable
def columns(losses):
    """The mean over the last axis, as a function of one's own for `agg`."""
    shape = losses.shape
    return losses.mean(-1, keepdims=True), lambda dy: (
        None,
        np.broadcast_to(dy / losses.dtype.type(shape[-1]), shape),
    )


def _row(
    name,
    *,
    prediction="real",
    target="real",
    structures=AGGREGATED,
    options=(),
    together=(),
    examples=(),
    exact=False,
    covers="",
) -> Row:
    function = getattr(pyimpl, name)
    columns_too = {"agg": "columns"}
    more: tuple[Config, ...] = ()
    if structures is AGGREGATED:
        more = (
            {},
            {"agg": "mean", "labels": "both int"},
            *(() if columns_too in options else (columns_too,)),
            *together,
        )

    def twin(config: Config):
        settings = {key: config[key] for key in SETTINGS if key in config}
        if settings.get("agg") == "columns":
            settings["agg"] = columns
        if "labels" not in config:
            return differentiable(lambda x, y: function.pullback(x, y, **settings))
        if config["labels"] == "both int":
            return differentiable(lambda x, y: (function(1 * (x > 0), 1 * (y > 0)), _no_gradients))
        dtype = {"bool": np.bool_, "int": np.int64}[config["labels"]]

        def labelled(x, y):
            loss, back = function.pullback(x, (y > 0).astype(dtype), **settings)
            return loss, lambda dl: (*back(dl)[:2], None)

        return differentiable(labelled)

    column = {**structures[0], "sizes": (4, 1)}
    return Row(
        name,
        "flux",
        "loss",
        twin=twin,
        structures=(*structures, *options, *more),
        sizes={"sizes": st.tuples(st.integers(1, 5), st.integers(1, 4))},
        shapes=lambda c: {"x1": (c["sizes"], prediction), "x2": (c["sizes"], target)},
        exact=lambda c: exact and c.get("agg") in ("sum", "identity"),
        examples=(
            *examples,
            Example(
                "a column against a row",
                column,
                {"x1": [[1.0], [2.0], [3.0], [4.0]], "x2": [[1.0, 2.0, 3.0, 4.0]]},
                refused=True,
            ),
            Example(
                "a matrix against a vector",
                column,
                {"x1": [[1.0], [2.0], [3.0], [4.0]], "x2": [1.0, 2.0, 3.0, 4.0]},
                refused=True,
            ),
        ),
        covers=covers
        or "mean, sum, no aggregation or one's own; gradients of prediction and target; shapes "
        "that would broadcast are refused",
    )


def _one_of_each(name, prediction, target, refused=False, **config) -> Example:
    """An example of a few entries, summed up."""
    return Example(
        name,
        {"agg": "sum", "sizes": (1, len(target)), **config},
        {"x1": [prediction], "x2": [target]},
        refused=refused,
    )


def _one_hot(*classes, of=3):
    return [[float(i == label) for i in range(of)] for label in classes]


TWO_OF_THREE = {"agg": "mean", "sizes": (2, 3)}
CERTAIN = Example(
    "certain, right and wrong", TWO_OF_THREE, {"x1": _one_hot(0, 1), "x2": _one_hot(0, 2)}
)
KL_OF_ZERO = (
    "Flux gives NaN inside a gradient where a target is 0: `iszero` of a ForwardDiff dual also "
    "looks at its partials"
)
ONE_HOT = Example(
    "one-hot targets",
    TWO_OF_THREE,
    {"x1": [[0.25, 0.5, 0.25], [0.125, 0.125, 0.75]], "x2": _one_hot(1, 2)},
)
KL_ONE_HOT = replace(ONE_HOT, known=KL_OF_ZERO, differs=("y", "grad.x2"))
LARGE = Example(
    "large logits",
    TWO_OF_THREE,
    {"x1": [[500.0, 0.0, -500.0], [90.0, 89.0, -91.0]], "x2": _one_hot(2, 1)},
)
EQUAL = Example(
    "equal entries",
    {"agg": "sum", "sizes": (1, 3)},
    {"x1": [[1.0, 2.0, 3.0]], "x2": [[1.0, 2.5, 2.0]]},
)
AT_DELTA = Example(
    "at delta",
    {"agg": "sum", "sizes": (1, 4)},
    {"x1": [[1.0, -1.0, 0.0, 3.0]], "x2": [[0.0, 0.0, 0.0, 1.0]]},
)
NEGATIVE = Example(
    "negative probability",
    TWO_OF_THREE,
    {"x1": [[-0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]},
    refused=True,
)
CERTAIN_AND_WRONG = _one_of_each(
    "certain and wrong: log(-eps)", [0.5, 1.0], [1.0, 0.0], refused=True
)
MARGIN = _one_of_each(
    "at the margin", [1.0, -1.0, 0.5, 2.0, 0.0, -3.0], [1.0, -1.0, 2.0, 1.0, -1.0, 1.0]
)
INFINITE_AT_MARGIN = Example(
    "infinite cotangent",
    {"agg": "identity", "sizes": (1, 3)},
    {"x1": [[1.0, 2.0, 0.5]], "x2": [[1.0] * 3], "dy1": [[np.inf, np.inf, np.nan]]},
)
NOT_FINITE = _one_of_each(
    "nan and infinities", [np.nan, np.inf, -np.inf, 0.5], [1.0, 1.0, 1.0, 1.0]
)
FIRST_AXIS: tuple[Config, ...] = tuple(
    {"agg": agg, "dims": -2} for agg in ("mean", "sum", "identity", "columns")
)
LARGE_EPS = {"agg": "mean", "eps": 0.125}
GAMMAS = ({"agg": "mean", "gamma": 1.5}, {"agg": "sum", "gamma": 0})
OVERLAP = (
    "default and other settings; gradients of prediction and target; shapes that would broadcast "
    "are refused"
)
BOTH_PROBABILITIES = {"prediction": "probability", "target": "probability"}

UNIT = np.eye(3)[:2]


def _smoothing(config: Config):
    options = {"dims": None} if config.get("binary") else chosen(config, "dims")
    return differentiable(lambda y: pyimpl.label_smoothing.pullback(y, config["alpha"], **options))


LABEL_SMOOTHING = Row(
    "label_smoothing",
    "flux",
    "loss",
    twin=_smoothing,
    structures=({"alpha": 0.25}, {"alpha": 0.125, "binary": True}),
    sizes={"sizes": st.tuples(st.integers(1, 5), st.integers(1, 4))},
    shapes=lambda c: {"x1": (c["sizes"], "probability")},
    examples=(
        Example("one-hot", {"alpha": 0.25, "sizes": (2, 3)}, {"x1": UNIT}),
        Example(
            "along another axis",
            {"alpha": 0.25, "dims": -2, "sizes": (2, 3)},
            {"x1": UNIT},
            refused=True,
        ),
        Example("alpha 0", {"alpha": 0.0, "sizes": (2, 3)}, {"x1": UNIT}, refused=True),
        Example("alpha 1", {"alpha": 1.0, "sizes": (2, 3)}, {"x1": UNIT}, refused=True),
    ),
    covers="one-hot and binary labels; alpha outside (0, 1) is refused",
)


def _written_twice(config: Config) -> dict:
    """At least as many steps as any labels need, blanks between equal ones included."""
    return {
        "x1": ((2 * config["labels"] + config["extra"], config["classes"]), "real"),
        "x2": ((config["labels"],), f"index:{config['classes'] - 1}"),
    }


def _many_logarithms(config: Config) -> Slack:
    steps = 2 * config.get("labels", 4) + config.get("extra", 3)
    return Slack(
        steps,
        "gradients are exp of the sum of a log probability per step, each rounded at the size of "
        "the sum",
    )


def _sequence(name, logits, labels, refused=False) -> Example:
    logits = np.asarray(logits)
    return Example(
        name,
        {"labels": len(labels), "extra": 0, "classes": logits.shape[1]},
        {"x1": logits, "x2": labels},
        refused=refused,
    )


GRAVES = np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 3.0], [3.0, 1.0, 2.0], [0.5, -1.0, 2.0]])
BLANK_LABEL = (
    "Flux takes the blank for a label, and its gradient is then not that of its loss; the twin "
    "refuses"
)
NO_LABELS = np.zeros(0, np.int64)

CTC = Row(
    "ctc_loss",
    "flux",
    "loss",
    twin=lambda config: pyimpl.ctc_loss,
    sizes={"labels": st.integers(1, 3), "extra": st.integers(0, 3), "classes": st.integers(2, 4)},
    shapes=_written_twice,
    slack=_many_logarithms,
    examples=(
        _sequence("just enough time", GRAVES[:3], [0, 0]),
        _sequence("too little time", GRAVES[:3], [1, 1, 0]),
        _sequence("one step", GRAVES[:1], [1]),
        _sequence("three of the same", np.tile(GRAVES, (2, 1)), [1, 1, 1]),
        _sequence(
            "infinite logit", [[-np.inf, 2.0, 3.0], [2.0, 1.0, 1.0], [3.0, 3.0, 2.0]], [0, 1]
        ),
        _sequence(
            "certain", [[500.0, 0.0, -500.0], [0.0, 0.0, 500.0], [-500.0, 500.0, 0.0]], [0, 1]
        ),
        _sequence("no labels", GRAVES, NO_LABELS, refused=True),
        _sequence("no time", GRAVES[:0], [0], refused=True),
        _sequence("a label beyond the classes", GRAVES, [0, 3], refused=True),
        replace(
            _sequence("the blank among the labels", GRAVES, [0, 2]),
            known=BLANK_LABEL,
            differs=("refusal",),
        ),
    ),
    covers="repeated labels, too little time, infinite logits; no labels, no time and unknown "
    "labels are refused",
)

ROWS = (
    _row("mse", exact=True, options=({"agg": "columns"}, *LABELLED)),
    _row("mae", exact=True, options=LABELLED, examples=(EQUAL,)),
    _row(
        "msle",
        prediction="positive",
        target="positive",
        options=(LARGE_EPS,),
        together=({"agg": "sum", "eps": 0.125},),
        examples=(
            _one_of_each("zeros", [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]),
            _one_of_each("equal entries", [1.0, 2.0, 3.0], [1.0, 2.5, 3.0]),
            _one_of_each("negative", [1.0, -1.0], [1.0, 2.0], refused=True),
        ),
    ),
    _row(
        "huber_loss",
        options=({"agg": "mean", "delta": 0.5}, {"agg": "columns", "delta": 1.5}),
        examples=(AT_DELTA,),
    ),
    _row(
        "crossentropy",
        **BOTH_PROBABILITIES,
        options=(*FIRST_AXIS, LARGE_EPS, *LABELLED),
        together=({"agg": "sum", "dims": -2, "eps": 0.125},),
        examples=(CERTAIN, ONE_HOT, NEGATIVE),
    ),
    _row(
        "logitcrossentropy",
        target="probability",
        options=(*FIRST_AXIS, *LABELLED),
        examples=(LARGE, ONE_HOT),
    ),
    _row(
        "binarycrossentropy",
        **BOTH_PROBABILITIES,
        options=(LARGE_EPS, {"agg": "columns"}, *LABELLED),
        together=({"agg": "sum", "eps": 0.125},),
        examples=(CERTAIN, NEGATIVE),
    ),
    _row("logitbinarycrossentropy", target="probability", options=LABELLED, examples=(LARGE,)),
    _row(
        "kldivergence",
        **BOTH_PROBABILITIES,
        options=(*FIRST_AXIS, LARGE_EPS, *LABELLED),
        together=({"agg": "sum", "dims": -2, "eps": 0.125},),
        examples=(KL_ONE_HOT, NEGATIVE),
    ),
    _row(
        "poisson_loss",
        prediction="positive",
        target="positive",
        examples=(
            _one_of_each("zeros", [0.0, 0.0, 2.0], [0.0, 1.0, 0.0]),
            _one_of_each("negative", [1.0, -1.0], [1.0, 0.0], refused=True),
        ),
    ),
    _row(
        "hinge_loss",
        exact=True,
        options=LABELLED,
        examples=(MARGIN, NOT_FINITE, INFINITE_AT_MARGIN),
    ),
    _row("squared_hinge_loss", exact=True, examples=(MARGIN, NOT_FINITE)),
    _row(
        "siamese_contrastive_loss",
        target="probability",
        exact=True,
        options=({"agg": "mean", "margin": 0.5}, *LABELLED),
        together=({"agg": "sum", "margin": 0.5},),
        examples=(
            _one_of_each("at the margin", [1.0, 1.0, 2.0, 0.0], [1.0, 0.0, 1.0, 1.0]),
            _one_of_each("negative margin", [1.0, 1.0], [1.0, 0.0], margin=-1.0, refused=True),
        ),
    ),
    _row(
        "focal_loss",
        **BOTH_PROBABILITIES,
        options=(*FIRST_AXIS, LARGE_EPS, *GAMMAS, *LABELLED),
        together=({"agg": "sum", "dims": -2, "gamma": 3, "eps": 0.125},),
        examples=(
            CERTAIN,
            ONE_HOT,
            NEGATIVE,
            _one_of_each(
                "certain, fractional gamma: (-eps)^1.5",
                [1.0, 0.0],
                [1.0, 0.0],
                gamma=1.5,
                refused=True,
            ),
        ),
    ),
    _row(
        "binary_focal_loss",
        **BOTH_PROBABILITIES,
        options=(
            {"agg": "mean", "eps": 2.0**-6},
            *GAMMAS,
            *LABELLED,
        ),  # prediction + eps stays below 1
        together=({"agg": "sum", "gamma": 3, "eps": 2.0**-6},),
        examples=(
            ONE_HOT,
            CERTAIN_AND_WRONG,
            _one_of_each("certain and right", [1.0, 0.0, 0.5], [1.0, 0.0, 1.0]),
            _one_of_each("0 and wrong", [0.0, 0.5], [1.0, 1.0]),
        ),
    ),
    _row(
        "dice_coeff_loss",
        **BOTH_PROBABILITIES,
        structures=({}, {"smooth": 0.5}, {"labels": "bool"}),
        covers=OVERLAP,
        examples=(
            Example(
                "nothing there", {"sizes": (2, 3)}, {"x1": np.zeros((2, 3)), "x2": np.zeros((2, 3))}
            ),
            Example(
                "nothing there, not smoothed",
                {"smooth": 0.0, "sizes": (2, 3)},
                {"x1": np.zeros((2, 3)), "x2": np.zeros((2, 3))},
            ),
            Example("one-hot", {"sizes": (2, 3)}, {"x2": UNIT}),
        ),
    ),
    _row(
        "tversky_loss",
        **BOTH_PROBABILITIES,
        structures=({}, {"beta": 0.25}, {"labels": "bool"}),
        covers=OVERLAP,
        examples=(
            Example(
                "nothing there", {"sizes": (2, 3)}, {"x1": np.zeros((2, 3)), "x2": np.zeros((2, 3))}
            ),
            Example(
                "false positives only", {"sizes": (1, 2)}, {"x1": [[1.0, 0.5]], "x2": [[1.0, 0.0]]}
            ),
            Example(
                "false negatives only", {"sizes": (1, 2)}, {"x1": [[1.0, 0.0]], "x2": [[1.0, 0.5]]}
            ),
        ),
    ),
    LABEL_SMOOTHING,
    CTC,
)
