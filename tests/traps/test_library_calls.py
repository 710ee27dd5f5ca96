"""Arguments of library calls: every kind with relatives, each against what Julia's default is."""

import numpy as np
import pytest
from pretended import checked
from scipy import ndimage, signal, stats
from scipy.interpolate import CubicSpline
from scipy.stats.mstats import mquantiles

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import explain
from pyimpl.parity.traps.library_calls import TRAPS as OF_CALLS
from pyimpl.parity.traps.table import TRAPS

NAMES = {trap.cause: name for name, trap in TRAPS.items()}


def upper_quartile(x):
    return np.quantile(x, 0.7)


def weibull_quartile(x):
    return np.quantile(x, 0.7, method="weibull")


def plotted(x, alpha=0.0, beta=1.0):
    return mquantiles(x, prob=[0.25, 0.6], alphap=alpha, betap=beta).data


def plotted_with_alpha_twice(x, alpha=0.0, beta=1.0):
    return mquantiles(x, prob=[0.25, 0.6], alphap=alpha, betap=alpha).data


def spectrum(x):
    return np.abs(np.fft.fft(x))


def unitary_spectrum(x):
    return np.abs(np.fft.fft(x, norm="ortho"))


def tapered(x):
    return x * signal.windows.hann(len(x))


def tapered_periodically(x):
    return x * signal.windows.hann(len(x), sym=False)


def hanned(x):
    return x * np.hanning(len(x))


def power(x):
    return signal.periodogram(x)[1]


def power_with_mean(x):
    return signal.periodogram(x, detrend=False)[1]


def smooth(x):
    return ndimage.gaussian_filter1d(x, 1.0)


def smooth_and_zero(x):
    return ndimage.gaussian_filter1d(x, 1.0, mode="constant")


def padded(x):
    return np.pad(x, 2, mode="reflect").cumsum()


def padded_symmetrically(x):
    return np.pad(x, 2, mode="symmetric").cumsum()


def spline(x):
    return CubicSpline(np.arange(len(x)), x)(1.5)


def natural_spline(x):
    return CubicSpline(np.arange(len(x)), x, bc_type="natural")(1.5)


def peakedness(x):
    return stats.kurtosis(x)


def peakedness_of_pearson(x):
    return stats.kurtosis(x, fisher=False)


def skewed(x):
    return stats.skew(x)


def skewed_and_corrected(x):
    return stats.skew(x, bias=False)


def ranked(x):
    return stats.rankdata(np.round(x))


def ranked_densely(x):
    return stats.rankdata(np.round(x), method="dense")


KINDS = [
    ("quantile", upper_quartile, weibull_quartile, "12"),
    ("quantile", plotted, plotted_with_alpha_twice, "12"),
    ("transform", spectrum, unitary_spectrum, "8"),
    ("window", tapered, tapered_periodically, "8"),
    ("window", hanned, tapered_periodically, "8"),
    ("trend", power, power_with_mean, "16"),
    ("edges", smooth, smooth_and_zero, "9"),
    ("edges", padded, padded_symmetrically, "9"),
    ("edges", spline, natural_spline, "6"),
    ("argument", peakedness, peakedness_of_pearson, "12"),
    ("corrected", skewed, skewed_and_corrected, "12"),
    ("argument", ranked, ranked_densely, "12"),
]


@pytest.mark.parametrize(("kind", "wrong", "right", "shape"), KINDS)
def test_an_argument_that_differs_is_named(hasty_shrinking, kind, wrong, right, shape):
    result = checked(wrong, right, arrays(shape), strict=False)
    assert result.differs
    explanations = explain(result)
    assert NAMES[explanations[0].cause] == kind, [str(each) for each in explanations]
    assert {NAMES[each.cause] for each in explanations if each.confident} <= {kind}


def test_every_trap_of_calls_is_tried():
    assert {trap.name for trap in OF_CALLS} <= {kind for kind, *_ in KINDS}


def documented(x, way="up"):
    """The way.

    way : {'up', 'down'}
    """
    return x if way == "up" else -x


def turned(x):
    return documented(x)


def test_a_function_of_the_users_own_is_no_library():
    """Its arguments are the user's: what differs there is in their program."""
    result = checked(turned, lambda x: x**2 - x, arrays("6"))
    assert not {NAMES[each.cause] for each in explain(result)} & {"argument"}
