"""Probes of results that are free by nature."""

import math

import numpy as np

from ...case.names import Name
from ...judge.freedoms import Freedom, aligned, freed, parse_freedoms, write_freedoms
from .judging import X
from .probe import gave, listed, probe, shown

MATRIX = np.array([[1.0, 2.0], [3.0, -4.0], [5.0, 6.0]])


def free(mine: np.ndarray, theirs: np.ndarray, freedom: str) -> str:
    """Whether an array, moved as its freedom allows, is the other."""
    moved = aligned(mine, theirs, Freedom.parse(freedom))
    return "same" if moved.shape == theirs.shape and np.allclose(moved, theirs) else "not the same"


@probe("same, same, not the same")
def signs_are_free_by_column():
    turned = MATRIX * [-1, 1]
    return listed(
        (
            free(turned, MATRIX, "sign"),
            free(MATRIX.T * [[-1], [1]], MATRIX.T, "sign"),
            free(2 * turned, MATRIX, "sign"),
        )
    )


@probe("same, not the same, same, not the same")
def phases_and_scales_are_free_by_column():
    turned = MATRIX * np.exp([0.5j, 2j])
    return listed(
        (
            free(turned, MATRIX + 0j, "phase"),
            free(2 * turned, MATRIX + 0j, "phase"),
            free(MATRIX * [3, -0.5], MATRIX, "scale"),
            free(MATRIX + [[1, 0]] * 3, MATRIX, "scale"),
        )
    )


@probe("same, not the same")
def the_order_of_columns_is_free_with_their_signs():
    return listed(
        (free(MATRIX[:, ::-1] * [1, -1], MATRIX, "order"), free(1.5 * MATRIX, MATRIX, "order"))
    )


@probe("[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]")
def each_column_has_a_place_of_its_own():
    theirs = np.array([[1.0, 0.8, 0.0], [0.0, 0.6, 0.0], [0.0, 0.0, 1.0]])
    return (aligned(np.eye(3), theirs, Freedom.parse("order")) + 0.0).tolist()


@probe("same, not the same")
def a_rotation_of_columns_is_free():
    c, s = math.cos(0.7), math.sin(0.7)
    turn = np.array([[c, -s], [s, c]])
    return listed(
        (free(MATRIX @ turn, MATRIX, "rotation"), free(1.5 * MATRIX @ turn, MATRIX, "rotation"))
    )


@probe("same, same, not the same")
def a_transpose_is_no_adjoint():
    one = MATRIX + 1j * MATRIX[::-1]
    return listed(
        (
            free(one.T, one, "transposed"),
            free(one.conj().T, one, "adjoint"),
            free(one.conj().T, one, "transposed"),
        )
    )


@probe("float64 [1, 2, 3] / float64 [-1, -2, -3]")
def only_the_outputs_that_are_free_are_moved():
    python = gave({"y.0": -X, "y.1": -X})
    found = freed(python, gave({"y.0": X, "y.1": X}), parse_freedoms("y.0=sign"))
    return " / ".join(shown(found.arrays[Name.parse(name)]) for name in ("y.0", "y.1"))


@probe("y.0=sign,y.2=adjoint phase, ValueError")
def freedoms_are_read_as_they_are_written():
    def refused(text):
        try:
            return write_freedoms(parse_freedoms(text))
        except ValueError:
            return "ValueError"

    return listed(map(refused, ("y.0=sign,y.2=adjoint phase", "y=sign scale")))
