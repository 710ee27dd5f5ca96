"""Cases of a row, drawn."""

from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.drawing import draw_cases


def test_every_structure_is_drawn_and_a_seed_gives_the_same_cases():
    row = CATALOGUE["Dense"]
    for count in (1, 7, 20):
        cases = draw_cases(row, count, 3)
        assert all(
            any(structure.items() <= case.config.items() for case in cases)
            for structure in row.structures
        )
        assert len(cases) <= max(count, len(row.structures))
    fingerprints = [[case.fingerprint for case in draw_cases(row, 20, seed)] for seed in (3, 3, 4)]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


def test_exact_cases_are_drawn_where_nothing_is_rounded_and_nowhere_else():
    cases = draw_cases(CATALOGUE["Dense"], 60, 0)
    linear = [case for case in cases if case.config.get("act", "relu") == "relu"]
    assert any(case.exact for case in linear) and not all(case.exact for case in linear)
    assert not any(case.exact for case in cases if case not in linear)
