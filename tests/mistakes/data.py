"""Statistics and signals."""

import numpy as np


def standardise(x):
    mean = np.mean(x, axis=0)
    return (x - mean) / np.std(x, axis=0)


def covariance(x):
    centred = x - x.mean(axis=0)
    return centred.T @ centred / x.shape[0]


def t_statistic(x):
    n = len(x)
    return np.mean(x) / np.sqrt(np.var(x) / n)


def pooled_spread(a, b):
    """Standard deviation of two samples together."""
    ss = np.sum((a - a.mean()) ** 2) + np.sum((b - b.mean()) ** 2)
    n = len(a) + len(b) - 1
    return np.sqrt(ss / n)


def moving_average(x, width=3):
    return np.array([x[i : i + width].mean() for i in range(len(x) - width)])


def smooth(x, alpha=0.25):
    """Exponential smoothing."""
    level = x[0]
    out = [level]
    for value in x[1:]:
        level = alpha * level + (1 - alpha) * value
        out.append(level)
    return np.stack(out)


def counts(x):
    """How many values fall into each of eight bins between -4 and 4."""
    found, _ = np.histogram(x, bins=8, range=(-4, 4))
    return found


def row_means(x):
    return x.mean(axis=1)


def share(x):
    """Every entry as a share of its row."""
    total = np.sum(x, axis=0)
    return x / total


def ranking(x):
    """Positions from the largest to the smallest."""
    return np.argsort(x, kind="stable")[::-1]


def three_best(x):
    ordered = np.sort(x)
    return ordered[:3]


def mean_reading(x):
    """Readings above 2 are saturated and do not count."""
    valid = np.where(x > 2, np.nan, x)
    return valid.mean(axis=0)


def peak(x):
    readings = np.log(np.where(x > 1, -1.0, np.abs(x)))
    return np.nanmax(readings)


def entropy(weights):
    p = weights / weights.sum()
    return -np.sum(p * np.log(p))


def decibels(signal, noise):
    ratio = np.mean(signal**2) / np.mean(noise**2)
    return 10 * np.log(ratio)


def categories(x):
    return np.unique(x)


def mean_squared_error(a, b):
    d = a - b
    return np.sum(d * d) / a.shape[0]


def quantise(x):
    """To the next sixteenth."""
    return np.round(x * 16) / 16


def autocorrelation(x, lag=2):
    d = x - x.mean()
    return np.sum(d[lag - 1 :] * d[: len(d) - lag + 1]) / np.sum(d * d)


def above(x, thresholds):
    """How many values reach each threshold."""
    return np.array([np.sum(x > t) for t in thresholds])


def median_deviation(x):
    """Median absolute deviation of every column."""
    centre = np.median(x, axis=0)
    return np.median(np.abs(x - centre), axis=1)


def winner(votes):
    """The last of the strongest."""
    return int(np.argmax(votes))
