"""A call of the user's that does not return is interrupted, in the main thread and in others."""

import threading
import time

import numpy as np
import pytest

from pyimpl.parity.case.case import Case
from pyimpl.parity.sides.functions import FunctionSide
from pyimpl.parity.sides.time_limit import TooSlow, time_limit


def in_thread(function):
    """What a function gives, or raises, in another thread."""
    caught: list = []

    def run():
        try:
            caught.append(function())
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    return caught[0]


def endless():
    with time_limit(0.2):
        while True:
            pass


def quick():
    with time_limit(0.2):
        pass
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:  # nothing arrives afterwards
        pass
    return "done"


def test_it_is_interrupted_with_words():
    with pytest.raises(TooSlow, match="gave no answer for 0.2 s"):
        endless()
    error = in_thread(endless)
    assert isinstance(error, TooSlow) and str(error) == "gave no answer for 0.2 s"


def test_what_is_quick_is_left_alone():
    assert quick() == in_thread(quick) == "done"


def test_errors_pass_through():
    def wrong():
        with time_limit(5):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        wrong()
    assert isinstance(in_thread(wrong), KeyError)


def test_a_side_that_was_slow_once_is_not_called_again():
    calls = []

    def slow(x):
        calls.append(x)
        while True:
            pass

    side = FunctionSide(slow, seconds=0.2)
    outcomes = [side.evaluate(Case("slow", {}, {"x1": np.ones(1)}, "function")) for _ in range(2)]
    assert [outcome.lost for outcome in outcomes] == [True, True] and len(calls) == 1
