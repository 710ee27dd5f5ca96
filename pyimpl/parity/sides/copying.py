"""A copy of the user's subject for every case, which begins as the first one began."""

import copy
from typing import Any


def copied(subject: Any) -> Any:
    """A deep copy; a part that cannot be copied (a lock, an open file) is shared with the original,
    everything else is not.
    """
    try:
        return copy.deepcopy(subject)
    except Exception:  # whatever a part raises that will not be copied
        own = getattr(subject, "__dict__", None)
        if own is None or isinstance(subject, type):
            return subject
    try:
        found = object.__new__(type(subject))
    except TypeError:  # a type that is made by another way
        return subject
    vars(found).update({name: copied(part) for name, part in own.items()})
    return found
