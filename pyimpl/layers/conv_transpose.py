"""Convolutions run backwards, and one channel at a time. Flux: `src/layers/conv.jl`."""

import math
from dataclasses import dataclass
from typing import overload

import numpy as np

from ..core.expect import as_count, as_float, as_padding, as_sizes, expect_channels, fitting
from ..core.pullback import Gradient
from ..core.windows import (
    Pads,
    Sizes,
    output_size,
    padded,
    scatter_windows,
    windows,
)
from ..functions.activations import Activation, fast, identity
from ..initialise import glorot_uniform
from .conv import Conv, CrossCor, SamePad, same_padding

__all__ = ["ConvTranspose", "DepthwiseConv"]


@dataclass(eq=False, init=False, repr=False)
class ConvTranspose(CrossCor):
    """The adjoint of `Conv`: `full[n, o, i * stride + (K - 1 - k) * dilation] += x[n, c, i] *
    weight[c, o, k]`, then bias and act.

    `pad` is cropped from the full result. Arguments as for `Conv`, and `outpad`: cells added at the
    high end, fewer than the stride. Of n cells along an axis it makes `(n - 1) * stride + 1 + (K -
    1) * dilation - low - high + outpad`, with `SamePad()` n * stride. With respect to PyTorch's
    layer the kernel is reversed. Raises ValueError where nothing is left after cropping. Flux:
    `ConvTranspose`.
    """

    act: Activation
    weight: np.ndarray  # (in, out / groups, *kernel)
    bias: np.ndarray | None  # (out,)
    stride: Sizes
    pad: Pads
    dilation: Sizes
    outpad: Sizes
    groups: int

    @overload
    def __init__(
        self,
        weight: np.ndarray,
        bias: bool | np.ndarray = True,
        act=identity,
        *,
        stride: int | tuple[int, ...] = 1,
        pad: int | tuple[int, ...] | SamePad = 0,
        dilation: int | tuple[int, ...] = 1,
        outpad: int | tuple[int, ...] = 0,
        groups: int = 1,
    ): ...

    @overload
    def __init__(
        self,
        kernel: int | tuple[int, ...],
        n_in,
        n_out,
        act=identity,
        *,
        stride: int | tuple[int, ...] = 1,
        pad: int | tuple[int, ...] | SamePad = 0,
        dilation: int | tuple[int, ...] = 1,
        outpad: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool | np.ndarray = True,
        init=glorot_uniform,
        rng=None,
    ): ...

    def __init__(self, *arguments, outpad=0, groups=1, **options):
        self.groups = as_count("ConvTranspose", "groups", groups)
        super().__init__(*arguments, **options)
        self.outpad = as_sizes("ConvTranspose", "outpad", outpad, self.weight.ndim - 2, least=0)
        if self.weight.shape[0] % groups:
            raise ValueError(
                f"ConvTranspose expects input channels divisible by groups={groups}, got a "
                f"weight of shape {self.weight.shape}"
            )

    def _weight_shape(self, n_in, n_out, kernel):
        return n_in, n_out // self.groups, *kernel

    def _channels_out(self):
        return self.weight.shape[1] * self.groups

    def _padding(self, pad):
        kernel = self.weight.shape[2:]
        if isinstance(pad, SamePad):
            return same_padding(kernel, self.dilation, self.stride)
        return as_padding("ConvTranspose", pad, len(kernel))

    def _size(self, space):
        """The cells that windows reach, the windows, and zeros around: `SamePad()` grows the image
        if the stride exceeds the kernel.
        """
        kernel, crop = (
            self.weight.shape[2:],
            tuple((max(low, 0), max(high, 0)) for low, high in self.pad),
        )
        grow = tuple((max(-low, 0), max(-high, 0)) for low, high in self.pad)
        lengths = zip(space, kernel, self.stride, self.dilation, crop, self.outpad, strict=True)
        size = tuple(
            (n - 1) * s + 1 + (k - 1) * d - low - high + more
            for n, k, s, d, (low, high), more in lengths
        )
        geometry = (kernel, self.stride, self.dilation, crop)
        if min(size) < 1 or output_size(size, *geometry) != space:
            raise ValueError(
                f"{self!r} expects an image from which something is left, and outpad below the "
                f"stride, got {space} => {size}"
            )
        return size, geometry, grow

    def pullback(self, x):  # x: (batch, in, *space)
        weight, groups, bias = self.weight, self.groups, self.bias
        x = as_float("ConvTranspose", x, weight.dtype)
        expect_channels(repr(self), x, weight.shape[0], weight.ndim)
        batch, space = x.shape[0], x.shape[2:]
        size, geometry, grow = self._size(space)
        inner = (..., *(slice(low, low + n) for n, (low, _) in zip(size, grow, strict=True)))
        flat = _flipped(weight).reshape(
            groups, weight.shape[0] // groups, -1
        )  # (groups, in / groups, out / groups * taps)
        rows = x.reshape(batch, groups, flat.shape[1], math.prod(space))
        columns = (flat.swapaxes(-1, -2) @ rows).reshape(
            batch, self._channels_out(), *weight.shape[2:], *space
        )
        z = padded(scatter_windows(columns, size, *geometry), grow)
        if bias is not None:
            z = z + bias.reshape(-1, *(1,) * len(space))
        y, act_back = fast(self.act).pullback(z)

        def conv_transpose_back(dy):
            dz = act_back(dy)[1]
            dcolumns = windows(dz[inner], *geometry).reshape(
                batch, groups, flat.shape[2], rows.shape[-1]
            )
            dflat = (rows @ dcolumns.swapaxes(-1, -2)).sum(0)
            dbias = None if bias is None else dz.sum((0, *range(2, dz.ndim)))
            dx = (flat @ dcolumns).reshape(x.shape)
            return self._gradient(_flipped(dflat.reshape(weight.shape)), dbias), dx

        return y, conv_transpose_back

    def _gradient(self, dweight, dbias):
        settings = dict.fromkeys(("act", "stride", "pad", "dilation", "outpad", "groups"))
        return Gradient(weight=dweight, bias=dbias, **settings)

    def __repr__(self):
        return (
            f"ConvTranspose({self.weight.shape[2:]}, {self.weight.shape[0]} => "
            f"{self._channels_out()})"
        )


def _flipped(weight):
    return np.flip(weight, tuple(range(2, weight.ndim)))


@overload
def DepthwiseConv(
    weight: np.ndarray,
    bias: bool | np.ndarray = True,
    act=identity,
    *,
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int, ...] | SamePad = 0,
    dilation: int | tuple[int, ...] = 1,
) -> Conv: ...


@overload
def DepthwiseConv(
    kernel: int | tuple[int, ...],
    n_in,
    n_out,
    act=identity,
    *,
    stride: int | tuple[int, ...] = 1,
    pad: int | tuple[int, ...] | SamePad = 0,
    dilation: int | tuple[int, ...] = 1,
    bias: bool | np.ndarray = True,
    init=glorot_uniform,
    rng=None,
) -> Conv: ...


def DepthwiseConv(*arguments, **options) -> Conv:
    """A `Conv` in which every input channel has outputs of its own, n_out / n_in of them: groups =
    n_in. Flux: `DepthwiseConv`.

    `DepthwiseConv(kernel, n_in, n_out, act=identity, ...)` draws the weight, `DepthwiseConv(weight,
    bias=True, act=identity, ...)` takes it: (n_out / n_in, n_in, *kernel). As in Flux, output
    channel j of the weight laid out as (n_out, 1, *kernel) belongs to input channel j // (n_out /
    n_in).
    """
    if not arguments or not isinstance(arguments[0], np.ndarray):
        form = "DepthwiseConv(kernel, n_in, n_out, act=identity)"
        fitting("DepthwiseConv", form, lambda kernel, n_in, n_out, act=None: None, arguments, {})
        return Conv(*arguments, groups=arguments[1], **options)
    weight, *others = arguments
    if weight.ndim < 3:
        raise ValueError(
            f"DepthwiseConv expects a weight of shape (n_out / n_in, n_in, *kernel), got "
            f"{weight.shape}"
        )
    return Conv(
        weight.reshape(-1, 1, *weight.shape[2:]), *others, groups=weight.shape[1], **options
    )
