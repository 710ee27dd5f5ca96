"""Attention. Flux: `src/layers/attention.jl`; NNlib: `src/attention.jl`.

Sequences are (batch, length, features). A mask says True where a query may look, and with `bias` it
broadcasts against the scores (batch, heads, queries, keys).
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..core.broadcasting import unbroadcast
from ..core.expect import as_count, as_float, is_size
from ..core.pullback import Gradient, differentiable, pullback
from ..functions.softmax import softmax
from ..initialise import glorot_uniform
from .combine import outside
from .dense import Dense
from .dropout import Dropout
from .layer import Layer

__all__ = ["MultiHeadAttention", "dot_product_attention", "make_causal_mask"]


def make_causal_mask(x, dims=-2) -> np.ndarray:
    """True where key j is not later than query i: a lower triangle [i, j], as long as axis `dims`
    of x. Flux: `make_causal_mask`.
    """
    length = np.shape(x)[dims]
    return np.tri(length, dtype=bool)


@differentiable
def dot_product_attention(q, k, v, *bias, nheads=1, mask=None, fdrop=None):
    """`softmax(q k' / sqrt(d) + bias) v` for every head, and the weights after the softmax. NNlib:
    `dot_product_attention`.

    q is (..., queries, n), k (..., keys, n), v (..., keys, m); the result is (..., queries, m) and
    (..., heads, queries, keys). The features are split into `nheads` consecutive parts, d is the
    size of one. `fdrop(weights)` gives `(y, back)` and is applied to the weights, which come back
    as it leaves them. A query that may look nowhere gives NaN, as in NNlib. Raises ValueError for
    sizes that do not fit.
    """
    nheads = as_count("dot_product_attention", "nheads", nheads)
    q, k, v = (as_float("dot_product_attention", x) for x in (q, k, v))
    lead = _checked(q, k, v, nheads)
    qh, kh, vh = (_split_heads(x, nheads) for x in (q, k, v))
    root = q.dtype.type(math.sqrt(qh.shape[-1]))
    qh = qh / root
    scores = qh @ kh.swapaxes(-1, -2)
    if bias and bias[0] is not None:
        scores = scores + bias[0]
    if mask is not None:
        scores = np.where(mask, scores, -np.inf).astype(scores.dtype, copy=False)
    weights, softmax_back = softmax.pullback(scores)
    weights, drop_back = (weights, None) if fdrop is None else fdrop(weights)
    y = _join_heads(weights @ vh, lead)

    def attention_back(cotangents):
        dy, dweights = cotangents
        dyh = _split_heads(dy, nheads)
        through = dyh @ vh.swapaxes(-1, -2)
        if dweights is not None:
            through = through + dweights.reshape(weights.shape)
        dscores = softmax_back(through if drop_back is None else drop_back(through)[1])[1]
        if mask is not None:
            dscores = (
                dscores * mask
            )  # not np.where: where a query may look nowhere, Flux lets the NaN through
        dq = _join_heads(dscores @ kh / root, lead)
        dk = _join_heads(dscores.swapaxes(-1, -2) @ qh, lead)
        dv = _join_heads(weights.swapaxes(-1, -2) @ dyh, lead)
        return (
            None,
            dq,
            dk,
            dv,
            *(None if b is None else unbroadcast(dscores, b.shape) for b in bias),
        )

    return (y, weights.reshape(*lead, *weights.shape[1:])), attention_back


def _checked(q, k, v, nheads):
    shapes = f"q of shape {q.shape}, k {k.shape}, v {v.shape}"
    if (
        min(q.ndim, k.ndim, v.ndim) < 2
        or not q.shape[:-2] == k.shape[:-2] == v.shape[:-2]
        or k.shape[-2] != v.shape[-2]
    ):
        raise ValueError(
            "dot_product_attention expects (..., queries, n), (..., keys, n) and (..., keys, "
            f"m), got {shapes}"
        )
    if q.shape[-1] != k.shape[-1] or q.shape[-1] % nheads or v.shape[-1] % nheads:
        raise ValueError(
            "dot_product_attention expects q and k with equally many features and all divisible "
            f"by nheads={nheads}, got {shapes}"
        )
    return q.shape[:-2]


def _split_heads(x, nheads):
    """(..., length, features) as (batch, heads, length, features / heads)."""
    batch = math.prod(x.shape[:-2])
    return x.reshape(batch, x.shape[-2], nheads, x.shape[-1] // nheads).swapaxes(1, 2)


def _join_heads(x, lead):
    """The inverse of `_split_heads`."""
    _, heads, length, features = x.shape
    return x.swapaxes(1, 2).reshape(*lead, length, heads * features)


@dataclass(eq=False, init=False, repr=False)
class MultiHeadAttention(Layer):
    """Projections of queries, keys and values, `dot_product_attention`, and a projection of the
    result: `(y, weights)`. Flux: the same.

    `MultiHeadAttention(dims, *, nheads=8, bias=False, init=glorot_uniform, dropout_prob=0.0,
    rng=None)`. dims is one integer, or `(n_in, n_qkv, n_out)` where n_in may be a triple for q, k
    and v, and n_qkv a pair: of queries and keys, and of values. Called with q, k, v and an optional
    bias, with q and one array for both k and v, or with one for all three. The weights are those of
    every head, after dropout. Vaswani et al. 2017.
    """

    nheads: int
    q_proj: Dense
    k_proj: Dense
    v_proj: Dense
    attn_drop: Dropout
    out_proj: Dense

    def __init__(
        self, dims, *, nheads=8, bias=False, init=glorot_uniform, dropout_prob=0.0, rng=None
    ):
        n_in, n_qkv, n_out = (dims,) * 3 if is_size(dims) else dims
        q_in, k_in, v_in = (n_in,) * 3 if is_size(n_in) else n_in
        n_qk, n_v = (n_qkv,) * 2 if is_size(n_qkv) else n_qkv
        nheads = as_count("MultiHeadAttention", "nheads", nheads)
        if n_qk % nheads or n_v % nheads:
            raise ValueError(
                f"MultiHeadAttention expects sizes divisible by nheads={nheads}, got {n_qk} for "
                f"queries and keys, {n_v} for values"
            )
        self.nheads = nheads
        self.q_proj, self.k_proj = (
            Dense(q_in, n_qk, bias=bias, init=init, rng=rng),
            Dense(k_in, n_qk, bias=bias, init=init, rng=rng),
        )
        self.v_proj, self.out_proj = (
            Dense(v_in, n_v, bias=bias, init=init, rng=rng),
            Dense(n_v, n_out, bias=bias, init=init, rng=rng),
        )
        self.attn_drop = Dropout(dropout_prob, rng=rng)

    def __call__(self, *xs, mask=None):
        return self._run(outside, *xs, mask=mask)[0]

    def pullback(
        self, *xs, mask=None
    ):  # q: (batch, queries, q_in), k, v: (batch, keys, k_in), (batch, keys, v_in), bias
        return self._run(pullback, *xs, mask=mask)

    def _run(self, apply, *xs, mask=None):
        bias = xs[3:]
        used = (*xs, *(xs[-1:] * 2))[:3]
        if any(np.ndim(x) != 3 for x in used):
            shapes = ", ".join(str(np.shape(x)) for x in xs)
            raise ValueError(
                "MultiHeadAttention expects arrays (batch, length, features), got x of shape "
                f"{shapes}"
            )
        names = ("q_proj", "k_proj", "v_proj")
        (q, q_back), (k, k_back), (v, v_back) = (
            apply(getattr(self, name), x) for name, x in zip(names, used, strict=True)
        )
        (z, weights), attention_back = dot_product_attention.pullback(
            q, k, v, *bias, nheads=self.nheads, mask=mask, fdrop=partial(apply, self.attn_drop)
        )
        y, out_back = apply(self.out_proj, z)

        def mha_back(dy):
            dout, dz = out_back(dy[0])
            _, dq, dk, dv, *dbias = attention_back((dz, dy[1]))
            (dq_proj, dq), (dk_proj, dk), (dv_proj, dv) = q_back(dq), k_back(dk), v_back(dv)
            gradient = Gradient(
                nheads=None,
                q_proj=dq_proj,
                k_proj=dk_proj,
                v_proj=dv_proj,
                attn_drop=None,
                out_proj=dout,
            )
            dxs = (
                (dq, dk, dv) if len(xs) > 2 else (dq, dk + dv) if len(xs) == 2 else (dq + dk + dv,)
            )
            return gradient, *dxs, *dbias

        return (y, weights), mha_back
