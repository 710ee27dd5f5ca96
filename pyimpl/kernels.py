"""NNlib's functions under the layers, for those who write layers of their own. Source: NNlib.jl `src/conv.jl` and others.

Arguments are those of the layers in Python's order; what is refused there is refused here, in the layer's name.
"""

import numpy as np

from .broadcasting import unbroadcast
from .expect import as_float
from .layers.conv import Conv
from .layers.pooling import MaxPool, MeanPool
from .layers.upsample import PixelShuffle, Upsample
from .pullback import differentiable


@differentiable
def conv(x, weight, stride=1, pad=0, dilation=1, flipped=False, groups=1):
    """A `Conv` without bias and activation, as a function of x (batch, in, *space) and weight (out, in / groups, *kernel). NNlib: `conv`.

    `flipped` reverses the kernel once more, which makes a cross-correlation of it. (NNlib's docstring has it the other way round.)
    """

    def turned(w):
        return np.flip(w, tuple(range(2, w.ndim))) if flipped else w

    layer = Conv(turned(as_float("conv", weight)), False, stride=stride, pad=pad, dilation=dilation, groups=groups)
    y, layer_back = layer.pullback(x)

    def conv_back(dy):
        gradient, dx = layer_back(dy)
        return None, dx, turned(gradient.weight)

    return y, conv_back


@differentiable
def maxpool(x, k, pad=0, stride=None):
    """`MaxPool(k, pad=pad, stride=stride)` as a function of x (batch, channels, *space). NNlib: `maxpool`."""
    return MaxPool(k, pad=pad, stride=stride).pullback(x)


@differentiable
def meanpool(x, k, pad=0, stride=None):
    """`MeanPool(k, pad=pad, stride=stride)` as a function of x (batch, channels, *space). NNlib: `meanpool`."""
    return MeanPool(k, pad=pad, stride=stride).pullback(x)


@differentiable
def pixel_shuffle(x, r):
    """`PixelShuffle(r)` as a function of x (batch, channels * r^d, *space). NNlib: `pixel_shuffle`."""
    return PixelShuffle(r).pullback(x)


@differentiable
def upsample_nearest(x, scale=None, size=None):
    """`Upsample("nearest", ...)` as a function of x (batch, channels, *space). NNlib: `upsample_nearest`."""
    return Upsample("nearest", scale=scale, size=size).pullback(x)


@differentiable
def upsample_linear(x, scale=None, size=None):
    """Linear along every spatial axis, corners aligned: `Upsample("bilinear", ...)` for any number of them. NNlib: `upsample_linear`."""
    return Upsample("bilinear", scale=scale, size=size).pullback(x)


upsample_bilinear = upsample_linear  # NNlib's names for two and three spatial axes
upsample_trilinear = upsample_linear


@differentiable
def batched_mul(a, b):
    """`b @ a`, matrix by matrix: a (batch, j, i), b (batch, k, j), the result (batch, k, i). NNlib: `batched_mul(A, B)`, `A ⊠ B`.

    The matrices are the transposes of Julia's, so their order is the other one. A batch of size 1, or a single matrix, serves for
    all of the other batch. Raises ValueError for sizes that do not fit.
    """
    a, b = as_float("batched_mul", a), as_float("batched_mul", b)
    one, two = ((1,) * (3 - x.ndim) + x.shape for x in (a, b))
    batches = all(m == n or 1 in (m, n) for m, n in zip(one[:-2], two[:-2], strict=False)) and len(one) == len(two)
    if min(a.ndim, b.ndim) < 2 or one[-2] != two[-1] or not batches:
        raise ValueError(f"batched_mul expects a of shape (batch, j, i) and b (batch, k, j), got {a.shape} and {b.shape}")

    def batched_mul_back(dy):
        return None, unbroadcast(b.swapaxes(-1, -2) @ dy, a.shape), unbroadcast(dy @ a.swapaxes(-1, -2), b.shape)

    return b @ a, batched_mul_back


@differentiable
def batched_vec(a, b):
    """Every matrix times its vector: a (batch, j, i), b (batch, j) or (j,), the result (batch, i). NNlib: `batched_vec(A, B)`."""
    a, b = as_float("batched_vec", a), as_float("batched_vec", b)
    if a.ndim < 3 or b.shape not in (a.shape[:-1], a.shape[-2:-1]):
        raise ValueError(f"batched_vec expects a of shape (batch, j, i) and b (batch, j) or (j,), got {a.shape} and {b.shape}")

    def batched_vec_back(dy):
        da = b[..., :, None] * dy[..., None, :]
        return None, da, unbroadcast((a @ dy[..., :, None])[..., 0], b.shape)

    return (b[..., None, :] @ a)[..., 0, :], batched_vec_back
