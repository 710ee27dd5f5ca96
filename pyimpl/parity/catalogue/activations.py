"""Activations, and the softmax family."""

import math
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core.pullback import differentiable
from .row import Config, Example, Row, Slack

TANH = Slack(
    12,
    "NNlib's tanh_fast is within 5 ulp of tanh and uses fused multiply-adds; its slope 1 - y^2 "
    "doubles the error of y near 1",
    bound=1.0,
)
GELU = replace(TANH, bound=8.0)  # x times 1 + tanh: beyond 8 that is 0 or 2
ERF = Slack(4, "1 + erf for a negative number is what remains of two terms of order one", bound=8.0)
LOGCOSH = Slack(
    32,
    "x + softplus(-2x) - log(2) for a small x is what remains of two terms near log(2)",
    bound=1.0,
)

SLACK = {
    "logcosh": LOGCOSH,
    "tanh": TANH,
    "tanh_fast": TANH,
    "gelu": GELU,
    "gelu_tanh": GELU,
    "gelu_erf": ERF,
}

KINKS = (
    -80.0,
    -30.0,
    -6.0,
    -3.0,
    -1.0,
    -0.5,
    -0.0,
    0.0,
    0.5,
    1.0,
    3.0,
    6.0,
    30.0,
    40.0,
    88.0,
    100.0,
)
NOT_FINITE = (np.nan, np.inf, -np.inf)
NEAR_ZERO = (-0.875, -0.25, -0.0625, -(2.0**-10), -(2.0**-24), 2.0**-30, 2.0**-8, 0.125, 0.75)
FAR_OUT = (-200.0, -104.0, -88.5, -87.0, -81.0, -79.5, 79.5, 81.0, 87.0, 88.5, 104.0, 200.0)
PARAMETERS = {
    "leakyrelu": (0.25, 1.5),
    "elu": (0.75, 2.0),
    "celu": (0.75, 2.0),
    "trelu": (0.5,),
    "softshrink": (0.25,),
}
# Of these Flux tells the branch by the sign of the result, so that its slope is not that of the
# function: they are examples, and not drawn.
NEGATIVE = {"leakyrelu": -0.25, "elu": -0.5, "trelu": -0.5, "softshrink": -0.5}
PIECEWISE_LINEAR = ("identity", "relu", "relu6", "leakyrelu", "trelu", "softshrink", "hardtanh")


def activation_slack(config: Config) -> Slack | None:
    """The slack of a layer is that of the activation inside it, whose slope its inputs multiply."""
    slack = SLACK.get(config.get("act", "identity"))
    return slack and replace(slack, bound=math.inf)


def _without_parameters(y, act_back):
    return y, lambda dy: act_back(dy)[:2]


def _twin(name):
    act = pyimpl.ACTIVATIONS[name]

    def twin(config):
        parameters = config.get("parameters", [])
        return differentiable(lambda x: _without_parameters(*act.pullback(x, *parameters)))

    return twin


def _row(name: str) -> Row:
    structures: tuple[Config, ...] = ({},)
    if name in PARAMETERS:
        structures = ({}, *({"parameters": [value]} for value in PARAMETERS[name]))
    return Row(
        name,
        "flux",
        "activation",
        twin=_twin(name),
        structures=tuple(
            {**structure, "rank": rank} for structure in structures for rank in (1, 3)
        ),
        sizes={"sizes": st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))},
        shapes=lambda c: {"x1": c["sizes"][: c["rank"]]},
        exact=lambda c: (
            name in PIECEWISE_LINEAR and not (name == "leakyrelu" and "parameters" not in c)
        ),
        slack=lambda c: SLACK.get(name),
        examples=(
            Example("kinks", {"rank": 1, "sizes": (16,)}, {"x1": KINKS}),
            *(
                Example(
                    f"kinks, {value}",
                    {"rank": 1, "sizes": (16,), "parameters": [value]},
                    {"x1": KINKS},
                )
                for value in (
                    *PARAMETERS.get(name, ()),
                    *([NEGATIVE[name]] if name in NEGATIVE else []),
                )
            ),
            Example("far out", {"rank": 1, "sizes": (12,)}, {"x1": FAR_OUT}),
            Example("near zero", {"rank": 1, "sizes": (len(NEAR_ZERO),)}, {"x1": NEAR_ZERO}),
            Example("nan and infinities", {"rank": 1, "sizes": (3,)}, {"x1": NOT_FINITE}),
            Example("empty batch", {"rank": 2, "sizes": (0, 3)}),
            Example(
                "infinite cotangent",
                {"rank": 1, "sizes": (3,)},
                {"x1": (-1.5, 0.0, 1.5), "dy1": (np.inf, np.nan, -np.inf)},
            ),
        ),
        covers="value and slope, kinks, overflow, NaN",
    )


MANY = 4096  # draws


def _rrelu(config: Config):
    if not config.get("many"):
        return _twin("rrelu")(config)

    def slopes(x):
        """What is sure of many slopes: least, largest, how many are small, and the gradient's."""
        x = -np.repeat(1 + np.abs(x), MANY)
        y, back = pyimpl.rrelu.pullback(x, *config.get("parameters", []))
        a, (_, da, *_) = y / x, back(np.ones_like(x))
        facts = (a.min(), a.max(), np.mean(a < (a.min() + a.max()) / 2), 1 + np.abs(da - a).max())
        return (np.round(16 * np.array(facts)) / 16).astype(x.dtype), lambda dy: (None, None)

    return differentiable(slopes)


RRELU = Row(
    "rrelu",
    "flux",
    "activation",
    twin=_rrelu,
    structures=tuple({"parameters": [0.25, 0.25], "rank": rank} for rank in (1, 3)),
    sizes={"sizes": st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))},
    shapes=lambda c: {"x1": c["sizes"][: c["rank"]]},
    exact=lambda c: True,
    examples=tuple(
        Example(name, {"rank": 1, "parameters": [0.25, 0.25], "sizes": (len(x),)}, {"x1": x})
        for name, x in (("kinks", KINKS), ("nan and infinities", NOT_FINITE))
    )
    + (
        Example("many slopes", {"rank": 1, "sizes": (2,), "many": True}),
        Example(
            "many slopes, other limits",
            {"rank": 1, "sizes": (2,), "many": True, "parameters": [0.25, 0.75]},
        ),
    ),
    covers="both limits equal, so that nothing is random: value, slope, kinks, NaN; what is sure "
    "of many random slopes",
)


def _along(name: str, default) -> Row:
    function = getattr(pyimpl, name)

    def twin(config):
        options = {"dims": config["dims"]} if "dims" in config else {}
        return differentiable(lambda x: function.pullback(x, **options))

    return Row(
        name,
        "flux",
        "function",
        twin=twin,
        structures=({"rank": 2}, {"rank": 2, "dims": -2}, {"rank": 3, "dims": -1}),
        sizes={"sizes": st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3))},
        shapes=lambda c: {"x1": c["sizes"][: c["rank"]]},
        examples=(
            Example(
                "large",
                {"rank": 2, "sizes": (2, 3)},
                {"x1": [[1000.0, 0.0, -1000.0], [88.0, 89.0, 90.0]]},
            ),
            Example(
                "infinities",
                {"rank": 2, "sizes": (2, 3)},
                {"x1": [[-np.inf, 0.0, 1.0], [np.inf, 0.0, 1.0]]},
            ),
            Example(
                "ties", {"rank": 2, "sizes": (2, 3)}, {"x1": [[1.0, 1.0, 1.0], [2.0, 2.0, -1.0]]}
            ),
        ),
        covers=f"along any axis, default {default}; overflow, infinities, ties",
    )


def _halved(config: Config) -> dict[str, tuple[int, ...]]:
    sizes = list(config["sizes"][: config["rank"]])
    sizes[config.get("dims", -1)] *= 2
    return {"x1": tuple(sizes)}


def _glu(config: Config):
    options = {"dims": config["dims"]} if "dims" in config else {}
    return differentiable(lambda x: pyimpl.glu.pullback(x, **options))


GLU = Row(
    "glu",
    "flux",
    "function",
    twin=_glu,
    structures=({"rank": 2}, {"rank": 2, "dims": -2}, {"rank": 3, "dims": -1}),
    sizes={"sizes": st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))},
    shapes=_halved,
    examples=(
        Example(
            "gates open and closed",
            {"rank": 2, "sizes": (2, 2)},
            {"x1": [[2.0, -3.0, 100.0, -100.0], [0.0, 4.0, -0.0, -np.inf]]},
        ),
        Example(
            "odd size",
            {"rank": 2, "sizes": (2, 2)},
            {"x1": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]},
            refused=True,
        ),
    ),
    covers="along any axis, saturated gates; odd sizes are refused",
)

ROWS = (
    *(_row(name) for name in pyimpl.ACTIVATIONS if name not in ("identity", "rrelu")),
    RRELU,
    _along("softmax", "the last"),
    _along("logsoftmax", "the last"),
    _along("logsumexp", "all"),
    GLU,
)
