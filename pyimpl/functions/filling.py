"""Arrays like another one, filled anew. Source: MLUtils.jl `src/utils.jl`.

The element type and the shape are those of x unless given, in this order and each by itself:
`zeros_like(x)`, `zeros_like(x, (2, 3))`, `zeros_like(x, np.float32)`, `zeros_like(x, np.float32,
(2, 3))`. An integer is the shape of a vector.
"""

import numpy as np

from ..core.pullback import differentiable

__all__ = [
    "falses_like",
    "fill_like",
    "ones_like",
    "rand_like",
    "randn_like",
    "trues_like",
    "zeros_like",
]


def _form(who: str, x, given: tuple) -> tuple[np.dtype, tuple[int, ...]]:
    """The element type and the shape that are asked for."""
    x = np.asarray(x)
    dtype, shape = x.dtype, x.shape
    rest = list(given)
    if rest and not isinstance(rest[0], int | np.integer | tuple | list):
        dtype = np.dtype(rest.pop(0))
    if rest:
        wanted = rest.pop(0)
        shape = (int(wanted),) if isinstance(wanted, int | np.integer) else tuple(wanted)
    if rest:
        raise TypeError(f"{who} expects an element type and a shape, got {given}")
    return dtype, shape


def zeros_like(x, *dtype_and_shape) -> np.ndarray:
    """Zeros. MLUtils: `zeros_like`."""
    dtype, shape = _form("zeros_like", x, dtype_and_shape)
    return np.zeros(shape, dtype)


def ones_like(x, *dtype_and_shape) -> np.ndarray:
    """Ones. MLUtils: `ones_like`."""
    dtype, shape = _form("ones_like", x, dtype_and_shape)
    return np.ones(shape, dtype)


@differentiable
def fill_like(x, value, *dtype_and_shape):
    """`value` everywhere; its gradient is the sum of all entries. Raises ValueError for a value
    that the element type cannot hold. MLUtils: `fill_like`.
    """
    dtype, shape = _form("fill_like", x, dtype_and_shape)
    with np.errstate(invalid="ignore"):
        held = np.asarray(value).astype(dtype)
    if dtype.kind in "biu" and held != value:
        raise ValueError(f"fill_like expects a value that {dtype} can hold, got {value}")

    def fill_like_back(dy):
        return None, None, np.sum(dy), *(None for _ in dtype_and_shape)

    return np.full(shape, held), fill_like_back


def trues_like(x, *shape) -> np.ndarray:
    """True everywhere. MLUtils: `trues_like`."""
    return ones_like(x, bool, *shape)


def falses_like(x, *shape) -> np.ndarray:
    """False everywhere. MLUtils: `falses_like`."""
    return zeros_like(x, bool, *shape)


def rand_like(x, *dtype_and_shape, rng=None) -> np.ndarray:
    """U[0, 1), or of an integer type any number that it has, drawn from `rng`.

    MLUtils: `rand_like`.
    """
    dtype, shape = _form("rand_like", x, dtype_and_shape)
    rng = np.random.default_rng() if rng is None else rng
    if dtype.kind == "f":
        return np.asarray(rng.random(shape, dtype=_drawn(dtype)), dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    raise ValueError(f"rand_like expects real numbers, got an element type {dtype}")


def randn_like(x, *dtype_and_shape, rng=None) -> np.ndarray:
    """N(0, 1), drawn from `rng`. MLUtils: `randn_like`."""
    dtype, shape = _form("randn_like", x, dtype_and_shape)
    if dtype.kind != "f":
        raise ValueError(f"randn_like expects floating-point numbers, got {dtype}")
    rng = np.random.default_rng() if rng is None else rng
    return np.asarray(rng.standard_normal(shape, dtype=_drawn(dtype)), dtype)


def _drawn(dtype: np.dtype):
    """NumPy draws no float16."""
    return np.float64 if dtype == np.float64 else np.float32
