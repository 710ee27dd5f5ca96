"""The user's code runs in our process, and must not decide what becomes of it.

`guarded` undoes what a call does to the process - another directory, closed or replaced streams,
another handler of Ctrl-C, the copy of us that a fork makes - and turns what would end the process
without a word (`os._exit`) into an exception:

    with guarded():
        subject(*xs)

What cannot be undone, a crash inside of compiled code, is what the command has a process of its own
for (`command/supervision.py`).
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..plain_text import error_words

_exit = os._exit
_guards = 0
_lock = threading.Lock()


class Ended(BaseException):
    """The user's code would have ended the process; no `except Exception` of theirs catches it."""


class _Open:
    """A standard stream that the user's code can write to, and not close."""

    def __init__(self, stream: Any):
        self._stream = stream

    def close(self) -> None:
        """Not ours to close."""

    def detach(self) -> None:
        """Neither to take apart."""
        raise ValueError("the stream belongs to the check")

    def __deepcopy__(self, memo: Any) -> "_Open":
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> "_Open":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Any:
        return iter(self._stream)


STREAMS = ("stdin", "stdout", "stderr")


@contextmanager
def guarded() -> Iterator[None]:
    """While the block runs, the user's code cannot end or bend the process.

    Raises Ended where it tried to end it, and KeyboardInterrupt where Ctrl-C was pressed, also
    where their code has swallowed it.
    """
    process = os.getpid()
    streams = {name: getattr(sys, name) for name in STREAMS}
    place, handles, interrupts = _place(), _copied_handles(), _Interrupts()
    for name, stream in streams.items():
        if stream is not None:
            setattr(sys, name, _Open(stream))
    _keep_alive(+1)
    try:
        with interrupts:
            yield
    finally:
        if os.getpid() != process:  # a fork, in which the user's code came back to us
            _exit(70)
        _keep_alive(-1)
        for name, stream in streams.items():
            setattr(sys, name, stream)
        _restore_handles(handles)
        if place is not None and _place() != place:
            with suppress(OSError):  # it may be gone
                os.chdir(place)


def _place() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def _keep_alive(step: int) -> None:
    """`os._exit` raises as long as any guard is there, in any thread."""
    global _guards, _owner
    with _lock:
        _guards += step
        _owner = os.getpid()
        os._exit = _refuse if _guards else _exit  # type: ignore[assignment]


def _refuse(status: int = 0) -> None:
    """In the place of `os._exit`; whoever has kept it, or is a forked child, has the real one."""
    if not _guards or os.getpid() != _owner:
        _exit(status)
    raise Ended(f"it called os._exit({status!r}), which ends the process")


_owner = os.getpid()


def _copied_handles() -> dict[int, tuple[int, tuple[int, int]]]:
    """Copies of the handles of the standard streams that are open, and what they are of."""
    copies = {}
    for handle in (0, 1, 2):
        with suppress(OSError):
            copies[handle] = os.dup(handle), _identity(handle)
    return copies


def _identity(handle: int) -> tuple[int, int]:
    about = os.fstat(handle)
    return about.st_dev, about.st_ino


def _restore_handles(copies: dict[int, tuple[int, tuple[int, int]]]) -> None:
    for handle, (copy, identity) in copies.items():
        try:
            same = _identity(handle) == identity
        except OSError:
            same = False
        with suppress(OSError):  # where the user's code has closed the copies, too
            if not same:
                os.dup2(copy, handle)
            os.close(copy)


class _Interrupts:
    """Ctrl-C, which is remembered even where the user's code catches it."""

    def __init__(self) -> None:
        self._pressed = False
        self._before: Any = None
        self._trace = sys.gettrace()

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
            if callable(self._before):
                signal.signal(signal.SIGINT, self._note)

    def _note(self, number: int, frame: Any) -> None:
        try:
            self._before(number, frame)
        except KeyboardInterrupt:
            if self._pressed:
                insist(frame, KeyboardInterrupt)
            self._pressed = True
            raise

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if callable(self._before):
            signal.signal(signal.SIGINT, self._before)
        if self._pressed:
            sys.settrace(self._trace)
            raise KeyboardInterrupt
        if isinstance(error, KeyboardInterrupt) and callable(self._before):
            raise Ended("it raised KeyboardInterrupt, though nobody has pressed Ctrl-C") from error


def insist(frame: Any, error: type[BaseException]) -> None:
    """Have every further line of the user's code raise: what catches an exception once, in a loop
    for ever, does not come to its next line.
    """

    def raising(frame: Any, event: str, argument: Any) -> Any:
        if event == "line" and frame.f_code.co_filename != __file__:
            raise error
        return raising

    while frame is not None and frame.f_code.co_filename != __file__:
        if "pyimpl/parity" in frame.f_code.co_filename.replace(os.sep, "/"):
            break
        frame.f_trace = raising
        frame = frame.f_back
    sys.settrace(lambda *_: None)


def words_of(error: BaseException) -> str:
    """What the user's code raised, in words that are safe to show."""
    return str(error) if isinstance(error, Ended) else error_words(error)
