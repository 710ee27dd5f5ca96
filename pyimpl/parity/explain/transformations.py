"""The known ways as transformations of whole arrays, for programs whose source cannot be read:
arguments, parameters, results.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, PLAIN, Kind, Name, cotangent_of
from ..sides.side import PythonSide

Move = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Way:
    """A transformation, its inverse (None: gradients do not pass through it), and how it is
    told.
    """

    cause: str
    told: str  # of {0}: the name of the array
    forth: Move
    back: Move | None
    cost: float = 3.0


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
        self.subject, self.has_gradient, self.is_model = (
            self.base.subject,
            self.base.has_gradient,
            self.base.is_model,
        )

    def parameters(self):
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
                if way.back is None:
                    raise ValueError("no gradient passes through")
                arrays[cotangent] = way.back(arrays[cotangent])
        outcome = self.base.evaluate(replace(case, arrays=arrays))
        found = dict(outcome.arrays)
        for name, way in self.inputs.items():
            for kind in AFTERWARDS[name.kind]:
                own = Name(kind, name.path)
                if own in found:
                    if way.back is None:
                        raise ValueError("no gradient passes through")
                    found[own] = way.back(found[own])
        for name, way in self.outputs.items():
            for own in found:
                if own.at(0) == name or (name == OUTPUT and own == PLAIN):
                    found[own] = way.forth(found[own])
        return replace(outcome, arrays=found)


def _axes(rank: int) -> Iterator[Way]:
    """Axes reversed, two of them swapped."""
    if rank >= 2:
        yield Way("axes", "{0} with its axes reversed", np.transpose, np.transpose)
    if rank >= 3:
        for a, b in itertools.combinations(range(rank), 2):
            swap = _swap(a, b)
            yield Way("axes", f"{{0}} with axes {a} and {b} swapped", swap, swap, 3.2)


def _swap(a: int, b: int) -> Move:
    return lambda x: np.swapaxes(x, a, b)


def _flip(axes: tuple[int, ...]) -> Move:
    return lambda x: np.flip(x, axes)


def _flips(rank: int) -> Iterator[Way]:
    """Flipped along some axes."""
    for count in range(1, min(rank, 3) + 1):
        for axes in itertools.combinations(range(rank - min(rank, 3), rank), count):
            flip = _flip(axes)
            yield Way(
                "kernel",
                f"{{0}} flipped along {'axis' if count == 1 else 'axes'} "
                f"{', '.join(map(str, axes))}",
                flip,
                flip,
                3.1,
            )


def _blocks(axis: int, order: Sequence[int]) -> Move:
    def move(x):
        if x.shape[axis] % len(order):
            raise ValueError("the axis does not fall into blocks")
        parts = np.split(x, len(order), axis)
        return np.concatenate([parts[i] for i in order], axis)

    return move


def _permutations(shape: tuple[int, ...]) -> Iterator[Way]:
    """Blocks, three or four, in another order."""
    for axis, count in itertools.product({0, len(shape) - 1} if shape else (), (3, 4)):
        if shape[axis] % count == 0 and shape[axis] >= count:
            for order in itertools.permutations(range(count)):
                flipped = shape[axis] == count and order == tuple(range(count))[::-1]
                if list(order) != sorted(order) and not flipped:
                    back = [order.index(i) for i in range(count)]
                    told = (
                        f"{{0}} with its {count} blocks along axis {axis} in the order "
                        f"{', '.join(map(str, order))}"
                    )
                    yield Way("gates", told, _blocks(axis, order), _blocks(axis, back), 3.3)


def _shift(step: int) -> Move:
    return lambda x: x + step


def of_inputs(case: Case) -> Iterator[tuple[dict[Name, Way], str]]:
    """Single arguments and parameters, and (gates) all that have the blocks; with what is
    transformed.
    """
    blocks: dict[str, dict[Name, Way]] = {}
    for name, array in case.arrays.items():
        if name.kind not in AFTERWARDS:
            continue
        called = f"argument {name}" if name.kind is Kind.INPUT else f"parameter {name.path}"
        for way in (*_axes(array.ndim), *_flips(array.ndim)):
            yield {name: way}, called
        if array.dtype.kind == "f":
            for way in _permutations(array.shape):
                yield {name: way}, called
                blocks.setdefault(
                    way.told.split("axis")[0] + way.told.split("order")[1], {}
                ).setdefault(name, way)
        elif array.dtype.kind == "i":
            for step in (1, -1):
                yield (
                    {
                        name: Way(
                            "index",
                            f"{{0}} {'+' if step > 0 else '-'} 1",
                            _shift(step),
                            _shift(-step),
                        )
                    },
                    called,
                )
    for several in blocks.values():
        if len(several) > 1:
            yield (
                several,
                ", ".join(
                    name.path if name.kind is Kind.PARAMETER else str(name) for name in several
                ),
            )


def _times(factor: float) -> Move:
    return lambda x: (x * factor).astype(x.dtype) if x.dtype.kind == "f" else x * factor


def _cast(dtype) -> Move:
    return lambda x: x.astype(dtype)


def _modulo(dtype: str, own: np.dtype) -> Move:
    return lambda x: x.astype(dtype).astype(own)


def _drop(axis: int | None) -> Move:
    return lambda x: np.squeeze(x, axis)


def _keep(axis: int) -> Move:
    return lambda x: np.expand_dims(x, axis)


def _reread(x):
    return (
        np.reshape(x, x.shape, order="F")
        if x.ndim < 2
        else np.reshape(np.ravel(x), x.shape, order="F")
    )


def _reread_back(x):
    return np.reshape(np.ravel(x, order="F"), x.shape)


CONSTANTS = (
    ("log", "ln 2", math.log(2)),
    ("log", "ln 10", math.log(10)),
    ("degrees", "pi / 180", math.pi / 180),
    ("half", "2", 2.0),
    ("sign", "-1", -1.0),
)


def of_results(
    case: Case, python: dict[Name, np.ndarray], julia: dict[Name, np.ndarray]
) -> Iterator[tuple[dict[Name, Way], str]]:
    """Every result by itself, as far as the shapes of this case allow."""
    for name, array in python.items():
        other = julia.get(name)
        if other is None or name.kind is not Kind.OUTPUT or name.step:
            continue
        called = f"the result {name.path}".rstrip()
        yield from (({name: way}, called) for way in _of_result(array, other))


def _of_result(array: np.ndarray, other: np.ndarray) -> Iterator[Way]:
    yield from _axes(array.ndim)
    yield from _flips(array.ndim) if array.ndim == 1 else ()
    if array.ndim >= 2:
        yield Way("order", "{0}, its entries read in the other order", _reread, _reread_back)
        yield Way("order", "{0}, its entries read in the other order", _reread_back, _reread)
    if other.ndim > array.ndim:
        for axis in range(array.ndim + 1):
            yield Way("keepdims", f"{{0}} with axis {axis} kept", _keep(axis), _drop(axis))
    if other.ndim < array.ndim:
        for dropped in range(array.ndim):
            yield Way(
                "keepdims", f"{{0}} with axis {dropped} dropped", _drop(dropped), _keep(dropped)
            )
    if array.dtype.kind == "f":
        for cause, told, factor in CONSTANTS:
            yield Way(cause, f"{{0}} times {told}", _times(factor), _times(factor))
            if factor > 0:
                yield Way(cause, f"{{0}} divided by {told}", _times(1 / factor), _times(1 / factor))
    if array.dtype.kind in "iu":
        for step in (1, -1):
            yield Way("index", f"{{0}} {'+' if step > 0 else '-'} 1", _shift(step), None)
        for bits in (8, 16, 32, 64):
            for dtype in (f"int{bits}", f"uint{bits}"):
                yield Way("overflow", f"{{0}} modulo 2^{bits}", _modulo(dtype, other.dtype), None)
    if array.dtype.kind in "iufb" and other.dtype.kind in "iufb":
        for dtype in ("int64", "bool", "uint64", "int32"):
            if other.dtype == dtype and array.dtype != dtype:
                yield Way("dtype", f"{{0}} as {dtype}", _cast(dtype), None)


def _by_size(power: float, less: bool, sign: int, name: Name, axis: int | None):
    """A factor that depends on a size of one argument."""

    def factor(case: Case) -> float:
        shape = case.arrays[name].shape
        n = float(math.prod(shape) if axis is None else shape[axis])
        base = (n - 1) / n if less else n
        return base ** (power * sign) if base > 0 else math.nan

    return factor


@dataclass
class Scaled(Transformed):
    """A result times a factor that depends on sizes, or in the type that the case has."""

    name: Name = OUTPUT
    factor: Callable[[Case], float] | None = None

    def evaluate(self, case: Case) -> Outcome:
        """The outcome, scaled."""
        number = 1.0 if self.factor is None else self.factor(case)
        way = (
            Way("", "", _cast(case.dtype), _cast(case.dtype))
            if self.factor is None
            else Way("", "", _times(number), _times(number))
        )
        return replace(self, outputs={self.name: way}, factor=None).scaled(case)

    def scaled(self, case: Case) -> Outcome:
        """As any transformation."""
        return super().evaluate(case)


def scaled(
    side: PythonSide, case: Case, julia: dict[Name, np.ndarray]
) -> Iterator[tuple[str, str, str, Scaled]]:
    """(cause, where, change, side) of factors that are sizes, and of results in the type of the
    case.
    """
    names = [
        name
        for name, array in julia.items()
        if name.kind is Kind.OUTPUT and not name.step and array.dtype.kind == "f"
    ]
    for name in names:
        called = f"the result {name.path}".rstrip()
        yield "dtype", called, f"{called} in the type of the arguments", Scaled(side, name=name)
        for x, array in case.arrays.items():
            if x.kind is not Kind.INPUT:
                continue
            for axis in (*range(array.ndim), None) if array.ndim else ():
                size = f"{x}.size" if axis is None else f"{x}.shape[{axis}]"
                for sign, word in ((1, "times"), (-1, "divided by")):
                    yield (
                        "mean",
                        called,
                        f"{called} {word} {size}",
                        Scaled(side, name=name, factor=_by_size(1.0, False, sign, x, axis)),
                    )
                    for power in (1.0, 0.5):
                        root = (
                            f"({size} - 1) / {size}"
                            if power == 1
                            else f"sqrt(({size} - 1) / {size})"
                        )
                        factor = _by_size(power, True, sign, x, axis)
                        yield (
                            "corrected",
                            called,
                            f"{called} {word} {root}",
                            Scaled(side, name=name, factor=factor),
                        )
