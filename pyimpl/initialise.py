"""Flux's initialisers. Source: Flux.jl `src/utils.jl`.

All take a shape in Python's order (a Dense weight is (n_in, n_out), a convolution's (out, in, kh,
kw)), give float32, and draw from `rng`, anything with NumPy's `random` and `standard_normal`.
Julia's random streams cannot be reproduced here; handed the same random numbers, both sides give
the same arrays. Flux's `kaiming_uniform(gain=0.5)`, a function of the size, is
`functools.partial(kaiming_uniform, gain=0.5)`.
"""

import math
import warnings
from statistics import NormalDist

import numpy as np

__all__ = [
    "glorot_normal",
    "glorot_uniform",
    "identity_init",
    "kaiming_normal",
    "kaiming_uniform",
    "lecun_normal",
    "ones32",
    "orthogonal",
    "rand32",
    "randn32",
    "sparse_init",
    "truncated_normal",
    "zeros32",
]

F32 = np.float32


def _generator(rng) -> np.random.Generator:
    return np.random.default_rng() if rng is None else rng


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight, from its shape in Python's order. Flux: `nfan`."""
    if len(shape) < 2:
        return 1, math.prod(shape)
    if len(shape) == 2:
        return shape[0], shape[1]
    taps = math.prod(shape[2:])
    return taps * shape[1], taps * shape[0]


def glorot_uniform(shape: tuple[int, ...], rng=None, gain: float = 1.0) -> np.ndarray:
    """U(-a, a) with `a = gain * sqrt(6 / (fan_in + fan_out))`. Glorot and Bengio 2010."""
    scale = F32(gain) * np.sqrt(F32(24) / F32(sum(fans(shape))))
    return (_generator(rng).random(shape, dtype=F32) - F32(0.5)) * scale


def glorot_normal(shape: tuple[int, ...], rng=None, gain: float = 1.0) -> np.ndarray:
    """N(0, std^2) with `std = gain * sqrt(2 / (fan_in + fan_out))`."""
    std = F32(gain) * np.sqrt(F32(2) / F32(sum(fans(shape))))
    return _generator(rng).standard_normal(shape, dtype=F32) * std


def kaiming_uniform(shape: tuple[int, ...], rng=None, gain: float = math.sqrt(2.0)) -> np.ndarray:
    """U(-a, a) with `a = gain * sqrt(3 / fan_in)`. He et al. 2015."""
    bound = F32(math.sqrt(3) * gain / math.sqrt(fans(shape)[0]))
    return (_generator(rng).random(shape, dtype=F32) - F32(0.5)) * (2 * bound)


def kaiming_normal(shape: tuple[int, ...], rng=None, gain: float = math.sqrt(2.0)) -> np.ndarray:
    """N(0, std^2) with `std = gain / sqrt(fan_in)`."""
    std = F32(gain / math.sqrt(fans(shape)[0]))
    return _generator(rng).standard_normal(shape, dtype=F32) * std


_quantile = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])


def _normal_cdf(x) -> float:
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def _erfinv(z: np.ndarray) -> np.ndarray:
    """The inverse of erf; infinite at -1 and 1."""
    tail = (1 - np.abs(z)) / 2
    root = np.where(tail > 0, _quantile(np.where(tail > 0, tail, 0.5)) / math.sqrt(2), np.inf)
    return np.copysign(root, z)


def truncated_normal(shape: tuple[int, ...], rng=None, mean=0, std=1, lo=-2, hi=2) -> np.ndarray:
    """N(mean, std^2) between `lo` and `hi`, which are numbers and not multiples of std: the inverse
    cdf of uniform draws.

    Warns, as Flux does, where the mean is more than two std outside of the limits.
    """
    if mean < lo - 2 * std or mean > hi + 2 * std:
        warnings.warn(
            f"truncated_normal expects a mean within 2 std of [{lo}, {hi}], got mean {mean} and "
            f"std {std}",
            stacklevel=2,
        )
    with np.errstate(divide="ignore", invalid="ignore"):  # std may be 0
        below, above = (_normal_cdf(np.divide(limit - mean, std)) for limit in (lo, hi))
        u = _generator(rng).random(shape, dtype=F32)
        z = u * np.float64(2 * (above - below)) + (2 * below - 1)
        return np.clip(_erfinv(z) * std * math.sqrt(2) + mean, lo, hi).astype(F32)


def lecun_normal(shape: tuple[int, ...], rng=None, gain: float = 1.0) -> np.ndarray:
    """`truncated_normal` with `std = gain / sqrt(fan_in)`. LeCun et al. 1998.

    The limits stay at -2 and 2, far outside for any but the smallest fans. A uniform draw of
    exactly 0, one in 2^24, then is -2, in Flux and here.
    """
    return truncated_normal(shape, rng, std=F32(gain) * np.sqrt(F32(1) / F32(fans(shape)[0])))


def orthogonal(shape: tuple[int, ...], rng=None, gain: float = 1.0) -> np.ndarray:
    """Gain times an array that, as a matrix (shape[0], the rest), has orthonormal rows, or columns
    if it has fewer of these.

    The Q of the QR decomposition of normal draws, with the signs that make the diagonal of R
    positive. Saxe et al. 2014.
    """
    rows, columns = shape[0], math.prod(shape[1:])
    narrow = (
        rows <= columns
    )  # Flux decomposes (columns, rows), which is (rows, columns) in Julia's memory
    draws = _generator(rng).standard_normal(
        (rows, columns) if narrow else (columns, rows), dtype=F32
    )
    q, r = np.linalg.qr(draws.T)
    q = (q * np.sign(np.diagonal(r)) * F32(gain)).astype(F32)
    return np.ascontiguousarray(q.T if narrow else q).reshape(shape)


def sparse_init(
    shape: tuple[int, int], rng=None, *, sparsity: float, std: float = 0.01
) -> np.ndarray:
    """N(0, std^2) with `ceil(sparsity * shape[1])` zeros at random places of every row. Martens
    2010.

    A row is what Julia has as a column: the weights of one input of a Dense layer. Raises
    ValueError for other than two axes.
    """
    if len(shape) != 2:
        raise ValueError(f"sparse_init expects a shape (n_in, n_out), got {tuple(shape)}")
    rng = _generator(rng)
    zeros = max(math.ceil(min(1.0, sparsity) * shape[1]), 0)
    array = rng.standard_normal(shape, dtype=F32) * F32(std)
    array[:, :zeros] = 0
    return np.take_along_axis(array, np.argsort(rng.random(shape, dtype=F32), axis=1), axis=1)


def identity_init(
    shape: tuple[int, ...], rng=None, gain: float = 1.0, shift: int | tuple[int, ...] = 0
) -> np.ndarray:
    """`gain` where input i meets output i - of a convolution, at the centre of the kernel - and 0
    elsewhere; a vector is all zeros.

    Everything is then rolled by `shift`: along every axis if it is a tuple, along the last if it is
    an integer, which is Julia's first. The centre of an even kernel is the cell before the middle.
    Le et al. 2015.
    """
    array = np.zeros(shape, F32)
    if len(shape) < 2:
        return array
    centre = tuple((size - 1) // 2 for size in shape[2:])
    for i in range(min(shape[:2])):
        array[(i, i, *centre)] = gain
    if isinstance(shift, int | np.integer):
        return np.roll(array, shift, axis=-1)
    if len(shift) != len(shape):
        raise ValueError(
            f"identity_init expects shift as an integer or {len(shape)} integers, got {shift!r}"
        )
    return np.roll(array, shift, axis=tuple(range(len(shape))))


def rand32(shape: tuple[int, ...], rng=None) -> np.ndarray:
    """U(0, 1) in float32."""
    return _generator(rng).random(shape, dtype=F32)


def randn32(shape: tuple[int, ...], rng=None) -> np.ndarray:
    """N(0, 1) in float32."""
    return _generator(rng).standard_normal(shape, dtype=F32)


def zeros32(shape: tuple[int, ...], rng=None) -> np.ndarray:
    """Zeros in float32."""
    return np.zeros(shape, F32)


def ones32(shape: tuple[int, ...], rng=None) -> np.ndarray:
    """Ones in float32."""
    return np.ones(shape, F32)
