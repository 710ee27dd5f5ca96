"""What losses are made of: how those of all entries become one number, and logarithms.

Source: Flux.jl `src/losses/utils.jl`.
"""

import inspect
from collections.abc import Callable
from typing import Literal

import numpy as np

from ..core.expect import as_float, expect_same_shape
from ..core.precision import machine_epsilon
from ..core.pullback import Function, differentiable

Agg = Literal["mean", "sum", "identity"] | Callable


@differentiable
def mean(x):
    """The mean of all entries. The gradient is one number for all of them, which broadcasts."""
    count = x.dtype.type(x.size)
    return np.add.reduce(x, axis=None) / count, lambda dy: (None, dy / count)


@differentiable
def total(x):
    """The sum of all entries. The gradient is one number for all of them, which broadcasts."""
    return np.add.reduce(x, axis=None), lambda dy: (None, dy)


@differentiable
def keep(x):
    """x itself."""
    return x, lambda dy: (None, dy)


AGGREGATIONS = {"mean": mean, "sum": total, "identity": keep}


def aggregation(agg) -> Function:
    """The function that makes one number of many losses."""
    if isinstance(agg, str):
        if agg not in AGGREGATIONS:
            raise ValueError(
                f"agg expects one of {', '.join(AGGREGATIONS)} or a differentiable function, got "
                f"{agg!r}"
            )
        return AGGREGATIONS[agg]
    if not hasattr(agg, "pullback"):
        raise ValueError(
            f"agg expects one of {', '.join(AGGREGATIONS)} or a differentiable function, got "
            f"{agg!r}"
        )
    return agg


def paired(who, prediction, target):
    """Both as arrays of one shape; a Boolean target stays Boolean."""
    prediction = as_float(who, prediction)
    target = np.asarray(target)
    if target.dtype.kind not in "fiub":
        raise ValueError(f"{who} expects real targets, got an array of {target.dtype}")
    expect_same_shape(who, prediction, target)
    return prediction, target if target.dtype.kind in "fb" else target.astype(prediction.dtype)


def loss(formula):
    """A loss from `formula(prediction, target, ...) -> (losses, back)`, where `back(dlosses)` gives
    the gradients of both.
    """
    who = formula.__name__

    def rule(prediction, target, agg="mean", **options):
        prediction, target = paired(who, prediction, target)
        losses, losses_back = formula(prediction, target, **options)
        y, agg_back = aggregation(agg).pullback(losses)

        def loss_back(dy):
            dprediction, dtarget = losses_back(agg_back(dy)[1])
            return None, dprediction, dtarget

        return y, loss_back

    rule.__name__, rule.__qualname__, rule.__doc__, rule.__module__ = (
        who,
        who,
        formula.__doc__,
        formula.__module__,
    )
    rule.__signature__ = _with_agg(formula)  # type: ignore[attr-defined]
    return Function(rule)


def _with_agg(formula) -> inspect.Signature:
    """How the loss is called: as its formula, with `agg` behind the target."""
    own = inspect.signature(formula)
    prediction, target, *options = own.parameters.values()
    agg = inspect.Parameter("agg", prediction.kind, default="mean", annotation=Agg)
    return own.replace(parameters=[prediction, target, agg, *options])


def log(x):
    """`log(x)`, -inf at 0. Raises ValueError for a negative number."""
    if np.any(x < 0):
        raise ValueError(
            "a loss expects numbers of at least 0 where it takes the logarithm, got "
            f"{np.min(x)}: is the prediction a probability?"
        )
    with np.errstate(divide="ignore"):
        return np.log(x)


def xlogy(x, y):
    """`x * log(y)`, and 0 where x is 0, even for y = 0. LogExpFunctions: `xlogy`."""
    with np.errstate(invalid="ignore"):
        return (
            np.where(x == 0, x * 1.0, x * log(y)) if x.dtype.kind == "f" else np.where(x, log(y), 0)
        )


def numeric(target, prediction):
    """A Boolean target as numbers of the prediction's type."""
    return target.astype(prediction.dtype) if target.dtype == bool else target


def epsilon(prediction, eps):
    """The epsilon in the prediction's type: Flux's default is the type's own."""
    return prediction.dtype.type(machine_epsilon(prediction.dtype) if eps is None else eps)
