"""Steps of optimisers as functions."""

import numpy as np


def momentum_step(p, v, g, lr=0.125, mu=0.75):
    v = mu * v + (1 - mu) * g
    return p - lr * v, v


def nesterov_step(p, v, g, lr=0.125, mu=0.75):
    v = mu * v - lr * g
    return p + mu * v - g * lr, v


def adam_step(p, m, v, g, t, lr=0.125, b1=0.75, b2=0.875, eps=1e-3):
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g**2
    return p - lr * m / (np.sqrt(v) + eps), m, v


def adam_counted(p, m, v, g, t, lr=0.125, b1=0.75, b2=0.875):
    t = int(t)
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g * g
    m_hat = m / (1 - b1 ** (t + 1))
    v_hat = v / (1 - b2 ** (t + 1))
    return p - lr * m_hat / (np.sqrt(v_hat) + 1e-3)


def adamw_step(p, m, v, g, lr=0.125, wd=0.25, b1=0.75, b2=0.875, eps=1e-3):
    """No bias correction here."""
    g = g + wd * p
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g**2
    return p - lr * (m / (np.sqrt(v) + eps)), m, v


def sgd_with_decay(p, g, lr=0.125, wd=0.25):
    return p - lr * g - wd * p


def rmsprop_step(p, s, g, lr=0.125, rho=0.75, eps=0.001):
    s = rho * s + (1 - rho) * g**2
    return p - lr * g / np.sqrt(s + eps), s


def clipped(g, limit=1.0):
    """The gradient with a norm of at most `limit`."""
    norm = np.sqrt(np.sum(g**2, axis=0))
    return g * np.minimum(1, limit / (norm + 1e-6))


def averaged_weights(average, p, decay=0.9):
    average += (p - average) * decay
    return average


def cosine(t, total, base):
    """A learning rate that falls along a cosine."""
    return base * 0.5 * (1 + np.cos(180 * t / total))


def unbiased_mean(m, g, t, b=0.75):
    t = int(t)
    m = b * m + (1 - b) * g
    return m / (1 - b**t)


def clip_value(g, eps=1e-6):
    return g / np.maximum(np.abs(g), eps)
