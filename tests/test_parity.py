"""The law that the project is about: both sides agree, row by row."""

import pytest

from pyimpl import semantics
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import check_row

LIVE_DRAWS = 10  # per row and dtype; `julia-parity check` draws more

rows = pytest.mark.parametrize("row", CATALOGUE.values(), ids=list(CATALOGUE))


@rows
def test_row_agrees_with_the_reference(row, reference):
    with semantics(reference.versions["Flux"]):
        result = check_row(row, reference, count=LIVE_DRAWS, seed=2)
    assert not result.findings, "\n".join(map(str, result.findings))


@rows
def test_row_agrees_with_the_recording(row, recording):
    result = check_row(row, recording)
    assert result.verdict == "agrees", "\n".join(
        [f"{result.verdict} {sorted(result.mistrusted)}", *map(str, result.findings)]
    )
