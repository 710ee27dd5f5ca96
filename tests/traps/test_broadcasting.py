"""Arrays of unlike dimensions: matched from the right in NumPy, from the left in Julia."""

import numpy as np
import pytest
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


# A column and a vector of one length: (n, 1) against (n,).


def flat_loss(output, target):
    return np.mean((output[:, 0] - target) ** 2)


def squeezed_loss(output, target):
    return np.mean((output.squeeze(1) - target) ** 2)


def table_loss(output, target):
    return np.mean((output - target) ** 2)


def residuals(x, w, t):
    return np.mean((x @ w - t) ** 2)


def table_of_residuals(x, w, t):
    return np.mean(((x @ w)[:, None] - t) ** 2)


@pytest.mark.parametrize(
    ("wrong", "right", "shapes"),
    [
        (flat_loss, table_loss, ("n,1", "n")),
        (squeezed_loss, table_loss, ("n,1", "n")),
        (residuals, table_of_residuals, ("n,3", "3", "n")),
    ],
)
def test_a_table_where_a_vector_is_meant_is_named(hasty_shrinking, wrong, right, shapes):
    result = checked(wrong, right, arrays(*shapes), strict=False)
    assert result.differs
    explanations = explain(result)
    assert explanations[0].cause == TRAPS["table"].cause, [str(each) for each in explanations]
