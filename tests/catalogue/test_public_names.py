"""The catalogue is complete: every public name has a row, every row a recording."""

from functools import reduce

import pytest

import pyimpl
from pyimpl import textbook
from pyimpl.parity.catalogue import CATALOGUE, COVERED_ELSEWHERE, TEXTBOOK_COVERED_ELSEWHERE
from pyimpl.parity.catalogue.public_names import ONLY_HERE, PUBLIC_NAMES

FAMILIES = {"flux": (pyimpl, COVERED_ELSEWHERE), "textbook": (textbook, TEXTBOOK_COVERED_ELSEWHERE)}


NAMES = {
    family: {row.name for row in CATALOGUE.values() if row.family == family} for family in FAMILIES
}


PUBLIC = [(family, name) for family, (module, _) in FAMILIES.items() for name in module.__all__]


@pytest.mark.parametrize(("family", "name"), PUBLIC)
def test_every_public_name_has_a_row(family, name):
    module, excused = FAMILIES[family]
    assert hasattr(module, name)
    assert name in NAMES[family] or name in excused, (
        f"{name} has neither a row nor a reason to have none"
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_is_excused_that_has_a_row_or_is_not_public(family):
    module, excused = FAMILIES[family]
    assert not set(excused) & NAMES[family]
    assert set(excused) <= set(module.__all__)


@pytest.mark.parametrize("public", PUBLIC_NAMES, ids=lambda public: public.name)
def test_every_public_name_of_flux_has_a_twin_or_a_reason_to_have_none(public):
    assert public.twin or public.note
    if public.twin:
        reduce(getattr, public.twin.split("."), pyimpl)


def test_public_names_are_listed_once_and_have_their_twins_in_one_list():
    names = [public.name for public in PUBLIC_NAMES]
    assert len(set(names)) == len(names)
    twins = {public.twin.partition(".")[0] for public in PUBLIC_NAMES}
    only_here = set(pyimpl.__all__) - twins
    assert set(ONLY_HERE) <= only_here  # what has a row says there what it is
    assert only_here - set(ONLY_HERE) <= NAMES["flux"]


def test_what_is_said_to_have_no_twin_has_none():
    assert not {public.name for public in PUBLIC_NAMES if not public.twin} & set(pyimpl.__all__)


def test_the_public_names_are_those_that_flux_exports(live_julia):
    if not live_julia:
        pytest.skip("no live Julia here")
    exported = set(live_julia.call("public_names").split())
    assert exported == {public.name for public in PUBLIC_NAMES if public.exported}
