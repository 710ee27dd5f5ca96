"""Models that a function of the user's names (`net` in `return net(x)`): the known ways, tried on
their settings and their arrays.

A model that a side consists of is a matter of `settings` and `transformations`. One that is hidden
in a function is given no arrays by a case, so that weights which were carried over wrongly, or a
setting, are found here alone.
"""

import ast
import copy
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from ..sides.framework import Framework
from ..sides.frameworks import framework_of
from ..sides.functions import FUNCTIONS, FunctionSide
from ..sides.own_objects import ObjectSide
from ..sides.side import PythonSide
from ..traps.table import TRAPS
from ..traps.trap import Trap, Way
from . import program

# The trap, where, the change, its cost, the changed side.
Changed = tuple[Trap, str, str, float, PythonSide]


@dataclass
class WithModel:
    """A side whose functions find another model under a name of their module."""

    base: PythonSide
    home: dict[str, Any]  # the names of the module
    name: str
    model: Any
    subject: Any = None
    has_gradient: bool = False
    is_model: bool = False

    def __post_init__(self):
        self.subject, self.has_gradient = self.base.subject, self.base.has_gradient

    @property
    def framework(self) -> Framework:
        """That of the original."""
        return self.base.framework

    def parameters(self) -> dict[str, np.ndarray]:
        """Those of the original."""
        return self.base.parameters()

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of a case with the other model, which is as it was for every case."""
        before = self.home[self.name]
        self.home[self.name] = copy.deepcopy(self.model)
        try:
            return self.base.evaluate(case)
        finally:
            self.home[self.name] = before


def changed_models(side: PythonSide) -> Iterator[Changed]:
    """Every setting and array of the models that the functions name, in every way that a trap
    knows; arrays that are moved alike also together.
    """
    if not isinstance(side, FunctionSide):
        return
    for home, name, model in _named_models(side):
        inner = framework_of(model).side(model, None, side.seconds)
        for setting in inner.framework.settings(inner):
            for trap in TRAPS.values():
                for words, value in trap.settings(setting.name, setting.value):
                    changed = copy.deepcopy(model)
                    setting.put(changed, value)
                    with_it = WithModel(side, home, name, changed)
                    yield trap, f"{name}, {setting.where}", words, 2.0, with_it
        for trap, ways in _ways(inner.parameters()):
            moved = _moved(inner, ways)
            if moved is not None:
                arrays = ", ".join(f"{name}.{path}" for path in ways)
                way = next(iter(ways.values()))
                words = way.words.format(arrays)
                yield (
                    trap,
                    f"parameter {arrays}",
                    words,
                    way.cost,
                    WithModel(side, home, name, moved),
                )


def _named_models(side: PythonSide) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """The models among the global names that the functions read."""
    seen: set[int] = set()
    for scope in program.scopes_of(side):
        home = scope.function.__globals__
        for node in ast.walk(scope.tree):
            if not isinstance(node, ast.Name) or node.id in scope.locals:
                continue
            value = home.get(node.id)
            plain = isinstance(value, types.FunctionType | types.ModuleType | type | None)
            if plain or id(value) in seen or not callable(value):
                continue
            seen.add(id(value))
            if framework_of(value) is not FUNCTIONS:
                yield home, node.id, value


def _ways(arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[Trap, dict[str, Way]]]:
    groups: dict[tuple[str, str], dict[str, Way]] = {}
    for path, array in arrays.items():
        for trap in TRAPS.values():
            for way in trap.inputs(array):
                yield trap, {path: way}
                if way.group:
                    groups.setdefault((trap.name, way.group), {}).setdefault(path, way)
    for (name, _), several in groups.items():
        if len(several) > 1:
            yield TRAPS[name], several


def _moved(inner: PythonSide, ways: Mapping[str, Way]) -> Any:
    """A copy of the model with some arrays moved; None where they do not fit any more."""
    placed = getattr(inner, "placed", None)
    if placed is None or isinstance(inner, ObjectSide) or not inner.parameters():
        return None  # an object of the user's own keeps its arrays wherever it likes
    arrays = inner.parameters()
    dtype = next(iter(arrays.values())).dtype
    own = {
        Name(Kind.PARAMETER, path): ways[path].forth(array) if path in ways else array
        for path, array in arrays.items()
    }
    if any(own[Name(Kind.PARAMETER, path)].shape != arrays[path].shape for path in ways):
        return None
    case = Case("named", {}, {name: np.array(array, dtype) for name, array in own.items()}, "test")
    return placed(case)
