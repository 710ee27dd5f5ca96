"""What the page shows: figures as coordinates, numbers as short text."""

import math
from collections.abc import Sequence
from typing import Any

from ..judge.verdict import FACTOR
from ..judge.words import ulps

# Bins of half a decade, of which one begins at the tolerance. Two more: no error at all, and one
# without bound.
STEP, WITHIN = 0.5, 8  # decades; bins below the tolerance
LOWEST = math.log10(FACTOR) - WITHIN * STEP
EXACT, BOUNDLESS = "0", "inf"


def bin_of(error: float) -> str:
    """The bin of an error in ulp."""
    if error == 0:
        return EXACT
    if not math.isfinite(error):
        return BOUNDLESS
    found = math.floor((math.log10(error) - LOWEST) / STEP)
    return str(min(max(found, 0), WITHIN - 1) if error <= FACTOR else max(found, WITHIN))


def shown_ulps(value: float) -> str:
    """An error in ulp, short."""
    return "–" if math.isnan(value) else "∞" if math.isinf(value) else ulps(value)


WIDTH, STRIP, LABEL, GAP = 320.0, 34.0, 15.0, 7.0


def histogram(strips: dict[str, dict[str, int]], last: int) -> dict[str, Any]:
    """Where bars, ticks and labels of one array's histogram go; the axis ends with the bin `last`,
    so that those of one pair compare.
    """
    boundless = any(BOUNDLESS in bins for bins in strips.values())
    left, right = 14.0 + GAP, WIDTH - (14.0 + GAP if boundless else 2.0)
    width = (right - left) / (last + 1)

    def bar(key: str) -> tuple[float, float]:
        if key == EXACT:
            return 0.0, 14.0
        return (WIDTH - 14.0, 14.0) if key == BOUNDLESS else (left + int(key) * width, width)

    drawn, top = [], 0.0
    for dtype, bins in strips.items():
        most, total = max(bins.values()), sum(bins.values())
        beyond = sum(
            count
            for key, count in bins.items()
            if key == BOUNDLESS or (key != EXACT and int(key) >= WITHIN)
        )
        bars = []
        for key, count in bins.items():
            x, wide = bar(key)
            height = max(STRIP * count / most, 1.5)
            wrong = key == BOUNDLESS or (key != EXACT and int(key) >= WITHIN)
            bars.append(
                {
                    "x": x + 0.5,
                    "y": top + LABEL + STRIP - height,
                    "width": wide - 1,
                    "height": height,
                    "wrong": wrong,
                }
            )
        said = (
            f"{beyond} of {total} beyond"
            if beyond
            else f"{total} {'entry' if total == 1 else 'entries'}"
        )
        drawn.append(
            {
                "dtype": dtype,
                "label": top + LABEL - 5,
                "base": top + LABEL + STRIP,
                "bars": bars,
                "said": said,
                "beyond": beyond,
            }
        )
        top += LABEL + STRIP + GAP
    ticks: list[dict[str, Any]] = [{"x": 7.0, "text": "0"}]
    decades = range(math.ceil(LOWEST), math.floor(LOWEST + STEP * (last + 1)) + 1)
    apart = 1 if len(decades) <= 7 else 3 if len(decades) <= 14 else 5
    ticks += [
        {"x": left + (decade - LOWEST) / STEP * width, "text": _power(decade)}
        for decade in decades
        if decade % apart == 0
    ]
    ticks += [{"x": WIDTH - 7.0, "text": "∞"}] if boundless else []
    ticks = [tick for tick in ticks if tick["text"] in "0∞" or left + 8 < tick["x"] < right - 6]
    return {
        "width": WIDTH,
        "height": top + 16,
        "strips": drawn,
        "tolerance": left + WITHIN * width,
        "ticks": ticks,
        "axis": top + 8,
        "bottom": top - GAP,
        "segments": [(0.0, 14.0), (left, right)] + ([(WIDTH - 14.0, WIDTH)] if boundless else []),
    }


def last_bin(arrays: dict[str, dict[str, dict[str, int]]]) -> int:
    """The last bin that the axis of a pair's histograms needs: at least a decade beyond the
    tolerance.
    """
    keys = [
        int(key)
        for strips in arrays.values()
        for bins in strips.values()
        for key in bins
        if key not in (EXACT, BOUNDLESS)
    ]
    return max([*keys, WITHIN + 3])


def _power(decade: int) -> str:
    return {0: "1", 1: "10"}.get(
        decade, "10" + "".join("⁻" if c == "-" else "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(c)] for c in str(decade))
    )


def waterfall(stages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The stages with the widths of their bars, in percent of a log axis that all of them share,
    from a tenth of the smallest error on.
    """
    sizes = [
        stage[name]
        for stage in stages
        for name in ("inherited", "added")
        if 0 < stage[name] < math.inf
    ]
    lowest, highest = (
        (math.log(min(sizes)) - math.log(10), math.log(max(sizes))) if sizes else (0.0, 1.0)
    )

    def width(size: float) -> float:
        if math.isinf(size):
            return 99.0
        return 99.0 * (math.log(size) - lowest) / (highest - lowest) if size > 0 else 0.0

    return [
        stage | {"inherited_width": width(stage["inherited"]), "added_width": width(stage["added"])}
        for stage in stages
    ]


def shown_size(value: float) -> str:
    """An absolute error, short; nothing where it is not known."""
    return "–" if math.isnan(value) else "∞" if math.isinf(value) else f"{value:.2g}"
