"""What surrounds the layers: training runs, batches, labels."""

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core.pullback import differentiable
from .row import Config, Example, Row, Slack
from .rules import make_rule
from .settings import chosen

STEPS = 4
DRIFT = Slack(
    2048,
    "batch normalisation of three samples and the quotient in Adam magnify the roundings of "
    "every step before",
)


def _run(c: Config):
    n = c["n_in"]
    if c.get("net") == "tied":
        tied = pyimpl.Dense(n, n, pyimpl.sigmoid)
        model = pyimpl.Chain(tied, tied, pyimpl.Dense(n, 1))
    elif c.get("net") == "one weight":
        first = pyimpl.Dense(n, n, pyimpl.sigmoid)
        second = pyimpl.Dense(first.weight, True, pyimpl.tanh)
        model = pyimpl.Chain(first, second, pyimpl.Dense(n, 1))
    else:
        model = pyimpl.Chain(
            pyimpl.Dense(n, 5, pyimpl.sigmoid), pyimpl.BatchNorm(5), pyimpl.Dense(5, 1)
        )
    return model, pyimpl.supervised(pyimpl.mse), make_rule(c["optimiser"])


def _batches(c: Config):
    shapes: dict[str, tuple[tuple[int, int], str]] = {}
    for step in range(1, c.get("steps", STEPS) + 1):
        shapes |= {
            f"x{step}": ((c["batch"], c["n_in"]), "spread"),
            f"t{step}": ((c["batch"], 1), "spread"),
        }
    return shapes


MOMENTUM = {"rule": "Momentum", "eta": 0.0625}
ADAM = {"rule": "Adam", "eta": 0.0625}
NORM = {"rule": "OptimiserChain", "rules": [{"rule": "ClipNorm", "omega": 0.125}, MOMENTUM]}

TRAIN_ROW = Row(
    "train",
    "flux",
    "training",
    twin=_run,
    structures=(
        {"optimiser": MOMENTUM},
        {"optimiser": ADAM},
        {"optimiser": ADAM, "freeze_at": 2, "adjust_at": 3, "adjust_to": 0.25},
        {"optimiser": MOMENTUM, "freeze_at": 1, "thaw_at": 3},
        {"optimiser": MOMENTUM, "adjust_at": 3, "adjust": {"rho": 0.25}},
        {"optimiser": ADAM, "adjust_at": 3, "adjust": {"beta": [0.5, 0.75], "eta": 0.03125}},
        {"optimiser": MOMENTUM, "net": "tied"},
        {"optimiser": NORM, "net": "tied"},
        {"optimiser": MOMENTUM, "loop": True},
        {"optimiser": ADAM, "net": "one weight"},
    ),
    sizes={"n_in": st.integers(1, 4), "batch": st.integers(3, 6)},
    shapes=_batches,
    modes=("training",),
    positive=("var",),
    # no unit saturated or dead: Adam would make full steps of the rounding that is left of its
    # gradient
    parameters="moderate",
    slack=lambda c: DRIFT,
    examples=(
        Example(
            "a loss that is not finite",
            {"optimiser": MOMENTUM, "loop": True, "n_in": 2, "batch": 3},
            {"t2": np.full((3, 1), np.inf)},
            refused=True,
        ),
    ),
    covers="withgradient, setup, update, freeze, thaw, adjust, layers and arrays that are shared, "
    "`train`: loss and all parameters after each of four steps of a batch-normalised regression",
)


def _onehot(c: Config):
    classes = c["listed"] if "listed" in c else range(c["classes"])
    options = chosen(c, "default")
    return differentiable(lambda labels: (pyimpl.onehotbatch(labels, classes, **options), None))


def _labels(c: Config):
    labels = 3 if "listed" in c else c["classes"] + (2 if "default" in c else 0)
    return {"x1": (c["sizes"][: c.get("rank", 1)], f"index:{labels}")}


ONEHOT_ROW = Row(
    "onehotbatch",
    "flux",
    "data",
    twin=_onehot,
    structures=(
        {"rank": 1},
        {"rank": 2},
        {"rank": 1, "default": 0},
        {"rank": 2, "listed": [2, 0, 1, 0]},
    ),
    sizes={"classes": st.integers(1, 5), "sizes": st.tuples(st.integers(1, 6), st.integers(1, 3))},
    shapes=_labels,
    differentiable=False,
    examples=(
        Example(
            "unknown label",
            {"rank": 1, "classes": 3, "sizes": (2,)},
            {"x1": np.array([1, 3])},
            refused=True,
        ),
    ),
    covers="labels of any shape, unknown labels, refused or counted as another, a class twice",
)


def _onecold(c: Config):
    classes = [[1.5 * i for i in range(c["sizes"][1])]] if c.get("listed") else []
    return differentiable(lambda y: (pyimpl.onecold(y, *classes), None))


ONECOLD_ROW = Row(
    "onecold",
    "flux",
    "data",
    twin=_onecold,
    structures=({}, {"listed": True}),
    sizes={"sizes": st.tuples(st.integers(1, 5), st.integers(1, 4))},
    shapes=lambda c: {"x1": c["sizes"]},
    differentiable=False,
    examples=(Example("ties", {"sizes": (2, 3)}, {"x1": [[1.0, 3.0, 3.0], [0.0, 0.0, 0.0]]}),),
    covers="largest entry, ties, classes by name",
)


ROWS = (TRAIN_ROW, ONEHOT_ROW, ONECOLD_ROW)
