"""Two causes together: each alone explains a part, both explain all; and no two are found where
something else is at fault.
"""

import numpy as np
import pytest
from pretended import checked
from scipy import signal

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import explain
from pyimpl.parity.explain.explaining import edits
from pyimpl.parity.explain.together import two_together
from pyimpl.parity.explain.trial import trial_of
from pyimpl.parity.traps.table import TRAPS

NAMES = {trap.cause: name for name, trap in TRAPS.items()}


def spectrum(x):
    return signal.welch(x, nperseg=16)[1]


def spectrum_in_julia(x):
    window = signal.get_window("hann", 16, fftbins=False)
    return signal.welch(x, nperseg=16, window=window, detrend=False)[1]


def standardised(x):
    return (x - np.mean(x)) / (np.std(x) + 1e-3)


def standardised_in_julia(x):
    return (x - np.mean(x)) / np.sqrt(np.var(x, ddof=1) + 1e-3)


def spread_and_order(x):
    return np.std(x, axis=0) * 2, np.cumsum(x.ravel())


def spread_and_order_in_julia(x):
    return np.std(x, axis=0, ddof=1) * 2, np.cumsum(x.ravel(order="F"))


def logarithms(x):
    return np.log(np.abs(x) + 1) + np.var(x)


def logarithms_in_julia(x):
    return np.log2(np.abs(x) + 1) + np.var(x, ddof=1)


@pytest.mark.parametrize(
    ("wrong", "right", "shape", "kinds"),
    [
        (spectrum, spectrum_in_julia, "64", {"window", "trend"}),
        (standardised, standardised_in_julia, "9", {"corrected", "eps"}),
        (spread_and_order, spread_and_order_in_julia, "4,3", {"corrected", "order"}),
        (logarithms, logarithms_in_julia, "9", {"log", "corrected"}),
    ],
)
def test_both_causes_are_named(hasty_shrinking, wrong, right, shape, kinds):
    explanations = explain(checked(wrong, right, arrays(shape), strict=False))
    assert {NAMES[each.cause] for each in explanations} == kinds, [str(e) for e in explanations]
    assert all("one of two causes" in each.evidence for each in explanations)


def test_two_edits_of_one_call_are_made_one_after_the_other():
    trial = trial_of(checked(spectrum, spectrum_in_julia, arrays("64"), strict=False), 60)
    both, *_ = two_together(trial, edits(trial))
    assert {both.first.cause, both.second.cause} == {"window", "trend"}
    assert trial.confirms(both.side)
    assert not trial.confirms(both.first.side)


def test_where_the_formula_is_another_one_no_two_are_found():
    def wave(x):
        return np.std(x) * np.sin(x) + np.log(np.abs(x) + 1)

    def right(x):
        return np.std(x) * np.sin(1.01 * x) + np.log(np.abs(x) + 1.5)

    result = checked(wave, right, arrays("9"), strict=False)
    assert result.differs and explain(result) == []
