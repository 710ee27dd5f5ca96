"""What Julia says of the stages of a model, kept and given again.

Answers are looked up by the hash of the question (expression, layout, mode, arrays), so that a
second walk over the same model is given what the first was. The content of the Julia file belongs
to the question: after a change of the file nothing of the recording is an answer any more.
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
from .julia_files import content_of
from .session import JuliaSession, JuliaSide, Layout

TEXT = Name(Kind.PARAMETER, "text")  # an answer in words


class Taped:
    """Live Julia, everything that it says kept."""

    name = "live"

    def __init__(self, julia: JuliaSession):
        self._julia, self.versions = julia, julia.versions
        self.said: dict[str, Outcome] = {}
        self.files: dict[str, str] = {}  # every Julia file that was asked about, and its content

    def evaluate(self, side: JuliaSide, layout: Layout, cases: Sequence[Case]) -> Iterator[Outcome]:
        """As Julia does."""
        self._note(side.file)
        for case, outcome in zip(cases, self._julia.evaluate(side, layout, cases), strict=True):
            self.said[_key(side, layout, case)] = outcome
            yield outcome

    def _note(self, file: Path | None) -> None:
        if file is not None:
            self.files[file.name] = content_of(file)

    def call(self, name: str, *arguments: Any) -> Any:
        """As Julia does."""
        answer = self._julia.call(name, *arguments)
        self._note(_file_among(arguments))
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
        about = {"versions": self.versions, "files": self.files} | provenance
        recorded.write(path, entries, about)


class Replayed:
    """What was kept of a live Julia.

    Raises NoRecording for what it was not asked, also of a Julia file that has changed since.
    """

    name = "recorded"

    def __init__(self, path: Path):
        self._recording = recorded.Recorded(path)
        self.versions, self.provenance = self._recording.versions, self._recording.provenance

    def _said(self, key: str, file: Path | None) -> Outcome:
        kept = self.provenance.get("files", {})
        if file is not None and (file.name not in kept or kept[file.name] != content_of(file)):
            raise recorded.NoRecording(
                f"{self._recording.path} answers nothing: {file.name} has changed since, or is "
                "another file: record again"
            )
        found = list(self._recording.pairs(_Row(key), ("said",), None, 0))
        if not found:
            raise recorded.NoRecording(
                f"{self._recording.path} has no answer to what is asked now: record again"
            )
        return found[0][1]["said"]

    def evaluate(self, side: JuliaSide, layout: Layout, cases: Sequence[Case]) -> Iterator[Outcome]:
        """As Julia did."""
        for case in cases:
            yield self._said(_key(side, layout, case), side.file)

    def call(self, name: str, *arguments: Any) -> Any:
        """As Julia did."""
        arrays = self._said(_called(name, *arguments), _file_among(arguments)).arrays
        return (
            bytes(arrays[TEXT]).decode()
            if TEXT in arrays
            else {name.path: array for name, array in arrays.items()}
        )


@dataclass(frozen=True)
class _Row:
    key: str


def _file_among(arguments: Sequence[Any]) -> Path | None:
    return next((Path(a) for a in map(str, arguments) if a.endswith(".jl")), None)


def _called(name: str, *arguments: Any) -> str:
    return ":".join(
        [name, *(Path(a).name if str(a).endswith(".jl") else str(a) for a in arguments)]
    )


def _key(side: JuliaSide, layout: Layout, case: Case) -> str:
    """The same for the same question."""
    asked = repr((str(side), layout, case.mode, sorted(case.config.items())))
    content = hashlib.sha256(asked.encode())
    for name, array in sorted((str(name), array) for name, array in case.arrays.items()):
        content.update(
            f"{name} {array.dtype} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes()
        )
    return content.hexdigest()[:32]
