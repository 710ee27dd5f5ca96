"""What an array of a case or an outcome is.

Code tells arrays apart by `Name`; text such as `grad.x1` or `loss@3` is for people, files and
Julia. `Name.parse` and `str` are each other's inverse, so a model whose parameter is called `x1`
keeps the gradient of that parameter (`grad.param.x1`) apart from the gradient of its first input
(`grad.x1`).

    >>> Name.parse("grad.layers.0.weight")
    Name(kind=<Kind.PARAMETER_GRADIENT: 'grad'>, path='layers.0.weight', step=0)
    >>> str(Name(Kind.LOSS, step=3))
    'loss@3'
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import total_ordering
from typing import Any

import numpy as np


class Kind(Enum):
    """What an array is. The value is how its name begins when it is written."""

    __hash__ = object.__hash__  # names are looked up often, and Enum's own is slow

    # Of cases.
    INPUT = "x"  # x1, x2, ...: data; of an optimiser rule x, the parameter it works on
    TARGET = "t"  # t1, t2, ...: of a training run, of every step
    GIVEN_GRADIENT = "g"  # g1, g2, ...: of an optimiser rule, of every step
    COTANGENT = "dy"  # dy1, dy2, ...: one for every output
    NOISE = "noise"  # the random numbers handed to both sides
    # parameters and states, by their path in the model; in the outcome of training after a step:
    # param.weight@3
    PARAMETER = "param"
    # Of outcomes.
    OUTPUT = "y"  # y; y.0, y.1 of several, y.mean of a dict
    PLAIN = "plain"  # the output outside a gradient
    INPUT_GRADIENT = "grad.x"  # grad.x1
    PARAMETER_GRADIENT = "grad"  # grad.layers.0.weight
    STATE = "state"  # state.mean: the model's arrays afterwards; of a rule its own state
    ARGUMENT = "after.x"  # after.x1: what has become of an argument
    LOSS = "loss"  # loss@3: of a training run


NUMBERED = (
    Kind.ARGUMENT,
    Kind.INPUT_GRADIENT,
    Kind.COTANGENT,
    Kind.INPUT,
    Kind.TARGET,
    Kind.GIVEN_GRADIENT,
)
ORDER = {kind: place for place, kind in enumerate(Kind)}
TEXT = "text"  # the last word of a text, which is an array of code points
PARTS = {"real": "imag", "imag": "real"}  # of complex numbers, each with the other
READ_AS_OTHERS = re.compile(
    r"(x\d+|param)(\..*)?", re.DOTALL
)  # paths of parameters whose gradients have to be written in full


@total_ordering
@dataclass(frozen=True, slots=True)
class Name:
    """What an array is, which of its kind (a path in a model, or a number), and at which step of
    several (0 where there are none).
    """

    kind: Kind
    path: str = ""
    step: int = 0

    @classmethod
    def parse(cls, text: str) -> "Name":
        """The name that is written so.

        What begins like no kind is a parameter's path: that is how some recordings write them.
        """
        whole, at, step = text.rpartition("@")
        if not (at and step.isdigit()):
            whole, step = text, "0"
        for kind in NUMBERED:
            if (found := whole.removeprefix(kind.value)) != whole and re.fullmatch(
                r"\d+(\..*)?", found, re.DOTALL
            ):
                return cls(kind, found, int(step))
        if whole == Kind.INPUT.value:
            return cls(Kind.INPUT, "", int(step))
        head, _, path = whole.partition(".")
        kind = next(
            (kind for kind in Kind if kind not in NUMBERED and kind.value == head), Kind.PARAMETER
        )
        if kind is Kind.PARAMETER and head != kind.value:
            path = whole
        if kind is Kind.PARAMETER_GRADIENT and path.startswith("param."):
            path = path.removeprefix("param.")
        return cls(kind, path, int(step))

    def __str__(self) -> str:
        written = self.kind.value
        if self.kind in NUMBERED:
            written += self.path
        elif self.path:
            in_full = self.kind is Kind.PARAMETER_GRADIENT and READ_AS_OTHERS.fullmatch(self.path)
            written += f".param.{self.path}" if in_full else f".{self.path}"
        misread = re.search(r"@\d+$", self.path)
        return f"{written}@{self.step}" if self.step or misread else written

    def __lt__(self, other: "Name") -> bool:
        return self._place < other._place

    @property
    def _place(self) -> tuple:
        """By kind, then by path, in which numbers count as numbers (y.2 comes before y.10), then by
        step.
        """
        parts = [
            (0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.path.split(".")
        ]
        return ORDER[self.kind], parts, self.step

    @property
    def number(self) -> int:
        """Of an input, a target, a cotangent, a gradient of an input: which it is, counted from 1.

        Raises ValueError for other kinds.
        """
        if self.kind not in NUMBERED:
            raise ValueError(f"{self} has no number")
        return int(self.path.partition(".")[0])

    @property
    def last(self) -> str:
        """The last word of the path: weight of layers.0.weight."""
        return self.path.rpartition(".")[2]

    @property
    def whole(self) -> "Name":
        """The complex numbers that it is a part of, where it is their real or imaginary part; else
        itself.
        """
        return replace(self, path=self.path.rpartition(".")[0]) if self.last in PARTS else self

    @property
    def other_part(self) -> "Name | None":
        """The imaginary part of a real one, and the other way; None of what is no part."""
        return self.whole.part(PARTS[self.last]) if self.last in PARTS else None

    @property
    def is_gradient(self) -> bool:
        """Whether it is the gradient of an input or of a parameter."""
        return self.kind in (Kind.INPUT_GRADIENT, Kind.PARAMETER_GRADIENT)

    def part(self, key: object) -> "Name":
        """The name of a part of it: y.0 of y."""
        return replace(self, path=f"{self.path}.{key}" if self.path else str(key))

    def at(self, step: int) -> "Name":
        """The same at a step."""
        return replace(self, step=step)


def text_of(points: np.ndarray) -> str:
    """The text of an array of code points."""
    return "".join(map(chr, points.tolist()))


def numbered(kind: Kind, number: int) -> Name:
    """`numbered(Kind.INPUT, 1)` is x1."""
    return Name(kind, str(number))


def cotangent_of(output: Name) -> Name | None:
    """dy1 of y, dy3 of y.2; None for what is inside of an output, or has a name."""
    if not output.path:
        return numbered(Kind.COTANGENT, 1)
    return numbered(Kind.COTANGENT, int(output.path) + 1) if output.path.isdigit() else None


OUTPUT = Name(Kind.OUTPUT)
PLAIN = Name(Kind.PLAIN)
NOISE = Name(Kind.NOISE)
RULED = Name(Kind.INPUT)  # the array that an optimiser rule works on


class Arrays(dict[Name, np.ndarray]):
    """Arrays by name.

    Text stands for the name that is written so, for tests and at a prompt:
    `outcome.arrays["grad.x1"]`.
    """

    def __init__(self, arrays: Mapping[Any, np.ndarray] | Iterable[tuple[Any, np.ndarray]] = ()):
        named = arrays if isinstance(arrays, dict) else dict(arrays)
        if all(type(key) is Name for key in named):
            super().__init__(named)
        else:
            super().__init__({_name(key): array for key, array in named.items()})

    def __missing__(self, key: Any) -> np.ndarray:
        if isinstance(key, str):
            return self[Name.parse(key)]
        raise KeyError(key)

    def __setitem__(self, key: Any, array: np.ndarray) -> None:
        super().__setitem__(_name(key), array)

    def __contains__(self, key: Any) -> bool:
        return super().__contains__(_name(key))

    def get(self, key: Any, default: Any = None) -> Any:
        """The array of that name, or the default."""
        return super().get(_name(key), default)


def _name(key: Any) -> Name:
    return key if isinstance(key, Name) else Name.parse(key)
