"""Julia's values in JLD2 files, of format 0.1.1 (JLD2 up to 0.4) and 0.2.

A JLD2 file is an HDF5 file: every value a dataset, every Julia type a type of its own that bears
the Julia type's name, its parameters and, where HDF5 cannot say them, the names of its fields. h5py
walks the groups, `hdf5.py` reads the objects, and this file makes Julia's values of them.

Source: JLD2.jl 0.1 to 0.6, `src/data/` (how types are written) and `src/datasets.jl`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .bounds import DEEPEST, Budget, StateFileError, count
from .hdf5 import UNDEFINED, Attribute, Hdf5, Kind, Object, Type
from .julia_values import (
    JuliaType,
    big_float,
    big_integer,
    built,
    mapping,
    nested,
    primitive,
    primitives,
    records,
    singleton,
)
from .old_flux import complete

NOTHING = "nothing"  # what `write_state` writes for None
TUPLES = ("Core.Tuple", "Core.NTuple")


@dataclass(frozen=True)
class Named:
    """A Julia type of a file: its name, what it is written as if that is another, its fields with
    their types where HDF5's own names do not say them.
    """

    julia: JuliaType
    written: JuliaType | None = None
    fields: tuple[tuple[str, int], ...] | None = None  # name and address of the type, 0 for none
    old: bool = False  # only the fields with a content are listed


class Jld2:
    """An open JLD2 file: `names` are those of its values, `value(name)` reads one of them.

    `copied=False` gives arrays that are parts of the file, for looking only.
    """

    kind = "JLD2"

    def __init__(self, path: Path, content, copied: bool = True):
        h5py = library()
        self.budget = Budget(len(content))
        self.file = Hdf5(content, self.budget)
        try:
            with h5py.File(path, "r") as file:
                self.names = dict(_walk(file.id, "", h5py, ()))
        except StateFileError:
            raise
        except Exception as error:  # HDF5 and h5py raise nearly anything for a damaged file
            raise StateFileError(
                f"cannot be opened, it is truncated or damaged: {error}"
            ) from error
        self.copied = copied
        self._named: dict[int, Named | None] = {}
        self._values: dict[int, Any] = {}
        self._open: set[int] = set()
        self._depth = 0

    def value(self, name: str) -> Any:
        """The value at a path."""
        return self.dataset(self.names[name], name)

    # -- values ---------------------------------------------------------------------------------

    def dataset(self, address: int, where: str) -> Any:
        """The value of the object at an address. The same object is the same value."""
        if address in self._values:
            return self._values[address]
        if address in self._open or self._depth >= DEEPEST:
            if address in self._open:
                return None  # a part that is the whole again: Julia's cycles end here
            raise StateFileError(f"{where} is more than {DEEPEST} levels deep")
        self._open.add(address)
        self._depth += 1
        try:
            self.budget.visit(1, where)
            value = self._dataset(self.file.object(address, where), address, where)
        finally:
            self._open.discard(address)
            self._depth -= 1
        self._values[address] = value
        return value

    def _dataset(self, node: Object, address: int, where: str) -> Any:
        if node.type is None:
            raise StateFileError(
                f"{where} points to something that is not a value: the file is damaged"
            )
        if node.layout is None:
            named = self.named(self.file.type_at(address, where), where)
            return named.julia if named else None
        kind, named = node.type, self.named(node.type, where)
        dimensions = self._dimensions(node, where)
        if node.shape is None:
            if dimensions is None:
                return singleton(named.julia) if named else None
            return self._nothings(named, dimensions, where)
        raw = self.file.content_of(node, where)
        if node.shape == ():
            return self.part(raw, kind, named, where)
        return self._array(
            raw, kind, named, node.shape if dimensions is None else dimensions, where
        )

    def _dimensions(self, node: Object, where: str) -> tuple[int, ...] | None:
        """The size of an array where HDF5's own cannot say it: of 0-d arrays and of arrays of
        nothing.
        """
        attribute = node.attributes.get("dimensions")
        if attribute is None or attribute.shape is None or attribute.type.dtype is None:
            return () if attribute is not None and attribute.shape is None else None
        sizes = self._numbers(attribute, where)
        shape = tuple(int(size) for size in sizes)
        count(shape, where)
        return shape

    def _numbers(self, attribute: Attribute, where: str) -> np.ndarray:
        number = count(attribute.shape or (), where)
        dtype = attribute.type.dtype
        assert dtype is not None
        if number * dtype.itemsize > len(attribute.data):
            raise StateFileError(f"{where} is damaged: an attribute of it is too short")
        return np.frombuffer(attribute.data, dtype, number)

    def _nothings(self, named: Named | None, shape, where: str) -> list[Any]:
        number = count(shape, where)
        self.budget.visit(number, where)
        return [singleton(named.julia) if named else None] * number

    def _array(self, raw, kind: Type, named: Named | None, shape, where: str) -> Any:
        number = count(shape, where)
        if number * kind.size > len(raw) or (number and not kind.size):
            raise StateFileError(f"{where} is damaged: {number} entries have {len(raw)} bytes")
        raw = raw[: number * kind.size]
        dtype = _dtype_of(kind)
        if named is None and dtype is not None and dtype.names is None:
            return self._copy(np.frombuffer(raw, dtype), where).reshape(shape)
        if named is not None and dtype is not None and dtype.names is not None:
            array = np.frombuffer(raw, dtype)
            self.budget.spend(2 * len(raw), where)
            numbers = records(named.julia, array)
            if numbers is None and named.julia.short == "JLD2.InlineUnionEl":
                numbers = self._union(array, named)
            if numbers is not None:
                return numbers.reshape(shape)
        if named is not None and kind.kind == Kind.OPAQUE:
            self.budget.spend(2 * len(raw), where)
            values = primitives(named.julia, raw, kind.size)
            if isinstance(values, np.ndarray):
                return values.reshape(shape)
            self.budget.visit(len(values), where)
            return nested(values, shape)
        self.budget.visit(number, where)
        size = kind.size
        return nested(
            [
                self.part(raw[i * size : (i + 1) * size], kind, named, f"{where}.{i + 1}")
                for i in range(number)
            ],
            shape,
        )

    def _copy(self, array: np.ndarray, where: str) -> np.ndarray:
        if not self.copied:
            return array
        self.budget.spend(array.nbytes, where)
        return array.astype(array.dtype.newbyteorder("="))

    @staticmethod
    def _union(array: np.ndarray, named: Named) -> np.ndarray | None:
        """Numbers of which some are missing, or nothing: a masked array."""
        names = array.dtype.names or ()
        if names not in (("mask", "t1"), ("mask", "t2")) or array.dtype["mask"].itemsize != 1:
            return None
        values, chosen = array[names[1]], array["mask"] != 0
        if values.dtype.names is not None:
            return None
        masked = np.ma.MaskedArray(values.copy(), chosen if names[1] == "t1" else ~chosen)
        return masked

    def part(self, raw, kind: Type, named: Named | None, where: str) -> Any:
        """A single value, of the HDF5 type `kind`, that lies in `raw`."""
        if named is None and kind.address is not None:
            named = self.named(kind, where)
        group = kind.kind
        if group == Kind.REFERENCE:
            address = int.from_bytes(raw[:8], "little")
            if address in (0, UNDEFINED):
                return None  # not defined, in Julia: #undef
            return self._as_written(self.dataset(address, where), named, where)
        if group == Kind.COMPOUND:
            return self._compound(raw, kind, named, where)
        if group in (Kind.INTEGER, Kind.FLOAT, Kind.ENUM) and kind.dtype is not None:
            value = np.frombuffer(raw, kind.dtype, 1)[0].item()
        elif group == Kind.INTEGER:
            value = int.from_bytes(raw[:16], "little", signed=kind.signed)
        elif group == Kind.BITS:
            value = any(raw[: kind.size])
        elif group == Kind.STRING:
            value = _decoded(bytes(raw[: kind.size]).rstrip(b"\0"))
        elif group == Kind.LIST and kind.entry is not None:
            value = self._list(raw, kind, where)
        elif group == Kind.OPAQUE:
            if named is None:
                return bytes(raw[: kind.size])
            return primitive(named.julia, bytes(raw[: kind.size]))
        elif group == Kind.ARRAY and kind.entry is not None:
            return self._array(raw, kind.entry, None, kind.shape, where)
        else:
            raise StateFileError(f"{where} is of the HDF5 type {group.name}, which is not read")
        if named is None and isinstance(value, str) and value == NOTHING:
            return None
        return self._as_written(value, named, where)

    def _list(self, raw, kind: Type, where: str) -> Any:
        entry = kind.entry
        assert entry is not None
        content = self.file.list_content(raw[:16], entry, where)
        if kind.text or entry.size == 1:
            return _decoded(bytes(content))
        number = len(content) // entry.size if entry.size else 0
        return self._array(content, entry, None, (number,), where)

    def _as_written(self, value, named: Named | None, where: str) -> Any:
        """The value of a type that is written as another: a long tuple as an array, BigInt as a
        string.
        """
        if named is None:
            return value
        name = named.julia.short
        if name in TUPLES and isinstance(value, np.ndarray):
            self.budget.visit(value.size, where)
            return value.tolist()
        if name in ("GMP.BigInt", "Base.BigInt") and isinstance(value, str):
            return big_integer(value, where)
        if name in ("MPFR.BigFloat", "Base.BigFloat") and isinstance(value, str):
            return big_float(value, where)
        if isinstance(value, list) and _is_dictionary(named):
            return self._dictionary(value, where)
        return value

    @staticmethod
    def _dictionary(pairs, where: str) -> Any:
        if not all(isinstance(pair, dict) and set(pair) == {"first", "second"} for pair in pairs):
            raise StateFileError(f"{where} is damaged: a dictionary without its pairs")
        return mapping([pair["first"] for pair in pairs], [pair["second"] for pair in pairs])

    def _compound(self, raw, kind: Type, named: Named | None, where: str) -> Any:
        parts = kind.names
        written = named.written or named.julia if named is not None else None
        if written == "Core.DataType" and set(parts) >= {"name", "parameters"}:
            return self._data_type(raw, kind, where)
        if written == "Core.Union" and "description" in parts:
            offset, entry = parts["description"]
            return JuliaType(str(self.part(raw[offset : offset + 16], entry, None, where)))
        if named is not None and named.fields is not None:
            listed = dict(named.fields)
        else:
            listed = dict.fromkeys(parts, 0)
        if named is not None and named.julia.short == "Base.Complex" and set(parts) == {"re", "im"}:
            values = [self.part(raw[at:], entry, None, where) for at, entry in parts.values()]
            return complex(*values)
        self._depth += 1
        if self._depth >= DEEPEST:
            raise StateFileError(f"{where} is more than {DEEPEST} levels deep")
        fields: dict[str, Any] = {}
        try:
            self.budget.visit(len(listed), where)
            for name, address in listed.items():
                own = self.named_at(address, where) if address not in (0, UNDEFINED) else None
                if name in parts:
                    offset, entry = parts[name]
                    fields[name] = self.part(
                        raw[offset : offset + entry.size], entry, own, f"{where}.{name}"
                    )
                else:
                    fields[name] = singleton(own.julia) if own is not None else None
        finally:
            self._depth -= 1
        return self._assembled(fields, named, where)

    def _assembled(self, fields: dict[str, Any], named: Named | None, where: str) -> Any:
        if named is None:
            return fields
        if named.written is not None and _is_dictionary(named) and set(fields) == {"kvvec"}:
            pairs = fields["kvvec"]
            return self._dictionary(pairs, where) if isinstance(pairs, list) else pairs
        name = named.julia.short
        if name in TUPLES:
            return self._tuple(fields, named, where)
        if name == "Core.NamedTuple":
            return self._named_tuple(fields, named, where)
        if name == "JLD2.InlineUnionEl" and "mask" in fields:
            return fields.get("t2" if fields["mask"] else "t1")
        if named.old or named.fields is None:
            fields = complete(named.julia, fields)
        return built(named.julia, fields)

    def _tuple(self, fields: dict[str, Any], named: Named, where: str) -> list[Any]:
        """A tuple; in old files parts without a content are missing, and their place is not."""
        types = named.julia.parameters if named.old or named.fields is None else ()
        if len(types) <= len(fields):
            return list(fields.values())
        self.budget.visit(len(types), where)
        return [
            fields[str(i)]
            if str(i) in fields
            else singleton(kind)
            if isinstance(kind, JuliaType)
            else None
            for i, kind in enumerate(types, 1)
        ]

    def _named_tuple(self, fields: dict[str, Any], named: Named, where: str) -> dict[str, Any]:
        if not named.old and named.fields is not None:
            return fields
        names, types = [*named.julia.parameters, None, None][:2]
        if not isinstance(names, list) or not set(fields) <= set(map(str, names)):
            return fields
        kinds = types.parameters if isinstance(types, JuliaType) else []
        missing = dict(zip(map(str, names), kinds, strict=False))
        return {
            name: fields[name]
            if name in fields
            else singleton(missing[name])
            if isinstance(missing.get(name), JuliaType)
            else None
            for name in map(str, names)
        }

    # -- types ----------------------------------------------------------------------------------

    def named(self, kind: Type, where: str) -> Named | None:
        """The Julia type of an HDF5 type that stands on its own; None for others."""
        return None if kind.address is None else self.named_at(kind.address, where)

    def named_at(self, address: int, where: str) -> Named | None:
        """The Julia type at an address."""
        if address not in self._named:
            self._named[address] = None  # types may have themselves for parameters
            self._named[address] = self._read_named(address, where)
        return self._named[address]

    def _read_named(self, address: int, where: str) -> Named | None:
        kind = self.file.type_at(address, where)
        attributes = self.file.object(address, where).attributes
        julia = attributes.get("julia_type", attributes.get("julia type"))
        if julia is None:
            return None
        if julia.type.address == address:
            return Named(JuliaType("Core.DataType"))
        name = self._type_attribute(julia, where)
        if name is None:
            return None
        written = attributes.get("written_type")
        listed = attributes.get("field_types", attributes.get("field_datatypes"))
        fields, old = None, "field_datatypes" in attributes
        if listed is not None and kind.kind == Kind.COMPOUND:
            named = attributes.get("field_names")
            names = self._words(named, where) if named is not None else list(kind.names)
            types = self._references(listed, where)
            if len(names) != len(types):
                raise StateFileError(
                    f"{where} is damaged: {name} has {len(names)} fields of {len(types)} types"
                )
            fields = tuple(zip(names, types, strict=True))
        return Named(name, self._type_attribute(written, where) if written else None, fields, old)

    def _type_attribute(self, attribute: Attribute, where: str) -> JuliaType | None:
        if not set(attribute.type.names) >= {"name", "parameters"}:
            return None
        return self._data_type(attribute.data, attribute.type, where)

    def _data_type(self, raw, kind: Type, where: str) -> JuliaType:
        parts = kind.names
        offset, entry = parts["name"]
        if entry.kind != Kind.LIST:
            raise StateFileError(f"{where} is damaged: a type in it has no name")
        name = self._list(raw[offset : offset + 16], entry, where)
        offset, entry = parts["parameters"]
        place = bytes(raw[offset : offset + 16])
        return JuliaType(str(name), self._parameters(place, entry, str(name), where))

    def _parameters(self, place: bytes, kind: Type, name: str, where: str) -> Callable[[], list]:
        def read() -> list[Any]:
            if kind.kind != Kind.LIST or kind.entry is None or kind.entry.kind != Kind.REFERENCE:
                return []
            raw = self.file.list_content(memoryview(place), kind.entry, where)
            self.budget.visit(len(raw) // 8, where)
            found = [
                self._parameter(int.from_bytes(raw[at : at + 8], "little"), where)
                for at in range(0, len(raw), 8)
            ]
            if name == "NTuple" and len(found) == 2 and isinstance(found[0], int):
                self.budget.visit(found[0], where)
                return [found[1]] * found[0]
            return found

        return read

    def _parameter(self, address: int, where: str) -> Any:
        node = self.file.object(address, where)
        if node.layout is None and node.type is not None:
            named = self.named_at(address, where)
            return named.julia if named is not None else None
        return self.dataset(address, where)

    def _words(self, attribute: Attribute, where: str) -> list[str]:
        number, size = count(attribute.shape or (), where), attribute.type.size
        if attribute.type.kind != Kind.LIST or number * size > len(attribute.data):
            raise StateFileError(f"{where} is damaged: its type has no names of fields")
        return [
            str(self._list(attribute.data[i * size : (i + 1) * size], attribute.type, where))
            for i in range(number)
        ]

    @staticmethod
    def _references(attribute: Attribute, where: str) -> list[int]:
        number = count(attribute.shape or (), where)
        if attribute.type.kind != Kind.REFERENCE or 8 * number > len(attribute.data):
            raise StateFileError(f"{where} is damaged: its type has no types of fields")
        return np.frombuffer(attribute.data, "<u8", number).tolist()


def _is_dictionary(named: Named) -> bool:
    return named.julia.rpartition(".")[2] in ("Dict", "IdDict", "ImmutableDict")


def _dtype_of(kind: Type, depth: int = 0) -> np.dtype | None:
    """The NumPy type of a type that is made of numbers alone."""
    if kind.kind == Kind.BITS and kind.size == 1:
        return np.dtype(bool)
    if kind.kind == Kind.COMPOUND:
        if not kind.members or len(kind.names) < len(kind.members):
            return None
        parts = [_dtype_of(part, depth + 1) for _, _, part in kind.members]
        if any(part is None for part in parts):
            return None
        return np.dtype(
            {
                "names": [name for name, _, _ in kind.members],
                "formats": parts,
                "offsets": [offset for _, offset, _ in kind.members],
                "itemsize": kind.size,
            }
        )
    return kind.dtype


def _decoded(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")  # Julia's strings need not be UTF-8


def library():
    """h5py. Raises ImportError with the remedy."""
    try:
        import h5py
    except ImportError as missing:
        raise ImportError(
            "JLD2 files are read and written with h5py: pip install 'julia-parity[files]'"
        ) from missing
    return h5py


def _walk(group, path: str, h5py, above: tuple[int, ...]) -> Iterator[tuple[str, int]]:
    """Every value below a group: its path, and the address of its object. JLD2's own, `_types` and
    the like, are left out.
    """
    if len(above) > DEEPEST:
        raise StateFileError(f"{path} is more than {DEEPEST} groups deep")
    names: list[bytes] = []
    group.links.iterate(names.append)
    for raw in names:
        name = raw.decode(errors="replace")
        link = group.links.get_info(raw)
        if (not path and name.startswith("_")) or link.type != h5py.h5l.TYPE_HARD:
            continue
        if not _is_group(group, raw, h5py):
            yield f"{path}{name}", link.u
        elif link.u not in above:
            inner = h5py.h5g.open(group, raw)
            yield from _walk(inner, f"{path}{name}/", h5py, (*above, link.u))


def _is_group(group, name: bytes, h5py) -> bool:
    try:
        return h5py.h5g.get_objinfo(group, name).type == h5py.h5g.GROUP
    except (RuntimeError, KeyError, ValueError, OSError):
        return False  # an array that HDF5 refuses to open, and that is read all the same
