"""Cases of a row, drawn: spread over its structures, from one seed."""

import json
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from ..case.case import Case
from ..case.draws import drawn_fill, generated
from .row import Row


@st.composite
def cases(draw, row: Row, structure: dict[str, Any] | None = None) -> Case:
    """A case of `row`, of one of its structures, in Float64, every entry of which is a Float32
    number too.
    """
    config: dict[str, Any] = dict(
        draw(st.sampled_from(row.structures)) if structure is None else structure
    )
    for name, strategy in row.sizes.items():
        config[name] = draw(strategy)
    exact = row.exact(config) and draw(st.booleans())
    return row.complete(
        config, drawn_fill(draw, exact), draw(st.sampled_from(row.modes)), exact=exact
    )


def missing(row: Row, recorded: Iterable[Case]) -> tuple[set[str], list[dict[str, Any]]]:
    """The names of the row's examples, and its structures, of which no case was recorded."""
    recorded = list(recorded)
    examples = {example.name for example in row.examples} - {case.origin for case in recorded}
    configs = [
        {name: value for name, value in plain(case.config).items() if name not in row.sizes}
        for case in recorded
        if case.origin == "drawn"
    ]
    return examples, [one for one in row.structures if plain(one) not in configs]


def plain(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration as a recording has it, with lists for tuples."""
    return json.loads(json.dumps(config))


def draw_structures(
    row: Row, structures: list[dict[str, Any]], each: int, start: int
) -> list[Case]:
    """`each` cases of every one of some structures."""
    return [
        case
        for structure in structures
        for case in generated(
            cases(row, structure),
            each,
            f"{start}, structure {row.structures.index(structure)}",
            with_simplest=False,
        )
    ]


def draw_cases(row: Row, count: int, start: int) -> list[Case]:
    """`count` cases of `row`, spread over its structures and at least one of each.

    The same for the same `start` and the same sources: Hypothesis draws constants of the code that
    is loaded as well.

    Fewer where the row does not have as many different ones.
    """
    found: list[Case] = []
    for number, structure in enumerate(row.structures):
        share = max(1, (count + len(row.structures) - 1 - number) // len(row.structures))
        found += generated(
            cases(row, structure), share, f"{start}, structure {number}", with_simplest=number == 0
        )
    return found
