"""What became of mutants, as tables: for people, as Markdown, as JSON and as JUnit XML."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from ...files import disk
from ..plain_text import plain
from .fate import Fate, State
from .rules_in_use import named_rules


@dataclass(frozen=True)
class Tally:
    """All fates of a run, and what the rules in use say of the program without a mutant."""

    fates: tuple[Fate, ...]
    reference: str  # what the mutants were held against, in words
    alarms: dict[str, list[str]]  # by rule: the cases of the right program that it calls wrong

    @property
    def killed(self) -> int:
        """How many were found."""
        return sum(fate.is_killed for fate in self.fates)

    @property
    def living(self) -> list[Fate]:
        """Those that were not."""
        return [fate for fate in self.fates if not fate.is_killed]

    @property
    def exit_code(self) -> int:
        """1 where a mutant lives that nobody has explained, 3 where one is no program; else 0."""
        if any(fate.state is State.BROKEN for fate in self.fates):
            return 3
        return int(any(fate.is_defect for fate in self.fates))

    def groups(self) -> dict[str, list[Fate]]:
        """The fates by group, in the order of the groups' names."""
        found: dict[str, list[Fate]] = {}
        for fate in sorted(self.fates, key=lambda fate: fate.mutant.group):
            found.setdefault(fate.mutant.group, []).append(fate)
        return found

    def judged_by_rows(self) -> list[Fate]:
        """Mutants of the twin, whose outcomes the rules in use can be asked about."""
        return [fate for fate in self.fates if fate.rules]

    def killed_by_rule(self, rule: str) -> int:
        """How many mutants of the twin a rule in use finds: it calls a case wrong that it calls
        right without the mutant.
        """
        alarms = set(self.alarms.get(rule, ()))
        return sum(bool(set(fate.rules.get(rule, ())) - alarms) for fate in self.judged_by_rows())

    def rows_alarmed(self, rule: str) -> int:
        """How many rows the rule calls wrong though nothing is broken."""
        return len({case.split()[0] for case in self.alarms.get(rule, ())})


def table(tally: Tally) -> Table:
    """One line for every mutant: what was broken, and by which row and array it was found."""
    sheet = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("mutant", "ended", "by", "array or answer"):
        sheet.add_column(heading, no_wrap=heading == "mutant")
    for fate in sorted(tally.fates, key=lambda fate: (fate.mutant.group, fate.mutant.name)):
        reason = fate.mutant.lives if fate.state is State.LIVES else fate.array
        sheet.add_row(fate.mutant.name, fate.state, fate.by, reason)
    return sheet


def groups_table(tally: Tally) -> Table:
    """Killed and all, by group."""
    sheet = Table(box=None, pad_edge=False, header_style="bold")
    sheet.add_column("group")
    sheet.add_column("killed", justify="right")
    sheet.add_column("of", justify="right")
    for group, fates in tally.groups().items():
        sheet.add_row(group, str(sum(fate.is_killed for fate in fates)), str(len(fates)))
    return sheet


def rules_table(tally: Tally) -> Table:
    """What the rules in use would have found of the mutants of the twin."""
    sheet = Table(box=None, pad_edge=False, header_style="bold")
    sheet.add_column("rule")
    sheet.add_column("killed", justify="right")
    sheet.add_column("of", justify="right")
    sheet.add_column("rows that are right and called wrong", justify="right")
    judged = tally.judged_by_rows()
    own = sum(fate.is_killed for fate in judged)
    sheet.add_row("julia-parity check", str(own), str(len(judged)), "0")
    for rule in named_rules():
        cells = (tally.killed_by_rule(rule), len(judged), tally.rows_alarmed(rule))
        sheet.add_row(rule, *map(str, cells))
    return sheet


def summary_line(tally: Tally) -> str:
    """How many were killed, and held against what."""
    count = len(tally.fates)
    unexplained = sum(fate.is_defect for fate in tally.fates)
    return (
        f"{tally.killed} of {count} mutants killed ({tally.killed / max(count, 1):.1%}), "
        f"{count - tally.killed} live, {unexplained} of them unexplained; "
        f"reference: {tally.reference}"
    )


def as_data(tally: Tally) -> dict[str, Any]:
    """Everything as plain data."""
    return {
        "reference": tally.reference,
        "exit_code": tally.exit_code,
        "killed": tally.killed,
        "mutants": [
            {
                "name": fate.mutant.name,
                "group": fate.mutant.group,
                "module": fate.mutant.module,
                "breaks": fate.mutant.breaks,
                "ended": fate.state,
                "by": fate.by,
                "array": fate.array,
                "words": fate.words,
                "lives": fate.mutant.lives,
                "seconds": round(fate.seconds, 2),
            }
            for fate in tally.fates
        ],
        "rules": {
            rule: {"killed": tally.killed_by_rule(rule), "alarms": tally.rows_alarmed(rule)}
            for rule in named_rules()
        },
    }


def write_json(path: Path, tally: Tally) -> None:
    """The tally as JSON."""
    disk.write_json(path, as_data(tally))


def write_junit(path: Path, tally: Tally) -> None:
    """The tally as JUnit XML: one test per mutant; one that lives is a failure, or is skipped where
    its reason is known; one that is no program is an error.
    """
    states = {State.LIVES: "failure", State.BROKEN: "error"}
    suite = ET.Element("testsuite", name="julia-parity mutants", tests=str(len(tally.fates)))
    for fate in tally.fates:
        about = {"classname": f"mutants.{fate.mutant.group}", "name": fate.mutant.name}
        test = ET.SubElement(suite, "testcase", about | {"time": f"{fate.seconds:.2f}"})
        tag = states.get(fate.state)
        if tag == "failure" and fate.mutant.lives:
            tag = "skipped"
        if tag:
            message = fate.mutant.lives or fate.words or fate.mutant.breaks
            ET.SubElement(test, tag, message=plain(message))
    disk.write_bytes(path, ET.tostring(suite, encoding="utf-8", xml_declaration=True))


def markdown(tally: Tally, command: str) -> str:
    """The page that is published: groups, rules in use, survivors, and every mutant."""
    judged = tally.judged_by_rows()
    own = sum(fate.is_killed for fate in judged)
    lines = [
        "# Mutants: what was broken, and by what it was found",
        "",
        f"Measured by `{command}`; held against {tally.reference}.",
        "",
        f"**{tally.killed} of {len(tally.fates)} killed.** How to read this, and how to add one: "
        "[README.md](README.md).",
        "",
        "| group | killed | of |",
        "|---|---:|---:|",
    ]
    for group, fates in tally.groups().items():
        lines.append(f"| {group} | {sum(fate.is_killed for fate in fates)} | {len(fates)} |")
    lines += [
        "",
        "## The same mutants under the rules in use",
        "",
        "Of the mutants of the twin, on the outcomes of the rows that they name, in Float32 and "
        "Float64. A rule finds a mutant",
        "where it calls a case wrong that it calls right without the mutant. The last column: rows "
        "in which it calls the *right* twin wrong.",
        "",
        "| rule, what is compared | killed | of | false alarms, rows |",
        "|---|---:|---:|---:|",
        f"| `julia-parity check` | {own} | {len(judged)} | 0 |",
    ]
    for rule in named_rules():
        counts = f"{tally.killed_by_rule(rule)} | {len(judged)} | {tally.rows_alarmed(rule)}"
        lines.append(f"| {rule} | {counts} |")
    lines += ["", "## Survivors", ""]
    lines += [
        f"* `{fate.mutant.name}` ({fate.mutant.breaks}): {fate.mutant.lives or '**unexplained**'}"
        for fate in tally.living
    ] or ["None."]
    lines += ["", "## All", "", "| mutant | what is right | found by | in |", "|---|---|---|---|"]
    for fate in sorted(tally.fates, key=lambda fate: (fate.mutant.group, fate.mutant.name)):
        where = fate.by or str(fate.state)
        cells = (f"`{fate.mutant.name}`", fate.mutant.breaks, where, fate.array)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"
