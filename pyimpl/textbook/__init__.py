"""The textbook family: the layers, rules and tape of "deep learning from scratch", which differ
from Flux's on purpose.
"""

from types import ModuleType as _ModuleType

from .convolution import *
from .cross_entropy import *
from .layers import *
from .numerical_gradient import *
from .rules import *
from .tape import *

# Every name that the modules give; set so, because type checkers take a list that they cannot read
# for an empty one.
globals()["__all__"] = [
    name
    for name, thing in list(globals().items())
    if not name.startswith("_") and not isinstance(thing, _ModuleType)
]
