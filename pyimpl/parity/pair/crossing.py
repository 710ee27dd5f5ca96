"""Names at the border: what a parameter is called in Julia, and how it lies there, where the Python
model calls it something else.

Cases go over in Julia's names, outcomes come back in Python's. A model of `pyimpl` has Julia's own
names, and needs none of it.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from ..sides.side import PythonSide
from ..sides.torch_modules import TorchSide
from .matching import Match

OF_PARAMETERS = (Kind.PARAMETER, Kind.PARAMETER_GRADIENT, Kind.STATE)
STATISTICS = ("mean", "var")  # Zygote gives gradients of them in test mode, which nobody uses


def sent(case: Case, matches: Sequence[Match]) -> Case:
    """The case with its parameters as Julia calls and lays them; one that Julia has not is left
    out. Without matches it is as it was.
    """
    if not matches:
        return case
    by_name = {found.python: found for found in matches}
    arrays = {}
    for name, array in case.arrays.items():
        if name.kind is not Kind.PARAMETER:
            arrays[name] = array
        elif found := by_name.get(name.path):
            arrays[replace(name, path=found.julia)] = np.ascontiguousarray(
                found.mapping.back(array)
            )
    return replace(case, arrays=arrays)


def received(
    outcome: Outcome, matches: Sequence[Match], dropped: Sequence[Kind] = (Kind.PLAIN,)
) -> Outcome:
    """Julia's outcome in Python's names, without what a model of another library cannot have: the
    kinds that are `dropped`.
    """
    by_name = {found.julia: found for found in matches}
    arrays: dict[Name, np.ndarray] = {}
    for name, array in outcome.arrays.items():
        if matches and name.kind is Kind.PARAMETER_GRADIENT and name.last in STATISTICS:
            continue
        if name.kind in OF_PARAMETERS and name.path in by_name:
            arrays[replace(name, path=by_name[name.path].python)] = by_name[
                name.path
            ].mapping.there(array)
        elif name.kind not in dropped:
            arrays[name] = array
    none = {
        replace(name, path=by_name[name.path].python)
        if name.kind in OF_PARAMETERS and name.path in by_name
        else name
        for name in outcome.none
    }
    return replace(outcome, arrays=arrays, none=frozenset(none))


def compared(outcome: Outcome, alone: Sequence[str]) -> Outcome:
    """Python's outcome without the parameters that only Python has."""
    if not alone:
        return outcome
    return replace(
        outcome,
        arrays={
            name: array
            for name, array in outcome.arrays.items()
            if name.kind not in OF_PARAMETERS or name.path not in alone
        },
    )


def shared(side: PythonSide) -> tuple[PythonSide, tuple[str, ...]]:
    """The side with what Flux's layers do not have set to zero, and the names of these arrays.

    Of the two biases of PyTorch's recurrent layers Flux has the first. Such a layer alone gives its
    output without the last states.
    """
    if not isinstance(side, TorchSide) or not side.is_model:
        return side, ()
    alone = tuple(
        name
        for name in side.subject.state_dict()
        if name.rpartition(".")[2].startswith("bias_hh_l") and of_torch(_owner(side.subject, name))
    )
    if not alone:
        return side, ()
    module = copy.deepcopy(side.subject)
    if of_torch(module) and hasattr(module, "all_weights"):
        module.register_forward_hook(lambda module, xs, result: result[0])
    for name in alone:
        module.state_dict()[name].zero_()
    return replace(side, subject=module), alone


def of_torch(module: Any) -> bool:
    """Whether a module is one of PyTorch's own."""
    return type(module).__module__.startswith("torch.")


def _owner(module: Any, name: str) -> Any:
    return module.get_submodule(name.rpartition(".")[0])


def transposed_in(side: PythonSide) -> Callable[[str], bool]:
    """Says of a square weight, by its name, whether it belongs to a module of PyTorch's own, which
    multiplies by its transpose.
    """
    return partial(_transposed, side)


def _transposed(side: PythonSide, name: str) -> bool:
    if not isinstance(side, TorchSide) or not side.is_model:
        return False
    owner = _owner(side.subject, name)
    return of_torch(owner) and type(owner).__name__ not in ("Embedding", "EmbeddingBag")
