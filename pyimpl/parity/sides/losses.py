"""Losses of the user's, with the contract that all NumPy sides are trained by."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np


def called(thing: Any) -> str:
    """What a function or object of the user's is called."""
    return getattr(thing, "__name__", None) or type(thing).__name__


class Loss:
    """A loss of the user's with the project's contract: `value, back = pullback(y, target)`;
    `back(dvalue)[1]` is the gradient of y.

    Raises TypeError for what has neither a `pullback` nor `forward` and `backward`.
    """

    def __init__(self, subject: Any):
        self.subject = subject
        if not hasattr(subject, "pullback") and not (
            hasattr(subject, "forward") and hasattr(subject, "backward")
        ):
            raise TypeError(
                f"the loss {called(subject)} has no gradient: expected `forward(output, target)` "
                "and `backward(1.0)`, or `value, back = loss.pullback(output, target)`, where "
                "`back(1.0)` gives three: of the loss itself (None), the output and the target"
            )

    def pullback(self, y: np.ndarray, target: np.ndarray) -> tuple[Any, Callable[[Any], tuple]]:
        """The value, and what gives the gradients of the loss, of y and of the target."""
        if hasattr(self.subject, "pullback"):
            value, back = self.subject.pullback(y, target)
            return value, lambda dvalue: _three(back(dvalue), y)
        layer = copy.deepcopy(self.subject)

        def back_of_layer(dvalue):
            dy = layer.backward(dvalue)
            return _three((None, dy[0] if isinstance(dy, tuple) else dy, None), y)

        return layer.forward(y, target), back_of_layer


class ScaledLoss:
    """A loss with a `pullback`, times a factor that depends on the output's shape."""

    def __init__(self, loss: Any, factor: Callable[[tuple[int, ...]], float]):
        self._loss, self._factor = loss, factor

    def pullback(self, y: np.ndarray, target: np.ndarray) -> tuple[Any, Callable[[Any], tuple]]:
        """Value and gradients, scaled."""
        value, back = self._loss.pullback(y, target)
        factor = y.dtype.type(self._factor(y.shape))
        return factor * value, lambda dvalue: back(factor * dvalue)


def _three(gradients: Any, y: np.ndarray) -> tuple:
    if not isinstance(gradients, tuple | list) or len(gradients) != 3:
        count = len(gradients) if isinstance(gradients, tuple | list) else 1
        raise TypeError(
            f"the loss's `back` gives {count} of the gradients, expected 3: of the loss itself, of "
            "the output, of the target"
        )
    if np.shape(gradients[1]) != y.shape:
        raise ValueError(
            f"the loss gives a gradient of shape {np.shape(gradients[1])} for an output of shape "
            f"{y.shape}"
        )
    return tuple(gradients)
