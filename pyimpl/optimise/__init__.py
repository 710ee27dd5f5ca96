"""Optimiser rules, and the walk that applies one to a model."""

from .adaptive import AdaBelief, AdaDelta, AdaMax, AMSGrad, Lion, NAdam, OAdam, RAdam, Rprop
from .mixed_precision import MixedPrecision
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
    "AMSGrad",
    "AccumGrad",
    "AdaBelief",
    "AdaDelta",
    "AdaGrad",
    "AdaMax",
    "Adam",
    "AdamW",
    "ClipGrad",
    "ClipNorm",
    "Descent",
    "Lion",
    "MixedPrecision",
    "Momentum",
    "NAdam",
    "Nesterov",
    "OAdam",
    "OptimiserChain",
    "RAdam",
    "RMSProp",
    "Rprop",
    "Rule",
    "SignDecay",
    "WeightDecay",
    "adjust",
    "freeze",
    "setup",
    "thaw",
    "update",
]
