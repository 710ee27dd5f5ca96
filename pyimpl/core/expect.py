"""The checks at a layer's door: each raises ValueError with what was expected and what came."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np


def fitting(who: str, form: str, rule: Callable, arguments: tuple, options: dict) -> Any:
    """`rule(*arguments, **options)`; arguments that it does not take raise TypeError in the name of
    `who`, with the `form` in which it is to be called.
    """
    try:
        inspect.signature(rule).bind(*arguments, **options)
    except TypeError as misfit:
        given = [repr(a) if np.ndim(a) == 0 or isinstance(a, tuple) else "array" for a in arguments]
        given += [f"{name}={value!r}" for name, value in options.items()]
        raise TypeError(f"{who} expects {form}, got {who}({', '.join(given)}): {misfit}") from None
    return rule(*arguments, **options)


def as_float(who: str, x, dtype=None) -> np.ndarray:
    """`x` as a floating-point array, converted to `dtype` (a layer's own) if one is given."""
    if type(x) is not np.ndarray:
        x = np.asarray(x)
    if dtype is not None:
        if x.dtype == dtype:
            return x
        if x.dtype.kind in "fiub":
            return x.astype(dtype)
    elif x.dtype.kind == "f":
        return x
    elif x.dtype.kind in "iub":
        return x.astype(np.float64)
    raise ValueError(f"{who} expects real numbers, got an array of {x.dtype}")


def expect_features(who: str, x: np.ndarray, features: int) -> None:
    """The last axis holds the features."""
    if x.ndim == 0 or x.shape[-1] != features:
        raise ValueError(f"{who} expects {features} features, got x of shape {x.shape}")


def expect_channels(who: str, x: np.ndarray, channels: int, ndim: int | None = None) -> None:
    """`x` is (batch, channels, ...), with `ndim` axes if stated."""
    if ndim is not None and x.ndim != ndim:
        axes = "(batch, channels, " + ", ".join(("depth", "height", "width")[5 - ndim :]) + ")"
        raise ValueError(f"{who} expects {ndim} axes, {axes}, got x of shape {x.shape}")
    if x.ndim < 2 or x.shape[1] != channels:
        raise ValueError(
            f"{who} expects {channels} channels on axis 1 of (batch, channels, ...), got x of "
            f"shape {x.shape}"
        )


def expect_same_shape(who: str, prediction: np.ndarray, target: np.ndarray) -> None:
    """A loss never broadcasts: (1, n) against (n,) would be an n x n matrix in silence."""
    if prediction.shape != target.shape and target.ndim and prediction.ndim:
        raise ValueError(
            f"{who} expects prediction and target of one shape, got {prediction.shape} and "
            f"{target.shape}"
        )


def is_size(value) -> bool:
    """Whether it is an integer, Python's or NumPy's."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def as_sizes(who: str, name: str, value, rank: int, least: int = 1) -> tuple[int, ...]:
    """One integer for all spatial axes, or one for each, in the order of the array's axes; none
    below `least`.
    """
    sizes = (value,) * rank if is_size(value) else value
    if (
        not isinstance(sizes, tuple | list | np.ndarray)
        or len(sizes) != rank
        or not all(map(is_size, sizes))
    ):
        raise ValueError(f"{who} expects {name} as an integer or {rank} integers, got {value!r}")
    if any(size < least for size in sizes):
        raise ValueError(f"{who} expects {name} of at least {least}, got {value!r}")
    return tuple(int(size) for size in sizes)


def as_window(who: str, name: str, value) -> tuple[int, ...]:
    """The size of a window: one integer for every spatial axis that there is to be."""
    return as_sizes(who, name, value, 1 if np.ndim(value) == 0 else len(value))


def as_count(who: str, name: str, value) -> int:
    """An integer of at least 1."""
    if not is_size(value) or value < 1:
        raise ValueError(f"{who} expects {name} as an integer of at least 1, got {value!r}")
    return int(value)


def as_padding(who: str, value, rank: int) -> tuple[tuple[int, int], ...]:
    """Padding as (low, high) for every spatial axis, from an integer, one integer an axis, or two
    an axis.
    """
    if np.ndim(value) and len(value) == 2 * rank and rank > 0:
        flat = as_sizes(who, "pad", value, 2 * rank, least=0)
        return tuple(zip(flat[::2], flat[1::2], strict=True))
    return tuple((size, size) for size in as_sizes(who, "pad", value, rank, least=0))
