"""What every reader of files holds to: nothing is believed that a file says of its own size.

A `Budget` is opened with the length of the file; whoever makes memory or visits parts spends from
it first, so that a few damaged bytes cannot ask for terabytes or for a walk without an end.
"""

from collections.abc import Sized
from math import prod

__all__ = ["StateFileError"]

DEEPEST = 100  # parts in parts; a Chain of Chains has about five for each level
MOST_PARTS = 2_000_000  # values of one file; of a long one, a quarter of its bytes
MOST_OCCURRENCES = 10 * MOST_PARTS  # the same, a shared value counted wherever it occurs
FREE = 1 << 28  # bytes that any file may unfold to, however short it is
UNFOLDS = 1032  # bytes out of one: the most that deflate can do


class StateFileError(ValueError):
    """A file that is not what it should be: says which part of it, and what was expected."""


class Budget:
    """How much a file of `length` bytes may still unfold to, in bytes and in parts."""

    def __init__(self, length: int):
        self.length = length
        self._bytes = 4 * length + FREE
        self._parts = self.most_parts = max(MOST_PARTS, length // 4)

    def spend(self, size: int, where: str) -> None:
        """Before `size` bytes are made of what the file has."""
        self._bytes -= size
        if size < 0 or self._bytes < 0:
            raise StateFileError(
                f"{where} claims {size} bytes more, which a file of {self.length} bytes cannot hold"
            )

    def visit(self, parts: int, where: str) -> None:
        """Before `parts` values are made."""
        self._parts -= parts
        if parts < 0 or self._parts < 0:
            raise StateFileError(
                f"{where} claims {parts} parts more; more than {self.most_parts} are not read"
            )

    def unfolded(self, packed: int, size: int, where: str) -> None:
        """Before `packed` bytes are decompressed to `size`."""
        if size > max(UNFOLDS * packed + 64, FREE):
            raise StateFileError(
                f"{where} claims that {packed} bytes unfold to {size}, {UNFOLDS} times is the most"
            )
        # What is unfolded is not in the file: it has a limit of its own, which `packed` gives.
        self._bytes += min(size, UNFOLDS * packed)
        self.spend(size, where)


def count(shape, where: str) -> int:
    """The number of entries of a shape. Raises StateFileError for a negative size or a count past
    every memory.
    """
    largest = prod(size for size in shape if size)  # NumPy refuses it though another size is 0
    if len(shape) > 64 or any(size < 0 for size in shape) or largest >= 1 << 48:
        raise StateFileError(f"{where} claims an array of size {tuple(shape)}")
    return prod(shape)


def inside(content: Sized, start: int, size: int, where: str) -> None:
    """Raises StateFileError unless the `size` bytes from `start` on are part of `content`."""
    if start < 0 or size < 0 or start + size > len(content):
        raise StateFileError(
            f"{where} is truncated or damaged: {size} bytes are expected at {start}, of "
            f"{len(content)} that are there"
        )
