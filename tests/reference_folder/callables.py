"""Everything that an expression can call or name."""

from collections.abc import Callable
from typing import Any

import numpy as np
from reference_folder.conversions import COLON
from reference_folder.functions import (
    chunked,
    constant_padding,
    conv_function,
    ctc_loss,
    glu,
    label_smoothing,
    largest,
    loss,
    normalise,
    padding,
    plain,
    pool_function,
    reduced,
    stacked,
    unsqueezed,
    unstacked,
    upsample_function,
)
from reference_folder.layers import (
    adaptive_pool,
    along,
    alpha_dropout,
    attend,
    attention,
    batch_norm,
    bilinear,
    calc_padding,
    causal_mask,
    cell,
    convolution,
    dense,
    dropout,
    dropout_from_fields,
    embedding,
    embedding_bag,
    from_fields,
    global_pool,
    group_norm,
    group_norm_from_fields,
    instance_norm,
    joint,
    layer_norm,
    layer_norm_from_fields,
    layer_norm_of_numbers,
    maxout,
    pixel_shuffle,
    pool,
    recurrence,
    scale,
    scale_of_ones,
    skip_connection,
    upsample,
    upsample_by,
    weight_norm,
)
from reference_folder.rules import (
    element_type,
    filled,
    fixed_second,
    mixed_precision,
    optimiser_chain,
    precision,
    rule,
    same_pad,
    size_along,
    type_of,
)
from reference_folder.tracing import apply

import pyimpl
from pyimpl import ACTIVATIONS

RULES = (
    "Descent Momentum Nesterov RMSProp Rprop Adam RAdam AdaMax OAdam AdaGrad AdaDelta AMSGrad "
    "NAdam AdamW AdaBelief Lion "
    "WeightDecay SignDecay ClipGrad ClipNorm AccumGrad"
)


WITH_AGG = "mse mae poisson_loss hinge_loss squared_hinge_loss logitbinarycrossentropy"


# Everything that can be called. Of several builders the first is taken whose arguments fit.
BUILDERS: dict[str, tuple[Callable, ...]] = {
    "Dense": (dense,),
    "Scale": (scale, scale_of_ones),
    "Bilinear": (bilinear,),
    "Embedding": (embedding,),
    "EmbeddingBag": (embedding_bag,),
    "Chain": (joint(pyimpl.Chain),),
    "Parallel": (joint(pyimpl.Parallel),),
    "PairwiseFusion": (joint(pyimpl.PairwiseFusion),),
    "Maxout": (maxout,),
    "SkipConnection": (skip_connection,),
    "Conv": (convolution(pyimpl.Conv),),
    "CrossCor": (convolution(pyimpl.CrossCor),),
    "ConvTranspose": (convolution(pyimpl.ConvTranspose),),
    "DepthwiseConv": (convolution(pyimpl.DepthwiseConv),),
    "SamePad": (same_pad,),
    "calc_padding": (calc_padding,),
    "MaxPool": (pool(pyimpl.MaxPool),),
    "MeanPool": (pool(pyimpl.MeanPool),),
    "GlobalMaxPool": (global_pool(pyimpl.GlobalMaxPool),),
    "GlobalMeanPool": (global_pool(pyimpl.GlobalMeanPool),),
    "AdaptiveMaxPool": (adaptive_pool(pyimpl.AdaptiveMaxPool),),
    "AdaptiveMeanPool": (adaptive_pool(pyimpl.AdaptiveMeanPool),),
    "Upsample": (upsample, upsample_by),
    "PixelShuffle": (pixel_shuffle,),
    "BatchNorm": (batch_norm, from_fields(batch_norm)),
    "InstanceNorm": (instance_norm, from_fields(instance_norm)),
    "GroupNorm": (group_norm, group_norm_from_fields),
    "LayerNorm": (layer_norm, layer_norm_from_fields, layer_norm_of_numbers),
    "WeightNorm": (weight_norm,),
    "Dropout": (dropout, dropout_from_fields),
    "AlphaDropout": (alpha_dropout,),
    **{
        f"{name}Cell": (cell(getattr(pyimpl, f"{name}Cell")),)
        for name in ("RNN", "LSTM", "GRU", "GRUv3")
    },
    **{
        name: (recurrence(getattr(pyimpl, name)),)
        for name in ("RNN", "LSTM", "GRU", "GRUv3", "Recurrence")
    },
    "T14": (
        recurrence(pyimpl.Recurrence),
    ),  # of the prelude of flux-0.14.25: a cell over a sequence
    "MultiHeadAttention": (attention,),
    "dot_product_attention": (attend,),
    "make_causal_mask": (causal_mask,),
    "softmax": (along(pyimpl.softmax, 1),),
    "logsoftmax": (along(pyimpl.logsoftmax, 1),),
    "logsumexp": (along(pyimpl.logsumexp, COLON),),
    "glu": (glu,),
    "normalise": (normalise,),
    "flatten": (plain(pyimpl.flatten),),
    "pad_constant": (constant_padding,),
    "pad_zeros": (padding(pyimpl.pad_zeros, lambda rank: rank),),
    **{
        name: (padding(getattr(pyimpl, name)),)
        for name in ("pad_repeat", "pad_reflect", "pad_symmetric", "pad_circular")
    },
    "conv": (conv_function,),
    "maxpool": (pool_function(pyimpl.maxpool),),
    "meanpool": (pool_function(pyimpl.meanpool),),
    "pixel_shuffle": (lambda x, r: apply(pyimpl.pixel_shuffle, x, r=r),),
    **{
        f"upsample_{mode}": (upsample_function(getattr(pyimpl, f"upsample_{mode}")),)
        for mode in "nearest linear bilinear trilinear".split()
    },
    "batched_mul": (plain(pyimpl.batched_mul),),
    "batched_vec": (plain(pyimpl.batched_vec),),
    "stack": (stacked,),
    "unstack": (unstacked,),
    "batch": (plain(pyimpl.batch),),
    "unbatch": (plain(pyimpl.unbatch),),
    "unsqueeze": (unsqueezed,),
    "chunk": (chunked,),
    "sum": (reduced(np.sum),),
    "mean": (reduced(np.mean),),
    "maximum": (largest,),
    **{name: (loss(getattr(pyimpl, name), agg="mean"),) for name in WITH_AGG.split()},
    "huber_loss": (loss(pyimpl.huber_loss, agg="mean", delta=1),),
    "msle": (loss(pyimpl.msle, agg="mean", eps=...),),
    "crossentropy": (loss(pyimpl.crossentropy, dims=1, agg="mean", eps=...),),
    "logitcrossentropy": (loss(pyimpl.logitcrossentropy, dims=1, agg="mean"),),
    "binarycrossentropy": (loss(pyimpl.binarycrossentropy, agg="mean", eps=...),),
    "kldivergence": (loss(pyimpl.kldivergence, dims=1, agg="mean", eps=...),),
    "focal_loss": (loss(pyimpl.focal_loss, dims=1, agg="mean", gamma=2, eps=...),),
    "binary_focal_loss": (loss(pyimpl.binary_focal_loss, agg="mean", gamma=2, eps=...),),
    "dice_coeff_loss": (loss(pyimpl.dice_coeff_loss, smooth=1),),
    "tversky_loss": (loss(pyimpl.tversky_loss, beta=0.7),),
    "siamese_contrastive_loss": (loss(pyimpl.siamese_contrastive_loss, agg="mean", margin=1),),
    "label_smoothing": (label_smoothing,),
    "ctc_loss": (ctc_loss,),
    **{name: (rule(getattr(pyimpl, name)),) for name in RULES.split()},
    "OptimiserChain": (optimiser_chain,),
    "MixedPrecision": (mixed_precision,),
    "zeros": (filled(0),),
    "ones": (filled(1),),
    "eltype": (element_type,),
    "size": (size_along,),
    "typeof": (type_of,),
    "Fix2": (fixed_second,),
    **{name: (precision(getattr(pyimpl, name)),) for name in ("f16", "f32", "f64")},
}


# Names that stand for a value.
VALUES: dict[str, Any] = {
    **ACTIVATIONS,
    **{
        "σ": pyimpl.sigmoid,
        "hardσ": pyimpl.hardsigmoid,
        "logσ": pyimpl.logsigmoid,
        "silu": pyimpl.swish,
        "thresholdrelu": pyimpl.trelu,
    },
    **{"+": pyimpl.add, "vcat": pyimpl.vcat},
    **{
        "true": True,
        "false": False,
        "nothing": None,
        "Inf": np.inf,
        "Inf32": np.float32(np.inf),
        "pi": np.pi,
        "π": np.pi,
    },
    **{"Float16": np.float16, "Float32": np.float32, "Float64": np.float64},
}


MODULES = ("Flux", "NNlib", "Optimisers", "MLUtils", "Losses", "Base", "Statistics")


TYPE_PARAMETERS = dict.fromkeys(
    ("RNN", "LSTM", "GRU", "GRUv3", "Recurrence"), "return_state"
)  # the first in the braces
