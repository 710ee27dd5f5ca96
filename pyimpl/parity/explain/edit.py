"""One way, tried at one place of the Python side."""

import re
from dataclasses import dataclass, replace

from ..sides.side import PythonSide
from ..traps.syntax import Rewriting, Scope


@dataclass
class Edit:
    """One way, tried at one place: the trap, where, what was changed, and the changed side."""

    cause: str
    where: str
    change: str
    side: PythonSide
    cost: float
    part: tuple[Scope, Rewriting] | None = None  # of an edit of source
    of_setting: bool = False  # of a layer, a rule, a loss

    def of_arguments(self, names: dict[str, str]) -> "Edit":
        """With arguments called as the user calls them: x1, x2, ... are the names of the
        toolkit.
        """

        def named(text: str) -> str:
            return re.sub(r"\bx\d+\b", lambda found: names.get(found[0], found[0]), text)

        return replace(self, where=named(self.where), change=named(self.change))
