"""What all verbs of the command share: where they print, how they fail, how they show progress."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.status import Status

from ..judge.findings import DTYPES
from ..progress import busy, current

screen = Console(width=None if sys.stdout.isatty() else 140)
aside = Console(stderr=True)

USAGE, NO_REFERENCE = 2, 3
QUICK, PATIENCE, EVERY = (
    0.3,
    2.0,
    10.0,
)  # seconds: what ends sooner is not told at all; told with its time; told again in a log


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


@contextmanager
def working(what: str) -> Iterator[Callable[..., None]]:
    """While the block runs, standard error tells what long work is busy with.

    Gives `step(done, total, detail)`, as `busy` does.
    """
    with busy(what) as step:
        if len(current()) > 1:  # part of something that is told already
            yield step
            return
        done = threading.Event()
        thread = threading.Thread(
            target=_follow if aside.is_terminal else _log, args=(done,), daemon=True
        )
        thread.start()
        try:
            yield step
        finally:
            done.set()
            thread.join()  # nothing is printed into the line


def _follow(done: threading.Event) -> None:
    """On a terminal: a line that follows the work and is gone when it is done."""
    if done.wait(QUICK):
        return
    with Status("", console=aside) as line:
        while not done.wait(0.1):
            line.update(_line())


def _line() -> str:
    """All activities and for how long the innermost has lasted, cut to the width of the
    terminal.
    """
    activities = current()
    seconds = time.monotonic() - max((activity.since for activity in activities), default=0.0)
    waited = f" ({seconds:.0f} s)" if activities and seconds > PATIENCE else ""
    text = " > ".join(map(str, activities)) + waited
    return escape(text if len(text) < aside.width - 4 else f"{text[: aside.width - 8]} ...")


def _log(done: threading.Event) -> None:
    """Elsewhere, in a log: a plain line for every activity that lasts over two seconds, and one
    every ten seconds after that.
    """
    told, last = None, 0.0
    while not done.wait(0.2):
        activities, now = current(), time.monotonic()
        if (
            activities
            and now - activities[-1].since > PATIENCE
            and (activities[-1] is not told or now - last > EVERY)
        ):
            told, last = activities[-1], now
            text = f"... {' > '.join(map(str, activities))} ({now - told.since:.0f} s so far)"
            aside.print(text, highlight=False, markup=False, soft_wrap=True)
