"""Convolutions in any number of spatial dimensions. Flux: `src/layers/conv.jl`; NNlib:
`src/conv.jl`.

x is (batch, channels, *space), a weight is (out, in / groups, *kernel); stride, dilation and pad
follow the order of x's axes: (height, width), the reverse of Flux's. Pad is an integer, one integer
per axis, low and high per axis (`(h_low, h_high, w_low, w_high)`), or `SamePad()`.
"""

from dataclasses import dataclass
from typing import overload

import numpy as np

from ..core.expect import (
    as_count,
    as_float,
    as_padding,
    as_sizes,
    as_window,
    expect_channels,
    fitting,
    is_size,
)
from ..core.pullback import Gradient, with_own
from ..core.windows import Columns, Pads, Sizes, from_kernel_matrix, kernel_matrix
from ..functions.activations import Activation, as_activation, fast, identity
from ..initialise import glorot_uniform
from .dense import make_bias
from .layer import Layer

__all__ = ["Conv", "CrossCor", "SamePad"]


@dataclass(frozen=True)
class SamePad:
    """Padding that keeps the size at stride 1; of an odd total, the extra cell is on the low side
    (PyTorch, TensorFlow: high).
    """


def same_padding(kernel: Sizes, dilation: Sizes, stride: Sizes | None = None) -> Pads:
    """(low, high) of every axis for `SamePad()`; `stride` is given by transposed convolutions only.
    Flux: `calc_padding`.
    """
    shrink = stride or (1,) * len(kernel)
    totals = [(k - s) + (k - s) * (d - 1) for k, d, s in zip(kernel, dilation, shrink, strict=True)]
    return tuple((-(-total // 2), total // 2) for total in totals)


@dataclass(eq=False, init=False, repr=False)
class CrossCor(Layer):
    """`y[n, o, i] = act(bias[o] + sum over c, k of x[n, c, i * stride + k * dilation - pad] *
    weight[o, c, k])`.

    What PyTorch and Keras call a convolution. `CrossCor(kernel, n_in, n_out, act=identity, *,
    stride=1, pad=0, dilation=1, bias=True, init=glorot_uniform, rng=None)` draws the weight,
    `CrossCor(weight, bias=True, act=identity, *, stride, pad, dilation)` takes it. Flux:
    `CrossCor`.
    """

    act: Activation
    weight: np.ndarray  # (out, in / groups, *kernel)
    bias: np.ndarray | None  # (out,)
    stride: Sizes
    pad: Pads
    dilation: Sizes

    flipped = False
    groups = 1

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
        bias: bool | np.ndarray = True,
        init=glorot_uniform,
        rng=None,
    ): ...

    def __init__(self, *arguments, stride=1, pad=0, dilation=1, **options):
        who = type(self).__name__
        drawn = arguments and not isinstance(arguments[0], np.ndarray)
        form = f"{who}(kernel, n_in, n_out, act=identity) or {who}(weight, bias=True, act=identity)"
        rule = self._drawn if drawn else _given
        weight, bias, act = fitting(who, form, rule, arguments, options)
        self.act = as_activation(who, act)
        self.weight = as_float(who, weight)
        if self.weight.ndim < 3:
            raise ValueError(
                f"{who} expects a weight of shape (out, in, *kernel), got {self.weight.shape}"
            )
        rank = self.weight.ndim - 2
        self.bias = make_bias(who, bias, self._channels_out(), self.weight)
        self.stride = as_sizes(who, "stride", stride, rank)
        self.dilation = as_sizes(who, "dilation", dilation, rank)
        self.pad = self._padding(pad)

    def _drawn(
        self, kernel, n_in, n_out, act=identity, *, bias=True, init=glorot_uniform, rng=None
    ):
        who = type(self).__name__
        kernel = as_window(who, "kernel", kernel)
        if not (is_size(n_in) and is_size(n_out)):
            raise ValueError(
                f"{who} expects channels as two integers, {who}(kernel, n_in, n_out), got {n_in!r} "
                f"and {n_out!r}"
            )
        if n_in % self.groups or n_out % self.groups:
            raise ValueError(
                f"{who} expects channels divisible by groups={self.groups}, got {n_in} => {n_out}"
            )
        shape = self._weight_shape(n_in, n_out, kernel)
        weight = init(shape, rng=rng)
        if np.shape(weight) != shape:  # of another rank it would be another kind of layer
            raise ValueError(
                f"{who} expects init to make an array of shape {shape}, got one of shape "
                f"{np.shape(weight)}"
            )
        return weight, bias, act

    def _weight_shape(self, n_in, n_out, kernel):
        return n_out, n_in // self.groups, *kernel

    def _padding(self, pad) -> Pads:
        kernel = self.weight.shape[2:]
        return (
            same_padding(kernel, self.dilation)
            if isinstance(pad, SamePad)
            else as_padding(type(self).__name__, pad, len(kernel))
        )

    def _channels_out(self) -> int:
        return self.weight.shape[0]

    def pullback(self, x):  # x: (batch, in, *space)
        weight, groups, bias = self.weight, self.groups, self.bias
        x = as_float(type(self).__name__, x, weight.dtype)
        if x.ndim != weight.ndim or x.shape[1] != weight.shape[1] * groups:
            expect_channels(repr(self), x, weight.shape[1] * groups, weight.ndim)
        columns, batch = (
            Columns(x.shape[2:], weight.shape[2:], self.stride, self.dilation, self.pad),
            len(x),
        )
        kernels, im2col = kernel_matrix(self._turned(weight), groups), columns.gather(x, groups)
        z = columns.image(kernels @ im2col, batch)
        if bias is not None:
            z = z + bias.reshape(-1, *(1,) * len(columns.out))
        y, act_back = fast(self.act).pullback(z)

        def own(dy):
            rows = columns.rows(act_back(dy)[1])
            grouped = rows.reshape(*kernels.shape[:2], rows.shape[1])
            dweight = from_kernel_matrix(columns.products(grouped, im2col, batch), weight.shape)
            return self._gradient(
                self._turned(dweight), None if bias is None else rows.sum(1)
            ), grouped

        def conv_back(dy):
            gradient, grouped = own(dy)
            return gradient, columns.back(kernels.swapaxes(1, 2) @ grouped, batch)

        return y, with_own(conv_back, lambda dy: own(dy)[0])

    def _turned(self, weight):
        return np.flip(weight, tuple(range(2, weight.ndim))) if self.flipped else weight

    def _gradient(self, dweight, dbias):
        return Gradient(act=None, weight=dweight, bias=dbias, stride=None, pad=None, dilation=None)

    def __repr__(self):
        n_out, n_in = self.weight.shape[:2]
        return f"{type(self).__name__}({self.weight.shape[2:]}, {n_in * self.groups} => {n_out})"


def _given(weight, bias=True, act=identity):
    return weight, bias, act


@dataclass(eq=False, init=False, repr=False)
class Conv(CrossCor):
    """`y[n, o, i] = act(bias[o] + sum over c, k of x[n, c, i * stride + (K - 1 - k) * dilation -
    pad] * weight[o, c, k])`.

    A true convolution: the kernel is reversed on every spatial axis. Arguments as for `CrossCor`,
    and `groups`: block g of the outputs sees block g of the inputs. Flux: `Conv`.
    """

    groups: int

    flipped = True

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
        groups: int = 1,
        bias: bool | np.ndarray = True,
        init=glorot_uniform,
        rng=None,
    ): ...

    def __init__(self, *arguments, groups=1, **options):
        self.groups = as_count("Conv", "groups", groups)
        super().__init__(*arguments, **options)
        if self.weight.shape[0] % groups:
            raise ValueError(
                f"Conv expects output channels divisible by groups={groups}, got a weight of "
                f"shape {self.weight.shape}"
            )

    def _gradient(self, dweight, dbias):
        gradient = super()._gradient(dweight, dbias)
        gradient.groups = None
        return gradient
