"""The textbook family: the layers, rules and tape of "deep learning from scratch", which differ from Flux's on purpose."""

from .convolution import Convolution, Pooling
from .cross_entropy import cross_entropy_error, softmax, softmax_with_loss, softmax_with_summed_loss
from .layers import Affine, BatchNormalization, Dropout, Relu, Sigmoid, initial_std
from .numerical_gradient import numerical_gradient
from .rules import SGD, AdaGrad, AdaGradNoEps, Adam, Momentum
from .tape import Variable, apply, as_variable, linear, mean_squared_error

__all__ = [
    "SGD",
    "AdaGrad",
    "AdaGradNoEps",
    "Adam",
    "Affine",
    "BatchNormalization",
    "Convolution",
    "Dropout",
    "Momentum",
    "Pooling",
    "Relu",
    "Sigmoid",
    "Variable",
    "apply",
    "as_variable",
    "cross_entropy_error",
    "initial_std",
    "linear",
    "mean_squared_error",
    "numerical_gradient",
    "softmax",
    "softmax_with_loss",
    "softmax_with_summed_loss",
]
