"""Layers, cells and losses written by hand, some with their backward pass."""

import math

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def layer_norm(x, scale, shift, eps=1e-3):
    mean = x.mean(axis=-1, keepdims=True)
    std = np.sqrt(x.var(axis=-1, keepdims=True))
    return scale * (x - mean) / (std + eps) + shift


def rms_norm(x, gain):
    rms = np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-8)
    return gain * x / rms


def batch_norm(x, running_mean, running_var, momentum=0.1):
    mean, var = x.mean(axis=0), x.var(axis=0)
    y = (x - mean) / np.sqrt(var + 1e-3)
    new_mean = (1 - momentum) * running_mean + momentum * mean
    new_var = (1 - momentum) * running_var + momentum * var
    return y, new_mean, new_var


def running_statistics(x, mean, var, momentum=0.1):
    """What a layer of batch normalisation keeps."""
    new_mean = momentum * mean + (1 - momentum) * np.mean(x, axis=0)
    new_var = momentum * var + (1 - momentum) * np.var(x, axis=0)
    return new_mean, new_var


def gelu(x):
    cdf = 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x * cdf


def feed_forward(x, w, b):
    h = x @ w + b
    return np.where(h > 0, h, 0.2 * h)


def lstm_step(x, h, c, wi, wh, b):
    z = x @ wi + h @ wh + b
    i, f, o, g = np.split(z, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


class PeepholeFree:
    """An LSTM that takes its gates from slices."""

    def __init__(self, size):
        self.size = size

    def gates(self, z):
        n = self.size
        return (
            sigmoid(z[:, :n]),
            sigmoid(z[:, n : 2 * n]),
            np.tanh(z[:, 2 * n : 3 * n]),
            sigmoid(z[:, 3 * n :]),
        )

    def __call__(self, z, c):
        f, i, g, o = self.gates(z)
        c = f * c + i * g
        return o * np.tanh(c)


peephole_free = PeepholeFree(2)


def gru_step(x, h, wi, wh, b):
    n = h.shape[-1]
    gi, gh = x @ wi, h @ wh
    r = sigmoid(gi[:, :n] + gh[:, :n] + b[:n])
    z = sigmoid(gi[:, n : 2 * n] + gh[:, n : 2 * n] + b[n : 2 * n])
    candidate = np.tanh(gi[:, 2 * n :] + r * (gh[:, 2 * n :] + b[2 * n :]))
    return (1 - z) * candidate + z * h


def gru_candidate(x, h, r, w, u):
    """With the reset gate given."""
    return np.tanh(x @ w + r * (h @ u))


def gru_update(candidate, h, z):
    gate = sigmoid(z)
    return gate * candidate + (1 - gate) * h


def attention(q, k, v):
    scores = q @ k.T * 0.5
    weights = softmax(scores, axis=0)
    return weights @ v


def cross_entropy(logits, target):
    p = softmax(logits)
    return -np.mean(np.sum(target * np.log(p), axis=-1))


def cross_entropy_back(dy, logits, target):
    p = softmax(logits)
    log_p = np.log(p)
    dlogits = dy * (p * target.sum(axis=-1, keepdims=True) - target)
    return dlogits, -dy * log_p / len(target)


def relu(x):
    return np.maximum(x, 0)


def relu_back(dy, x):
    return dy * (x >= 0)


def huber(prediction, target):
    error = np.abs(prediction - target)
    return np.mean(np.where(error < 1, error**2, 2 * error - 1))


def binary_cross_entropy(p, target):
    return -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p))


def triplet(anchor, near, far):
    """A loss with a margin of one."""
    d = np.sum((anchor - near) ** 2, axis=1) - np.sum((anchor - far) ** 2, axis=1)
    return np.sum(np.maximum(d + 1, 0))


def dense(x, w, b):
    return np.tanh(x @ w + b)


def dense_back(dy, x, w, b):
    y = dense(x, w, b)
    dz = dy * (1 - y * y)
    return dz @ w.T, x.T @ dz, dz.mean(axis=0)


def max_pool(x):
    """The larger of every two neighbours."""
    n = len(x) // 2
    return x[: 2 * n].reshape(n, 2).max(axis=1)


def max_pool_back(dy, x):
    n = len(x) // 2
    pairs = x[: 2 * n].reshape(n, 2)
    dx = np.zeros_like(x)
    dx[2 * np.arange(n) + np.argmax(pairs, axis=1)] = dy
    return dx


def embedding(table, index):
    return table[index]


def focal(p, gamma=2):
    return -np.mean((1 - p) ** gamma * np.log10(p))
