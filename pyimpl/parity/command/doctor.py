"""The verb `doctor`."""

from typing import Annotated

import typer
from rich.text import Text

from ..catalogue import CATALOGUE
from ..catalogue.compiled import groups
from ..plain_text import plain
from ..reference import find_julia, recorded
from ..reference.provenance import versions_line
from ..reference.recorded import NoRecording
from .console import screen


def doctor(
    juliacall_pin: Annotated[
        bool,
        typer.Option(
            help="Print only the juliacall requirement that fits the Julia found, if another is "
            "installed."
        ),
    ] = False,
):
    """What was found of Python, Julia, PythonCall and Flux, how a live check would start, and the
    remedy if it would not.
    """
    if juliacall_pin:
        pin = find_julia.juliacall_pin()
        if pin:
            print(pin)
        return
    found = list(find_julia.ways())
    screen.print(f"juliacall (Python): {find_julia.juliacall_version() or 'not installed'}")
    for way in found:
        screen.print(Text(plain(way.way), "bold"), f": {way.where}", sep="", soft_wrap=True)
        if way.versions:
            screen.print(
                "  " + ", ".join(f"{name} {version}" for name, version in way.versions.items()),
                soft_wrap=True,
            )
        if way.ready:
            screen.print(
                f"  ready; {_compiled(way.versions)}",
                style="green",
                soft_wrap=True,
            )
        else:
            screen.print(
                f"  {way.problem}\n  remedy: {way.remedy}",
                style="yellow",
                soft_wrap=True,
            )
    first = next((way for way in found if way.ready), None)
    try:
        shipped = versions_line(recorded.newest())
    except NoRecording as missing:
        shipped = str(missing)
    screen.print(f"recording: {shipped}", soft_wrap=True)
    live = first is not None and all(
        group.is_warm(first.versions) for group in groups(CATALOGUE.values())
    )
    screen.print(
        f"`check` would use: {f'live Julia, {first.way}' if first and live else 'the recording'}",
        style="bold",
    )


def _compiled(versions: dict[str, str]) -> str:
    """Of the rows of the catalogue: whether they are compiled for these versions."""
    every = groups(CATALOGUE.values())
    warm = [group for group in every if group.is_warm(versions)]
    if len(warm) == len(every):
        return "its rows are compiled"
    return (
        f"{sum(len(group.rows) for group in warm)} of {len(CATALOGUE)} rows are compiled "
        "(`julia-parity warm-up` compiles them)"
    )
