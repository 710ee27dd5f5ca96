"""Calls that have to end: the user's code may run for ever."""

import ctypes
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .guard import insist

AGAIN = 1.0  # seconds until a call that has caught TooSlow is interrupted again


class TooSlow(BaseException):
    """A call that did not return in time; no `except Exception` of the user's catches it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupts Python code that runs longer with TooSlow. What waits inside of a library is
    interrupted when it returns to Python.

    In the main thread, where the system has timers, by one of these, which also ends what waits in
    a system call; elsewhere by a thread.
    """
    late = f"gave no answer for {seconds:g} s"
    timed = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    with (_by_signal if timed else _by_thread)(seconds):
        try:
            yield
        except TooSlow:
            raise TooSlow(late) from None


@contextmanager
def _by_signal(seconds: float) -> Iterator[None]:
    caught = False

    def interrupt(number, frame):
        nonlocal caught
        if caught:
            insist(frame, TooSlow)
        caught = True
        raise TooSlow

    before, trace = signal.signal(signal.SIGALRM, interrupt), sys.gettrace()
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.settrace(trace)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _by_thread(seconds: float) -> Iterator[None]:
    caller = ctypes.c_ulong(threading.get_ident())
    over = threading.Lock()  # held by whoever decides whether the time was kept

    def interrupt():
        if over.acquire(blocking=False):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(caller, ctypes.py_object(TooSlow))

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if not over.acquire(
            blocking=False
        ):  # it was interrupted, or is about to be: nothing may arrive later
            ctypes.pythonapi.PyThreadState_SetAsyncExc(caller, None)
