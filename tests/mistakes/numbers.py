"""Whole numbers, angles, powers."""

import math

import numpy as np

STEP = 0.1


def phase(t):
    """Time within a period of 1.5."""
    return t % 1.5


def wrap(angle):
    """Into (-180, 180)."""
    turned = angle * 90
    return np.mod(turned, 180.0)


def bucket(keys):
    return (7 * keys + 3) % 5


def midpoint(a, b):
    return (a + b) // 2


def page(offset, size):
    """The page that an offset, possibly negative, falls on."""
    return np.array([int(o / size) for o in offset])


def string_hash(codes):
    h = 17
    for c in codes:
        h = h * 1000003 + int(c) * 8191
        h = h * 1000003 + 12345
        h = h * 1000003
    return h


def checksum(data):
    octets = data.astype(np.uint8)
    return np.sum(octets * 37).astype(np.int64)


def fold(data):
    """A 32-bit accumulator."""
    total = 1
    for byte in data:
        total = total * 65599 + int(byte)
    return total


def height(distance, angle):
    """Of a tower that is seen under an angle in degrees."""
    return distance * np.tan(angle)


def heading(x, y):
    return np.arctan2(y, x) * 180 / np.pi


def decayed(x):
    rate = 0.1
    return x * np.exp(-rate * np.arange(len(x), dtype=x.dtype))


def euler(x, v):
    for _ in range(3):
        x = x + STEP * v
        v = v - STEP * x
    return x, v


def two_steps(transition):
    """The probability of every way in two steps."""
    return transition**2


def propagate(a, x):
    return np.exp(a) @ x


def mix(a, b):
    return a * b + np.eye(len(a), dtype=a.dtype)


def weighted(x):
    """Every entry times its place."""
    return sum(i * v for i, v in enumerate(x))


def strongest(x):
    return np.argmax(np.abs(x))


def sample(a):
    """A parabola on the grid 0, 1/4, ..., 1."""
    grid = np.arange(0, 1, 0.25)
    return a * grid.astype(a.dtype) ** 2


def harmonic(x):
    total = 0.0 * x
    for k in range(1, 6):
        total = total + x**k / k
    return total


def distance(a, b):
    return np.linalg.norm(a - b, 2)


def scaled_scores(q, k):
    """Scores of attention."""
    d = q.shape[-1]
    return q @ k.T / np.sqrt(d)


def running_total(x):
    total = np.zeros(len(x))
    total[0] = x[0]
    for i in range(1, len(x)):
        total[i] = total[i - 1] + x[i]
    return total


def gain(level):
    """Of an amplifier whose level is given in decades."""
    return math.sqrt(2.0) * np.exp2(level)


def grid_cell(x):
    """In which cell of width 1/2 a coordinate lies."""
    return (x * 2).astype(np.int64)
