"""Modules of Equinox: trees of JAX's whose layers take one observation.

Equinox is never imported here: only what was made with it is recognised.
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from .framework import Framework
from .jax_models import JaxModels
from .side import PythonSide


def _name(key: Any) -> str:
    """Of one step of a path: a field, a number, a key."""
    for attribute in ("name", "idx", "key"):
        if hasattr(key, attribute):
            return str(getattr(key, attribute))
    return str(key)


class Equinox(JaxModels):
    """Modules, whose arrays are the leaves of real numbers. What takes one observation is mapped
    over the first axis of a batch.
    """

    name = "modules of Equinox"
    libraries = ("equinox", "jax", "jaxlib")
    correlates = True

    def recognises(self, subject: Any) -> bool:
        """Whether it is a module."""
        equinox = sys.modules.get("equinox")
        return equinox is not None and isinstance(subject, equinox.Module) and callable(subject)

    def _flat(self, model: Any) -> tuple[list[tuple[str, Any]], Any]:
        pairs, tree = sys.modules["jax"].tree_util.tree_flatten_with_path(model)
        return [(".".join(map(_name, path)), leaf) for path, leaf in pairs], tree

    @staticmethod
    def _is_real(leaf: Any) -> bool:
        kind = np.dtype(leaf.dtype).kind if hasattr(leaf, "dtype") else ""
        return kind == "f" and hasattr(leaf, "shape")

    def leaves(self, model: Any) -> dict[str, Any]:
        """Its arrays, by the names of fields and the numbers of layers."""
        return {path: leaf for path, leaf in self._flat(model)[0] if self._is_real(leaf)}

    def with_leaves(self, model: Any, arrays: dict[str, Any]) -> Any:
        """The module with other arrays."""
        pairs, tree = self._flat(model)
        return sys.modules["jax"].tree_util.tree_unflatten(
            tree, [arrays.get(path, leaf) for path, leaf in pairs]
        )

    def in_mode(self, model: Any, training: bool) -> Any:
        """With `inference` set in every part that has it."""
        return sys.modules["equinox"].nn.inference_mode(model, value=not training)

    def called(self, model: Any, xs: Sequence[Any]) -> tuple[Any, Any]:
        """The output for a batch: of every observation where the module takes one."""
        jax = sys.modules["jax"]
        if all(x.ndim for x in xs) and self._takes_one(model, xs):
            return jax.vmap(model)(*xs), model
        return model(*xs), model

    @staticmethod
    def _takes_one(model: Any, xs: Sequence[Any]) -> bool:
        try:
            sys.modules["equinox"].filter_eval_shape(model, *(x[0] for x in xs))
        except Exception:  # whatever the module raises for what it does not take
            return False
        return True

    def transposed(self, side: PythonSide, name: str) -> bool:
        """Equinox's own layers multiply by the weight from the left, all but embeddings."""
        owner = dict(self.parts(side.subject)).get(name.rpartition(".")[0])
        kind = type(owner)
        return kind.__module__.startswith("equinox.") and kind.__name__ != "Embedding"


EQUINOX: Framework = Equinox()
