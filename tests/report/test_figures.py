"""Histograms and waterfalls of the page."""

import numpy as np
import pytest

from pyimpl.parity.judge.verdict import FACTOR
from pyimpl.parity.report.figures import (
    BOUNDLESS,
    EXACT,
    WITHIN,
    bin_of,
    histogram,
    last_bin,
)
from pyimpl.parity.report.page import describe


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
