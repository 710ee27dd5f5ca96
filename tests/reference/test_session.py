"""How arrays cross the border: layouts."""

import numpy as np
import pytest

from pyimpl.parity.case.names import Arrays
from pyimpl.parity.reference.session import parsed_layout


def test_layouts():
    layout = parsed_layout({"weights": "reversed", "y": "same"}, ["x", "weights"])
    x = np.arange(6.0).reshape(2, 3)
    names = ("x1", "x2", "grad.x2", "y", "y@2", "dy1", "param.w")
    crossed = layout.cross(Arrays(dict.fromkeys(names, x) | {"x3": np.array(1.0)}))
    shapes = {str(name): array.shape for name, array in crossed.items()}
    assert shapes == {"x3": ()} | {
        "x1": (3, 2),
        "x2": (2, 3),
        "grad.x2": (2, 3),
        "y": (3, 2),
        "y@2": (3, 2),
        "dy1": (3, 2),
        "param.w": (2, 3),
    }
    with pytest.raises(ValueError, match="got \"other\"|got 'other'"):
        parsed_layout({"x1": "other"})
