"""What a probe is: a question to the toolkit, and the answer that is known."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Probe:
    """`ask` gives the toolkit's answer in words, `known` is what it has to be."""

    name: str
    ask: Callable[[], str]
    known: str

    def answer(self) -> str:
        """What the toolkit says; what it raises is an answer too."""
        try:
            return self.ask()
        except Exception as problem:
            return f"{type(problem).__name__}: {problem}"


PROBES: dict[str, Probe] = {}
