"""What `explain` says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """A known way in which two correct programs differ, and what shows that it is this one."""

    cause: str  # in a user's words
    # "my.py:12, np.std(x, axis=0)", "argument x2", "parameter layers.0.weight", "the result"
    where: str
    change: str  # what was changed on the Python side to make the difference vanish
    evidence: str
    confident: bool

    def __str__(self):
        return f"{self.cause}\n  at {self.where}\n  {self.change}\n  {self.evidence}"
