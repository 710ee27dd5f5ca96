"""What a probe is: a question to the toolkit, and the answer that is known."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from ...case.case import Case, Outcome
from ...case.names import Arrays, Name

X1, Y = Name.parse("x1"), Name.parse("y")


@dataclass(frozen=True)
class Probe:
    """`ask` gives the toolkit's answer in words, `known` is what it has to be. `needs` is a library
    that has to be installed.
    """

    name: str
    ask: Callable[[], Any]
    known: str
    needs: str = ""

    @property
    def can_be_asked(self) -> bool:
        """Whether the library is there."""
        return not self.needs or find_spec(self.needs) is not None

    def answer(self) -> str:
        """What the toolkit says; what it raises is an answer too."""
        try:
            return str(self.ask())
        except Exception as problem:
            return f"{type(problem).__name__}: {problem}"


PROBES: dict[str, Probe] = {}


def probe(known: str, needs: str = "") -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Enters the decorated question into `PROBES`, under its name in words.

    >>> @probe("2")
    ... def one_and_one_are_two():
    ...     return 1 + 1
    >>> PROBES.pop("one and one are two").answer()
    '2'
    """

    def enter(ask: Callable[[], Any]) -> Callable[[], Any]:
        name = ask.__name__.replace("_", " ")
        assert name not in PROBES, name
        PROBES[name] = Probe(name, ask, known, needs)
        return ask

    return enter


def posed(row: str, config: Any, arrays: Any, mode: str = "function", **marks: Any) -> Case:
    """A case of arrays by their written names."""
    return Case(row, config, Arrays(arrays), mode, **marks)


def gave(arrays: Any, none: Iterable[str] = ()) -> Outcome:
    """An outcome of arrays by their written names, and of those that have none."""
    return Outcome(Arrays(arrays), frozenset(map(Name.parse, none)))


def written(outcome: Outcome) -> str:
    """An outcome in words: its arrays by name, what has no gradient, or the error."""
    if outcome.error is not None:
        return f"{'lost' if outcome.lost else 'error'}: {outcome.error.partition(' (')[0]}"
    parts = [f"{name} {shown(array)}" for name, array in sorted(outcome.arrays.items())]
    parts += [f"{name} none" for name in sorted(outcome.none)]
    return "; ".join(parts)


def shown(array: np.ndarray) -> str:
    """An array with its type, as nested lists of short numbers.

    >>> shown(np.float32([[1, 0.5]]))
    'float32 [[1, 0.5]]'
    """
    return f"{array.dtype} {_listed(array.tolist())}"


def _listed(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_listed, value))}]"
    return str(value) if isinstance(value, bool) else f"{value:.6g}"


def listed(texts: Iterable[Any]) -> str:
    """Several answers in one."""
    return ", ".join(map(str, texts))
