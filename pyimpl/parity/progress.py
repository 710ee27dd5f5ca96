"""What long work is busy with: told where the work is done, shown by whoever listens (the command
line; nobody, from a library).

    with busy("checking") as step:         # deep inside
        for i, case in enumerate(cases):
            step(i, len(cases))            # checking: 3 of 50
            ...

    current()                              # from the listener's thread: [Activity("checking", 3,
    50)]

Activities nest: while cases are checked Julia may be starting. `current` lists them from the
outermost to the innermost.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False)
class Activity:
    """Something that takes a while, and how far it has come: `done` of `total`, where that can be
    told.
    """

    what: str
    done: int | None = None
    total: int | None = None
    detail: str = ""  # a word of what is being done just now
    since: float = field(default_factory=time.monotonic)

    def __str__(self):
        counted = (
            ""
            if self.done is None
            else f": {self.done} of {self.total}"
            if self.total
            else f": {self.done}"
        )
        return f"{self.what}{counted}{f' ({self.detail})' if self.detail else ''}"

    def step(self, done: int | None = None, total: int | None = None, detail: str = "") -> None:
        """Note how far it has come."""
        self.done, self.total, self.detail = done, total, detail


_activities: list[Activity] = []


@contextmanager
def busy(what: str) -> Iterator[Callable[..., None]]:
    """While the block runs, `what` is what is being waited for.

    Gives `step(done, total, detail)`, to tell how far it has come.
    """
    activity = Activity(what)
    _activities.append(activity)
    try:
        yield activity.step
    finally:
        if (
            activity in _activities
        ):  # a generator that was left half way ends later than what was begun after it
            _activities.remove(activity)


def current() -> list[Activity]:
    """What is going on, from the outermost to the innermost."""
    return list(_activities)
