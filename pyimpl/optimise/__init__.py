"""Optimiser rules, and the walk that applies one to a model."""

from types import ModuleType as _ModuleType

from .adaptive import *
from .mixed_precision import *
from .rules import *
from .update import *

# Every name that the modules give; set so, because type checkers take a list that they cannot read
# for an empty one.
globals()["__all__"] = [
    name
    for name, thing in list(globals().items())
    if not name.startswith("_") and not isinstance(thing, _ModuleType)
]
