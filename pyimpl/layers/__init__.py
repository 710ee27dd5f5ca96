"""Flux's layers."""

from .attention import MultiHeadAttention, dot_product_attention, make_causal_mask
from .combine import Bilinear, Maxout, PairwiseFusion, Parallel, SkipConnection, add, vcat
from .containers import Chain
from .conv import Conv, CrossCor, SamePad
from .conv_transpose import ConvTranspose, DepthwiseConv
from .dense import Dense, Scale
from .dropout import AlphaDropout, Dropout
from .embedding import Embedding, EmbeddingBag
from .group_norms import GroupNorm, InstanceNorm
from .normalise import BatchNorm, LayerNorm, normalise
from .pooling import AdaptiveMaxPool, AdaptiveMeanPool, GlobalMaxPool, GlobalMeanPool, MaxPool, MeanPool, flatten
from .recurrent import GRU, LSTM, RNN, GRUCell, GRUv3, GRUv3Cell, LSTMCell, Recurrence, RNNCell
from .upsample import PixelShuffle, Upsample
from .weight_norm import WeightNorm, remove_weight_norms

__all__ = [
    "AdaptiveMaxPool",
    "AdaptiveMeanPool",
    "AlphaDropout",
    "BatchNorm",
    "Bilinear",
    "Chain",
    "Conv",
    "ConvTranspose",
    "CrossCor",
    "Dense",
    "DepthwiseConv",
    "Dropout",
    "Embedding",
    "EmbeddingBag",
    "GRU",
    "GRUCell",
    "GRUv3",
    "GRUv3Cell",
    "GlobalMaxPool",
    "GlobalMeanPool",
    "GroupNorm",
    "InstanceNorm",
    "LSTM",
    "LSTMCell",
    "LayerNorm",
    "MaxPool",
    "Maxout",
    "MeanPool",
    "MultiHeadAttention",
    "PairwiseFusion",
    "Parallel",
    "PixelShuffle",
    "RNN",
    "RNNCell",
    "Recurrence",
    "SamePad",
    "Scale",
    "SkipConnection",
    "Upsample",
    "WeightNorm",
    "add",
    "dot_product_attention",
    "flatten",
    "make_causal_mask",
    "normalise",
    "remove_weight_norms",
    "vcat",
]
