"""How numbers of a verdict are written."""

import math

from pyimpl.parity.judge.words import ulps


def test_errors_in_ulp_are_short():
    assert [ulps(x) for x in (0.0, 0.25, 31.96, 999.94, 1000.0, 4.5e14, math.inf)] == [
        "0.0",
        "0.2",
        "32.0",
        "999.9",
        "1.0e+03",
        "4.5e+14",
        "-",
    ]
