"""glu: one half of the features gates the other. Source: NNlib.jl `src/functions.jl`."""

import numpy as np

from ..core.expect import as_float
from ..core.pullback import differentiable
from .activations import sigmoid

__all__ = ["glu"]


@differentiable
def glu(x, dims=-1):
    """`a * sigmoid(b)`, a and b the two halves of x along the axis `dims`.

    Raises ValueError for an odd size. NNlib: `glu(x, dim=1)`.
    """
    x = as_float("glu", x)
    if x.shape[dims] % 2:
        raise ValueError(f"glu expects an even size along axis {dims}, got x of shape {x.shape}")
    a, b = np.split(x, 2, axis=dims)
    gate = sigmoid.value(b)

    def glu_back(dy):
        return None, np.concatenate([dy * gate, dy * a * (gate * (1 - gate))], axis=dims)

    return a * gate, glu_back
