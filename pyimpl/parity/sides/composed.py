"""Several sides one after the other, as one: what lies between two values of a model whose layers
are known, and can be run, each for itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, Kind, Name, numbered
from .framework import Framework
from .side import PythonSide


@dataclass(frozen=True)
class Link:
    """A call in a composition: its side, its arrays as the composition calls them by the names that
    the side has for them, and the numbers of the values that go in and come out.
    """

    side: PythonSide
    paths: dict[str, str]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def spans(self, inputs: Sequence[int], outputs: Sequence[int]) -> bool:
        """Whether it is all that lies between these values."""
        return self.inputs == tuple(inputs) and self.outputs == tuple(outputs)


@dataclass
class ComposedSide:
    """A composition of sides. Gradients pass through it where all of them have a backward pass.

    `whole`: every output of a part has a place to go; one that gives more is an error.
    """

    links: Sequence[Link]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    is_model: bool = True
    whole: bool = False
    subject: object = field(init=False)

    def __post_init__(self):
        self.subject = tuple(link.side.subject for link in self.links)

    @property
    def framework(self) -> Framework:
        """That of the first."""
        return self.links[0].side.framework

    @property
    def has_gradient(self) -> bool:
        """Whether every part has a backward pass."""
        return all(link.side.has_gradient for link in self.links)

    def parameters(self) -> dict[str, np.ndarray]:
        """The arrays of all parts by their paths in the model."""
        return {
            link.paths[name]: array
            for link in self.links
            for name, array in link.side.parameters().items()
        }

    def evaluate(self, case: Case) -> Outcome:
        """Forward through all parts, and back through all where there are cotangents."""
        values = dict(zip(self.inputs, case.all(Kind.INPUT), strict=True))
        asked: list[Case] = []
        found: dict[Name, np.ndarray] = {}
        none: set[Name] = set()
        for link in self.links:
            asked.append(self._case(case, link, values))
            outcome = link.side.evaluate(asked[-1])
            ys = list(outcome.outputs().values())
            if outcome.error is not None or len(ys) < len(link.outputs):
                return replace(outcome, arrays={}, error=outcome.error or "it has too few outputs")
            if self.whole and len(ys) > len(link.outputs):
                called = getattr(link.side.subject, "__name__", type(link.side.subject).__name__)
                words = f"{called} gives {len(ys)} arrays, and what follows takes one"
                return replace(outcome, arrays={}, error=words)
            values |= dict(zip(link.outputs, ys, strict=False))
            found |= self._own(link, outcome, Kind.STATE)
        found |= _named(OUTPUT, [values[number] for number in self.outputs])
        dys = case.all(Kind.COTANGENT)
        if dys and self.has_gradient:
            back = dict(zip(self.outputs, dys, strict=False))
            for link, before in zip(reversed(self.links), reversed(asked), strict=True):
                given = {
                    numbered(Kind.COTANGENT, i): back.get(n, np.zeros_like(values[n]))
                    for i, n in enumerate(link.outputs, 1)
                }
                outcome = link.side.evaluate(replace(before, arrays=before.arrays | given))
                if outcome.error is not None:
                    return outcome
                found |= self._own(link, outcome, Kind.PARAMETER_GRADIENT)
                none |= {self._renamed(link, name) for name in outcome.none}
                for i, number in enumerate(link.inputs, 1):
                    dx = outcome.arrays.get(numbered(Kind.INPUT_GRADIENT, i))
                    if dx is not None:
                        back[number] = back[number] + dx if number in back else dx
            found |= {
                numbered(Kind.INPUT_GRADIENT, i): back[number]
                for i, number in enumerate(self.inputs, 1)
                if number in back
            }
        return Outcome(found, frozenset(name for name in none if name.kind is not Kind.INPUT))

    @staticmethod
    def _case(case: Case, link: Link, values: dict[int, np.ndarray]) -> Case:
        arrays: dict[Name, np.ndarray] = {
            numbered(Kind.INPUT, i): values[number] for i, number in enumerate(link.inputs, 1)
        }
        own = case.parameters()
        arrays |= {
            Name(Kind.PARAMETER, name): own[path]
            for name, path in link.paths.items()
            if path in own
        }
        mode = case.mode if link.side.is_model else "function"
        return replace(case, arrays=arrays, mode=mode)

    @staticmethod
    def _renamed(link: Link, name: Name) -> Name:
        return replace(name, path=link.paths.get(name.path, name.path))

    def _own(self, link: Link, outcome: Outcome, kind: Kind) -> dict[Name, np.ndarray]:
        return {
            self._renamed(link, name): array
            for name, array in outcome.arrays.items()
            if name.kind is kind
        }


def _named(name: Name, arrays: Sequence[np.ndarray]) -> dict[Name, np.ndarray]:
    """y of one, y.0, y.1, ... of several."""
    if len(arrays) == 1:
        return {name: arrays[0]}
    return {name.part(i): array for i, array in enumerate(arrays)}
