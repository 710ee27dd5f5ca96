"""A value from a file, in the names that the twin uses: what `read_state` gives.

Layers of Flux get our fields and order, whatever release wrote them; everything of the user's, of
Lux and of other packages keeps its own names.
"""

from typing import Any

from ..models.flux_fields import layer_from_flux
from .bounds import MOST_OCCURRENCES, StateFileError
from .julia_values import JuliaType, NamedParts, Struct, Unnamed
from .old_flux import modern


def our_names(value: Any) -> Any:
    """`value` without anything that belongs to the file: a copy of all but its arrays.

    Raises StateFileError where parts that occur again and again make it larger than any memory.
    """
    return _Walk().renamed(value)[0]


class _Walk:
    """What is shared is visited once, and counted as often as it occurs."""

    def __init__(self):
        self.done: dict[int, tuple[Any, int]] = {}
        self.kept: list[Any] = []  # ids are those of living objects only

    def renamed(self, node: Any) -> tuple[Any, int]:
        if isinstance(node, JuliaType):
            return node.described, 1
        if not isinstance(node, dict | list):
            return node, 1
        if id(node) not in self.done:
            self.kept.append(node)
            self.done[id(node)] = self._renamed_anew(node)
        result, size = self.done[id(node)]
        if size > MOST_OCCURRENCES:
            raise StateFileError(
                f"is damaged: its parts occur {size} times in each other, "
                f"{MOST_OCCURRENCES} are read"
            )
        return result, size

    def _renamed_anew(self, node: Any) -> tuple[Any, int]:
        items = node.items() if isinstance(node, dict) else enumerate(node)
        pairs = [(name, self.renamed(child)) for name, child in items]
        size = 1 + sum(part for _, (_, part) in pairs)
        values = {name: child for name, (child, _) in pairs}
        if isinstance(node, Struct | Unnamed):
            return self._struct(JuliaType(str(node.julia_type)), node, values, size)
        if isinstance(node, list):
            return list(values.values()), size
        return layer_from_flux(values) if _plain(values) else values, size

    def _struct(self, kind: JuliaType, node: Any, values: dict[Any, Any], size: int):
        if isinstance(node, Unnamed):
            return Unnamed(kind, values.values()), size
        if isinstance(node, NamedParts):
            parts, more = self.renamed(node.parts)
            return NamedParts(kind, values, parts), size + more
        if kind.partition(".")[0] == "Flux":
            return Struct(kind, layer_from_flux(modern(Struct(kind, values)))), size
        return Struct(kind, values), size


def _plain(values: dict[Any, Any]) -> bool:
    return all(isinstance(name, str) for name in values)
