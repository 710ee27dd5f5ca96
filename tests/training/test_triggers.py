"""Stopping and throttling. The numbers of the first test are Flux 0.16.9's."""

import operator
import threading
import time

import numpy as np
import pytest

from pyimpl import early_stopping, patience, plateau, throttle

SCORES = (3.0, 2.0, 2.5, 2.4, 1.0, 1.5, 1.2, 1.1)


def itself(score):
    return score


@pytest.mark.parametrize(
    ("trigger", "fires"),
    [
        (early_stopping(itself, 2), "00010011"),
        (early_stopping(itself, 2, init_score=0), "01111111"),
        (early_stopping(itself, 2, min_dist=0.5), "00010011"),
        (
            early_stopping(
                itself, 2, distance=lambda best, score: score - best, init_score=-np.inf
            ),
            "00111111",
        ),
        (plateau(itself, 2, min_dist=0.6), "00010011"),
        (patience(lambda score: score < 2.45, 2), "00001111"),
        (patience(operator.not_, 0), "11111111"),
    ],
)
def test_triggers_fire_when_flux_s_do(trigger, fires):
    assert "".join(str(int(trigger(score))) for score in SCORES) == fires


def test_scores_that_are_not_finite():
    trigger = early_stopping(itself, 2)
    assert [trigger(score) for score in (1.0, np.nan, 0.5, 2.0, 3.0, 4.0)] == [
        False,
        False,
        False,
        False,
        True,
        True,
    ]
    trigger = plateau(itself, 1)
    assert [trigger(np.float32(score)) for score in (np.inf, np.inf, 1.0, 1.0)] == [
        False,
        False,
        False,
        True,
    ]


def test_throttle_runs_at_once_and_then_not_for_a_while():
    calls = []
    act = throttle(lambda x: calls.append(x) or len(calls), 0.1)
    assert [act(i) for i in range(3)] == [1, 1, 1]
    time.sleep(0.3)
    assert act(3) == 2
    assert calls == [0, 3]


def test_throttle_with_trailing_runs_the_last_call_of_a_period():
    calls, done = [], threading.Event()
    act = throttle(lambda x: (calls.append(x), x == 9 and done.set()), 0.1, trailing=True)
    for i in (1, 5, 9):
        act(i)
    assert calls == [1]
    assert done.wait(5)
    assert calls == [1, 9]


def test_throttle_without_leading_waits():
    calls, done = [], threading.Event()
    act = throttle(lambda: (calls.append(1), done.set()), 0.1, leading=False)
    assert act() is None
    act()
    assert calls == []
    assert done.wait(5)
    assert calls == [1]
