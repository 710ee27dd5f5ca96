"""Builders of functions and losses; of arguments and defaults `layers.py` tells."""

import ast
from collections.abc import Callable

import numpy as np
from reference_folder.conversions import (
    COLON,
    Untranslatable,
    axes,
    number,
    reverse,
    reverse_pad,
    spelled,
    zero_based,
)
from reference_folder.layers import given, with_keywords
from reference_folder.tracing import apply, as_layer, call, value_of

import pyimpl
from pyimpl import differentiable


def normalise(x, *, dims=..., eps=...):
    return apply(pyimpl.normalise, x, **given(dims=dims if dims is ... else axes(dims), eps=eps))


def glu(x, dim=1):
    return apply(pyimpl.glu, x, dims=axes(dim))


def pad_by(function, axes_of_a_number: Callable[[int], int]):
    """The pad functions.

    `dims` says which dimensions the padding speaks of, in the same order; without it, the first
    ones.
    """

    def build(x, pad, *value, dims=None):
        rank = np.ndim(value_of(x))
        if dims is None or dims == COLON:
            all_of_them = axes_of_a_number(rank)
            dims = range(
                1,
                1
                + (
                    all_of_them
                    if isinstance(pad, int) or len(pad) in (all_of_them, 2 * all_of_them)
                    else len(pad) // 2
                ),
            )
        dims = (dims,) if isinstance(dims, int) else tuple(dims)
        return apply(function, x, pad, *map(number, value), dims=axes(dims))

    return build


def constant_padding(x, pad, val=0, *, dims=None):
    return pad_by(pyimpl.pad_constant, lambda rank: rank)(x, pad, val, dims=dims)


def padding(function, axes_of_a_number=lambda rank: rank - 2):
    return lambda x, pad, *, dims=None: pad_by(function, axes_of_a_number)(x, pad, dims=dims)


def conv_function(x, w, *, stride=1, pad=0, dilation=1, flipped=False, groups=1):
    sizes = dict(
        stride=reverse(stride),
        pad=reverse_pad(pad, np.ndim(value_of(x)) - 2),
        dilation=reverse(dilation),
    )
    return apply(pyimpl.conv, x, w, **sizes, flipped=flipped, groups=groups)


def pool_function(function):
    def build(x, k: tuple, *, pad=0, stride=...):
        return apply(
            function, x, reverse(k), pad=reverse_pad(pad, len(k)), **given(stride=reverse(stride))
        )

    return build


def upsample_function(function):
    def build(x, scale=None, *, size=None):
        return apply(
            function, x, **({"scale": reverse(scale)} if size is None else {"size": reverse(size)})
        )

    return build


def plain(function):
    """A function of arrays alone."""
    return lambda *xs: apply(function, *xs)


def stacked(xs, *, dims):
    return apply(pyimpl.stack, xs, dims=axes(dims))


def unstacked(x, *, dims):
    return apply(pyimpl.unstack, x, dims=axes(dims))


def unsqueezed(x, *, dims):
    return apply(pyimpl.unsqueeze, x, dims=axes(dims))


def chunked(x, n=None, *, size=None, dims=...):
    return apply(pyimpl.chunk, x, n, size=size, **given(dims=dims if dims is ... else axes(dims)))


def reduced(function):
    """`sum` and `mean`, which keep the dimensions they run over."""

    def rule(x, dims=None):
        over = tuple(range(x.ndim)) if dims is None else dims
        y = function(x, axis=over, keepdims=dims is not None)
        share = y.dtype.type(1 if function is np.sum else y.size / x.size)
        shape = np.sum(x, axis=over, keepdims=True).shape
        return y, lambda dy: (None, np.broadcast_to(np.reshape(dy, shape) * share, x.shape))

    return lambda x, *, dims=":": apply(differentiable(rule), x, dims=axes(dims))


def entrywise(operation, back):
    """An operation on two arrays or numbers, which are broadcast; `back(a, b, dy)` gives both
    gradients.
    """

    def unbroadcast(gradient, x):
        gradient = np.sum(gradient, tuple(range(np.ndim(gradient) - np.ndim(x))))
        return np.sum(
            gradient, tuple(axis for axis, n in enumerate(np.shape(x)) if n == 1), keepdims=True
        ).reshape(np.shape(x))

    def rule(a, b):
        return operation(a, b), lambda dy: (
            None,
            *(unbroadcast(d + 0 * dy, x) for d, x in zip(back(a, b, dy), (a, b), strict=True)),
        )

    return differentiable(rule)


ARITHMETIC = {  # by the sign that `as_python` writes
    ast.Add: entrywise(np.add, lambda a, b, dy: (dy, dy)),
    ast.Sub: entrywise(np.subtract, lambda a, b, dy: (dy, -dy)),
    ast.Mod: entrywise(np.multiply, lambda a, b, dy: (dy * b, dy * a)),
    ast.FloorDiv: entrywise(np.true_divide, lambda a, b, dy: (dy / b, -dy * a / (b * b))),
}


def largest(x, *, dims):
    """`maximum`, the reduction of an EmbeddingBag; it is not called."""
    raise Untranslatable("cannot be translated: a call of maximum")


AGGREGATIONS = ("mean", "sum", "identity")  # what the twin knows by name


def aggregation(agg):
    """`agg` of a loss: a name, or a function."""
    name = agg if isinstance(agg, str) else spelled(agg)
    return name if name in AGGREGATIONS else as_layer(agg)


LOSS_OPTIONS: dict[str, Callable] = {"agg": aggregation, "dims": axes}  # all others are numbers


def loss(function, **defaults):
    """A loss with the keywords `defaults`."""

    def build(prediction, target, **options):
        options = given(**defaults | options)
        agg = options.get("agg", "mean")
        # A function of the user's is called here, for it may use other inputs: `agg = x -> mean(w
        # .* x)`. kldivergence calls it twice.
        called_here = (
            callable(agg)
            and spelled(agg) not in AGGREGATIONS
            and function is not pyimpl.kldivergence
        )
        if called_here:
            options["agg"] = "identity"
        y = apply(
            function,
            prediction,
            target,
            **{name: LOSS_OPTIONS.get(name, number)(value) for name, value in options.items()},
        )
        return call(agg, y) if called_here else y

    return with_keywords(build, defaults)


def label_smoothing(y, alpha, *, dims=1):
    return apply(pyimpl.label_smoothing, y, alpha=alpha, dims=None if dims == 0 else axes(dims))


def ctc_loss(prediction, target):
    return apply(pyimpl.ctc_loss, prediction, zero_based(target))
