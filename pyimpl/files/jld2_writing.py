"""Writes states to JLD2 files, so that Julia's JLD2 and Flux take them.

h5py cannot commit Julia's types: a dict is an HDF5 compound of references, which JLD2 reads as a
NamedTuple, and a list an array of references.
"""

import os
from dataclasses import is_dataclass
from pathlib import Path

import numpy as np

from ..core.loading import state
from ..models.flux_fields import to_flux
from .bounds import StateFileError
from .jld2 import NOTHING, library

HEADER = b"HDF5-based Julia Data Format, version 0.2.0\0 (pyimpl)\0"


def write_jld2(path: Path, model, name: str) -> None:
    """Writes a model or a state under a name; the file appears complete, or not at all."""
    if not name.strip("/") or name.startswith("_"):
        raise StateFileError(f"write_state expects a name that JLD2 shows, got {name!r}")
    h5py = library()
    part = path.with_name(path.name + ".part")
    try:
        # JLD2 reads arrays of references without a Julia type, which h5py cannot write, in the
        # oldest layout only.
        with h5py.File(part, "w", libver="earliest", userblock_size=512) as file:
            root = _Writer(h5py, file.create_group("_parts")).put(
                to_flux(_stated(model)), name.replace("/", ".")
            )
            file[name] = file[root]
        with part.open("r+b") as file:
            file.write(HEADER)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _stated(node):
    """Every model in `node` as its state.

    What is neither, `state` would make None of; the writer refuses it.
    """
    if isinstance(node, dict):
        return {name: _stated(child) for name, child in node.items()}
    if isinstance(node, tuple | list):
        return [_stated(child) for child in node]
    return state(node) if is_dataclass(node) else node


class _Writer:
    """Puts every part of a state into a dataset of its own, and gives the reference by which the
    whole holds it.
    """

    def __init__(self, h5py, group):
        self.h5, self.group = h5py, group

    def put(self, node, where):
        if isinstance(node, dict):
            return self._dict(node, where)
        if isinstance(node, list):
            references = np.empty(len(node), self.h5.ref_dtype)
            for i, child in enumerate(node):
                references[i] = self.put(child, f"{where}.{i + 1}")
            return self._dataset(where, references)
        if node is None or isinstance(node, str):
            return self._dataset(
                where, np.array(NOTHING if node is None else node, self.h5.string_dtype())
            )
        array = np.asarray(node)
        if array.dtype == bool:
            return self._booleans(where, array)
        if array.dtype.kind not in "fiu" or array.dtype.itemsize > 8:
            raise StateFileError(
                "write_state expects arrays of float16 to float64, integers or bool, got "
                f"{array.dtype} at {where}"
            )
        return self._dataset(where, array.astype(array.dtype.newbyteorder("<"), copy=False))

    def _dict(self, node, where):
        for name in node:
            if not isinstance(name, str) or not name or "/" in name or "\0" in name:
                raise StateFileError(
                    f"write_state expects names that can be fields in Julia, got {name!r} at "
                    f"{where}"
                )
        references = [self.put(child, f"{where}.{name}") for name, child in node.items()]
        fields = np.empty((), [(name, self.h5.ref_dtype) for name in node])
        fields[()] = tuple(references)
        return self._dataset(where, fields)

    def _dataset(self, where, array):
        if array.size:
            return self.group.create_dataset(where, data=array, dtype=array.dtype).ref
        return self._empty(where, array, self.h5.h5t.py_create(array.dtype, logical=True))

    def _booleans(self, where, array):
        bits = self.h5.h5t.STD_B8LE  # a bit field is Julia's Bool; h5py would write an enumeration
        if not array.size:
            return self._empty(where, array, bits)
        h5s = self.h5.h5s
        dataset = self.h5.h5d.create(self.group.id, where.encode(), bits, self._space(array))
        dataset.write(
            h5s.ALL,
            h5s.ALL,
            np.ascontiguousarray(array).view(np.uint8),
            mtype=self.h5.h5t.NATIVE_B8,
        )
        return self.group[where].ref

    def _empty(self, where, array, kind):
        # In its usual layout an empty array has no address, and JLD2 takes it for a vector.
        compact = self.h5.h5p.create(self.h5.h5p.DATASET_CREATE)
        compact.set_layout(self.h5.h5d.COMPACT)
        self.h5.h5d.create(self.group.id, where.encode(), kind, self._space(array), dcpl=compact)
        return self.group[where].ref

    def _space(self, array):
        h5s = self.h5.h5s
        return h5s.create_simple(array.shape) if array.ndim else h5s.create(h5s.SCALAR)
