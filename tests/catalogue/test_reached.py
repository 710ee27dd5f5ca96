"""What cases reach of the options of a public name, seen in the calls that the twin makes."""

import numpy as np

import pyimpl
from pyimpl.parity.catalogue import CATALOGUE, Row
from pyimpl.parity.catalogue.reached import reached


def cases_of(row, *configs, refused=False):
    return [
        row.complete(config, lambda shape, kind: np.ones(shape), refused=refused)
        for config in configs
    ]


DENSE = Row(
    "Dense",
    "flux",
    "layer",
    twin=lambda c: pyimpl.Dense(2, 3, **c),
    shapes=lambda c: {"x1": (4, 2)},
    modes=("auto",),
)


def counted(lines):
    return {line.asked: line.cases for line in lines}


def test_what_is_left_out_and_what_is_given_is_counted():
    lines = reached(DENSE, cases_of(DENSE, {}, {"bias": False}, {"bias": True}))
    count = counted(lines)
    assert count["bias left out"] == 1 and count["bias False"] == 1 and count["bias ndarray"] == 0
    assert count["act left out"] == 3 and count["act another"] == 0
    assert count["(weight, bias, act)"] == 0 and count["(n_in, n_out, act, bias, init, rng)"] == 3


def test_pairs_are_options_that_are_given_together():
    both = {"bias": False, "act": pyimpl.relu}
    assert counted(reached(DENSE, cases_of(DENSE, both)))["bias with act"] == 1
    apart = cases_of(DENSE, {"bias": False}, {"act": pyimpl.relu})
    assert counted(reached(DENSE, apart))["bias with act"] == 0


def test_refused_cases_do_not_count():
    assert (
        counted(reached(DENSE, cases_of(DENSE, {"bias": False}, refused=True)))["bias False"] == 0
    )


def test_a_row_without_a_public_name_has_no_options():
    assert reached(CATALOGUE["optimiser_program"], []) == []
