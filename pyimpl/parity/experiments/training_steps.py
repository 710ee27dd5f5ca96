"""One training step of every experiment of `comparisons/`, in Float32 and at its published size,
for `benchmarks`.

Each builder gives a function that makes one step. The NumPy ones use what the experiment uses; the
PyTorch ones are plain eager PyTorch; the Flux ones stand in `julia/benchmark.jl`. What is learned
does not matter here: data are random.
"""

from collections.abc import Callable

import numpy as np

Step = Callable[[], None]

EXPERIMENTS = {
    "regression": "E1: 6-10-1, BatchNorm, batch 20, Adam",
    "weight_scales": "E2: 64-100-100-100-100-100-10, BatchNorm, batch 100, SGD",
    "weight_scales_mnist": "E2 on MNIST: 784-100-100-100-100-100-10, BatchNorm, batch 100, SGD",
    "sine": "E3: 1-10-1, batch 100, gradient descent, define by run",
    "techniques": "E4: 64-100-100-100-100-10, batch 100, Adam",
    "convolution": "E5: two convolutions, pooling, 160-200-200-10, Dropout, batch 8, AdaGrad",
}
RNG = np.random.default_rng


def normal(*shape: int, std: float = 1.0) -> np.ndarray:
    """Normal numbers in Float32, the same each time."""
    return (std * RNG(0).standard_normal(shape)).astype(np.float32)


def labels(count: int) -> np.ndarray:
    """Digits, the same each time."""
    return RNG(1).integers(0, 10, count)


# NumPy


def _affine(n_in, n_out, std=None):
    from pyimpl.textbook import Affine

    return Affine(normal(n_in, n_out, std=std or (2 / n_in) ** 0.5), np.zeros(n_out, np.float32))


def _stepper(model, loss, rule, x, y) -> Step:
    from pyimpl import setup, supervised, update, withgradient

    state, objective = setup(rule, model), supervised(loss)

    def step():
        _, gradients = withgradient(objective, model, x, y)
        update(state, model, gradients[0])

    return step


def numpy_regression() -> Step:
    """E1."""
    from pyimpl import (
        Adam,
        BatchNorm,
        Chain,
        Dense,
        mse,
        sigmoid,
    )

    model = Chain(Dense(6, 10, sigmoid), BatchNorm(10), Dense(10, 1))
    return _stepper(model, mse, Adam(), normal(20, 6), normal(20, 1))


def numpy_weight_scales(inputs: int = 64) -> Step:
    """E2."""
    from pyimpl import Chain
    from pyimpl.textbook import SGD, BatchNormalization, Relu, softmax_with_loss

    sizes = (inputs, 100, 100, 100, 100, 100)
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        layers += [
            _affine(n_in, n_out),
            BatchNormalization(np.ones(n_out, np.float32), np.zeros(n_out, np.float32)),
            Relu(),
        ]
    return _stepper(
        Chain(*layers, _affine(100, 10)),
        softmax_with_loss,
        SGD(0.01),
        normal(100, inputs),
        labels(100),
    )


def numpy_weight_scales_mnist() -> Step:
    """E2 on MNIST."""
    return numpy_weight_scales(784)


def numpy_sine() -> Step:
    """E3."""
    from pyimpl.textbook import tape

    x, y = tape.Variable(normal(100, 1)), tape.Variable(normal(100, 1))
    first = tape.Variable(normal(1, 10)), tape.Variable(np.zeros(10, np.float32))
    last = tape.Variable(normal(10, 1)), tape.Variable(np.zeros(1, np.float32))
    rate = np.float32(0.2)

    def step():
        loss = tape.mean_squared_error(y, tape.linear(tape.sigmoid(tape.linear(x, *first)), *last))
        for variable in (*first, *last):
            variable.cleargrad()
        loss.backward()
        for variable in (*first, *last):
            assert variable.grad is not None
            variable.data -= rate * variable.grad

    return step


def numpy_techniques() -> Step:
    """E4."""
    from pyimpl import Chain
    from pyimpl.textbook import Adam, Relu, softmax_with_loss

    sizes = (64, 100, 100, 100, 100)
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        layers += [_affine(n_in, n_out), Relu()]
    return _stepper(
        Chain(*layers, _affine(100, 10)), softmax_with_loss, Adam(), normal(100, 64), labels(100)
    )


def numpy_convolution() -> Step:
    """E5."""
    from pyimpl import Chain
    from pyimpl.textbook import (
        AdaGradNoEps,
        Convolution,
        Dropout,
        Pooling,
        Relu,
        softmax_with_summed_loss,
    )

    def convolution(n_in):
        return Convolution(
            normal(10, n_in, 3, 3, std=0.1), np.zeros(10, np.float32), stride=(1, 1), pad=(1, 1)
        )

    features = [convolution(1), Relu(), convolution(10), Relu(), Pooling(2, 2, stride=(2, 2))]
    dense = [
        _affine(160, 200, 0.1),
        Relu(),
        Dropout(0.5),
        _affine(200, 200, 0.1),
        Relu(),
        Dropout(0.5),
        _affine(200, 10, 0.1),
    ]
    return _stepper(
        Chain(*features, *dense),
        softmax_with_summed_loss,
        AdaGradNoEps(0.01),
        normal(8, 1, 8, 8),
        labels(8),
    )


# PyTorch, eager


def _torch_stepper(model, loss, optimiser, x, y) -> Step:
    import torch

    x, y = torch.from_numpy(x), torch.from_numpy(y)

    def step():
        optimiser.zero_grad()
        loss(model(x), y).backward()
        optimiser.step()

    return step


def _torch_dense(sizes, between) -> list:
    from torch import nn

    layers: list = []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(n_in, n_out), *between(n_out)]
    return layers


def torch_regression() -> Step:
    """E1."""
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(6, 10), nn.Sigmoid(), nn.BatchNorm1d(10), nn.Linear(10, 1))
    return _torch_stepper(
        model,
        nn.functional.mse_loss,
        torch.optim.Adam(model.parameters()),
        normal(20, 6),
        normal(20, 1),
    )


def torch_weight_scales(inputs: int = 64) -> Step:
    """E2."""
    import torch
    from torch import nn

    hidden = _torch_dense(
        (inputs, 100, 100, 100, 100, 100), lambda units: (nn.BatchNorm1d(units), nn.ReLU())
    )
    model = nn.Sequential(*hidden, nn.Linear(100, 10))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    return _torch_stepper(
        model, nn.functional.cross_entropy, optimiser, normal(100, inputs), labels(100)
    )


def torch_weight_scales_mnist() -> Step:
    """E2 on MNIST."""
    return torch_weight_scales(784)


def torch_sine() -> Step:
    """E3."""
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(1, 10), nn.Sigmoid(), nn.Linear(10, 1))
    return _torch_stepper(
        model,
        nn.functional.mse_loss,
        torch.optim.SGD(model.parameters(), lr=0.2),
        normal(100, 1),
        normal(100, 1),
    )


def torch_techniques() -> Step:
    """E4."""
    import torch
    from torch import nn

    model = nn.Sequential(
        *_torch_dense((64, 100, 100, 100, 100), lambda units: (nn.ReLU(),)), nn.Linear(100, 10)
    )
    return _torch_stepper(
        model,
        nn.functional.cross_entropy,
        torch.optim.Adam(model.parameters()),
        normal(100, 64),
        labels(100),
    )


def torch_convolution() -> Step:
    """E5."""
    import torch
    from torch import nn

    features = (
        nn.Conv2d(1, 10, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(10, 10, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
    )
    dense = _torch_dense((160, 200, 200), lambda units: (nn.ReLU(), nn.Dropout(0.5)))
    model = nn.Sequential(*features, *dense, nn.Linear(200, 10))
    optimiser = torch.optim.Adagrad(model.parameters(), lr=0.01)
    return _torch_stepper(
        model, nn.functional.cross_entropy, optimiser, normal(8, 1, 8, 8), labels(8)
    )
