"""Convolution by im2col and max pooling, on images x (batch, channels, height, width).

`windows` is im2col (a view, copied once when it is flattened), `scatter_windows` is col2im. Stride and pad are an
integer or (height, width).
"""

from dataclasses import dataclass

import numpy as np

from ..expect import as_float, as_sizes, expect_channels
from ..layers.layer import Layer
from ..pullback import Gradient
from ..windows import Sizes, padded, scatter_windows, windows
from .layers import weight_and_bias

UNDILATED = (1, 1)


@dataclass(eq=False, repr=False)
class Convolution(Layer):
    """`y[n, o, i, j] = bias[o] + sum over c, k, l of x[n, c, i * stride + k - pad, j * stride + l - pad] * weight[o, c, k, l]`.

    A cross-correlation: the kernel is not flipped (Flux's `Conv` flips it, its `CrossCor` does not). Zeros beyond the edge.
    Raises ValueError where x does not have as many channels as the weight, or is smaller than the kernel.
    """

    weight: np.ndarray  # (out, in, kh, kw)
    bias: np.ndarray  # (out,)
    stride: Sizes = (1, 1)  # or one integer for both
    pad: Sizes = (0, 0)  # likewise

    def __post_init__(self):
        self.weight, self.bias = weight_and_bias("Convolution", self.weight, self.bias, "(out, in, kh, kw)", 0)
        self.stride = as_sizes("Convolution", "stride", self.stride, 2)
        self.pad = as_sizes("Convolution", "pad", self.pad, 2)

    def pullback(self, x):  # x: (batch, in, h, w)
        weight, n_out = self.weight, len(self.weight)
        x = as_float("Convolution", x, weight.dtype)
        expect_channels(f"Convolution({weight.shape[1]} => {n_out})", x, weight.shape[1], 4)
        geometry = (weight.shape[2:], self.stride, UNDILATED, tuple((p, p) for p in self.pad))
        view = windows(x, *geometry)  # (batch, in, kh, kw, oh, ow)
        batch, space = len(x), view.shape[4:]
        kernels = weight.reshape(n_out, -1)
        columns = view.reshape(batch, kernels.shape[1], space[0] * space[1])
        y = kernels @ columns + self.bias[:, None]

        def convolution_back(dy):
            dy = dy.reshape(batch, n_out, -1)
            dweight = (dy @ columns.swapaxes(1, 2)).sum(0).reshape(weight.shape)
            dx = scatter_windows((kernels.T @ dy).reshape(view.shape), x.shape[2:], *geometry)
            return Gradient(weight=dweight, bias=dy.sum((0, 2)), stride=None, pad=None), dx

        return y.reshape(batch, n_out, *space), convolution_back


@dataclass(eq=False, repr=False)
class Pooling(Layer):
    """The maximum of every window of `pool_h` by `pool_w`; the gradient goes to its first maximum, row by row.

    `pad` adds zeros, as the textbooks' im2col does, and such a zero can win: it then takes the gradient with it (Flux:
    padding never wins). With `ceil` the output size is rounded up, and the part of a window beyond the edge is left out of it.
    NaN wins. Raises ValueError where no window fits.
    """

    pool_h: int
    pool_w: int
    stride: Sizes = (1, 1)  # or one integer for both
    pad: Sizes = (0, 0)  # likewise
    ceil: bool = False

    trainable = ()

    def __post_init__(self):
        self.stride = as_sizes("Pooling", "stride", self.stride, 2)
        self.pad = as_sizes("Pooling", "pad", self.pad, 2)

    def pullback(self, x):  # x: (batch, channels, h, w)
        x = as_float("Pooling", x)
        if x.ndim != 4:
            raise ValueError(f"Pooling expects (batch, channels, height, width), got x of shape {x.shape}")
        pads = tuple((p, p) for p in self.pad)
        wide = padded(x, pads)
        kernel = (self.pool_h, self.pool_w)
        beyond = tuple((0, self._missing(*sizes)) for sizes in zip(wide.shape[2:], kernel, self.stride, strict=True))
        geometry = (kernel, self.stride, UNDILATED, beyond)
        view = windows(wide, *geometry, value=-np.inf)  # (batch, channels, pool_h, pool_w, oh, ow)
        taps = view.reshape(*view.shape[:2], self.pool_h * self.pool_w, *view.shape[4:])
        winner = taps.argmax(2, keepdims=True)

        def pooling_back(dy):
            dtaps = np.zeros(taps.shape, dy.dtype)
            np.put_along_axis(dtaps, winner, dy[:, :, None], 2)
            dwide = scatter_windows(dtaps.reshape(view.shape), wide.shape[2:], *geometry)
            (top, _), (left, _) = pads
            return None, dwide[:, :, top : top + x.shape[2], left : left + x.shape[3]]

        return np.take_along_axis(taps, winner, 2)[:, :, 0], pooling_back

    def _missing(self, size, pool, stride):
        """How far the last window reaches beyond the edge; a window that would begin there is not made."""
        if not self.ceil:
            return 0
        last = min(-(-(size - pool) // stride), (size - 1) // stride)
        return max(last * stride + pool - size, 0)
