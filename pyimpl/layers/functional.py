"""Layers without arrays of their own as functions, as NNlib has them, for those who write layers.
Source: NNlib.jl `src/conv.jl`.

Arguments are those of the layers in Python's order; what is refused there is refused here, in the
layer's name.
"""

import numpy as np

from ..core.expect import as_float
from ..core.pullback import differentiable
from .conv import Conv
from .pooling import MaxPool, MeanPool
from .upsample import PixelShuffle, linear, nearest

__all__ = [
    "conv",
    "maxpool",
    "meanpool",
    "pixel_shuffle",
    "upsample_bilinear",
    "upsample_linear",
    "upsample_nearest",
    "upsample_trilinear",
]


@differentiable
def conv(x, weight, stride=1, pad=0, dilation=1, flipped=False, groups=1):
    """A `Conv` without bias and activation, as a function of x (batch, in, *space) and weight (out,
    in / groups, *kernel). NNlib: `conv`.

    `flipped` reverses the kernel once more, which makes a cross-correlation of it. (NNlib's
    docstring has it the other way round.)
    """

    def turned(w):
        return np.flip(w, tuple(range(2, w.ndim))) if flipped else w

    layer = Conv(
        turned(as_float("conv", weight)),
        False,
        stride=stride,
        pad=pad,
        dilation=dilation,
        groups=groups,
    )
    y, layer_back = layer.pullback(x)

    def conv_back(dy):
        gradient, dx = layer_back(dy)
        return None, dx, turned(gradient.weight)

    return y, conv_back


@differentiable
def maxpool(x, k, pad=0, stride=None):
    """`MaxPool(k, pad=pad, stride=stride)` as a function of x (batch, channels, *space).

    NNlib: `maxpool`.
    """
    return MaxPool(k, pad=pad, stride=stride).pullback(x)


@differentiable
def meanpool(x, k, pad=0, stride=None):
    """`MeanPool(k, pad=pad, stride=stride)` as a function of x (batch, channels, *space).

    NNlib: `meanpool`.
    """
    return MeanPool(k, pad=pad, stride=stride).pullback(x)


@differentiable
def pixel_shuffle(x, r):
    """`PixelShuffle(r)` as a function of x (batch, channels * r^d, *space).

    NNlib: `pixel_shuffle`.
    """
    return PixelShuffle(r).pullback(x)


@differentiable
def upsample_nearest(x, scale=None, size=None):
    """Every entry of x repeated along its last axes, as many as `scale` or `size` has numbers;
    integers stay integers. NNlib: `upsample_nearest`.
    """
    return nearest(x, *_either("upsample_nearest", scale, size))


@differentiable
def upsample_linear(x, scale=None, size=None, align_corners=True):
    """Linear along every spatial axis of x (batch, channels, *space), for any number of them;
    integers are rounded. NNlib: `upsample_linear`.

    With `align_corners` the outermost points stay where they are, without they are as far from the
    edges as they are from each other (PyTorch's default).
    """
    scale, size = _either("upsample_linear", scale, size)
    return linear(x, scale, size, align_corners)


def _either(who: str, scale, size):
    if (scale is None) == (size is None):
        raise ValueError(f"{who} expects either scale or size, got scale={scale} and size={size}")
    return scale, size


upsample_bilinear = upsample_linear  # NNlib's names for two and three spatial axes
upsample_trilinear = upsample_linear
