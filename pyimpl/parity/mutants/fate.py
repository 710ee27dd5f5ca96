"""What became of a mutant, as plain data: it crosses from process to process."""

from dataclasses import dataclass, field
from enum import StrEnum

from .mutant import Mutant

Trace = dict[str, list[str]]  # by rule: the cases that it calls wrong, as text


class State(StrEnum):
    """How it ended."""

    KILLED = "killed"
    TIME = "killed by time"  # it did not come to an end
    LIVES = "lives"
    BROKEN = "broken"  # it is no program that could be checked


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: by which row and array, or by which probe, it was killed."""

    mutant: Mutant
    state: State
    by: str = ""  # the row or the probe
    array: str = ""  # the array that differed most, or what the probe answered
    words: str = ""
    seconds: float = 0.0
    rules: Trace = field(default_factory=dict)  # what the rules in use say of the same outcomes

    @property
    def is_killed(self) -> bool:
        """Whether somebody would have noticed."""
        return self.state in (State.KILLED, State.TIME)

    @property
    def is_defect(self) -> bool:
        """Whether it shows a hole: it lives, and nobody has said why."""
        return self.state is State.BROKEN or (self.state is State.LIVES and not self.mutant.lives)
