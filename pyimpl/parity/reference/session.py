"""The Julia side of a user's own pair: an expression, evaluated after a file has been read, in a
supervised Julia that stays open.
"""

import atexit
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from .live import LiveJulia, NoJulia, choose
from .two_speeds import TwoSpeeds

SECONDS = 120.0  # for one case: the first one is compiled


@dataclass(frozen=True)
class JuliaSide:
    """What `expression` stands for after `file` has been read: a function or a model."""

    expression: str
    file: Path | None = None

    @property
    def config(self) -> dict[str, str]:
        """What the Julia side is told in every case."""
        return {
            "file": str(self.file.resolve()) if self.file else "",
            "expression": self.expression,
        }

    def __str__(self):
        return f"{self.file.name}: {self.expression}" if self.file else self.expression


@dataclass(frozen=True)
class Layout:
    """How arrays cross. `same`: A[i, j] is A[i, j] on both sides; `reversed`: the same memory, so
    that axes are reversed.

    `exceptions` says otherwise for single arrays: arguments (x1), the output (y) or one of several
    (y.0); what is named longest counts. A gradient lies as its input does, and a cotangent as its
    output.

        >>> layout = Layout("same", ((Name.parse("y.1"), "reversed"),))
        >>> layout.lies(Name.parse("grad.x1")), layout.lies(Name.parse("y.1"))
        ('same', 'reversed')
    """

    default: str = "same"
    exceptions: tuple[tuple[Name, str], ...] = ()

    def lies(self, name: Name) -> str:
        """The layout of one array."""
        if name.kind is Kind.COTANGENT:
            single = (
                Name(Kind.OUTPUT) if name.number == 1 else Name(Kind.OUTPUT, str(name.number - 1))
            )
        elif name.kind in (Kind.INPUT_GRADIENT, Kind.ARGUMENT):
            single = Name(Kind.INPUT, name.path)
        else:
            single = replace(name, step=0)
        for known, layout in self.exceptions:
            if single.kind is known.kind and (
                single.path == known.path
                or not known.path
                or single.path.startswith(f"{known.path}.")
            ):
                return layout
        return self.default

    def across(self, name: Name, array: np.ndarray) -> np.ndarray:
        """The array with its axes as the border, which reverses them, has to get it; the way back
        is the same.
        """
        return array.T if self.lies(name) == "same" else array

    def cross(self, arrays: dict[Name, np.ndarray]) -> dict[Name, np.ndarray]:
        """Every array as `across` gives it; parameters of models are always reversed."""
        return {
            name: array
            if name.kind in (Kind.PARAMETER, Kind.STATE)
            else np.ascontiguousarray(self.across(name, array)).reshape(_size(self, name, array))
            for name, array in arrays.items()
        }


def _size(layout: Layout, name: Name, array: np.ndarray) -> tuple[int, ...]:
    return (
        array.shape[::-1] if layout.lies(name) == "same" else array.shape
    )  # ascontiguousarray makes (1,) of ()


def parsed_layout(
    layout: str | dict[str, str], names: Sequence[str] = (), default: str = "same"
) -> Layout:
    """From "same", "reversed", or a dict of array (x1, y, or the name of an argument) to one of
    them. Raises ValueError.
    """
    given = {"": layout} if isinstance(layout, str) else dict(layout)
    for name, value in given.items():
        if value not in ("same", "reversed"):
            raise ValueError(
                f'a layout is "same" or "reversed", got {value!r}{f" for {name}" if name else ""}'
            )
    argument = {name: f"x{i}" for i, name in enumerate(names, 1)}
    default = given.pop("", default)
    named = [(Name.parse(argument.get(name, name)), value) for name, value in given.items()]
    return Layout(default, tuple(sorted(named, key=lambda item: -len(item[0].path))))


class JuliaSubjectError(ValueError):
    """The Julia side cannot be read; the message is Julia's."""


class JuliaSession:
    """Evaluates the cases of pairs in live Julia."""

    name = "live"

    def __init__(self, julia: TwoSpeeds):
        self._julia = julia
        self.versions = julia.versions

    @property
    def manner(self) -> str:
        """How Julia evaluated so far: interpreted, or partly compiled."""
        return self._julia.manner

    def evaluate(self, side: JuliaSide, layout: Layout, cases: Sequence[Case]) -> Iterator[Outcome]:
        """One outcome per case, in Python's orientation."""
        sent = [
            replace(case, config=case.config | side.config, arrays=layout.cross(case.arrays))
            for case in cases
        ]
        for outcome in self._julia.evaluate_many(sent):
            yield replace(outcome, arrays=layout.cross(outcome.arrays))

    def call(self, name: str, *arguments: Any) -> Any:
        """A function of the Julia module `UserPair`.

        Raises JuliaSubjectError, with Julia's words, where something cannot be read.
        """
        try:
            return self._julia.call(name, *arguments, seconds=self._julia.case_seconds)
        except RuntimeError as error:
            raise JuliaSubjectError(str(error).removeprefix(f"{name} failed in Julia: ")) from None

    def hurry(self) -> None:
        """Have a compiling Julia started, for a model that an interpreter would be slow with."""
        self._julia.hurry()

    def shapes(self, side: JuliaSide) -> dict[str, tuple[int, ...]]:
        """The arrays of floating-point numbers of a model by path, in the order of its fields:
        their shapes, in Python's orientation.
        """
        found = self.call("parameters", *side.config.values())
        return {
            name: np.shape(found[name])
            for name in self.call("parameter_names", *side.config.values()).splitlines()
        }

    def describe(self, side: JuliaSide) -> str:
        """ "function" or "model".

        Raises JuliaSubjectError as `call` does, and for one that does not come to an end of being
        read.
        """
        try:
            return self.call("describe", *side.config.values())
        except NoJulia:
            raise JuliaSubjectError(
                f"{side} gave no answer for {self._julia.case_seconds:g} s while it was read"
            ) from None


_open: dict[str, JuliaSession] = {}


def session(may_download: bool = False, seconds: float = SECONDS) -> JuliaSession:
    """The Julia that all pairs of this process share, started when first asked for; one call may
    take so many seconds. Raises NoJulia.
    """
    if "julia" not in _open:
        way = choose(may_download)
        quick, thorough = (
            LiveJulia(way, "JuliaParity.UserPair", interpreted=interpreted)
            for interpreted in (True, False)
        )
        julia = TwoSpeeds(quick, thorough).__enter__()
        atexit.register(julia.__exit__)
        _open["julia"] = JuliaSession(julia)
    _open["julia"]._julia.case_seconds = seconds
    return _open["julia"]


@contextmanager
def closing() -> Iterator[None]:
    """Ends the shared Julia afterwards."""
    try:
        yield
    finally:
        if "julia" in _open:
            _open.pop("julia")._julia.__exit__()
