"""The verb `doctor`."""

from typing import Annotated

import typer

from ..reference import find_julia, recorded
from ..reference.provenance import versions_line
from ..reference.recorded import NoRecording
from .console import screen


def doctor(
    juliacall_pin: Annotated[
        bool, typer.Option(help="Print only the juliacall requirement that fits the Julia found, if another is installed.")
    ] = False,
):
    """What was found of Python, Julia, PythonCall and Flux, how a live check would start, and the remedy if it would not."""
    if juliacall_pin:
        pin = find_julia.juliacall_pin()
        if pin:
            print(pin)
        return
    found = list(find_julia.ways())
    screen.print(f"juliacall (Python): {find_julia.juliacall_version() or 'not installed'}", highlight=False)
    for way in found:
        screen.print(f"[bold]{way.way}[/]: {way.where}", highlight=False, soft_wrap=True)
        if way.versions:
            screen.print("  " + ", ".join(f"{name} {version}" for name, version in way.versions.items()), highlight=False, soft_wrap=True)
        if way.ready:
            screen.print("  ready", style="green")
        else:
            screen.print(f"  {way.problem}\n  remedy: {way.remedy}", style="yellow", highlight=False, markup=False, soft_wrap=True)
    first = next((way for way in found if way.ready), None)
    try:
        shipped = versions_line(recorded.newest())
    except NoRecording as missing:
        shipped = str(missing)
    screen.print(f"recording: {shipped}", highlight=False, soft_wrap=True)
    screen.print(f"`check` would use: {f'live Julia, {first.way}' if first else 'the recording'}", style="bold", highlight=False)
