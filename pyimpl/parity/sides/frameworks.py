"""All frameworks, and which of them a subject of the user's is of."""

from collections.abc import Callable
from typing import Any

from .equinox_modules import EQUINOX
from .flax_modules import FLAX
from .framework import Framework
from .functions import FUNCTIONS
from .jax_arrays import JAX
from .listed import Lists
from .own_objects import OWN_OBJECTS
from .pyimpl_layers import PYIMPL
from .pytorch import PYTORCH
from .side import SECONDS, PythonSide
from .torch_functions import TENSOR_FUNCTIONS

# The first that recognises a subject runs it, so what recognises most comes last.
FRAMEWORKS: tuple[Framework, ...] = (
    PYTORCH,
    PYIMPL,
    EQUINOX,
    FLAX,
    OWN_OBJECTS,
    TENSOR_FUNCTIONS,
    JAX,
    FUNCTIONS,
)
LIBRARIES = ("numpy", *(name for framework in FRAMEWORKS for name in framework.libraries))


def framework_of(subject: Any) -> Framework:
    """The framework of a subject. Raises TypeError for what is of none."""
    if isinstance(subject, type) and (hasattr(subject, "forward") or hasattr(subject, "pullback")):
        raise TypeError(f"{subject.__name__} is a class: give an instance, {subject.__name__}(...)")
    for framework in FRAMEWORKS:
        if framework.recognises(subject):
            return framework
    raise TypeError(
        "the Python side must be a function, a layer or a module, got "
        f"{type(subject).__name__} {subject!r}"
    )


LISTS = Lists(framework_of)


def side_of(
    subject: Any, backward: Callable[..., Any] | None = None, seconds: float = SECONDS
) -> PythonSide:
    """The side that `subject` calls for. Raises TypeError for what cannot be called."""
    if LISTS.recognises(subject):
        return LISTS.side(subject, backward, seconds)
    return framework_of(subject).side(subject, backward, seconds)


def framework_of_rule(rule: Any) -> Framework | None:
    """The framework that an optimiser rule is of; None where it is no rule."""
    return next((framework for framework in RULES if framework.runs_rule(rule)), None)


RULES = (PYIMPL, JAX, OWN_OBJECTS, PYTORCH)
