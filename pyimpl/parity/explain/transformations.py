"""The known ways as transformations of whole arrays, for programs whose source cannot be read:
arguments, parameters, results.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, PLAIN, Kind, Name, cotangent_of
from ..sides.framework import Framework
from ..sides.side import PythonSide
from ..traps.table import TRAPS
from ..traps.trap import Factor, Trap, Way, times

AFTERWARDS = {  # what an outcome has of an array that goes in
    Kind.INPUT: (Kind.INPUT_GRADIENT, Kind.ARGUMENT),
    Kind.PARAMETER: (Kind.PARAMETER_GRADIENT, Kind.STATE),
}


@dataclass
class Transformed:
    """A Python side that is given or gives some arrays transformed."""

    base: PythonSide
    inputs: dict[Name, Way] = field(default_factory=dict)  # x1, param.weight
    outputs: dict[Name, Way] = field(default_factory=dict)  # y, y.0
    subject: Any = None
    has_gradient: bool = False
    is_model: bool = False

    def __post_init__(self):
        self.subject = self.base.subject
        self.has_gradient, self.is_model = self.base.has_gradient, self.base.is_model

    @property
    def framework(self) -> Framework:
        """That of the original."""
        return self.base.framework

    def parameters(self) -> dict[str, np.ndarray]:
        """Those of the original."""
        return self.base.parameters()

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of the transformed case, transformed."""
        try:
            return self._evaluate(case)
        except (ValueError, IndexError, TypeError) as error:  # axes that an array does not have
            return Outcome(error=str(error), lost=True)

    def _evaluate(self, case: Case) -> Outcome:
        arrays = {
            name: self.inputs[name].forth(array) if name in self.inputs else array
            for name, array in case.arrays.items()
        }
        for name, way in self.outputs.items():
            cotangent = cotangent_of(name)
            if cotangent in arrays:
                arrays[cotangent] = way.undone(arrays[cotangent])
        outcome = self.base.evaluate(replace(case, arrays=arrays))
        found = dict(outcome.arrays)
        for name, way in self.inputs.items():
            for kind in AFTERWARDS[name.kind]:
                own = Name(kind, name.path)
                if own in found:
                    found[own] = way.undone(found[own])
        for name, way in self.outputs.items():
            for own in found:
                if own.at(0) == name or (name == OUTPUT and own == PLAIN):
                    found[own] = way.forth(found[own])
        return replace(outcome, arrays=found)


def of_inputs(case: Case) -> Iterator[tuple[Trap, dict[Name, Way], str]]:
    """Single arguments and parameters, and all that can be moved in one way together; with what is
    transformed.
    """
    groups: dict[tuple[str, str], dict[Name, Way]] = {}
    for name, array in case.arrays.items():
        if name.kind not in AFTERWARDS:
            continue
        where = f"argument {name}" if name.kind is Kind.INPUT else f"parameter {name.path}"
        for trap in TRAPS.values():
            for way in trap.inputs(array):
                yield trap, {name: way}, where
                if way.group:
                    groups.setdefault((trap.name, way.group), {}).setdefault(name, way)
    for (trap_name, _), several in groups.items():
        if len(several) > 1:
            names = [n.path if n.kind is Kind.PARAMETER else str(n) for n in several]
            yield TRAPS[trap_name], several, ", ".join(names)


def of_results(
    python: dict[Name, np.ndarray], julia: dict[Name, np.ndarray]
) -> Iterator[tuple[Trap, dict[Name, Way], str]]:
    """Every result by itself, as far as the shapes of this case allow."""
    for name, array in python.items():
        other = julia.get(name)
        if other is None or name.kind is not Kind.OUTPUT or name.step:
            continue
        where = f"the result {name.path}".rstrip()
        for trap in TRAPS.values():
            for way in trap.results(array, other):
                yield trap, {name: way}, where


@dataclass
class Scaled(Transformed):
    """A result times a factor that depends on a size of an argument: of one axis, or of all (None).

    Without a factor it is the result in the type that the case has.
    """

    name: Name = OUTPUT
    factor: Factor | None = None
    argument: Name = OUTPUT
    axis: int | None = None

    def evaluate(self, case: Case) -> Outcome:
        """The outcome, scaled."""
        if self.factor is None:
            dtype = case.dtype
            way = Way("", lambda x: x.astype(dtype), lambda x: x.astype(dtype))
        else:
            shape = case.arrays[self.argument].shape
            size = math.prod(shape) if self.axis is None else shape[self.axis]
            number = self.factor.factor(float(size))
            way = Way("", times(number), times(number))
        return Transformed(self.base, outputs={self.name: way}).evaluate(case)


def scaled(
    side: PythonSide, case: Case, julia: dict[Name, np.ndarray]
) -> Iterator[tuple[Trap, str, str, Scaled]]:
    """(trap, where, change, side) of factors that are sizes, and of results in the case's type."""
    for name, array in julia.items():
        if name.kind is not Kind.OUTPUT or name.step or array.dtype.kind != "f":
            continue
        where = f"the result {name.path}".rstrip()
        words = f"{where} in the type of the arguments"
        yield TRAPS["dtype"], where, words, Scaled(side, name=name)
        for argument, given in case.arrays.items():
            if argument.kind is not Kind.INPUT or not given.ndim:
                continue
            for axis in (*range(given.ndim), None):
                size = f"{argument}.size" if axis is None else f"{argument}.shape[{axis}]"
                for trap in TRAPS.values():
                    for factor in trap.factors:
                        words = f"{where} {factor.words.format(size)}"
                        changed = Scaled(
                            side, name=name, factor=factor, argument=argument, axis=axis
                        )
                        yield trap, where, words, changed
