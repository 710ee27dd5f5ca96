"""The cases of a pair whose inputs go to the limits: see `case/extremes.py`."""

import time
from dataclasses import replace

from ..case.case import EXTREME, Case
from ..case.extremes import extreme_inputs
from ..case.inputs import Drawn
from .pair import Pair

SECONDS_EACH = 2.0
SECONDS = 10.0
MOST = 40


def extreme_cases(pair: Pair, seed: int) -> list[Case]:
    """Cases of functions with drawn inputs; none of models, whose inputs are data.

    Values only: at a kink or beyond the limits a gradient is a convention. What keeps Python busy
    for long (a number taken for a size) is left out, before Julia is asked the same.
    """
    if not isinstance(pair.inputs, Drawn) or pair.python.is_model or pair.training is not None:
        return []
    if pair.mode != "function":
        return []
    alone = replace(pair, gradient="none", python=_hurried(pair))
    found: list[Case] = []
    deadline = time.monotonic() + SECONDS
    for theme, xs in extreme_inputs(pair.inputs, seed):
        if len(found) == MOST or time.monotonic() > deadline:
            break
        case = alone.case(xs, origin=f"{EXTREME}{theme}")
        if alone.evaluate(case).lost:
            alone = replace(alone, python=_hurried(pair))
        else:
            found.append(case)
    return found


def _hurried(pair: Pair):
    side = pair.python
    return replace(side, seconds=SECONDS_EACH) if hasattr(side, "seconds") else side  # type: ignore[type-var]
