"""Histograms and waterfalls of the page."""

import numpy as np
import pytest
from pretended import pretended

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import Explanation
from pyimpl.parity.judge.verdict import FACTOR
from pyimpl.parity.pair.checking import check_pair
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.report.figures import (
    BOUNDLESS,
    EXACT,
    WITHIN,
    bin_of,
    histogram,
    last_bin,
)
from pyimpl.parity.report.page import describe


def spread(x):
    return x.var(axis=0)


def spread_back(dy, x):
    return 2 * dy * (x - x.mean(0)) / len(x)


def corrected(x):
    return x.var(axis=0) * len(x) / max(len(x) - 1, 1)


def corrected_back(dy, x):
    return 2 * dy * (x - x.mean(0)) / max(len(x) - 1, 1)


def softmax(x):
    e = np.exp(x)
    return e / e.sum(-1, keepdims=True)


def shifted_softmax(x):
    return softmax(x - x.max(-1, keepdims=True))


def refusing(x):
    if x.size > 2:
        raise ValueError('no <b>more</b> than "two" & no less')
    return 2 * x


def half_nan(x):
    return np.where(x > 0, np.nan, x)


def endless(x):
    return np.where(x > 0, np.inf, x)


def result_of(python, julia, shape, expression="my_function", backwards=(None, None), count=15):
    pair = make_pair(python, expression, arrays(shape), backward=backwards[0])
    return check_pair(pair, pretended(julia, backwards[1]), count=count)


@pytest.fixture(scope="module")
def results():
    differing = result_of(spread, corrected, "n,batch", backwards=(spread_back, corrected_back))
    differing.explanations = [
        Explanation(
            "Julia corrects the <variance>",
            "my.py:7, x.var(axis=0)",
            "ddof=1",
            "15 of 15 cases agree & more",
            True,
        ),
        Explanation("a factor", "the result", 'times "n"', "14 of 15 cases agree", False),
    ]
    return [
        result_of(shifted_softmax, softmax, "batch,5"),
        differing,
        result_of(refusing, np.copy, "n", 'x -> x .< 2 && "text" & more'),
        result_of(half_nan, np.copy, "n,3", "half<nan>"),
        result_of(
            endless,
            np.copy,
            "n,3",
            "a_name_that_is_as_long_as_names_can_become_in_a_large_code_base_with_many_modules.f",
        ),
        result_of(np.zeros_like, np.zeros_like, "3", "zero"),
    ]


@pytest.mark.parametrize("error", [FACTOR, np.nextafter(FACTOR, 100), 1.0, 1e-300, 1e300, 5e-324])
def test_bins_part_at_the_tolerance(error):
    assert (int(bin_of(float(error))) >= WITHIN) == (error > FACTOR)


def test_a_histogram_counts_every_entry(results):
    pair = describe(results[1])
    for strips in pair["errors"]["arrays"].values():
        drawn = histogram(strips, last_bin(pair["errors"]["arrays"]))
        assert set(strips) == {"float64", "float32"}
        assert len(drawn["strips"]) == 2
        for bins, strip in zip(strips.values(), drawn["strips"], strict=True):
            wrong = sum(
                count
                for key, count in bins.items()
                if key != EXACT and (key == BOUNDLESS or int(key) >= WITHIN)
            )
            assert strip["beyond"] == wrong
            assert all(
                0 <= bar["x"] and bar["x"] + bar["width"] <= drawn["width"] for bar in strip["bars"]
            )
