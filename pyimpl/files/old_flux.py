"""What Flux and Optimisers have called the fields of their types, release by release.

BSON stores no names of fields, JLD2 up to 0.4 none of fields without a content: both are looked up
here. And a model saved long ago has fields that today have other names, `W` for `weight`: `modern`
puts them right.

Source: the definitions of the types in Flux 0.8 to 0.16, Zygote 0.6, Optimisers 0.1 to 0.4.
"""

from typing import Any

import numpy as np

from ..core.versions import parsed, parsed_release, version_in_force
from .julia_values import JuliaType, Struct, function_name

NORM = {
    "0": "λ β γ μ σ² ϵ momentum active",
    "0.10.0": "λ β γ μ σ² ϵ momentum",
    "0.10.2": "λ β γ μ σ² ϵ momentum active",
    "0.12.0": "λ β γ μ σ² ϵ momentum affine track_stats active chs",
}
ADAM = {"0": "eta beta state", "0.12.9": "eta beta epsilon state"}
# Type -> first release of Flux -> its fields, oldest first.
FLUX: dict[str, dict[str, str]] = {
    "Chain": {"0": "layers"},
    "Dense": {"0": "W b σ", "0.12.0": "weight bias σ"},
    "Diagonal": {"0": "α β"},
    "Scale": {"0.13.0": "scale bias σ"},
    "Maxout": {"0": "over", "0.13.0": "layers"},
    "Bilinear": {"0.12.0": "weight bias σ"},
    "Embedding": {"0.12.5": "weight", "0.16.11": "weight padding_idx"},
    "EmbeddingBag": {"0.13.16": "weight reduction"},
    "SkipConnection": {"0": "layers connection"},
    "Parallel": {"0.12.0": "connection layers"},
    "PairwiseFusion": {"0.13.4": "connection layers"},
    "MultiHeadAttention": {"0.13.15": "nheads q_proj k_proj v_proj attn_drop out_proj"},
    "Conv": {
        "0": "σ weight bias stride pad dilation",
        "0.12.6": "σ weight bias stride pad dilation groups",
    },
    "ConvTranspose": {
        "0": "σ weight bias stride pad dilation",
        "0.12.8": "σ weight bias stride pad dilation groups",
        "0.14.17": "σ weight bias stride pad outpad dilation groups",
    },
    "CrossCor": {"0": "σ weight bias stride pad dilation"},
    "DepthwiseConv": {
        "0": "σ weight bias stride pad",
        "0.8.3": "σ weight bias stride pad dilation",
    },
    "MaxPool": {"0": "k pad stride"},
    "MeanPool": {"0": "k pad stride"},
    "AdaptiveMaxPool": {"0.11.0": "out"},
    "AdaptiveMeanPool": {"0.11.0": "out"},
    "Upsample": {"0.12.0": "scale size"},
    "PixelShuffle": {"0.12.0": "r"},
    "Dropout": {
        "0": "p active",
        "0.9.0": "p dims active",
        "0.10.0": "p dims",
        "0.10.2": "p dims active",
        "0.13.0": "p dims active rng",
    },
    "AlphaDropout": {
        "0": "p active",
        "0.10.0": "p",
        "0.10.2": "p active",
        "0.13.0": "p active rng",
    },
    "LayerNorm": {"0": "diag", "0.12.0": "λ diag ϵ size affine"},
    "BatchNorm": NORM,
    "InstanceNorm": NORM,
    "GroupNorm": {release: f"G {fields}" for release, fields in NORM.items()},
    "WeightNorm": {"0.16.0": "layer g which dims"},
    "Recur": {"0": "cell init state", "0.12.0": "cell state"},
    "Recurrence": {"0.16.0": "cell"},
    "RNN": {"0.15.0": "cell"},
    "LSTM": {"0.15.0": "cell"},
    "GRU": {"0.15.0": "cell"},
    "GRUv3": {"0.15.0": "cell"},
    "RNNCell": {"0": "σ Wi Wh b h", "0.12.0": "σ Wi Wh b state0", "0.15.0": "σ Wi Wh bias"},
    "LSTMCell": {"0": "Wi Wh b h c", "0.12.0": "Wi Wh b state0", "0.15.0": "Wi Wh bias"},
    "GRUCell": {"0": "Wi Wh b h", "0.12.0": "Wi Wh b state0", "0.15.0": "Wi Wh b"},
    "GRUv3Cell": {"0.12.7": "Wi Wh b Wh_h̃ state0", "0.15.0": "Wi Wh b Wh_h̃"},
    "OneHotVector": {"0": "ix of"},
    "OneHotMatrix": {"0": "height data"},
    "OneHotArray": {"0.12.0": "indices"},
    # optimisers that keep their states themselves
    **dict.fromkeys(("Descent",), {"0": "eta"}),
    **dict.fromkeys(("Momentum", "Nesterov"), {"0": "eta rho velocity"}),
    "RMSProp": {"0": "eta rho acc", "0.12.9": "eta rho epsilon acc"},
    **dict.fromkeys(
        (
            *("ADAM", "RADAM", "OADAM", "NADAM", "AdaMax", "AMSGrad", "AdaBelief"),
            *("Adam", "RAdam", "OAdam", "NAdam"),
        ),
        ADAM,
    ),
    **dict.fromkeys(("ADAGrad", "AdaGrad"), {"0": "eta acc", "0.12.9": "eta epsilon acc"}),
    **dict.fromkeys(("ADADelta", "AdaDelta"), {"0": "rho state", "0.12.9": "rho epsilon state"}),
    "Optimiser": {"0": "os"},
    "InvDecay": {"0": "gamma state"},
    "ExpDecay": {
        "0": "eta decay step clip current",
        "0.12.9": "eta decay step clip start current",
    },
    "WeightDecay": {"0": "wd"},
    "SignDecay": {"0.14.12": "lambda"},
    **dict.fromkeys(("ClipValue", "ClipNorm"), {"0.11.0": "thresh"}),
}
ETA = "eta beta epsilon"
# The same of other packages, of which no version is known: oldest first.
PACKAGES: dict[str, tuple[str, ...]] = {
    "Optimisers.Leaf": ("rule state", "rule state frozen"),
    "Optimisers.Restructure": ("model offsets length",),
    "Optimisers.Descent": ("eta",),
    "Optimisers.Momentum": ("eta rho",),
    "Optimisers.Nesterov": ("eta rho",),
    "Optimisers.RMSProp": ("eta rho epsilon", "eta rho epsilon centred"),
    **{
        f"Optimisers.{name}": (ETA,)
        for name in (
            *("ADAM", "RADAM", "OADAM", "NADAM", "Adam", "RAdam", "OAdam", "NAdam"),
            *("AdaMax", "AMSGrad", "AdaBelief"),
        )
    },
    **dict.fromkeys(("Optimisers.ADAGrad", "Optimisers.AdaGrad"), ("eta epsilon",)),
    **dict.fromkeys(("Optimisers.ADADelta", "Optimisers.AdaDelta"), ("rho epsilon",)),
    "Optimisers.AdamW": ("eta beta epsilon lambda couple", "eta beta lambda epsilon couple"),
    "Optimisers.Rprop": ("eta ell gamma",),
    "Optimisers.Lion": ("eta beta",),
    "Optimisers.AccumGrad": ("n",),
    "Optimisers.WeightDecay": ("wd", "gamma", "lambda"),
    "Optimisers.SignDecay": ("lambda",),
    "Optimisers.OptimiserChain": ("opts",),
    "Optimisers.ClipGrad": ("delta",),
    "Optimisers.ClipNorm": ("omega p throw",),
    "Optimisers.MixedPrecision": ("rule",),
    "Zygote.Params": ("order params",),
    "Zygote.Buffer": ("data freeze",),
    "Zygote.IdSet": ("dict",),
    "Tracker.TrackedArray": ("tracker data grad",),
    "Base.Complex": ("re im",),
    "Base.Rational": ("num den",),
    **dict.fromkeys(("Base.Pair", "Core.Pair"), ("first second",)),
    "Base.RefValue": ("x",),
    "Base.UnitRange": ("start stop",),
    "Base.OneTo": ("stop",),
    "Base.StepRange": ("start step stop",),
    "Base.StepRangeLen": ("ref step len offset",),
    "Base.LinRange": ("start stop len lendiv",),
    "Base.TwicePrecision": ("hi lo",),
    "Base.Slice": ("indices",),
    "Base.Set": ("dict",),
    "Base.SubArray": ("parent indices offset1 stride1",),
    "Base.ReshapedArray": ("parent dims mi",),
    "Base.ReinterpretArray": ("parent readable writable",),
    "Base.PermutedDimsArray": ("parent",),
    "Base.BitArray": ("chunks len dims",),
    "Base.VersionNumber": ("major minor patch prerelease build",),
    "LinearAlgebra.Adjoint": ("parent",),
    "LinearAlgebra.Transpose": ("parent",),
    "LinearAlgebra.Diagonal": ("diag",),
    "LinearAlgebra.Symmetric": ("data uplo",),
    "LinearAlgebra.Hermitian": ("data uplo",),
    **{
        f"LinearAlgebra.{unit}{half}Triangular": ("data",)
        for unit in ("", "Unit")
        for half in ("Upper", "Lower")
    },
    "SparseArrays.SparseMatrixCSC": ("m n colptr rowval nzval",),
    "SparseArrays.SparseVector": ("n nzind nzval",),
    "Dates.Date": ("instant",),
    "Dates.DateTime": ("instant",),
    "Dates.Time": ("instant",),
    "Dates.UTInstant": ("periods",),
    **{
        f"Dates.{name}": ("value",)
        for name in (
            *("Day", "Hour", "Minute", "Second", "Millisecond", "Microsecond", "Nanosecond"),
            *("Week", "Month", "Year"),
        )
    },
    "Random.Xoshiro": ("s0 s1 s2 s3", "s0 s1 s2 s3 s4"),
    **dict.fromkeys(
        ("StaticArrays.SArray", "StaticArraysCore.SArray", "StaticArrays.MArray"), ("data",)
    ),
    "OneHotArrays.OneHotArray": ("indices",),
    "DataFrames.DataFrame": (
        "columns colindex",
        "columns colindex metadata colmetadata allnotemetadata",
    ),
    "DataFrames.Index": ("lookup names",),
    "OrderedCollections.OrderedDict": (
        "slots keys vals ndel dirty",
        "slots keys vals ndel maxprobe dirty",
    ),
    "OrderedCollections.LittleDict": ("keys vals",),
    "ComponentArrays.ComponentArray": ("data axes",),
}
# What a field of a layer is called today. A bias was `b` in every layer, and still is in a GRU.
RENAMED = {
    "Dense": {"W": "weight", "b": "bias"},
    "Diagonal": {"α": "scale", "β": "bias"},
    "Maxout": {"over": "layers"},
    "RNNCell": {"b": "bias", "h": "state0"},
    "LSTMCell": {"b": "bias"},
    "GRUCell": {"h": "state0"},
}


def field_names(kind: JuliaType, number: int) -> list[str] | None:
    """The fields of a type of which `number` are there, or None for a type that is not known.

    Where several releases of Flux have as many fields, that of `semantics` counts.
    """
    if kind.partition(".")[0] == "Flux":
        releases = FLUX.get(kind.rpartition(".")[2], {})
        fitting = {
            release: fields.split()
            for release, fields in releases.items()
            if len(fields.split()) == number
        }
        if not fitting:
            return None
        asked = parsed(version_in_force())
        known = [release for release in fitting if parsed_release(release) <= asked]
        return fitting[max(known or fitting, key=parsed_release)]
    fits = [names.split() for names in PACKAGES.get(kind.short, ()) if len(names.split()) == number]
    return fits[-1] if fits else None


def complete(kind: JuliaType, fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` with those that a file left out because they have no content, where the type is
    known: None, and for the activation of a layer the function among the type's parameters.
    """
    if kind.partition(".")[0] == "Flux":
        releases = list(FLUX.get(kind.rpartition(".")[2], {}).values())
    else:
        releases = list(PACKAGES.get(kind.short, ()))
    names = next(
        (text.split() for text in releases[::-1] if set(fields) <= set(text.split())), None
    )
    if names is None or len(names) == len(fields):
        return fields
    functions = [part for part in kind.parameters if isinstance(part, JuliaType)]
    functions = [part for part in functions if part.is_function]
    missing: dict[str, Any] = dict.fromkeys(names)
    if functions:
        missing.update(dict.fromkeys(("σ", "λ"), function_name(functions[0])))
    return {name: fields.get(name, missing[name]) for name in names}


def modern(value: Struct) -> dict[str, Any]:
    """A struct of Flux's with today's names; what was only the state of the moment is left out.

    `Recur`, which kept the state from call to call, becomes the `cell` that it went over.
    """
    kind = value.julia_type
    if kind.partition(".")[0] != "Flux":
        return value
    name = kind.rpartition(".")[2]
    fields = {RENAMED.get(name, {}).get(field, field): part for field, part in value.items()}
    if name == "Recur":
        fields.pop("init", None)
        fields.pop("state", None)
    if name == "LSTMCell" and {"h", "c"} <= set(fields):
        fields["state0"] = [_row(fields.pop("h")), _row(fields.pop("c"))]
    elif "h" in value and "state0" in fields:
        fields["state0"] = _row(fields["state0"])
    return Struct(kind, fields)


def _row(state: Any) -> Any:
    """The initial state of a cell: up to Flux 0.11 a vector, then a batch of one."""
    return state[None] if isinstance(state, np.ndarray) and state.ndim == 1 else state
