"""NumPy's own files: npy has one array, npz is an archive of them."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from .bounds import Budget, StateFileError, count

LONGEST_HEADER = 10_000


class Npy:
    """An open npy file: its only value has no name."""

    kind = "npy"

    def __init__(self, path: Path, content, copied: bool = True):
        self.names, self.content, self.copied = [""], memoryview(content), copied
        self.budget = Budget(len(content))

    def value(self, name: str) -> Any:
        """The array."""
        return array_of(self.content, self.budget, "the array", self.copied)


class Npz:
    """An open npz file, which is one dict; `names` are those of its arrays and of the whole, ""."""

    kind = "npz"

    def __init__(self, path: Path, content, copied: bool = True):
        self.path, self.budget = path, Budget(len(content))
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        self.budget.visit(len(members), "the archive")
        self.members = {member.filename.removesuffix(".npy"): member for member in members}
        if not self.members or not all(m.filename.endswith(".npy") for m in members):
            raise StateFileError(
                "is an archive that is neither npz nor PyTorch's .pt: it has "
                f"{', '.join(member.filename for member in members[:5]) or 'nothing'}"
            )
        self.names = ["", *self.members]

    def value(self, name: str) -> Any:
        """One array, or all of them by name."""
        with zipfile.ZipFile(self.path) as archive:
            if name:
                return self._array(archive, name)
            return nested_by_dots((key, self._array(archive, key)) for key in self.members)

    def _array(self, archive: zipfile.ZipFile, name: str) -> Any:
        raw = unpacked(archive, self.members[name], self.budget, name)
        return array_of(memoryview(raw), self.budget, name, copied=True)


def unpacked(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget, where: str
) -> bytes:
    """The content of a member of an archive, of the size that it claims."""
    budget.unfolded(member.compress_size, member.file_size, where)
    if member.compress_size > budget.length:
        raise StateFileError(f"{where} claims {member.compress_size} bytes of the archive")
    try:
        with archive.open(member) as file:
            raw = file.read(member.file_size + 1)
    except Exception as error:  # zipfile and its decompressors have many errors of their own
        raise StateFileError(f"{where} is damaged: {error}") from None
    if len(raw) != member.file_size:
        raise StateFileError(f"{where} is damaged: {len(raw)} bytes came of {member.file_size}")
    return raw


def array_of(content: memoryview, budget: Budget, where: str, copied: bool) -> np.ndarray:
    """The array of an npy file. Raises StateFileError for objects, which would have to be run."""
    head = io.BytesIO(bytes(content[: LONGEST_HEADER + 12]))
    try:
        version = npy.read_magic(head)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(head, max_header_size=LONGEST_HEADER)
    except Exception as error:  # whatever a damaged header makes of a Python literal
        raise StateFileError(f"{where} is damaged: it has no npy header: {error}") from None
    if dtype.hasobject:
        raise StateFileError(f"{where} has Python objects, which are not read: they would be run")
    number, start = count(shape, where), head.tell()
    if number * dtype.itemsize != len(content) - start or (number and not dtype.itemsize):
        raise StateFileError(
            f"{where} is truncated or damaged: {number} entries of {dtype} are expected in "
            f"{len(content) - start} bytes"
        )
    array = np.frombuffer(content, dtype, number, start) if number else np.zeros(0, dtype)
    array = array.reshape(shape[::-1]).T if fortran else array.reshape(shape)
    if not copied:
        return array
    budget.spend(array.nbytes, where)
    return array.copy()


def nested_by_dots(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Values whose names have dots, as dicts in dicts: "layers.0.weight". Where a name is part of
    another, all stay as they are.
    """
    flat = dict(items)
    result: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split(".")
        node = result
        for part in path:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                return flat
        if last in node:
            return flat
        node[last] = value
    return result
