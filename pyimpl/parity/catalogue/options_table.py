"""What the cases of rows ask of the options of their public names, as a table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from .reached import Line

FORMS, PAIRS = "the call", "two together"


@dataclass(frozen=True)
class Entry:
    """An option of a row, or all pairs of its options: what cases ask, and what none does."""

    row: str
    option: str
    asked: str
    missing: tuple[Line, ...]

    def left(self) -> Iterator[tuple[str, str]]:
        """What no case asks, and the reason; "" for none."""
        for reason, lines in groupby(sorted(self.missing, key=_reason), key=_reason):
            yield (
                ", ".join(
                    line.value if self.option == line.option else line.asked for line in lines
                ),
                reason,
            )


def _reason(line: Line) -> str:
    return line.reason


def entries(lines: Iterable[Line]) -> Iterator[Entry]:
    """One for each option, one for the forms of the call, one for all pairs."""
    for (row, option), group in groupby(lines, key=lambda line: (line.row, _heading(line))):
        those = list(group)
        asked = [line for line in those if line.cases]
        text = (
            f"{len(asked)} of {len(those)}"
            if option == PAIRS
            else ", ".join(f"{line.value} {line.cases}" for line in asked)
        )
        yield Entry(row, option, text, tuple(line for line in those if not line.cases))


def _heading(line: Line) -> str:
    return FORMS if not line.option else PAIRS if not line.value else line.option


def markdown(lines: Iterable[Line], reference: str) -> str:
    """The table as Markdown, and how often nothing is asked without a reason."""
    every = list(lines)
    missing = [line for line in every if not line.cases]
    open_ = sum(not line.reason for line in missing)
    text = [
        "# The options of the public names, and which of them the cases ask",
        "",
        "Written by `julia-parity list --options --markdown > pyimpl/OPTIONS.md`.",
        "",
        f"The cases of {reference} ask {len(every) - len(missing)} of {len(every)} things: an "
        "option left out or given one of its values,",
        "a form of the call, two options together. The others have a reason"
        + (f", but {open_}." if open_ else ".")
        + " Behind a value stands the number of cases.",
        "",
        "| row | option | asked by cases | asked by none, and why |",
        "|---|---|---|---|",
    ]
    for entry in entries(every):
        left = "; ".join(f"{what}: {why or '**no reason**'}" for what, why in entry.left())
        text.append(f"| `{entry.row}` | {entry.option} | {_cell(entry.asked)} | {_cell(left)} |")
    return "\n".join(text) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*") if "**no" not in text else text
