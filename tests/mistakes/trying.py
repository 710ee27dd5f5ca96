"""Mistakes of the table, tried: what is said of a pair with one, and whether its corrected pair
agrees. Julia's side is recorded.
"""

import functools
from types import ModuleType

import numpy as np
import pytest

from mistakes.table import MISTAKES, RECORDING, Mistake
from pyimpl.parity.explain import Explanation, explain
from pyimpl.parity.pair.checking import check_pair
from pyimpl.parity.pair.held_against import RecordedPair
from pyimpl.parity.traps.table import TRAPS

NAMES = {trap.cause: name for name, trap in TRAPS.items()}


@functools.cache
def recording() -> RecordedPair:
    """Julia's side of all mistakes."""
    return RecordedPair(RECORDING)


def of_topic(topic: ModuleType) -> list:
    """The mistakes whose cause is a trap of this file, as parameters of a test."""
    names = {trap.name for trap in topic.TRAPS}
    chosen = [mistake for mistake in MISTAKES if mistake.cause in names]
    return [pytest.param(mistake, id=str(mistake)) for mistake in chosen]


def prepared(mistake: Mistake) -> Mistake:
    """The mistake, where what it needs is installed; else the test is skipped."""
    if mistake.file == "modules":
        pytest.importorskip("torch").set_num_threads(1)
    return mistake


@functools.cache
def explained(mistake: Mistake) -> tuple[Explanation, ...]:
    """What `explain` says of it."""
    return tuple(explain(check_pair(mistake.pair(), recording())))


def causes(mistake: Mistake) -> list[str]:
    """The traps that `explain` names, the likeliest first."""
    return [NAMES[explanation.cause] for explanation in explained(mistake)]


def expect_explained(mistake: Mistake) -> None:
    """The first explanation is the mistake's cause, and no other one is told for sure."""
    said = [str(explanation) for explanation in explained(prepared(mistake))]
    assert causes(mistake)[:1] == [mistake.cause], said
    sure = {NAMES[each.cause] for each in explained(mistake) if each.confident}
    assert sure <= {mistake.cause}, said


def expect_agreement(mistake: Mistake) -> None:
    """Without the mistake the pair agrees."""
    result = check_pair(prepared(mistake).corrected(), recording())
    assert result.agrees, str(result.report.findings[0])


def settings_with(trap: str, name: str, value) -> list:
    """The other values that a trap tries for a setting."""
    return [other for _, other in TRAPS[trap].settings(name, value)]


def results_of(trap: str, mine, julia) -> list[np.ndarray]:
    """What a trap makes of a result, given Julia's."""
    return [way.forth(mine) for way in TRAPS[trap].results(mine, julia)]
