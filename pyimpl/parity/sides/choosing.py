"""Which kind of Python side a subject of the user's is."""

import sys
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Any

from .functions import FunctionSide
from .own_objects import ObjectSide
from .pyimpl_layers import LayerSide
from .side import SECONDS, PythonSide
from .torch_modules import TorchSide


def side_of(
    subject: Any, backward: Callable[..., Any] | None = None, seconds: float = SECONDS
) -> PythonSide:
    """The side that `subject` calls for. Raises TypeError for what cannot be called."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(subject, torch.nn.Module):
        return TorchSide(subject, seconds=seconds)
    if isinstance(subject, type) and (hasattr(subject, "forward") or hasattr(subject, "pullback")):
        raise TypeError(f"{subject.__name__} is a class: give an instance, {subject.__name__}(...)")
    if is_dataclass(subject) and not isinstance(subject, type) and hasattr(subject, "pullback"):
        return LayerSide(subject, seconds=seconds)
    if hasattr(subject, "forward") and not isinstance(subject, type):
        return ObjectSide(subject, seconds=seconds)
    if not callable(subject):
        raise TypeError(
            "the Python side must be a function, a layer or a module, got "
            f"{type(subject).__name__} {subject!r}"
        )
    return FunctionSide(subject, backward, seconds=seconds)
