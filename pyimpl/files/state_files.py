"""States of models in files that Julia and Python both read: JLD2, which is HDF5, through h5py.

    jldsave("model.jld2"; model_state = Flux.state(model))            # Julia
    loadmodel(model, read_state("model.jld2"))                        # Python

    write_state("model.jld2", model)                                  # Python
    Flux.loadmodel!(model, JLD2.load("model.jld2", "model_state"))    # Julia, after `using Flux,
    JLD2`

Arrays are the same bytes on both sides, their axes reversed. Needs h5py: `pip install
'julia-parity[files]'`.
"""

import mmap
import os
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.tree import state
from ..models.flux_fields import from_flux, to_flux

__all__ = ["read_state", "write_state"]

TUPLES = ("Tuple", "NTuple", "Core.Tuple")
HEADER = b"HDF5-based Julia Data Format, version 0.2.0\0 (pyimpl)\0"
HEAP = b"GCOL\1\0\0\0"  # HDF5's list of strings
# written for None: h5py cannot write Julia's own `nothing`, and `loadmodel!` passes over a string
NOTHING = "nothing"


class StateFileError(ValueError):
    """A file that is not what it should be: says which part of it, and what was expected."""


def read_state(path, name: str = "model_state") -> Any:
    """The state in a JLD2 file: nested dicts and lists of arrays, numbers, strings and None, as
    `state(model)` gives it.

    Reads what Julia's `jldsave(path; model_state = Flux.state(model))`, `JLD2.@save path
    model_state` and our `write_state` write; `name` may go through groups, "run/model_state". A
    Julia array of size (a, b) is a NumPy array of shape (b, a), Float16 to Float64, integers, Bool
    and complex numbers; fields of Flux's layers have our names, `stride`, `pad` and other sizes our
    order, a bias `false` is None. What Flux's state does not have is not there: functions are None,
    `return_state` and Upsample's fields are missing; Dropout's `dims` count from the last axis, as
    -1. `loadmodel` needs none of these. Raises FileNotFoundError, ImportError without h5py, and
    ValueError for a file that is not JLD2, truncated or damaged, for a name that it has not (with
    those that it has), and for Julia types without a twin, with the path in the file: a whole
    model, views and transposes, dictionaries. Damage to the numbers themselves cannot be seen: JLD2
    keeps no checksum of them. JLD2 up to 0.6.5 writes compressed arrays that HDF5 2.0, in h5py
    3.16, refuses and HDF5 1.14 reads (JuliaIO/HDF5.jl#1224).
    """
    path = Path(path)
    with (
        path.open("rb") as file
        # of the ways to fail, these have messages of their own: no such file, a directory, no
        # permission
    ):
        start = file.read(2048 + 8)
    if not any(start[offset:].startswith(b"\x89HDF\r\n\x1a\n") for offset in (0, 512, 1024, 2048)):
        raise StateFileError(
            f"{path} is not a JLD2 file, or was cut off at its start: it has no HDF5 signature"
        )
    _check_heaps(path)
    h5py = _h5py()
    reader = None
    try:
        with h5py.File(path, "r") as file:
            reader = _Reader(h5py, file, name)
            found = reader.named(name)
    except StateFileError as error:
        raise StateFileError(f"{path}: {error}") from None
    except Exception as error:  # a damaged file makes HDF5, h5py and NumPy raise nearly anything
        if reader is None:
            raise StateFileError(
                f"{path} cannot be opened, it is truncated or damaged: {error}"
            ) from error
        raise StateFileError(
            f"{path}: {reader.where} cannot be read. {_remedy(str(error))}: {error}"
        ) from error
    return from_flux(found)


def write_state(path, model, name: str = "model_state") -> None:
    """Write a model, or a `state`, to a JLD2 file for `read_state` and for Julia.

    There `Flux.loadmodel!(model, JLD2.load(path, "model_state"))` copies it into a Flux model of
    the same structure; fields have Flux's names and order, sizes Julia's order. What `JLD2.load`
    gives differs from `Flux.state` where `loadmodel!` does not look: tuples are Vectors, None is
    the string "nothing", a bias None is `false`, a 0-d array is a number. Model-free HDF5 readers
    find every array under `_parts`. Of a Flux model with a generator of its own in a Dropout, or
    with functions that hold numbers, `loadmodel!` refuses the state: it looks for their fields. The
    file appears at once and complete, or not at all. Raises ImportError without h5py, OSError where
    it cannot write, and ValueError with the path of a part that is neither dict, list, tuple,
    string, None nor a number or array of float16 to float64, integers or bool.
    """
    path = Path(path)
    if not name.strip("/") or name.startswith("_"):
        raise StateFileError(f"write_state expects a name that JLD2 shows, got {name!r}")
    h5py = _h5py()
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


def _h5py():
    try:
        import h5py
    except ImportError as missing:
        raise ImportError(
            "JLD2 files are read and written with h5py: pip install 'julia-parity[files]'"
        ) from missing
    return h5py


def _check_heaps(path):
    """Raises for a damaged list of strings, in which HDF5 may run in a circle for ever."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content.find(HEAP)
        while start >= 0:
            end = start + int.from_bytes(content[start + 8 : start + 16], "little")
            entry = start + 16
            while entry + 16 <= min(end, len(content)):
                index = int.from_bytes(content[entry : entry + 2], "little")
                size = int.from_bytes(content[entry + 8 : entry + 16], "little")
                length = (
                    16 + (size + 7) // 8 * 8 if index else size
                )  # entry 0 is the free space, its own head included
                if length == 0 or entry + length > end:
                    raise StateFileError(
                        f"{path} is damaged: its list of strings at byte {start} is broken at "
                        f"byte {entry}"
                    )
                entry += length
            start = content.find(HEAP, start + 8)


def _remedy(message: str) -> str:
    if "chunk dimension encoding length" in message:
        return (
            "HDF5 2.0 refuses arrays compressed by JLD2 up to 0.6.5; save without compression, "
            "or pip install 'h5py<3.16'"
        )
    return "It is damaged, or of a kind that h5py does not know"


class _Reader:
    """Julia's values in an open file.

    `where` is the path of the one that is being read, in Julia's names and counting from 1.
    """

    def __init__(self, h5py, file, where):
        self.h5, self.file, self.where = h5py, file, where

    def named(self, name):
        if name not in self.file or not isinstance(self.file[name], self.h5.Dataset):
            there = ", ".join(self._names()) or "nothing"
            raise StateFileError(f"no {name!r} in it, only {there}")
        return self.dataset(self.file[name], name)

    def _names(self):
        names: list[str] = []

        def note(name, node):
            if isinstance(node, self.h5.Dataset) and not name.startswith("_"):
                names.append(name)

        self.file.visititems(note)
        return names[:20] + ["..."] * (len(names) > 20)

    def unsupported(self, where, what):
        return StateFileError(
            f"{where} is {what}, which has no twin in NumPy; save Flux.state(model), on the CPU "
            "and with plain arrays in it (Array(x))"
        )

    def dataset(self, node, where):
        """The value of a dataset."""
        self.where = where
        if not isinstance(node, self.h5.Dataset):
            raise StateFileError(
                f"{where} points to something that is not a value: the file is damaged"
            )
        kind, h5t = node.id.get_type(), self.h5.h5t
        julia, shape = self.julia_type(kind), node.shape
        dimensions = node.attrs.get(
            "dimensions"
        )  # where HDF5's own cannot say it: of 0-d arrays and of arrays of nothing
        if shape is None:
            return None if dimensions is None else [None] * int(np.prod(dimensions))
        self._check_filters(node, where)
        group = kind.get_class()
        if group in (h5t.INTEGER, h5t.FLOAT, h5t.BITFIELD) and julia is None:
            array = node[()]
            array = array.view(bool) if group == h5t.BITFIELD else array
            return (
                array.item()
                if shape == ()
                else array
                if dimensions is None
                else array.reshape(tuple(dimensions))
            )
        if group == h5t.COMPOUND and julia == "Base.Complex":
            parts = node[()]
            return parts["re"] + 1j * parts["im"]
        if shape == ():
            return self.part(node[()], kind, where)
        if len(shape) == 1 and group in (h5t.REFERENCE, h5t.COMPOUND, h5t.STRING):
            return [self.part(raw, kind, f"{where}.{i}") for i, raw in enumerate(node[()], 1)]
        raise self.unsupported(
            where,
            f"a Julia array of size {shape[::-1]} of "
            f"{julia or 'a kind that is neither number nor Bool'}",
        )

    def part(self, raw, kind, where):
        """A value that is part of another, as h5py gives it, of the HDF5 type `kind`."""
        self.where = where
        h5t, group, julia = self.h5.h5t, kind.get_class(), self.julia_type(kind)
        if group == h5t.REFERENCE:
            if not raw:
                raise StateFileError(f"{where} is undefined in the file (#undef)")
            found = self.dataset(self.file[raw], where)
            if julia is None:
                return found
            if julia in TUPLES:  # long tuples of one type are arrays
                return found.tolist() if isinstance(found, np.ndarray) else found
        elif group == h5t.COMPOUND and julia == "Base.Complex":
            return complex(raw["re"], raw["im"])
        elif group == h5t.COMPOUND:
            return self.compound(raw, kind, julia, where)
        elif group == h5t.STRING and julia in (None, "Core.Symbol"):
            text = raw.decode() if isinstance(raw, bytes) else str(raw)
            return None if text == NOTHING else text
        elif group in (h5t.INTEGER, h5t.FLOAT) and julia is None:
            return raw.item()
        elif group == h5t.BITFIELD and julia is None:
            return bool(raw)
        raise self.unsupported(
            where,
            f"a Julia {julia}"
            if julia
            else "of a kind that is no number, Bool, string, tuple or array",
        )

    def compound(self, raw, kind, julia, where):
        """A tuple or named tuple.

        Parts of it that hold nothing, such as functions, are listed with its type and nowhere else.
        """
        if julia not in (None, "Core.NamedTuple", *TUPLES):
            raise self.unsupported(where, f"a Julia {julia}")
        kinds = {
            kind.get_member_name(i).decode(): kind.get_member_type(i)
            for i in range(kind.get_nmembers())
        }
        names, types = list(kinds), [None] * len(kinds)
        if julia is not None:
            own = self.h5.AttributeManager(self.h5.Datatype(kind))
            if "field_datatypes" in own:
                raise StateFileError(
                    f"{where} was written by JLD2 before 0.4.54; load it and save it again with "
                    "a newer JLD2"
                )
            if "field_names" in own:
                names, types = list(own["field_names"]), list(own["field_types"])
        fields: dict[str, Any] = {}
        for field, reference in zip(names, types, strict=True):
            if field not in kinds:
                fields[field] = None
            else:
                fields[field] = self.part(
                    raw[field],
                    self.file[reference].id if reference else kinds[field],
                    f"{where}.{field}",
                )
        return list(fields.values()) if julia in TUPLES else fields

    def julia_type(self, kind):
        """The name of the Julia type that JLD2 keeps with an HDF5 type, or None."""
        if not kind.committed():
            return None
        h5a = self.h5.h5a
        for attribute in (b"julia_type", b"julia type"):
            if h5a.exists(kind, attribute):
                only_the_name = np.dtype(
                    [("name", self.h5.string_dtype())]
                )  # h5py cannot read the parameters, a list of references
                found = np.empty((), only_the_name)
                h5a.open(kind, attribute).read(found, mtype=self.h5.h5t.py_create(only_the_name))
                return found["name"].item().decode()
        return None

    def _check_filters(self, node, where):
        properties = node.id.get_create_plist()
        for code, _, _, label in (
            properties.get_filter(i) for i in range(properties.get_nfilters())
        ):
            if not self.h5.h5z.filter_avail(code):
                raise StateFileError(
                    f"{where} is compressed with {label.decode() or 'a filter'} (HDF5 filter "
                    f"{code}), which this h5py does not have; "
                    "save without compression or with Deflate(), or pip install hdf5plugin and "
                    "import it"
                )


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
