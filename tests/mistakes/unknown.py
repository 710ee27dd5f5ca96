"""Mistakes of no known kind."""

import numpy as np


def scaled(x):
    return np.tanh(x) * 1.001


def wave(x):
    return np.sin(x) - 0.5 * np.cos(2 * x)


def energy(x, v):
    return np.sum(v**2) - np.sum(x**3)


def other_function(x):
    return np.tanh(x) + np.arctan(x)


def distance(a, b):
    return np.sqrt(np.sum(np.abs(a - b) ** 3, axis=1))


def polynomial(x):
    return 3 * x**2 + 7 * x - 1


def volume(r, h):
    return np.pi * r**2 * h / 4


def forgotten(x, y):
    return x * y - y


def middle(x):
    return (np.max(x) + np.min(x)) / 2


def swish(x):
    return x / (1 + np.exp(-1.5 * x))


def line(x):
    return 2 * x + 1


def line_back(dy, x):
    return dy * 3 + x


def checksum(x):
    return np.sum(x * x) % 11


def blend(a, b):
    return 0.3 * a + 0.6 * b


def lowest(x):
    return np.min(np.abs(x)) + np.max(x)


def hyperbola(a, b):
    return np.sqrt(np.abs(a * a - b * b))


def norms(x):
    return np.sum(np.abs(x), axis=1)


def cosine(a, b):
    return a @ b / np.sqrt((a @ a) * (b @ b) + 1)


def sequence(x):
    out = [x[0]]
    for v in x[1:]:
        out.append(0.5 * out[-1] + v)
    return np.array(out, dtype=x.dtype)


def gate(x, h):
    z = 1 / (1 + np.exp(-x))
    return z * h + (1 - z) * x


def score(x, y):
    return np.mean((x - y) ** 2) + 0.1 * np.mean(x)


def recount(x):
    return np.sum(x > 2) + 2


def scheduled(p, g):
    return p - 0.125 * np.sign(g) * g**2


def rooted(x):
    return np.sqrt(np.mean(x**2)) + 0.01


def lagged(x):
    return x[3:] - x[:-3]
