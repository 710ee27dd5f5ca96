"""Every row has a recording of all its structures, and reasons for what it claims."""

import json

import numpy as np
import pytest

from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.catalogue import CATALOGUE


def as_recorded(config):
    return json.loads(json.dumps(config))  # tuples are lists there


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_row_has_a_recording(row, recording):
    pairs = list(recording.pairs(row, ("float32", "float64"), None, 0))
    assert sum(case.origin == "drawn" for case, _ in pairs) >= 3
    assert {example.name for example in row.examples} == {case.origin for case, _ in pairs} - {
        "drawn"
    }
    for structure in map(as_recorded, row.structures):
        assert any(
            structure.items() <= case.config.items() for case, _ in pairs if case.origin == "drawn"
        ), f"no case of {structure}"
    for _, outcomes in pairs:
        assert outcomes, "a case without an outcome"


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_row_says_what_it_covers_and_why_it_needs_slack(row):
    assert row.covers
    for structure in row.structures:
        slack = row.slack(structure)
        assert slack is None or (slack.reason and slack.ulps > 0)


def test_a_formula_with_an_epsilon_is_as_sensitive_as_its_own_precision_makes_it():
    """Beside Float32's eps a probability of 2^-40 is nothing, beside Float64's it is all."""
    row = CATALOGUE["crossentropy"]
    probability = {"x1": np.array([[2.0**-40, 1.0]]), "x2": np.array([[1.0, 0.0]])}
    case = Case(row.key, {"agg": "sum", "sizes": (1, 2)}, probability, "function")
    outcomes = dict.fromkeys(("float64", "float32"), Outcome())
    found = row.responses(case, outcomes, row.evaluate)
    largest = {dtype: np.max(response["y"]) for dtype, response in found.items()}
    assert largest["float32"] < 17 and largest["float64"] > 27  # -log(2^-23) and -log(2^-40)
