"""Tables of fates, and the exit code."""

import json
import xml.etree.ElementTree as ET

import pytest

from pyimpl.parity.mutants.fate import Fate, State
from pyimpl.parity.mutants.mutant import Mutant
from pyimpl.parity.mutants.table import (
    Tally,
    as_data,
    markdown,
    summary_line,
    write_json,
    write_junit,
)

RULE = "equal means, outputs"


def mutant(name: str, **more) -> Mutant:
    about = {"name": name, "group": "layers", "module": "layers/dense.py"}
    return Mutant(**about | {"breaks": "One | way.", "old": "old", "new": "new"} | more)


KILLED = Fate(mutant("one"), State.KILLED, "Dense", "y", rules={RULE: ["Dense 1 float64"]})
MISSED = Fate(mutant("two"), State.KILLED, "Dense", "y", rules={RULE: ["Dense 0 float64"]})
LIVING = Fate(mutant("three"), State.LIVES, rules={RULE: []})
EXPLAINED = Fate(mutant("four", lives="Because."), State.LIVES, rules={RULE: []})
BROKEN = Fate(mutant("five"), State.BROKEN)


def tally(*fates: Fate) -> Tally:
    return Tally(fates, "a recording", {RULE: ["Dense 0 float64"]})


@pytest.mark.parametrize(
    ("fates", "code"),
    [
        ((KILLED, EXPLAINED), 0),
        ((KILLED, LIVING), 1),
        ((KILLED, LIVING, BROKEN), 3),
    ],
)
def test_the_exit_code_counts_what_is_not_explained(fates, code):
    assert tally(*fates).exit_code == code


def test_a_rule_finds_what_it_called_right_without_the_mutant():
    all_of_them = tally(KILLED, MISSED, LIVING)
    assert all_of_them.killed_by_rule(RULE) == 1
    assert all_of_them.rows_alarmed(RULE) == 1


def test_the_page_has_groups_rules_survivors_and_every_mutant():
    page = markdown(tally(KILLED, LIVING, EXPLAINED), "julia-parity mutants")
    assert "| layers | 1 | 3 |" in page
    assert f"| {RULE} | 1 | 3 | 1 |" in page
    assert "`three` (One | way.): **unexplained**" in page and "Because." in page
    assert "| `one` | One \\| way. | Dense | y |" in page


def test_reports_for_machines(tmp_path):
    found = tally(KILLED, LIVING, EXPLAINED, BROKEN)
    write_json(tmp_path / "fates.json", found)
    assert json.loads((tmp_path / "fates.json").read_text()) == as_data(found)
    write_junit(tmp_path / "fates.xml", found)
    tests = {one.get("name"): one for one in ET.parse(tmp_path / "fates.xml").getroot()}
    said = {name: [part.tag for part in one] for name, one in tests.items()}
    assert said == {"one": [], "three": ["failure"], "four": ["skipped"], "five": ["error"]}
    assert "1 of 4 mutants killed (25.0%), 3 live, 2 of them unexplained" in summary_line(found)
