"""Functions of PyTorch's tensors, whose gradients are autograd's."""

import sys
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from .array_functions import array_function, works_with
from .pytorch import PyTorch, one_thread
from .side import PythonSide


class TorchLibrary:
    """PyTorch as a library of arrays."""

    name = "torch"

    def working(self) -> AbstractContextManager[None]:
        """On one thread."""
        return one_thread()

    def array(self, x: np.ndarray) -> Any:
        """A tensor."""
        return sys.modules["torch"].from_numpy(np.array(x))

    def gradients(
        self, function: Callable[..., Any], xs: Sequence[Any], dys: Sequence[Any], key: Hashable
    ) -> list[Any]:
        """Autograd's."""
        torch = sys.modules["torch"]
        leaves = [x.requires_grad_() for x in xs]
        # A function may work in place on what it is given, which a leaf of autograd's refuses.
        value = function([x.clone() for x in leaves], dys)
        if not leaves or not getattr(value, "requires_grad", False):
            return [None] * len(leaves)
        return list(torch.autograd.grad(value, leaves, allow_unused=True))


LIBRARY = TorchLibrary()


class TensorFunctions(PyTorch):
    """Functions of tensors."""

    name = "functions of PyTorch"

    def recognises(self, subject: Any) -> bool:
        """Whether it is a function whose code works with tensors."""
        return callable(subject) and works_with(subject, "torch")

    def side(self, subject: Any, backward: Callable[..., Any] | None, seconds: float) -> PythonSide:
        """The function, given tensors."""
        return array_function(LIBRARY, self, subject, backward, seconds)


TENSOR_FUNCTIONS = TensorFunctions()
