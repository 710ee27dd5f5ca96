"""Flux's initialisers. Source: Flux.jl `src/utils.jl`.

All take a shape in Python's order (a Dense weight is (n_in, n_out), a convolution's (out, in, kh, kw)), give
float32, and draw from `rng`, anything with NumPy's `random` and `standard_normal`. Julia's random streams
cannot be reproduced here; handed the same random numbers, both sides give the same arrays.
"""

import math

import numpy as np

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


def zeros32(shape: tuple[int, ...], rng=None) -> np.ndarray:
    """Zeros in float32."""
    return np.zeros(shape, F32)


def ones32(shape: tuple[int, ...], rng=None) -> np.ndarray:
    """Ones in float32."""
    return np.ones(shape, F32)
