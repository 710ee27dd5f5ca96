"""Optimiser rules, and the walk that applies one to a model."""

from .rules import (
    AccumGrad,
    AdaGrad,
    Adam,
    AdamW,
    ClipGrad,
    ClipNorm,
    Descent,
    Momentum,
    Nesterov,
    OptimiserChain,
    RMSProp,
    Rule,
    SignDecay,
    WeightDecay,
)
from .update import adjust, freeze, setup, thaw, update

__all__ = [
    "AccumGrad",
    "AdaGrad",
    "Adam",
    "AdamW",
    "ClipGrad",
    "ClipNorm",
    "Descent",
    "Momentum",
    "Nesterov",
    "OptimiserChain",
    "RMSProp",
    "Rule",
    "SignDecay",
    "WeightDecay",
    "adjust",
    "freeze",
    "setup",
    "thaw",
    "update",
]
