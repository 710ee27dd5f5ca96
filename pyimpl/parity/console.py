"""What all verbs of the command share: where they print, how they fail, how they show progress."""

import sys
from enum import StrEnum
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .checking import DTYPES

screen = Console(width=None if sys.stdout.isatty() else 140)
aside = Console(stderr=True)

USAGE, NO_REFERENCE = 2, 3


class Source(StrEnum):
    """Where the Julia side of a check comes from."""

    auto = "auto"
    live = "live"
    recorded = "recorded"


def fail(message: str, code: int) -> typer.Exit:
    """Say what is wrong on standard error; the exception to raise."""
    aside.print("[bold red]error:[/]", escape(message), highlight=False, soft_wrap=True)
    return typer.Exit(code)


def expect_directories(*paths: Path | None) -> None:
    """Before long work: its results can be written. Exits with 2 where they cannot."""
    for path in paths:
        if path is not None and not path.parent.is_dir():
            raise fail(f"there is no directory {path.parent} for {path.name}", USAGE)


def chosen_dtypes(text: str) -> tuple[str, ...]:
    """Of `float64,float32`. Exits with 2 for others."""
    dtypes = tuple(part.strip() for part in text.split(","))
    if set(dtypes) - set(DTYPES):
        raise fail(f"--dtype takes {' and '.join(DTYPES)}, got {text!r}", USAGE)
    return dtypes


def progress_bar() -> Progress:
    """A bar on standard error, gone when it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=aside, transient=True)
