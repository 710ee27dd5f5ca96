"""Every public name of the twin, gathered from its modules: what `pyimpl` itself gives."""

from types import ModuleType as _ModuleType

from .core.loading import *
from .core.pullback import *
from .core.tree import *
from .core.versions import *
from .files.state_files import *
from .functions.activations import *
from .functions.batching import *
from .functions.filling import *
from .functions.gating import *
from .functions.grouping import *
from .functions.padding import *
from .functions.products import *
from .functions.rrelu import *
from .functions.softmax import *
from .initialise import *
from .layers import *
from .losses import *
from .models.destructure import *
from .models.jacobian import *
from .models.outputsize import *
from .optimise import *
from .training.balancing import *
from .training.data import *
from .training.derived_data import *
from .training.labels import *
from .training.observations import *
from .training.splitting import *
from .training.train import *
from .training.triggers import *

# Set so, because type checkers take a list that they cannot read for an empty one.
globals()["__all__"] = [
    name
    for name, thing in list(globals().items())
    if not name.startswith("_") and not isinstance(thing, _ModuleType)
]
