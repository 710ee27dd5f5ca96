"""A NumPy twin of Flux.jl: layers, losses, activations, optimisers. Needs only NumPy.

Names and defaults are Flux's; every array is its Julia twin with the axes reversed, which is the
same memory. `model(x)` is the forward pass outside a gradient, `y, back = model.pullback(x)` the
one inside.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .public_names import *

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Lazily: the command and the pytest plugin, which lie in this package, begin without NumPy.
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    public = import_module(".public_names", __name__)
    globals().update({known: getattr(public, known) for known in public.__all__})
    globals()["__all__"] = public.__all__
    if name not in globals():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *import_module(".public_names", __name__).__all__})
