"""When to stop, and how often to act. Flux: `src/utils.jl`.

Each of `patience`, `early_stopping` and `plateau` makes a function to be called once in every
round; it returns True when it is time.
"""

import operator
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.versions import since

__all__ = ["early_stopping", "patience", "plateau", "throttle"]

MIN_DIST = float(np.float32(1e-6))  # Flux writes 1f-6


def patience(predicate: Callable[..., bool], wait: int) -> Callable[..., bool]:
    """True from the `wait`-th time in a row that `predicate` is true. Flux: `patience`."""
    count = 0

    def on_trigger(*args, **options) -> bool:
        nonlocal count
        count = count + 1 if predicate(*args, **options) else 0
        return count >= wait

    return on_trigger


def early_stopping(
    f, delay: int, distance=operator.sub, init_score=None, min_dist=0
) -> Callable[..., bool]:
    """True from the `delay`-th time in a row that the score f is no better than the best so far.
    Flux: `early_stopping`.

    A score counts as no better where `distance(best, score) < min_dist`, it becomes the best unless
    that distance is negative: low scores are good, unless `distance` says otherwise. `init_score`
    is infinite if not given (before Flux 0.16.8: 0).
    """
    best = _first(init_score)

    def no_better(*args, **options) -> bool:
        nonlocal best
        score = f(*args, **options)
        gain = _distance(distance, best, score)
        best = best if gain < 0 else score
        return bool(gain < min_dist)

    return patience(no_better, delay)


def plateau(
    f, width: int, distance=operator.sub, init_score=None, min_dist=MIN_DIST
) -> Callable[..., bool]:
    """True from the `width`-th time in a row that the score f is nearer than `min_dist` to the one
    before. Flux: `plateau`.

    The one before the first is `init_score`, as for `early_stopping`.
    """
    last = _first(init_score)

    def stays(*args, **options) -> bool:
        nonlocal last
        score = f(*args, **options)
        step = abs(_distance(distance, last, score))
        last = score
        return bool(step < min_dist)

    return patience(stays, width)


def _first(init_score):
    return (0 if since("first score") == "0" else np.inf) if init_score is None else init_score


def _distance(distance, one, other):
    with np.errstate(invalid="ignore"):  # inf - inf: NaN is neither near nor better
        return distance(one, other)


def throttle(f: Callable, timeout: float, leading: bool = True, trailing: bool = False) -> Callable:
    """f at most once in `timeout` seconds; calls in between give the last result. Flux: `throttle`.

    With `leading` the first call runs at once, without it at the end of its period. With `trailing`
    the last call of a period runs at its end, in a thread of its own (in Flux: a task).
    """
    lock = threading.Lock()
    ready, later, result = True, None, None

    def end_of_period() -> None:
        nonlocal ready, later
        with lock:
            call, later = later, None
            ready = call is None
        if call is not None:
            try:
                call()
            except BaseException:
                ready = True
                raise
            start_period()

    def start_period() -> None:
        timer = threading.Timer(timeout, end_of_period)
        timer.daemon = True
        timer.start()

    def throttled(*args, **options) -> Any:
        nonlocal ready, later, result

        def keep() -> None:
            nonlocal result
            result = f(*args, **options)

        with lock:
            first, ready = ready, False
            if trailing and not first:
                later = keep
            elif first and not leading:
                later = lambda: f(*args, **options)  # noqa: E731  # in Flux, too, its result is lost
        if first:
            if leading:
                keep()
            start_period()
        return result

    return throttled
