"""What all verbs of the command share: where they print, how they fail, how they show progress.

Exit codes: 0 all agrees, 1 something differs, 2 wrong usage, 3 no verdict (no reference, a file
that cannot be read, the user's code ended the run), 4 all agrees, but what was asked for could not
be written, 5 nothing can be said (what agrees proves nothing); 130 for Ctrl-C.
"""

import functools
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.status import Status
from rich.text import Text

from ...files.failures import Unreadable, Unwritable
from ..case.dtypes import DTYPES
from ..plain_text import error_words, one_line, plain
from ..progress import busy, current

LONGEST = 20_000  # characters of one text that is printed


class Screen(Console):
    """A console that takes text for what it is: a name with brackets is no markup, and a control
    character that came from a file does not reach the terminal.
    """

    def __init__(self, **options: Any):
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Any:
        """As rich does, of what can be shown."""
        return super().render_str(plain(text, LONGEST), **options | {"markup": False})

    def render(self, renderable: Any, options: ConsoleOptions | None = None) -> "RenderResult":  # type: ignore[override]
        """As rich does; what stands in a text that was styled elsewhere is made plain here."""
        for part in super().render(renderable, options):
            yield (
                part
                if part.control or part.text.isprintable() or part.text == "\n"
                else Segment(plain(part.text), part.style)
            )


def _is_terminal() -> bool:
    try:
        return sys.stdout.isatty()
    except (AttributeError, ValueError):  # it was closed before we were started
        return False


screen = Screen(width=None if _is_terminal() else 140)
aside = Screen(stderr=True)

USAGE, NO_VERDICT, UNWRITTEN, NOTHING_SAID, INTERRUPTED = 2, 3, 4, 5, 130
NO_REFERENCE = NO_VERDICT
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
    say_wrong(message)
    return typer.Exit(code)


def say_wrong(message: str) -> None:
    """Say what is wrong on standard error."""
    aside.print(Text("error:", style="bold red"), message, soft_wrap=True)


def note(text: str) -> None:
    """Say on standard error what should be known, and is no error."""
    aside.print(text, style="yellow", soft_wrap=True)


def expect_directories(*paths: Path | None) -> None:
    """Before long work: its results can be written, each to a file of its own. Exits with 2 where
    they cannot.
    """
    given = [path for path in paths if path is not None]
    for number, path in enumerate(given):
        if not path.parent.is_dir():
            raise fail(f"there is no directory {path.parent} for {path.name}", USAGE)
        if path.is_dir():
            raise fail(f"{path} is a directory: expected the name of a file", USAGE)
        if path.is_file() and any(other.resolve() == path.resolve() for other in given[:number]):
            raise fail(f"{path} is asked for twice", USAGE)
        if path.absolute() in [other.absolute() for other in given[:number]]:
            raise fail(f"{path} is asked for twice", USAGE)


def write_all(*writers: Callable[[], Any]) -> bool:
    """Write reports, once the finding has been told: what cannot be written is said, and loses
    neither the finding nor the other reports. Whether all is written.
    """
    done = True
    for write in writers:
        try:
            write()
        except Unwritable as problem:
            say_wrong(str(problem))
            done = False
        except Exception as problem:  # whatever is wrong with a report, the finding stands
            say_wrong(f"a report could not be made: {error_words(problem)}{_place(problem)}")
            done = False
    return done


def code_of(verdict: int, written: bool) -> int:
    """The exit code: that of the verdict, or, where all agrees, that something is not written."""
    return verdict if verdict or written else UNWRITTEN


def last_resort(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The verb, whose exit code nothing decides but the verb: what the user's code, a file or a
    mistake of ours raises is told, and is no verdict.
    """

    @functools.wraps(verb)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        from ..reference.live import NoJulia

        try:
            return verb(*arguments, **options)
        except (typer.Exit, typer.Abort, KeyboardInterrupt):
            raise
        except (Unreadable, NoJulia) as problem:
            raise fail(str(problem), NO_VERDICT) from None
        except Unwritable as problem:
            raise fail(str(problem), UNWRITTEN) from None
        except BaseException as error:  # SystemExit of the user's code, too
            raise fail(
                "there is no verdict: the run was ended by an exception that nobody expected, "
                f"in the code that is checked or in julia-parity: {error_words(error)}"
                f"{_place(error)}",
                NO_VERDICT,
            ) from None

    return wrapped


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""


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
    return one_line(text if len(text) < aside.width - 4 else f"{text[: aside.width - 8]} ...")


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
            aside.print(text, soft_wrap=True)
