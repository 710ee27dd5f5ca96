"""Builders of layers.

Names, order and defaults of the arguments are Flux's. A default that is not Flux's is `...`: the
twin's own applies, which is Flux's of the version that is in force.
"""

import inspect
from typing import Any

import numpy as np
from reference_folder.conversions import (
    COLON,
    FIELDS,
    Untranslatable,
    axes,
    number,
    reverse,
    reverse_pad,
    spelled,
)
from reference_folder.tracing import apply, as_layer, value_of

import pyimpl


def given(**options):
    """The options that are not left to the twin."""
    return {name: value for name, value in options.items() if value is not ...}


def dense(weight: np.ndarray, bias=True, act=pyimpl.identity):
    return pyimpl.Dense(weight, bias, as_layer(act))


def scale(scale: np.ndarray, bias=True, act=pyimpl.identity):
    bias = np.zeros_like(scale) if bias is True else None if bias is False else bias
    return pyimpl.Scale(scale, bias, as_layer(act))


def scale_of_ones(*size_act, bias=True):
    act = pyimpl.identity if isinstance(size_act[-1], int) else size_act[-1]
    size = tuple(part for part in size_act if isinstance(part, int))
    return scale(np.ones(reverse(size), np.float32), bias, act)


def bilinear(weight: np.ndarray, bias=True, act=pyimpl.identity):
    return pyimpl.Bilinear(weight, bias, as_layer(act))


def embedding(weight: np.ndarray):
    return pyimpl.Embedding(weight)


def embedding_bag(weight: np.ndarray, reduction=None):
    return pyimpl.EmbeddingBag(weight, "mean" if reduction is None else spelled(reduction))


def convolution(kind):
    def build(
        weight: np.ndarray, bias=True, act=pyimpl.identity, *, stride=1, pad=0, dilation=1, **more
    ):
        rank = weight.ndim - 2
        more = {name: reverse(value) for name, value in more.items()}
        sizes = dict(stride=reverse(stride), pad=reverse_pad(pad, rank), dilation=reverse(dilation))
        return kind(weight, bias, as_layer(act), **sizes, **more)

    own = {pyimpl.Conv: {"groups": 1}, pyimpl.ConvTranspose: {"outpad": 0, "groups": 1}}.get(
        kind, {}
    )
    return with_keywords(build, own)


def calc_padding(layer, pad, k, dilation, stride):
    """What Flux makes of a padding: of `SamePad()` low and high of every axis, of an odd number of
    cells the larger half low.
    """
    if not isinstance(pad, pyimpl.SamePad):
        return pad
    dilation, stride = (
        (size,) * len(k) if isinstance(size, int) else size for size in (dilation, stride)
    )
    shrink = stride if spelled(layer) == "ConvTranspose" else (1,) * len(k)
    totals = [(size - s) * d for size, s, d in zip(k, shrink, dilation, strict=True)]
    return tuple(half for total in totals for half in (-(-total // 2), total // 2))


def pool(kind):
    def build(k: tuple, *, pad=0, stride=...):
        return kind(reverse(k), pad=reverse_pad(pad, len(k)), **given(stride=reverse(stride)))

    return build


def adaptive_pool(kind):
    return lambda out: kind(reverse(out))


def global_pool(kind):
    return lambda: kind()


def upsample(mode: str = "nearest", *, scale=None, size=None):
    return pyimpl.Upsample(mode, scale=reverse(scale), size=reverse(size))


def upsample_by(scale, mode: str = "nearest"):
    return pyimpl.Upsample(mode, scale=reverse(scale))


def pixel_shuffle(r):
    return pyimpl.PixelShuffle(r)


def batch_norm(
    chs: int,
    act=pyimpl.identity,
    *,
    affine=True,
    track_stats=True,
    active=None,
    eps=...,
    momentum=...,
):
    options = given(eps=eps, momentum=number(momentum))
    return pyimpl.BatchNorm(
        chs, as_layer(act), affine=affine, track_stats=track_stats, active=active, **options
    )


def instance_norm(
    chs: int,
    act=pyimpl.identity,
    *,
    affine=False,
    track_stats=False,
    active=None,
    eps=...,
    momentum=...,
):
    options = given(eps=eps, momentum=number(momentum))
    return pyimpl.InstanceNorm(
        chs, as_layer(act), affine=affine, track_stats=track_stats, active=active, **options
    )


def group_norm(
    chs: int, groups: int, act=pyimpl.identity, *, affine=True, active=None, eps=..., momentum=...
):
    return pyimpl.GroupNorm(
        chs, groups, as_layer(act), affine=affine, **given(eps=eps)
    )  # active and momentum: Flux has no use for them


def from_fields(build):
    """The constructor that takes the fields of Flux's BatchNorm or InstanceNorm one by one."""

    def build_from_fields(
        act, beta, gamma, mu, var, eps, momentum, affine, track_stats, active, chs
    ):
        layer = build(
            chs,
            act,
            affine=affine,
            track_stats=track_stats,
            active=active,
            eps=eps,
            momentum=momentum,
        )
        layer.shift, layer.scale, layer.mean, layer.var = beta, gamma, mu, var
        return layer

    return build_from_fields


def group_norm_from_fields(
    groups, act, beta, gamma, mu, var, eps, momentum, affine, track_stats, active, chs
):
    layer = group_norm(chs, groups, act, affine=affine, active=active, eps=eps, momentum=momentum)
    layer.shift, layer.scale = beta, gamma
    return layer


def layer_norm(size: tuple, act=pyimpl.identity, *, affine=True, eps=...):
    return pyimpl.LayerNorm(reverse(size), as_layer(act), affine=affine, **given(eps=eps))


def layer_norm_of_numbers(*size_act, affine=True, eps=...):
    act = pyimpl.identity if isinstance(size_act[-1], int) else size_act[-1]
    return layer_norm(
        tuple(part for part in size_act if isinstance(part, int)), act, affine=affine, eps=eps
    )


def layer_norm_from_fields(act, diag, eps, size, affine):
    layer = layer_norm(size, act, affine=affine, eps=eps)
    layer.diag = diag if affine else None
    return layer


def weight_norm(layer, which="weight", *, dims=-1):
    rank = getattr(layer, FIELDS.get(which, which)).ndim
    dims = 0 if dims == -1 else tuple(range(rank)) if dims == COLON else axes(dims)
    return pyimpl.WeightNorm(layer, FIELDS.get(which, which), dims=dims)


def dropout(p, *, dims=":", active=None):
    return pyimpl.Dropout(
        number(p), active=active
    )  # dims shape the mask: what depends on it is random, and in no folder


def dropout_from_fields(p, dims, active, rng):
    return dropout(p, active=active)


def alpha_dropout(p, *, active=None):
    return pyimpl.AlphaDropout(number(p), active=active)


def joint(kind):
    """Chain, Parallel, PairwiseFusion: layers with or without names, after a connection or none."""

    def build(*layers, **named):
        if len(layers) > len(front) and isinstance(
            layers[-1], dict | list | tuple
        ):  # Chain([a, b]), Chain((a = a, b = b))
            *layers, last = layers
            layers, named = (layers, last) if isinstance(last, dict) else ([*layers, *last], {})
        return kind(
            *map(as_layer, layers), **{name: as_layer(layer) for name, layer in named.items()}
        )

    front = () if kind is pyimpl.Chain else ("connection",)
    if not front:
        return build

    def build_connected(connection, *layers, **layers_by_name):
        return build(connection, *layers, **layers_by_name)

    return build_connected


def maxout(*layers):
    return pyimpl.Maxout(*map(as_layer, layers[0] if isinstance(layers[0], tuple) else layers))


def skip_connection(layers, connection):
    return pyimpl.SkipConnection(as_layer(layers), as_layer(connection))


def cell(kind):
    """From arrays; `state0` is what the cells of Flux before 0.15 have."""

    def build(Wi: np.ndarray, Wh: np.ndarray, bias, *more, act=...):
        made = kind(Wi.shape[0], Wh.shape[0], **given(act=act))
        made.Wi, made.Wh = Wi, Wh
        setattr(made, made.bias_field, None if bias is False else bias)
        extra = [name for name in ("Wh_candidate", "state0") if hasattr(made, name)]
        if len(more) != len(extra):
            raise Untranslatable(f"cannot be translated: {kind.__name__} of {3 + len(more)} arrays")
        for name, value in zip(extra, more, strict=True):
            setattr(made, name, value)
        return made

    if kind is not pyimpl.RNNCell:
        return build
    return lambda act, Wi, Wh, bias, *more: build(Wi, Wh, bias, *more, act=as_layer(act))


def recurrence(kind):
    def build(cell, *, return_state=False):
        return kind(cell, return_state=return_state)

    return build


def attention(nheads, q_proj, k_proj, v_proj, attn_drop, out_proj):
    layer = pyimpl.MultiHeadAttention(q_proj.weight.shape[1], nheads=nheads)
    layer.q_proj, layer.k_proj, layer.v_proj, layer.attn_drop, layer.out_proj = (
        q_proj,
        k_proj,
        v_proj,
        attn_drop,
        out_proj,
    )
    return layer


def attend(q, k, v, bias=None, *, fdrop=pyimpl.identity, mask=None, nheads=1):
    if fdrop is not pyimpl.identity:
        raise Untranslatable("cannot be translated: option fdrop of dot_product_attention")
    return apply(
        pyimpl.dot_product_attention,
        q,
        k,
        v,
        *(() if bias is None else (bias,)),
        nheads=nheads,
        mask=mask,
    )


def causal_mask(x, *, dims=2):
    return pyimpl.make_causal_mask(value_of(x), dims=axes(dims))


def along(function, default):
    """softmax and its kin."""
    return with_keywords(
        lambda x, **options: apply(function, x, dims=axes(options.get("dims", default))),
        {"dims": default},
    )


def with_keywords(build, names: dict[str, Any]):
    """`build` with the keywords `names` and their defaults in place of its `**`."""
    parameters = list(inspect.signature(build).parameters.values())[:-1]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in names.items()
    ]
    build.__signature__ = inspect.Signature(parameters)
    return build
