"""Where the command prints: streams that outlive who reads them, and that nobody else can close.

The verdict is in the exit code, so that nobody listens (`| head -1`, a closed output) is no
trouble; a full disk behind the output is, and is remembered in `lost`.
"""

import errno
import os
import sys
from contextlib import suppress
from typing import IO, Any

GONE = (errno.EPIPE, errno.EBADF)


class Outlet:
    """A stream over a copy of a standard handle: what closes the handle does not reach it."""

    def __init__(self, handle: int, inherited: IO[str] | None):
        self.lost = ""  # why what was said did not arrive, unless nobody wanted it
        try:
            copy = os.dup(handle)
        except OSError:  # it was closed before we were started
            copy = os.open(os.devnull, os.O_WRONLY)
        encoding = getattr(inherited, "encoding", None) or "utf-8"
        self._stream = open(
            copy, "w", buffering=1, encoding=encoding, errors="backslashreplace", closefd=False
        )

    def write(self, text: str) -> int:
        """As a stream does."""
        self._try(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        """As a stream does."""
        self._try(self._stream.flush)

    def close(self) -> None:
        """Not before the end."""

    def _try(self, what: Any, *arguments: Any) -> None:
        try:
            what(*arguments)
        except OSError as problem:
            if problem.errno not in GONE:
                self.lost = problem.strerror or str(problem)
            with suppress(OSError):  # what is still in the buffer goes nowhere, too
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def hold_streams() -> list[Outlet]:
    """Standard output and standard error as streams that last: for the command's own screens, and,
    where they are there no more, for everybody.
    """
    from .console import aside, screen

    outlets = [Outlet(1, sys.stdout), Outlet(2, sys.stderr)]
    for console, outlet in zip((screen, aside), outlets, strict=True):
        console.file = outlet  # type: ignore[assignment]
    for name, handle in (("stdout", 1), ("stderr", 2)):
        setattr(sys, name, Outlet(handle, getattr(sys, name)))
    return [*outlets, sys.stdout, sys.stderr]  # type: ignore[list-item]
