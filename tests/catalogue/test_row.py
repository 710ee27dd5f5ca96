"""Every row has a recording of all its structures, and reasons for what it claims."""

import json

import pytest

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
