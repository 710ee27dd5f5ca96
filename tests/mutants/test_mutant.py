"""The lists: every entry is a mutant of the program as it is, and no two are the same."""

import ast
import functools
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from pyimpl import public_names, textbook
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.mutants.mutant import STATES, TOOLKIT, Mutant, NoMutant, all_mutants, text_of


@functools.cache
def source_of(entry: Mutant) -> str:
    return entry.source()


def mutant(old: str, new: str) -> Mutant:
    return Mutant("m", "layers", "layers/dense.py", "A convention.", old, new)


def test_every_entry_changes_the_program():
    problems = []
    for entry in all_mutants():
        try:
            source_of(entry)
        except NoMutant as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


def test_no_two_are_the_same():
    broken = Counter((entry.module, source_of(entry)) for entry in all_mutants())
    assert not [place for (place, _), count in broken.items() if count > 1]


def test_names_are_plain_and_conventions_are_sentences():
    for entry in all_mutants():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name), entry.name
        assert entry.breaks.endswith("."), entry.name


def test_mutants_of_the_twin_name_rows_and_those_of_the_toolkit_do_not():
    for entry in all_mutants():
        assert set(entry.rows) <= set(CATALOGUE), entry.name
        assert bool(entry.rows) != (entry.group in (*TOOLKIT, STATES)), entry.name
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


# Public names that have no text of their own to break.
OTHER_NAMES = {
    "ACTIVATIONS": "a table of what is broken one by one",
    "Gradient": "a form without logic",
    "SamePad": "a form without logic: same_padding has mutants",
    "as_variable": "the tape's wrapper of its arguments: every mutant of the tape runs through it",
    "differentiable": "makes functions, each of which has mutants",
    "identity": "what it is given",
    "silu": "another name of swish",
    "thresholdrelu": "another name of trelu",
    "upsample_trilinear": "another name of upsample_linear",
}


@functools.cache
def parsed(module: str) -> ast.Module:
    return ast.parse(text_of(module))


def broken_parts(mutant: Mutant) -> Iterator[str]:
    """The functions, classes and constants of a module that the text of a mutant is part of."""
    text = text_of(mutant.module)
    place = text.index(mutant.old)
    first = text.count("\n", 0, place) + 1
    last = first + mutant.old.count("\n")
    for node in parsed(mutant.module).body:
        if node.lineno <= last and first <= (node.end_lineno or 0):
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            yield getattr(node, "name", "") or ast.unparse(targets[0] or ast.Constant(None))


@pytest.mark.parametrize("family", ["flux", "textbook"])
def test_every_public_name_has_a_mutant(family):
    names = set(public_names.__all__ if family == "flux" else textbook.__all__)
    touched = {
        name
        for mutant in all_mutants()
        if mutant.group not in TOOLKIT and (family == "textbook") == ("textbook/" in mutant.module)
        for name in broken_parts(mutant)
    }
    named = {row for mutant in all_mutants() for row in mutant.rows}
    touched |= {row.removeprefix("textbook.") for row in named}
    assert names - touched - set(OTHER_NAMES) == set()


def test_no_name_is_excused_that_is_not_public():
    every = {*public_names.__all__, *textbook.__all__}
    assert set(OTHER_NAMES) <= every
