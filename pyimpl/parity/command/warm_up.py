"""The verb `warm-up`."""

import time
from typing import Annotated

import typer

from ..catalogue.compiled import groups
from ..reference.live import NoJulia, choose
from .console import NO_REFERENCE, fail, screen, working
from .rows import Names, chosen_rows


def warm_up(
    rows: Names = None,
    again: Annotated[bool, typer.Option("--again", help="What is compiled already, too.")] = False,
):
    """Compile rows for live checks, once: these start quickly then and go at full speed.

    Without it they are interpreted.
    """
    wanted = chosen_rows(rows)
    try:
        way = choose(may_download=False)
        needed = groups(wanted)
        left = [group for group in needed if again or not group.is_warm(way.versions)]
        if not left:
            screen.print(
                f"compiled already: {', '.join(group.name for group in needed)}",
                soft_wrap=True,
            )
        start = time.perf_counter()
        for number, group in enumerate(left, 1):
            with working(f"compiling {group.name} ({number} of {len(left)})") as step:
                group.compile(way, step)
            screen.print(
                f"{group.name}: {len(group.rows)} rows, {time.perf_counter() - start:.0f} s so far",
            )
    except (NoJulia, RuntimeError) as failure:
        raise fail(str(failure), NO_REFERENCE) from None
