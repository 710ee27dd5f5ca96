"""The catalogue is complete: every public name has a row, every row a recording and a place in the precompile workload."""

import pytest

import pyimpl
from pyimpl import textbook
from pyimpl.parity import workload
from pyimpl.parity.catalogue import CATALOGUE, COVERED_ELSEWHERE, TEXTBOOK_COVERED_ELSEWHERE
from pyimpl.parity.evaluators.find_julia import julia_sources

FAMILIES = {"flux": (pyimpl, COVERED_ELSEWHERE), "textbook": (textbook, TEXTBOOK_COVERED_ELSEWHERE)}
NAMES = {family: {row.name for row in CATALOGUE.values() if row.family == family} for family in FAMILIES}
PUBLIC = [(family, name) for family, (module, _) in FAMILIES.items() for name in module.__all__]


@pytest.mark.parametrize(("family", "name"), PUBLIC)
def test_every_public_name_has_a_row(family, name):
    module, excused = FAMILIES[family]
    assert hasattr(module, name)
    assert name in NAMES[family] or name in excused, f"{name} has neither a row nor a reason to have none"


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_is_excused_that_has_a_row_or_is_not_public(family):
    module, excused = FAMILIES[family]
    assert not set(excused) & NAMES[family]
    assert set(excused) <= set(module.__all__)


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_row_has_a_recording(row, recording):
    pairs = list(recording.pairs(row, ("float32", "float64"), None, 0))
    assert sum(case.origin == "drawn" for case, _ in pairs) >= 3
    assert {example.name for example in row.examples} == {case.origin for case, _ in pairs} - {"drawn"}
    for _, outcomes in pairs:
        assert outcomes, "a case without an outcome"


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_row_says_what_it_covers_and_why_it_needs_slack(row):
    assert row.covers
    for structure in row.structures:
        slack = row.slack(structure)
        assert slack is None or (slack.reason and slack.ulps > 0)


def test_the_precompile_workload_is_the_catalogue_s():
    written = (julia_sources() / "workload.toml").read_text(encoding="utf-8")
    assert written == workload.as_toml(CATALOGUE.values()), "run `julia-parity record --workload`"
