"""The law that the project is about: both sides agree, row by row."""

import pytest

from pyimpl import semantics
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import Live, check_row

LIVE_DRAWS = 10  # per row and dtype; `julia-parity check` draws more

rows = pytest.mark.parametrize("row", CATALOGUE.values(), ids=list(CATALOGUE))


@rows
def test_row_agrees_with_live_julia(row, live_julia):
    if live_julia is None:
        pytest.skip("no live Julia here; the recording: below")
    reference = Live(live_julia)
    with semantics(reference.versions["Flux"]):
        result = check_row(row, reference, count=LIVE_DRAWS, seed=2)
    assert not result.findings, "\n".join(map(str, result.findings))


@rows
def test_row_agrees_with_the_recording(row, recording):
    result = check_row(row, recording)
    assert result.verdict == "agrees", "\n".join(
        [f"{result.verdict} {sorted(result.mistrusted)}", *map(str, result.findings)]
    )
