"""Layers of one's own, as one writes them: objects with arrays, `forward` and `backward`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, Kind, Name, numbered
from .copying import copied
from .side import Guarded, arguments, as_arrays

GRADIENT_NAMES = ("d{}", "grad_{}", "{}_grad", "d_{}")


@dataclass
class ObjectSide(Guarded):
    """A layer of one's own: an object with arrays, `forward(x)` (or a call), and perhaps
    `backward(dy)`, which gives the gradient of x.

    The gradients of its arrays are looked for where such layers leave them: `dW` or `grad_W` for
    `W`, or in a dict `grads`. An attribute `training` or `train_flg` is set as the mode asks.
    """

    is_model: bool = True

    @property
    def has_gradient(self) -> bool:
        """Whether it has a backward pass."""
        return hasattr(self.subject, "backward")

    def parameters(self) -> dict[str, np.ndarray]:
        """Every array of floating-point numbers among its attributes that is not the gradient of
        another.
        """
        own = {
            name: part
            for name, part in vars(self.subject).items()
            if isinstance(part, np.ndarray) and part.dtype.kind == "f"
        }
        gradients = {form.format(name) for name in own for form in GRADIENT_NAMES}
        return {name: part for name, part in own.items() if name not in gradients}

    def placed(self, case: Case, training: bool) -> Any:
        """A copy of the object with the case's parameters."""
        subject = copied(self.subject)
        for name, own in self.parameters().items():
            setattr(
                subject, name, case.arrays.get(Name(Kind.PARAMETER, name), own).astype(case.dtype)
            )
        for flag in ("training", "train_flg", "train"):
            if isinstance(getattr(subject, flag, None), bool):
                setattr(subject, flag, training)
        return subject

    def _evaluate(self, case: Case) -> Outcome:
        """Output, gradients of the input and of the arrays, the arrays afterwards."""
        subject = self.placed(case, case.trains)
        names = list(self.parameters())
        found = as_arrays(OUTPUT, subject.forward(*arguments(case)), case.dtype)
        none: set[Name] = set()
        dys = case.all(Kind.COTANGENT)
        if dys and self.has_gradient:
            dxs = subject.backward(dys[0] if len(dys) == 1 else tuple(dys))
            for i, dx in enumerate(dxs if isinstance(dxs, tuple) else (dxs,), 1):
                found |= as_arrays(numbered(Kind.INPUT_GRADIENT, i), dx, case.dtype)
            for name in names:
                gradient = self.gradient(subject, name)
                if gradient is None:
                    none.add(Name(Kind.PARAMETER_GRADIENT, name))
                else:
                    found |= as_arrays(Name(Kind.PARAMETER_GRADIENT, name), gradient, case.dtype)
        return Outcome(
            found | {Name(Kind.STATE, name): np.array(getattr(subject, name)) for name in names},
            frozenset(none),
        )

    @staticmethod
    def gradient(subject: Any, name: str) -> np.ndarray | None:
        """What the backward pass has left for an array; None where nothing is found."""
        kept = getattr(subject, "grads", None)
        if isinstance(kept, Mapping) and name in kept:
            return kept[name]
        return next(
            (
                getattr(subject, form.format(name))
                for form in GRADIENT_NAMES
                if hasattr(subject, form.format(name))
            ),
            None,
        )
