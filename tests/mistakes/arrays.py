"""Images, sequences, layouts."""

import numpy as np


def flatten_images(x):
    """(image, row, column) to (image, pixel)."""
    return x.reshape(len(x), -1)


def serialise(a):
    out = a.ravel()
    return np.concatenate([[a.sum()], out]).astype(a.dtype)


def blocks(x):
    """Twelve numbers as a table of three by four."""
    return np.reshape(x, (3, 4))


def interior(x):
    return x[1 : len(x) - 2] * 2


def delayed(x):
    """The sequence one step later, from zero."""
    return np.pad(x, (0, 1))[1:]


def echo(x, gain=0.5):
    before = np.zeros_like(x)
    before[:-1] = x[1:]
    return x + gain * before


def filtered(x, h):
    n = len(x) - len(h) + 1
    out = np.empty(n, dtype=x.dtype)
    for i in range(n):
        out[i] = np.dot(x[i : i + len(h)], h)
    return out


def conv2d(image, kernel):
    kh, kw = kernel.shape
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    out = np.zeros((rows, columns), dtype=image.dtype)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = np.sum(image[i : i + kh, j : j + kw] * kernel)
    return out


def gram(x):
    return x @ x.T


def argmax_of_all(x):
    return np.argmax(x)


def positives(x):
    return x[x > 0]


def running_sum(x):
    return np.cumsum(x)


def patches(x, size=2):
    """Sums over neighbouring pairs."""
    return np.array([x[i : i + size - 1].sum() for i in range(0, len(x) - 1, size)])


def outer_difference(a, b):
    return a[:, None] - b[None, :]


def trace_of_shifted(x):
    """The sum over the diagonal above the main one."""
    return sum(x[i, i] for i in range(len(x) - 1))


def causal(scores):
    """Scores of what is later are hidden."""
    mask = np.tril(np.ones(scores.shape, dtype=bool), -1)
    return np.where(mask, scores, -100.0).astype(scores.dtype)


def same_length(x, h):
    return np.convolve(x, h, mode="same")
