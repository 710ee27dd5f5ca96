"""softmax, logsoftmax and logsumexp along the axes `dims`. Source: NNlib.jl `src/softmax.jl`."""

import numpy as np

from ..core.expect import as_float
from ..core.pullback import differentiable

__all__ = ["logsoftmax", "logsumexp", "softmax"]


def _shifted_exp(x, dims):
    """exp(x - max), where an infinite maximum counts 1 and everything below it 0."""
    top = x.max(dims, keepdims=True)
    with np.errstate(invalid="ignore"):
        e = np.exp(x - top)
    return np.where((top == np.inf) & ~np.isnan(x), x == np.inf, e).astype(x.dtype, copy=False), top


@differentiable
def softmax(x, dims=-1):
    """`exp(x) / sum(exp(x))`.

    A row of -inf gives NaN; +inf takes everything. Flux: `softmax(x; dims=1)`.
    """
    x = as_float("softmax", x)
    e, _ = _shifted_exp(x, dims)
    y = e / e.sum(dims, keepdims=True)

    def softmax_back(dy):
        weighted = dy * y
        return None, weighted - y * weighted.sum(dims, keepdims=True)

    return y, softmax_back


@differentiable
def logsoftmax(x, dims=-1):
    """`x - log(sum(exp(x)))`. Flux: `logsoftmax(x; dims=1)`."""
    x = as_float("logsoftmax", x)
    e, top = _shifted_exp(x, dims)
    total = e.sum(dims, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        y = np.where(top == np.inf, np.log(e), x - top) - np.log(total)

    def logsoftmax_back(dy):
        return None, dy - dy.sum(dims, keepdims=True) * (e / total)

    return y, logsoftmax_back


@differentiable
def logsumexp(x, dims=None):
    """`log(sum(exp(x)))` over everything, a scalar; with `dims`, along those axes, which are kept
    with size 1. Flux: `logsumexp`.
    """
    x = as_float("logsumexp", x)
    axes = tuple(range(x.ndim)) if dims is None else dims
    top = x.max(axes, keepdims=True)
    with np.errstate(invalid="ignore"):
        e = np.exp(x - top)  # an infinite maximum gives NaN here, as in NNlib
    total = e.sum(axes, keepdims=True)
    y = np.log(total) + top

    def logsumexp_back(dy):
        return None, np.reshape(dy, total.shape) * (e / total)

    return (y.reshape(())[()] if dims is None else y), logsumexp_back


for _whole in (softmax, logsoftmax, logsumexp):
    _whole.whole_arrays = True  # what no layer can apply to every entry by itself
