"""Settings of rules and losses as places where a trap may lie, in training: learning rates,
epsilons, decay, a mean for a sum.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...optimise import Momentum, Nesterov
from ..sides.side import PythonSide
from ..sides.torch_modules import TorchSide
from ..sides.training import RuleSide, TrainingSide
from . import attributes
from .rewritings.epsilons import EPSILONS

SLOW = ("momentum", "rho", "beta", "beta1", "beta2", "dampening")  # weights of what was before
SWITCHES = {
    "nesterov": "nesterov",
    "amsgrad": "momentum",
    "couple": "coupled",
    "decoupled_weight_decay": "coupled",
}

LOOKING_AHEAD = ((Momentum, Nesterov), (Nesterov, Momentum))


def of_side(side: PythonSide) -> Iterator[tuple[str, str, str, PythonSide]]:
    """(cause, where, change, the side with one setting changed), for sides of every kind."""
    if isinstance(side, RuleSide):
        for cause, told, rule in of_rule(side.subject):
            yield cause, "the rule", told, replace(side, subject=rule)
    elif isinstance(side, TrainingSide):
        for cause, where, told, base in attributes.of_side(side.base):
            yield cause, where, told, side.of_base(base)
        for cause, told, rule in of_rule(side.rule):
            yield cause, "the rule", told, replace(side, rule=rule)
        for cause, told, factor in SCALES:
            yield cause, "the loss", told, replace(side, loss=_scaled(side, factor))
    else:
        yield from attributes.of_side(side)


def of_rule(rule: Any) -> Iterator[tuple[str, str, Any]]:
    """(cause, change, the rule with one setting changed)."""
    for one, other in LOOKING_AHEAD:
        if type(rule) is one:
            yield (
                "nesterov",
                f"{other.__name__} instead of {one.__name__}",
                other(rule.eta, rule.rho),
            )
    if hasattr(rule, "init") or hasattr(rule, "update"):
        for name, value in vars(rule).items():
            for cause, told, new in changes(name, value):
                changed = copy.deepcopy(rule)
                object.__setattr__(changed, name, new)
                yield cause, told, changed
        return
    for name, value in _settings_of_torch(rule).items():
        for cause, told, new in changes(name, value):
            yield cause, told, _with_setting(rule, name, new)


def changes(name: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    """(cause, change, the other value) of a setting, by its name."""
    if isinstance(value, bool):
        if name in SWITCHES:
            yield SWITCHES[name], f"{name} = {not value}", not value
    elif isinstance(value, tuple) and value and all(isinstance(part, float) for part in value):
        rounded = tuple(float(np.float32(part)) for part in value)
        if rounded != value:
            yield "literals", f"{name} in single precision", rounded
        if len(value) == 2:
            yield "momentum", f"{name} = {value[::-1]} instead of {value}", value[::-1]
    elif isinstance(value, float):
        single = float(np.float32(value))
        if single != value:
            yield "literals", f"{name} in single precision: {np.float32(value)!s}", single
        if "eps" in name:
            for eps in (*EPSILONS, 0.0):
                if eps not in (value, single):
                    yield "eps", f"{name} = {eps!r} instead of {value!r}", eps
        if name in SLOW and 0 < value < 1:
            for other in (1 - value, float(np.float32(1 - value))):
                yield "momentum", f"{name} = {other:g} instead of {value:g}", other


def _settings_of_torch(rule: Any) -> dict[str, Any]:
    import torch

    try:
        (group, *_) = rule([torch.nn.Parameter(torch.zeros(1))]).param_groups
    except Exception:  # the user's function may expect other parameters
        return {}
    return {name: value for name, value in group.items() if name != "params"}


def _with_setting(rule: Callable[[Any], Any], name: str, value: Any) -> Callable[[Any], Any]:
    def adjusted(parameters):
        optimiser = rule(parameters)
        for group in optimiser.param_groups:
            group[name] = value
        return optimiser

    return adjusted


# (cause, change, factor of output's shape)
SCALES: tuple[tuple[str, str, Callable[[tuple[int, ...]], float]], ...] = (
    (
        "mean",
        "times the number of all entries: a sum instead of a mean",
        lambda shape: float(np.prod(shape)),
    ),
    (
        "mean",
        "divided by the number of all entries: a mean instead of a sum",
        lambda shape: 1 / float(np.prod(shape)),
    ),
    ("mean", "times the size of the batch", lambda shape: float(shape[0])),
    ("mean", "divided by the size of the batch", lambda shape: 1 / float(shape[0])),
    (
        "mean",
        "times the entries of one sample: divided by the batch alone",
        lambda shape: float(np.prod(shape[1:])),
    ),
    ("mean", "divided by the entries of one sample", lambda shape: 1 / float(np.prod(shape[1:]))),
    ("half", "half of it", lambda shape: 0.5),
    ("half", "twice of it", lambda shape: 2.0),
)


class _Scaled:
    """A loss with a `pullback`, times a factor that depends on the output's shape."""

    def __init__(self, loss: Any, factor: Callable[[tuple[int, ...]], float]):
        self._loss, self._factor = loss, factor

    def pullback(self, y, target):
        """Value and gradients, scaled."""
        value, back = self._loss.pullback(y, target)
        factor = y.dtype.type(self._factor(y.shape))
        return factor * value, lambda dvalue: back(factor * dvalue)


def _scaled(side: TrainingSide, factor: Callable[[tuple[int, ...]], float]) -> Any:
    if isinstance(side.base, TorchSide):
        loss = side.loss
        return lambda y, target: factor(tuple(y.shape)) * loss(y, target)
    return _Scaled(side.loss, factor)
