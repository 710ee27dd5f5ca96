"""How numbers of a verdict are written."""

import math


def ulps(value: float) -> str:
    """An error in ulp, short."""
    return "-" if math.isinf(value) else f"{value:.1f}" if value < 1000 else f"{value:.1e}"
