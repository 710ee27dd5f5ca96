"""What Julia says of stages, kept and given again: every question by its content, so that a walk
asks the same of both.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from . import recorded
from .session import JuliaSession, JuliaSide, Layout

TEXT = Name(Kind.PARAMETER, "text")  # an answer in words


class Taped:
    """Live Julia, everything that it says kept."""

    name = "live"

    def __init__(self, julia: JuliaSession):
        self._julia, self.versions = julia, julia.versions
        self.said: dict[str, Outcome] = {}

    def evaluate(self, side: JuliaSide, layout: Layout, cases: Sequence[Case]) -> Iterator[Outcome]:
        """As Julia does."""
        for case, outcome in zip(cases, self._julia.evaluate(side, layout, cases), strict=True):
            self.said[_key(side, case)] = outcome
            yield outcome

    def call(self, name: str, *arguments: Any) -> Any:
        """As Julia does."""
        answer = self._julia.call(name, *arguments)
        content = (
            {TEXT: np.frombuffer(answer.encode(), np.uint8)}
            if isinstance(answer, str)
            else {Name(Kind.PARAMETER, path): array for path, array in answer.items()}
        )
        self.said[_called(name, *arguments)] = Outcome(content)
        return answer

    def write(self, path: Path, provenance: dict[str, Any]) -> None:
        """A recording of it."""
        entries = [
            (Case(key, {}, {}, "function"), {"said": outcome}) for key, outcome in self.said.items()
        ]
        recorded.write(path, entries, {"versions": self.versions} | provenance)


class Replayed:
    """What was kept of a live Julia. Raises NoRecording for what it was not asked."""

    name = "recorded"

    def __init__(self, path: Path):
        self._recording = recorded.Recorded(path)
        self.versions, self.provenance = self._recording.versions, self._recording.provenance

    def _said(self, key: str) -> Outcome:
        found = list(self._recording.pairs(_Row(key), ("said",), None, 0))
        if not found:
            raise recorded.NoRecording(
                f"{self._recording.path} has no answer to what is asked now: record again"
            )
        return found[0][1]["said"]

    def evaluate(self, side: JuliaSide, layout: Layout, cases: Sequence[Case]) -> Iterator[Outcome]:
        """As Julia did."""
        for case in cases:
            yield self._said(_key(side, case))

    def call(self, name: str, *arguments: Any) -> Any:
        """As Julia did."""
        arrays = self._said(_called(name, *arguments)).arrays
        return (
            bytes(arrays[TEXT]).decode()
            if TEXT in arrays
            else {name.path: array for name, array in arrays.items()}
        )


@dataclass(frozen=True)
class _Row:
    key: str


def _called(name: str, *arguments: Any) -> str:
    return ":".join(
        [name, *(Path(a).name if str(a).endswith(".jl") else str(a) for a in arguments)]
    )


def _key(side: JuliaSide, case: Case) -> str:
    """The same for the same question."""
    content = hashlib.sha256(f"{side} {case.mode} {sorted(case.config.items())}".encode())
    for name, array in sorted((str(name), array) for name, array in case.arrays.items()):
        content.update(
            f"{name} {array.dtype} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes()
        )
    return content.hexdigest()[:32]
