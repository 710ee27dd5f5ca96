"""Modules of Flax (`flax.nnx`): objects whose arrays are variables, and which are split into their
build and a tree of JAX's.

Flax is never imported here: only what was made with it is recognised.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from .framework import Framework, Setting
from .jax_models import JaxModels
from .side import PythonSide


class Flax(JaxModels):
    """Modules of nnx, whose arrays are their variables of real numbers."""

    name = "modules of Flax"
    libraries = ("flax", "jax", "jaxlib")
    correlates = True

    def recognises(self, subject: Any) -> bool:
        """Whether it is a module of nnx."""
        nnx = sys.modules.get("flax.nnx")
        return nnx is not None and isinstance(subject, nnx.Module) and callable(subject)

    @staticmethod
    def _variables(model: Any) -> Iterator[tuple[str, Any]]:
        """In the order in which the module has them."""
        nnx = sys.modules["flax.nnx"]
        flat = nnx.to_flat_state(nnx.state(model))
        for path, variable in sorted(flat, key=lambda pair: _places(model, pair[0])):
            yield ".".join(map(str, path)), variable

    def leaves(self, model: Any) -> dict[str, Any]:
        """Its arrays, by the names of fields and the numbers of layers."""
        return {
            path: variable.get_value()
            for path, variable in self._variables(model)
            if _is_real(variable.get_value())
        }

    def with_leaves(self, model: Any, arrays: dict[str, Any]) -> Any:
        """A copy of the module with other arrays."""
        nnx = sys.modules["flax.nnx"]
        build, state = nnx.split(model)
        flat = [
            (path, variable.replace(arrays.get(".".join(map(str, path)), variable.get_value())))
            for path, variable in nnx.to_flat_state(state)
        ]
        return nnx.merge(build, nnx.from_flat_state(flat))

    def is_learnt(self, model: Any, path: str) -> bool:
        """Parameters are; running statistics are not."""
        nnx = sys.modules["flax.nnx"]
        return any(
            name == path and isinstance(variable, nnx.Param)
            for name, variable in self._variables(model)
        )

    def in_mode(self, model: Any, training: bool) -> Any:
        """A copy of the module, told so."""
        nnx = sys.modules["flax.nnx"]
        copy = nnx.merge(*nnx.split(model))
        copy.train() if training else copy.eval()
        return copy

    def called(self, model: Any, xs: Sequence[Any]) -> tuple[Any, Any]:
        """The output, and a copy of the module as the call has left it."""
        nnx = sys.modules["flax.nnx"]
        copy = nnx.merge(*nnx.split(model))
        return copy(*xs), copy

    def settings(self, side: PythonSide) -> Iterator[Setting]:
        """Those of every module; where a momentum is the share of what was before, also the share
        of what comes, which others call momentum.
        """
        for setting in super().settings(side):
            yield setting
            if setting.name == "momentum" and isinstance(setting.value, float):
                yield replace(
                    setting,
                    name="1 - momentum",
                    value=1 - setting.value,
                    put=partial(_put_complement, setting),
                )


def _put_complement(setting: Setting, model: Any, value: float) -> None:
    setting.put(model, 1 - value)


def _places(node: Any, path: Sequence[Any]) -> list[int]:
    """At which place every step of a path is among the attributes, keys or entries there."""
    places = []
    for step in path:
        if isinstance(step, int):
            places.append(step)
            node = node[step]
        else:
            inside = node if isinstance(node, Mapping) else vars(node)
            places.append(list(inside).index(step))
            node = inside[step]
    return places


def _is_real(array: Any) -> bool:
    try:
        return np.dtype(array.dtype).kind == "f"
    except TypeError:  # a type of JAX's own: a key of random numbers
        return False


FLAX: Framework = Flax()
