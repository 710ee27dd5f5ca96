"""Modules of PyTorch, and functions of tensors.

PyTorch is never imported here: only what was made with it is recognised.
"""

import copy
import sys
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, Kind, Name, numbered
from .side import Guarded, as_arrays, changed


def _copied(module: Any) -> Any:
    """A deep copy of a PyTorch module.

    Its dozen empty dicts of hooks are made anew rather than copied, which takes most of the time.
    """
    memo: dict[int, Any] = {}
    for part in module.modules():
        memo |= {
            id(value): type(value)()
            for value in vars(part).values()
            if type(value) in (dict, OrderedDict) and not value
        }
    return copy.deepcopy(module, memo)


@dataclass
class TorchSide(Guarded):
    """A PyTorch module, or a function of tensors; gradients are autograd's."""

    has_gradient: bool = True

    @property
    def is_model(self) -> bool:
        """Whether it has parameters of its own."""
        return hasattr(self.subject, "state_dict")

    def parameters(self) -> dict[str, np.ndarray]:
        """Parameters and buffers of floating-point numbers, by their names in `state_dict`."""
        if not self.is_model:
            return {}
        return {
            name: part.detach().cpu().numpy()
            for name, part in self.subject.state_dict().items()
            if part.is_floating_point()
        }

    def placed(self, case: Case) -> Any:
        """A copy of the module with the case's parameters."""
        torch = sys.modules["torch"]
        subject = _copied(self.subject).to(getattr(torch, case.dtype.name))
        with torch.no_grad():
            own = subject.state_dict()
            for name, array in case.parameters().items():
                own[name].copy_(torch.from_numpy(np.array(array)))
        return subject

    def _evaluate(self, case: Case) -> Outcome:
        """Output, gradients of inputs and parameters, parameters and buffers afterwards."""
        torch = sys.modules["torch"]
        if self.is_model:
            subject = self.placed(case)
            subject.train(case.trains)
        else:
            subject = copy.deepcopy(self.subject)
        xs = [
            torch.from_numpy(np.array(x)).requires_grad_(x.dtype.kind == "f")
            for x in case.all(Kind.INPUT)
        ]
        dys = [torch.from_numpy(np.array(dy)) for dy in case.all(Kind.COTANGENT)]
        y = subject(*xs)
        found = as_arrays(OUTPUT, y, case.dtype)
        none: set[Name] = set()
        if case.mode == "function":
            found |= changed(case, [x.detach().numpy() for x in xs])
        if dys:
            outputs = [
                part
                for part in (y if isinstance(y, tuple | list) else [y])
                if part.is_floating_point()
            ]
            wanted = {
                numbered(Kind.INPUT_GRADIENT, i): x for i, x in enumerate(xs, 1) if x.requires_grad
            }
            if self.is_model:
                wanted |= {
                    Name(Kind.PARAMETER_GRADIENT, name): part
                    for name, part in subject.named_parameters()
                }
            grads = torch.autograd.grad(outputs, list(wanted.values()), dys, allow_unused=True)
            for name, grad in zip(wanted, grads, strict=True):
                if grad is None:
                    none.add(name)
                else:
                    found[name] = grad.numpy().copy()
        if self.is_model:
            found |= {
                Name(Kind.STATE, name): part.numpy().copy()
                for name, part in subject.state_dict().items()
                if part.is_floating_point()
            }
        return Outcome(found, frozenset(none))
