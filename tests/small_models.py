"""Small models, rules and settings that tests of pairs have in common."""

import numpy as np
import pytest
from pretended import checked

from pyimpl import (
    BatchNorm,
    Chain,
    Conv,
    Dense,
    Dropout,
    flatten,
    relu,
)
from pyimpl.parity import arrays

BATCH = arrays("batch,3", "batch,2", sizes=(2, 5))


HALF = (
    float(np.float32(0.1)),
    float(np.float32(1e-5)),
)  # Flux's momentum and epsilon are literals in single precision


def checked_model(python, julia, inputs=BATCH, training=None, of_julia=None, cases=12, **options):
    """The result of a pair of models, rules or trainings, on a batch by default."""
    return checked(
        python, julia, inputs, training=training, of_julia=of_julia, count=cases, **options
    )


def network(seed=0):
    """Of a convolution, statistics, a function, a product and a mask, for images of 4 by 4."""
    rng = np.random.default_rng(seed)
    return Chain(
        Conv((3, 3), 1, 2, relu, rng=rng),
        BatchNorm(2),
        flatten,
        Dense(8, 3, rng=rng),
        Dropout(0.5, rng=np.random.default_rng(seed)),
    )


def flux(seed=0):
    rng = np.random.default_rng(seed)
    return Chain(Dense(3, 4, relu, rng=rng), BatchNorm(4), Dense(4, 2, rng=rng))


def in_torch():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    momentum, eps = HALF
    layers = (
        torch.nn.Linear(3, 4),
        torch.nn.ReLU(),
        torch.nn.BatchNorm1d(4, eps, momentum),
        torch.nn.Linear(4, 2),
    )
    return torch, torch.nn.Sequential(*layers)


class Net:
    """Two layers as books write them."""

    def __init__(self, sizes=(3, 4, 2)):
        rng = np.random.default_rng(0)
        self.W1, self.b1 = rng.standard_normal(sizes[:2]), np.zeros(sizes[1])
        self.W2, self.b2 = rng.standard_normal(sizes[1:]), np.zeros(sizes[2])

    def forward(self, x):
        self.x, self.hidden = x, np.tanh(x @ self.W1 + self.b1)
        return self.hidden @ self.W2 + self.b2

    def backward(self, dy):
        self.dW2, self.db2 = self.hidden.T @ dy, dy.sum(0)
        inner = dy @ self.W2.T * (1 - self.hidden**2)
        self.dW1, self.db1 = self.x.T @ inner, inner.sum(0)
        return inner @ self.W1.T
