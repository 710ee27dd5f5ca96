"""What is written in Julia, as this project writes it: names of fields, sizes, axes, numbers."""

import numpy as np

import pyimpl

FIELDS = {
    "β": "shift",
    "γ": "scale",
    "μ": "mean",
    "σ²": "var",
    "λ": "act",
    "σ": "act",
    "ϵ": "eps",
    "Wh_h̃": "Wh_candidate",
}


class Untranslatable(Exception):
    """Something of an entry has no translation here.

    Not an error of the twin's: `evaluate` lets it through to the test.
    """


def reverse(sizes):
    """Sizes of the spatial axes, in Julia width first, in our order; one number stands for all
    axes.
    """
    return tuple(sizes[::-1]) if isinstance(sizes, tuple | list) else sizes


def reverse_pad(pad, rank: int):
    """A padding in our order: a number, one for every spatial axis, or low and high of each.

    `SamePad()` is the same in both.
    """
    if not isinstance(pad, tuple | list) or len(pad) != 2 * rank:
        return reverse(pad)
    pairs = [pad[i : i + 2] for i in range(0, len(pad), 2)]
    return tuple(size for pair in reversed(pairs) for size in pair)


def axes(dims):
    """Dimensions of a Julia array, counted from 1, as axes of the reversed array; `:`, all of them,
    is None.
    """
    if dims == COLON:
        return None
    return tuple(-d for d in dims) if isinstance(dims, tuple | list) else -dims


def number(value):
    """A number that takes on the type of the array it meets; Float32 literals keep their value."""
    return (
        float(value)
        if isinstance(value, float | np.floating)
        else tuple(map(number, value))
        if isinstance(value, tuple)
        else value
    )


def zero_based(indices):
    """Indices written in an expression. (Those among the inputs are made 0-based when the folder is
    read.)
    """
    return np.asarray(indices) - 1 if isinstance(indices, list | tuple) else indices


def is_number(thing) -> bool:
    """Whether it is a number written in the expression."""
    return isinstance(thing, int | float | np.floating)


COLON = ":"


def spelled(value) -> str:
    """How Flux calls a function; nothing for what has no name."""
    return "+" if value is pyimpl.add else getattr(value, "__name__", "")
