"""Functions of an expression, made differentiable: a tape of what was applied."""

from collections.abc import Callable
from dataclasses import dataclass, is_dataclass, make_dataclass
from typing import Any

import numpy as np
from reference_folder.conversions import Untranslatable, spelled

from pyimpl import Gradient


def as_layer(value):
    """Whatever can be called in Julia as something with a `pullback`: a function or a lambda
    becomes one.
    """
    if hasattr(value, "pullback"):
        return value
    if callable(value):
        return closure(value)
    raise Untranslatable(f"cannot be translated: {value!r} where a layer or a function is expected")


@dataclass(eq=False)
class Traced:
    """A value inside of a lambda that is differentiated; `back(dy)` gives the gradients of all it
    depends on.

    These are keyed by the number of an input, or by the `id` of a layer that the lambda uses.
    """

    value: Any
    back: Callable[[Any], dict]

    def __getitem__(self, i):
        def item_back(dy):
            return self.back(
                tuple(dy if place == i else zeros(part) for place, part in enumerate(self.value))
            )

        return Traced(self.value[i], item_back)


def zeros(value):
    """What an output that nothing depends on has for a cotangent."""
    return tuple(map(zeros, value)) if isinstance(value, tuple | list) else np.zeros_like(value)


def value_of(thing):
    """The plain value, of tuples and lists that of every part."""
    if isinstance(thing, Traced):
        return thing.value
    return type(thing)(map(value_of, thing)) if isinstance(thing, tuple | list) else thing


def is_twin(thing) -> bool:
    """Whether it is a layer or a rule."""
    return is_dataclass(thing) and not isinstance(thing, Traced)


def is_traced(thing) -> bool:
    """Whether something of it is differentiated."""
    return isinstance(thing, Traced) or (
        isinstance(thing, tuple | list) and any(map(is_traced, thing))
    )


def add_gradients(one, other):
    """The gradient of what is used twice."""
    if one is None or other is None:
        return one if other is None else other
    if isinstance(one, Gradient):
        return Gradient(
            **{name: add_gradients(part, getattr(other, name)) for name, part in vars(one).items()}
        )
    return tuple(map(add_gradients, one, other)) if isinstance(one, tuple) else one + other


def gather(thing, dy) -> dict:
    """The gradients of all that `thing` depends on, for a cotangent of the same form."""
    if isinstance(thing, Traced):
        return {} if dy is None else thing.back(dy)
    found: dict = {}
    if isinstance(thing, tuple | list) and dy is not None:
        for part, dpart in zip(thing, dy, strict=True):
            for key, gradient in gather(part, dpart).items():
                found[key] = add_gradients(found.get(key), gradient)
    return found


def apply(function, *xs, **options):
    """`function(*xs)`, recorded where one of xs is differentiated; elsewhere it is a call outside
    of any gradient.
    """
    if not is_traced(xs):
        return function(*xs, **options)
    y, back = function.pullback(
        *map(value_of, xs), **{name: value_of(option) for name, option in options.items()}
    )

    def apply_back(dy):
        own, *dxs = back(dy)
        found = gather(xs[: len(dxs)], tuple(dxs))  # what comes after them is no array
        if own is not None:
            found[id(function)] = add_gradients(found.get(id(function)), own)
        return found

    return Traced(y, apply_back)


def call(function, *xs):
    """`function(*xs)`, of a twin or of a function over `apply`."""
    return apply(function, *xs) if hasattr(function, "pullback") else function(*xs)


def closure(function, captured: dict[str, Any] | None = None):
    """A Python function over `apply` as a layer; what it captures are the layer's fields, as they
    are of a closure in Julia.
    """
    captured = captured or {}
    if getattr(function, "uses_traced", False):
        raise Untranslatable(
            "cannot be translated: a function that uses what is differentiated, handed to "
            "another one"
        )

    def pullback(self, *xs):
        y = function(*(Traced(x, lambda dx, i=i: {i: dx}) for i, x in enumerate(xs)))

        def closure_back(dy):
            found = gather(y, dy)
            own = (
                Gradient(**{name: found.get(id(part)) for name, part in captured.items()})
                if captured
                else None
            )
            return own, *(found.get(i) for i in range(len(xs)))

        return value_of(y), closure_back

    body = {"pullback": pullback, "__call__": lambda self, *xs: function(*xs)}
    return make_dataclass(
        spelled(function) or "Closure", list(captured), namespace=body, eq=False, repr=False
    )(**captured)
