"""Convolution by im2col and max pooling, on images x (batch, channels, height, width).

Stride and pad are an integer or (height, width).
"""

from dataclasses import dataclass

import numpy as np

from ..core.expect import as_float, as_sizes, expect_channels
from ..core.pullback import Gradient, with_own
from ..core.windows import (
    Columns,
    Sizes,
    from_kernel_matrix,
    kernel_matrix,
    padded,
    scatter_windows,
    windows,
)
from ..functions.activations import let_through
from ..layers.layer import Layer
from .layers import weight_and_bias

__all__ = ["Convolution", "Pooling"]

UNDILATED = (1, 1)


@dataclass(eq=False, repr=False)
class Convolution(Layer):
    """`y[n, o, i, j] = bias[o] + sum over c, k, l of x[n, c, i * stride + k - pad, j * stride + l -
    pad] * weight[o, c, k, l]`.

    A cross-correlation: the kernel is not flipped (Flux's `Conv` flips it, its `CrossCor` does
    not). Zeros beyond the edge. Raises ValueError where x does not have as many channels as the
    weight, or is smaller than the kernel.
    """

    weight: np.ndarray  # (out, in, kh, kw)
    bias: np.ndarray  # (out,)
    stride: Sizes = (1, 1)  # or one integer for both
    pad: Sizes = (0, 0)  # likewise

    def __post_init__(self):
        self.weight, self.bias = weight_and_bias(
            "Convolution", self.weight, self.bias, "(out, in, kh, kw)", 0
        )
        self.stride = as_sizes("Convolution", "stride", self.stride, 2)
        self.pad = as_sizes("Convolution", "pad", self.pad, 2, least=0)

    def pullback(self, x):  # x: (batch, in, h, w)
        weight, n_out = self.weight, len(self.weight)
        x = as_float("Convolution", x, weight.dtype)
        expect_channels(f"Convolution({weight.shape[1]} => {n_out})", x, weight.shape[1], 4)
        columns = Columns(
            x.shape[2:], weight.shape[2:], self.stride, UNDILATED, tuple((p, p) for p in self.pad)
        )
        kernels, im2col, batch = kernel_matrix(weight), columns.gather(x), len(x)
        y = columns.image(kernels @ im2col, batch) + self.bias[:, None, None]

        def own(dy):
            rows = columns.rows(dy)
            dweight = from_kernel_matrix(columns.products(rows[None], im2col, batch), weight.shape)
            return Gradient(weight=dweight, bias=rows.sum(1), stride=None, pad=None), rows

        def convolution_back(dy):
            gradient, rows = own(dy)
            return gradient, columns.back(kernels.swapaxes(1, 2) @ rows, batch)

        return y, with_own(convolution_back, lambda dy: own(dy)[0])


@dataclass(eq=False, repr=False)
class Pooling(Layer):
    """The maximum of every window of `pool_h` by `pool_w`; the gradient goes to its first maximum,
    row by row.

    `pad` adds zeros, as the textbooks' im2col does, and such a zero can win: it then takes the
    gradient with it (Flux: padding never wins). With `ceil` the output size is rounded up, and the
    part of a window beyond the edge is left out of it. NaN wins. Raises ValueError where no window
    fits.
    """

    pool_h: int
    pool_w: int
    stride: Sizes = (1, 1)  # or one integer for both
    pad: Sizes = (0, 0)  # likewise
    ceil: bool = False

    trainable = ()

    def __post_init__(self):
        self.stride = as_sizes("Pooling", "stride", self.stride, 2)
        self.pad = as_sizes("Pooling", "pad", self.pad, 2, least=0)

    def pullback(self, x):  # x: (batch, channels, h, w)
        x = as_float("Pooling", x)
        if x.ndim != 4:
            raise ValueError(
                f"Pooling expects (batch, channels, height, width), got x of shape {x.shape}"
            )
        pads = tuple((p, p) for p in self.pad)
        wide = padded(x, pads)
        kernel = (self.pool_h, self.pool_w)
        beyond = tuple(
            (0, self._missing(*sizes))
            for sizes in zip(wide.shape[2:], kernel, self.stride, strict=True)
        )
        geometry = (kernel, self.stride, UNDILATED, beyond)
        view = windows(wide, *geometry, value=-np.inf).transpose(
            2, 3, 0, 1, 4, 5
        )  # (pool_h, pool_w, batch, channels, oh, ow)
        taps = view.reshape(self.pool_h * self.pool_w, *view.shape[2:])
        y = taps.max(0)

        def pooling_back(dy):
            wins = (taps == y) | np.isnan(taps)
            wins[1:] &= ~np.logical_or.accumulate(wins[:-1])  # only the first
            dtaps = let_through(wins, dy).reshape(view.shape)
            dwide = scatter_windows(dtaps.transpose(2, 3, 0, 1, 4, 5), wide.shape[2:], *geometry)
            (top, _), (left, _) = pads
            return None, dwide[:, :, top : top + x.shape[2], left : left + x.shape[3]]

        return y, pooling_back

    def _missing(self, size, pool, stride):
        """How far the last window reaches beyond the edge; a window that would begin there is not
        made.
        """
        if not self.ceil:
            return 0
        last = min(-(-(size - pool) // stride), (size - 1) // stride)
        return max(last * stride + pool - size, 0)
