"""The lists: every entry is a mutant of the program as it is, and no two are the same."""

import re
from collections import Counter

import pytest

from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.mutants.mutant import TOOLKIT, Mutant, NoMutant, all_mutants


def mutant(old: str, new: str) -> Mutant:
    return Mutant("m", "layers", "layers/dense.py", "A convention.", old, new)


def test_every_entry_changes_the_program():
    problems = []
    for entry in all_mutants():
        try:
            entry.source()
        except NoMutant as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


def test_no_two_are_the_same():
    broken = Counter((entry.module, entry.source()) for entry in all_mutants())
    assert not [place for (place, _), count in broken.items() if count > 1]


def test_names_are_plain_and_conventions_are_sentences():
    for entry in all_mutants():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name), entry.name
        assert entry.breaks.endswith("."), entry.name


def test_mutants_of_the_twin_name_rows_and_those_of_the_toolkit_do_not():
    for entry in all_mutants():
        assert set(entry.rows) <= set(CATALOGUE), entry.name
        assert bool(entry.rows) != entry.of_toolkit, entry.name
        assert entry.module.startswith("parity/") == (entry.group in TOOLKIT), entry.name


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("no such text", "x", "has 0 times what is to be replaced"),
        ("weight", "x", "times what is to be replaced"),
        ("z = x @ weight\n", "z = x @ (weight)\n", "the program is the same with it"),
        ("z = x @ weight\n", "z = x @\n", "is no Python"),
    ],
)
def test_what_is_no_mutant_is_refused(old, new, said):
    with pytest.raises(NoMutant, match=said):
        mutant(old, new).source()
