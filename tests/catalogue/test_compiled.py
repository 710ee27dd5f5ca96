"""Interpreted and compiled, Julia says the same: every row in both ways, held against each other.
Needs a live Julia that is warmed up.

It runs where `--parity-reference live` is asked for: for a few minutes.
"""

import pytest

from pyimpl import semantics
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.compiled import are_warm, julias
from pyimpl.parity.catalogue.drawing import draw_cases
from pyimpl.parity.judge.verdict import compare
from pyimpl.parity.reference.live import LiveJulia

DRAWS = 3


@pytest.fixture(scope="module")
def manners(pytestconfig):
    """An interpreting Julia, and one that has all rows compiled."""
    if pytestconfig.getoption("--parity-reference") != "live":
        pytest.skip("holds two live Julias against each other: with --parity-reference live")
    way = pytestconfig.live_way
    if not are_warm(way, CATALOGUE.values()):
        pytest.skip("the rows are not compiled: julia-parity warm-up")
    (julia,) = julias(way, CATALOGUE.values())
    with LiveJulia(way, interpreted=True) as interpreted, julia as compiled:
        assert not compiled.damaged
        yield interpreted, compiled


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=list(CATALOGUE))
def test_both_ways_give_the_same_but_for_rounding(row, manners):
    interpreted, compiled = manners
    with semantics(compiled.versions["Flux"]):
        for dtype in ("float64", "float32"):
            cases = [
                *row.named_cases(dtype),
                *(case.cast(dtype) for case in draw_cases(row, DRAWS, 3)),
            ]
            cases = [case for case in cases if row.is_in(compiled.versions["Flux"], case)]
            for case, one, other in zip(
                cases, interpreted.evaluate_many(cases), compiled.evaluate_many(cases), strict=True
            ):
                if one.error or other.error:
                    assert bool(one.error) == bool(other.error), (one.error, other.error)
                    continue
                response = row.responses(case.cast("float64"), {dtype: other}, row.evaluate)[dtype]
                verdict = compare(case, one, other, response, row.allowance(case))
                assert verdict.agrees, [
                    str(difference) for difference in verdict.differences if not difference.agrees
                ]
