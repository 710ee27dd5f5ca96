"""Flux's loss functions: `loss(prediction, target, agg="mean", ...)`.

The prediction comes first. `agg` makes one number of the losses of all entries (or, where `dims`
names the class axis, of all samples): "mean", "sum", "identity" to keep them, or any differentiable
function. Both arguments have the same shape; anything else raises ValueError, for a broadcast loss
is the wrong loss in silence. Epsilons default to `eps(dtype)` of the prediction. `back(dy)` gives
`(None, dprediction, dtarget)`. The logarithm of a negative number raises ValueError, as it raises
DomainError in Julia.
"""

from types import ModuleType as _ModuleType

from .ctc import *
from .entropy import *
from .margin import *
from .overlap import *
from .regression import *

# Every name that the modules give; set so, because type checkers take a list that they cannot read
# for an empty one.
globals()["__all__"] = [
    name
    for name, thing in list(globals().items())
    if not name.startswith("_") and not isinstance(thing, _ModuleType)
]
