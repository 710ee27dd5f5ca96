"""Arrays of unlike dimensions: matched from the right in NumPy, from the left in Julia."""

import numpy as np
from pretended import checked

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import explain
from pyimpl.parity.traps.table import TRAPS


def distance(images, mean):
    return np.abs(images - mean).sum(axis=-1)


def distance_in_julia(images, mean):
    return np.abs(images - mean[:, :, None]).sum(axis=-1)


def test_broadcasting_from_the_other_end_is_explained():
    for shapes in (("n,h,w", "h,w"), ("3,3,3", "3,3")):
        result = checked(distance, distance_in_julia, arrays(*shapes, sizes=(1, 3)))
        assert result.differs
        causes = [explanation.cause for explanation in explain(result)]
        assert TRAPS["broadcasting"].cause in causes


def test_operands_of_one_shape_are_left_alone():
    result = checked(lambda x, y: x - y, lambda x, y: y - x, arrays("n,n", "n,n"))
    assert TRAPS["broadcasting"].cause not in [one.cause for one in explain(result)]
