"""Flux's layers."""

from types import ModuleType as _ModuleType

from .attention import *
from .combine import *
from .containers import *
from .conv import *
from .conv_transpose import *
from .dense import *
from .dropout import *
from .embedding import *
from .functional import *
from .group_norms import *
from .normalise import *
from .pooling import *
from .recurrent import *
from .upsample import *
from .weight_norm import *

# Every name that the modules give; set so, because type checkers take a list that they cannot read
# for an empty one.
globals()["__all__"] = [
    name
    for name, thing in list(globals().items())
    if not name.startswith("_") and not isinstance(thing, _ModuleType)
]
