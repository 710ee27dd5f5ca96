"""Flux's layers."""

from .containers import Chain
from .conv import Conv, CrossCor, SamePad
from .dense import Dense, Scale
from .dropout import Dropout
from .normalise import BatchNorm, LayerNorm, normalise
from .pooling import GlobalMaxPool, GlobalMeanPool, MaxPool, MeanPool, flatten

__all__ = [
    "BatchNorm",
    "Chain",
    "Conv",
    "CrossCor",
    "Dense",
    "Dropout",
    "GlobalMaxPool",
    "GlobalMeanPool",
    "LayerNorm",
    "MaxPool",
    "MeanPool",
    "SamePad",
    "Scale",
    "flatten",
    "normalise",
]
