"""The contract of the whole package: `y, back = f.pullback(*xs)`.

`back(dy)` returns the gradient of `f` itself (a `Gradient` with the field names of the layer, or
None for a function without fields), followed by one gradient for every input; None stands where no
gradient flows. What the backward pass needs is held by the closure, so `f` may be called again
before `back`, and `back` may be called more than once.

Where the gradient of the inputs costs much and may not be wanted - the first layer's, in training -
`back.own(dy)` gives the gradient of `f` alone.
"""

from collections.abc import Callable
from functools import update_wrapper
from types import SimpleNamespace
from typing import Any

import numpy as np

__all__ = ["Gradient", "differentiable", "gradient", "pullback", "supervised", "withgradient"]

Pullback = tuple[Any, Any]  # the result, and `back`: None where no gradient flows through it at all


def with_own(back: Callable, own: Callable) -> Callable:
    """`back`, with `own` as its attribute."""
    back.own = own  # type: ignore[attr-defined]
    return back


def own_gradient(back, *dys):
    """The gradient of what `back` belongs to, without that of its inputs where that saves work."""
    return back.own(*dys) if hasattr(back, "own") else back(*dys)[0]


def form_of(y):
    """What a cotangent of y has to look like: the shape of an array, a tuple of forms for a tuple,
    None where anything goes.
    """
    if type(y) is np.ndarray or isinstance(y, np.generic):
        return _Shape(y.shape)
    return tuple(map(form_of, y)) if type(y) is tuple else None


class _Shape(tuple):
    """The shape of an array, to be told from a tuple of forms."""


def as_cotangent(who, form, dy):
    """`dy` as an array of the form that `form_of` gives; one number stands for all entries, and
    None for no cotangent. Raises ValueError for another shape, in the name of `who`.
    """
    if type(dy) is np.ndarray and type(form) is _Shape and dy.shape == form:
        return dy
    if form is None or dy is None:
        return dy
    if type(form) is tuple:
        if not isinstance(dy, tuple | list) or len(dy) != len(form):
            came = f"{len(dy)}" if isinstance(dy, tuple | list) else f"a {type(dy).__name__}"
            raise ValueError(f"back of {who!r} expects {len(form)} cotangents, got {came}")
        return tuple(as_cotangent(who, part, d) for part, d in zip(form, dy, strict=True))
    given = np.asarray(dy)
    if given.dtype.kind not in "biufc" or (given.ndim and given.shape != form):
        what = given.shape if given.dtype.kind in "biufc" else type(dy).__name__
        raise ValueError(f"back of {who!r} expects a cotangent of shape {tuple(form)}, got {what}")
    if form and not given.ndim:
        return np.broadcast_to(given, form)
    return given if given.ndim or isinstance(dy, np.ndarray) else given[()]


def checked(rule: Callable, who=None) -> Callable:
    """`rule`, a pullback, whose `back` takes cotangents of the form of the result only."""

    def pullback(*arguments, **options):
        y, back = rule(*arguments, **options)
        if back is None:
            return y, back
        subject, form = (arguments[0] if who is None else who), form_of(y)

        def checked_back(dy):
            return back(as_cotangent(subject, form, dy))

        if hasattr(back, "own"):
            with_own(checked_back, lambda dy: back.own(as_cotangent(subject, form, dy)))
        return y, checked_back

    return update_wrapper(pullback, rule)


class Gradient(SimpleNamespace):
    """The gradient of a layer: one attribute per field, None where none flows."""


class Function:
    """A differentiable function without fields: callable, and with a `pullback`."""

    __name__: str
    __qualname__: str
    whole_arrays = False  # whether an entry of the result needs more than one of the argument

    def __init__(self, rule: Callable[..., Pullback]):
        update_wrapper(self, rule)
        self.pullback = checked(rule, self)

    def __call__(self, *xs, **options):
        return self.pullback(*xs, **options)[0]

    def __repr__(self):
        return self.__name__

    def __reduce__(
        self,
    ):  # by name, so that models pickle and deep-copied models share their functions
        return self.__qualname__

    def __deepcopy__(self, memo):
        return self


def differentiable(rule: Callable[..., Pullback]) -> Function:
    """Turn `rule`, which returns `(y, back)`, into a function that returns `y` and has a
    `pullback`.

    >>> @differentiable
    ... def double(x):
    ...     return 2 * x, lambda dy: (None, 2 * dy)
    >>> double(3.0)
    6.0
    """
    return Function(rule)


def pullback(f, *xs, **options) -> Pullback:
    """`f(*xs)` and the function that carries a cotangent of it back to `f` and to every `x`."""
    if not hasattr(f, "pullback"):
        name = getattr(f, "__name__", repr(f))
        raise TypeError(
            f"{name} has no pullback: expected a layer, a loss, an activation or a function made "
            "with @differentiable"
        )
    return f.pullback(*xs, **options)


def withgradient(f, *xs, **options) -> tuple[Any, tuple]:
    """`f(*xs)`, a scalar, and its gradient for every `x`. Flux: `withgradient`."""
    y, back = pullback(f, *xs, **options)
    if np.ndim(y) != 0:
        raise ValueError(
            f"a gradient needs a scalar, got an output of shape {np.shape(y)}; use pullback for "
            "a vector-valued function"
        )
    return y, back(y.dtype.type(1) if isinstance(y, np.generic) else np.ones_like(y))[1:]


def gradient(f, *xs, **options) -> tuple:
    """The gradient of the scalar `f(*xs)` for every `x`. Flux: `gradient`."""
    return withgradient(f, *xs, **options)[1]


def supervised(loss) -> Function:
    """`loss(model(x), y)` as a function of `(model, x, y)`: what `train` and `withgradient` take.

    The model is called "inside a gradient": BatchNorm uses and updates its statistics, Dropout
    drops. x and y are data: no gradient flows to them.
    """

    def objective(model, x, y):
        prediction, model_back = model.pullback(x)
        value, loss_back = loss.pullback(prediction, y)

        def objective_back(dvalue):
            return None, own_gradient(model_back, loss_back(dvalue)[1]), None, None

        return value, objective_back

    objective.__name__ = f"supervised({loss!r})"
    return Function(objective)
