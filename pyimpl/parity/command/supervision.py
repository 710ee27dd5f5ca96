"""Verbs that run the user's code run in a process of their own, and this one waits for its verdict.

What the user's code raises is caught where it is called (`sides/guard.py`). What nobody can catch -
a crash in compiled code, a thread that ends the process, threads that never end - ends the child,
not us: the exit code is that of the verdict which the child has sent, and where it has sent none
there is no verdict.

    julia-parity crosscheck ...    this process: waits, passes signals on, has the exit code
        child                      loads the user's code, checks, tells, sends its verdict, ends

Where handles cannot be handed on (Windows), the verb runs in this process.
"""

import math
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

LEAVE = (
    3.0  # seconds after its verdict in which the child should have ended: threads are left behind
)
GRACE = 8.0  # seconds after Ctrl-C
AT_ONCE = 0.5  # seconds
CHILD = (
    "import sys; sys.path[:] = {path!r}; sys.argv[0] = {name!r}; "
    "from pyimpl.parity.command.supervision import work; work({verdict}, {alive}, sys.argv[1:])"
)


def supervise(arguments: list[str]) -> int:
    """Run a verb in a child; the exit code."""
    if os.name != "posix":
        from .verbs import run_verb

        return run_verb(arguments)
    verdict, sent = os.pipe()
    alive, hold = os.pipe()  # the child sees the end of it when we are gone
    code = CHILD.format(path=sys.path, name=sys.argv[0], verdict=sent, alive=alive)
    signals = _Signals()
    child = subprocess.Popen(
        [sys.executable, "-P", *_flags(), "-c", code, *arguments], pass_fds=(sent, alive)
    )
    os.close(sent)
    os.close(alive)
    with signals.passed_on(child):
        came = _wait(child, verdict, signals)
    os.close(verdict)
    os.close(hold)
    if signals.interrupted:
        return _INTERRUPTED
    return came if came is not None else _without_verdict(child)


_INTERRUPTED = 130


def _flags() -> list[str]:
    """Those of this interpreter that the child needs as well: warnings and development mode."""
    flags = [f"-W{option}" for option in sys.warnoptions]
    return flags + [f"-X{name}" for name, value in sys._xoptions.items() if value is True]


class _Signals:
    """What is sent to us is passed on to the child. A terminal sends Ctrl-C to both, so that the
    child gets it twice: see `_once`.
    """

    def __init__(self) -> None:
        self.interrupted = 0.0  # when Ctrl-C was pressed
        self._before: dict[int, Any] = {}
        self._child: subprocess.Popen | None = None

    def passed_on(self, child: subprocess.Popen) -> "_Signals":
        self._child = child
        return self

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _note(self, number: int, frame: object) -> None:
        if number == signal.SIGINT:
            self.interrupted = self.interrupted or time.monotonic()
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(number)


def _wait(child: subprocess.Popen, verdict: int, signals: _Signals) -> int | None:
    """The verdict of the child, which is ended where it does not end by itself; None without."""
    came, since = None, 0.0
    while child.poll() is None:
        if came is None:
            ready, _, _ = select.select([verdict], [], [], 0.05)
            if ready and (said := os.read(verdict, 1)):
                came, since = said[0], time.monotonic()
            elif ready:  # it was closed, and the child should have ended
                time.sleep(0.02)
        else:
            try:
                child.wait(0.05)
            except subprocess.TimeoutExpired:
                pass
        now = time.monotonic()
        if (came is not None and now - since > LEAVE) or (
            signals.interrupted and now - signals.interrupted > GRACE
        ):
            child.kill()
            child.wait()
    if came is None and select.select([verdict], [], [], 0)[0] and (said := os.read(verdict, 1)):
        came = said[0]
    return came


def _without_verdict(child: subprocess.Popen) -> int:
    """Say how the run was ended; the exit code."""
    from .console import NO_VERDICT, fail

    status = child.returncode
    if -status in (signal.SIGTERM, signal.SIGHUP):
        return 128 - status  # somebody has ended us: as a shell says it
    how = (
        f"with {_name(-status)}" if status < 0 else f"with exit code {status}, which is no verdict"
    )
    fail(
        f"there is no verdict: the run was ended {how}, by the code that is checked, or by the "
        "system",
        NO_VERDICT,
    )
    return NO_VERDICT


def _name(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} ({signal.strsignal(number)})"
    except ValueError:
        return f"signal {number}"


def work(verdict: int, alive: int, arguments: list[str]) -> None:
    """The child: run the verb, send its exit code, end."""
    for handle in (verdict, alive):
        os.set_inheritable(handle, False)
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _once())
    from .verbs import run_verb

    code = run_verb(arguments)
    session = sys.modules.get("pyimpl.parity.reference.session")
    if session is not None:  # before threads of the user's can keep it open
        with session.closing():
            pass
    try:
        os.write(verdict, bytes([code]))
    except OSError:  # the user's code has closed it: then there is no verdict
        pass
    sys.exit(code)


def _once() -> Callable[[int, Any], None]:
    """A handler of Ctrl-C that takes two at once for one."""
    last = -math.inf

    def handle(number: int, frame: Any) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before > AT_ONCE:
            raise KeyboardInterrupt

    return handle


def _end_with(alive: int) -> None:
    """End where the waiting process is gone: nobody would ask for the verdict."""
    try:
        while os.read(alive, 1):
            pass
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
