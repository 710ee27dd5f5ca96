"""What a function keeps from call to call outside of itself: the globals of its module that a call
changes.
"""

import copy
import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np


def changed_globals(subject: Any, call: Callable[[], Any]) -> list[str]:
    """The names of the globals beside a function that are others after the call."""
    subject = inspect.unwrap(subject) if callable(subject) else subject
    names: dict[str, Any] = getattr(subject, "__globals__", {})
    before = {
        name: kept for name, value in names.items() if (kept := _kept(name, value)) is not None
    }
    call()
    return [name for name, kept in before.items() if not _same(kept, names.get(name))]


def _kept(name: str, value: Any) -> Any:
    """A copy of what is data; None of all else, and of what is not equal to its own copy."""
    code = types.ModuleType | types.FunctionType | types.BuiltinFunctionType | type
    if name.startswith("__") or isinstance(value, code) or value is None:
        return None
    try:
        kept = copy.deepcopy(value)
    except Exception:  # what cannot be copied cannot be held against itself
        return None
    return kept if _same(kept, value) else None


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    try:
        return bool(one == other)
    except Exception:  # of parts that are arrays, say
        return repr(one) == repr(other)
