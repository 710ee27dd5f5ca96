"""Inputs where programs differ that agree elsewhere: ties of rounding, signed zeros, numbers that
overflow, infinities and NaN.

Every check of a function has some of them beside its ordinary draws. They keep to what the kind of
entry promises: what is drawn `positive` is given no zero and no NaN.
"""

from collections.abc import Iterator

import numpy as np

from .draws import seeded_fill
from .inputs import Drawn, Shape

# kind -> theme -> special values; of a number on its own further ones, which in an array would
# drown all others
EQUAL = "equal numbers"
HALVES = (0.5, 1.5, 2.5, -0.5, -1.5, 8.315, 2.675, 1.005, 1.115)
LARGE, HUGE = (1e6, -1e6, 1e9, -1e12), (1e155, -1e155, 1e300)
TINY, TINIEST = (1e-6, -1e-9, 1e-12), (1e-155, -1e-300, 5e-324)
REAL: dict[str, tuple[float, ...]] = {
    "zeros": (0.0, -0.0),
    EQUAL: (1.25,),
    "ties of rounding": HALVES,
    "large numbers": LARGE,
    "tiny numbers": TINY,
    "infinities": (np.inf, -np.inf),
    "NaN": (np.nan,),
}
POSITIVE = {
    theme: tuple(abs(value) for value in values)
    for theme, values in REAL.items()
    if theme not in ("zeros", "infinities", "NaN")
}
# whose squares leave Int32, Int64; that Float64 cannot hold; whose sum with itself leaves Int64
LARGE_WHOLE = (46341, -46341, 3037000500, 2**53 + 1, -(2**62), 2**62)
EXTREMES: dict[str, dict[str, tuple]] = {
    "real": REAL,
    "wide": REAL,
    "positive": POSITIVE,
    "probability": {EQUAL: (0.5,), "tiny numbers": (1e-6, 1e-12)},
    "int": {
        "zeros": (0,),
        EQUAL: (3,),
        "hundreds": (100, -100, 1000, -999),
        "large numbers": LARGE_WHOLE,
    },
    "natural": {"zeros": (0,), EQUAL: (3,), "hundreds": (100, 137)},
}
OF_NUMBERS = {
    ("real", "large numbers"): HUGE,
    ("wide", "large numbers"): HUGE,
    ("positive", "large numbers"): HUGE[::2],
    ("real", "tiny numbers"): TINIEST,
    ("wide", "tiny numbers"): TINIEST,
    ("positive", "tiny numbers"): (1e-155, 1e-300, 5e-324),
}
SOME = 0.4  # of the entries of an array are special


def extreme_inputs(drawn: Drawn, seed: int) -> Iterator[tuple[str, list[np.ndarray]]]:
    """(theme, arguments): for every theme all arguments that know it, then each of several alone,
    the others as they are drawn otherwise.
    """
    themes = dict.fromkeys(
        theme for shape in drawn.shapes for theme in EXTREMES.get(shape.kind, ())
    )
    for theme in themes:
        knows = [i for i, shape in enumerate(drawn.shapes) if theme in EXTREMES.get(shape.kind, ())]
        chosen = [knows, *([i] for i in knows if len(knows) > 1)]
        for special in chosen:
            for attempt in range(_attempts(drawn, special, theme)):
                yield theme, _inputs(drawn, theme, special, seed, attempt)


def _attempts(drawn: Drawn, special: list[int], theme: str) -> int:
    """Enough that a number has had every special value."""
    numbers = [drawn.shapes[i] for i in special if not drawn.shapes[i].sizes]
    if not numbers:
        return 1
    return min(4, max(len(_values(shape, theme)) for shape in numbers))


def _values(shape: Shape, theme: str) -> tuple:
    found = EXTREMES[shape.kind][theme]
    return found if shape.sizes else (*OF_NUMBERS.get((shape.kind, theme), ()), *found)


def _inputs(
    drawn: Drawn, theme: str, special: list[int], seed: int, attempt: int
) -> list[np.ndarray]:
    key = f"{theme} {special} {seed} {attempt}"
    rng, real = np.random.default_rng(list(key.encode())), seeded_fill(key)

    def whole(shape, low, high):
        return rng.integers(low, high, shape, np.int64, endpoint=True)

    def fill(shape, entries):
        return np.array(entries.drawn(shape, whole, real))

    sizes = {name: int(rng.integers(*drawn.sizes, endpoint=True)) for name in drawn.named_sizes()}
    arrays = []
    for i, shape in enumerate(drawn.shapes):
        array = drawn.filled(shape, sizes, fill)
        if i in special:
            values = _values(shape, theme)
            if not array.ndim:
                array = np.asarray(values[attempt % len(values)], array.dtype)
            elif array.size:
                chosen = rng.random(array.shape) < (1.0 if theme == EQUAL else SOME)
                chosen.flat[rng.integers(array.size)] = True
                array[chosen] = rng.choice(np.asarray(values, array.dtype), int(chosen.sum()))
        arrays.append(array)
    return arrays
