"""Everything that a public name can be asked for is asked by a recorded case, or has a reason."""

import pytest

from pyimpl import semantics
from pyimpl.parity.case.dtypes import DTYPES
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.reached import Line, reached
from pyimpl.parity.catalogue.unreached import REASONS


@pytest.fixture(scope="module")
def lines(recording) -> list[Line]:
    with semantics(recording.versions["Flux"]):
        return [
            line
            for row in CATALOGUE.values()
            for line in reached(row, (case for case, _ in recording.pairs(row, DTYPES, None, 0)))
        ]


def test_what_no_case_asks_has_a_reason(lines):
    open_ = [f"{line.row}: {line.asked}" for line in lines if not line.cases and not line.reason]
    assert open_ == []


def test_every_reason_is_needed(lines):
    given = {line.reasoned for line in lines if not line.cases}
    assert REASONS.keys() - given == set()


def test_a_reason_is_found_by_the_name_of_an_option_or_by_a_pattern():
    assert Line("Dense", "rng", "another", 0).reason
    assert Line("Dense", "bias with rng", "", 0).reason
    assert not Line("Dense", "bias", "False", 0).reason
    assert Line("Upsample", "scale with size", "", 0).reason
    assert not Line("Upsample", "scale", "int", 0).reason
