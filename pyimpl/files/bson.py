"""Julia's values in BSON files, as BSON.jl writes them.

BSON is a binary JSON: documents of named values, arrays of values, numbers, strings, bytes. What is
not among these, BSON.jl writes as a document with a `tag`: a struct with the name of its type and
its fields in order, an array with its size and bytes, a symbol, a tuple, a type. A value that
occurs twice stands once in `_backrefs`, and a document with its number elsewhere. Functions are
written as types, methods and syntax trees: of these only the name is read.

Source: BSON 1.1 specification, bsonspec.org; BSON.jl 0.2 and 0.3, `src/write.jl`, `extensions.jl`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .bounds import DEEPEST, Budget, StateFileError, count
from .hdf5 import Cursor
from .julia_values import (
    PRIMITIVES,
    JuliaType,
    Unnamed,
    built,
    mapping,
    nested,
    primitive,
    primitives,
    records,
    singleton,
)
from .old_flux import field_names

DOUBLE, STRING, DOCUMENT, ARRAY, BINARY, BOOLEAN, NULL, INT32, INT64 = 1, 2, 3, 4, 5, 8, 10, 16, 18


class Bson:
    """An open BSON file: `names` are the keys of its document."""

    kind = "BSON"

    def __init__(self, path: Path, content, copied: bool = True):
        self.budget = Budget(len(content))
        self.copied = copied
        document = self._document(Cursor(memoryview(content), "the document"), 0, "the document")
        self._shared = document.pop("_backrefs", [])
        self._done: dict[int, Any] = {}
        self._open: set[int] = set()
        self._depth = 0
        self.document = document
        self.names = list(document)
        if "tag" in document and isinstance(document["tag"], str):
            self.document, self.names = {"": document}, [""]

    def value(self, name: str) -> Any:
        """The value of a key."""
        return self.raised(self.document[name], name)

    # -- BSON ---------------------------------------------------------------------------------

    def _document(self, cursor: Cursor, depth: int, where: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in self._entries(cursor, depth, where):
            found[name] = value
        return found

    def _entries(self, cursor: Cursor, depth: int, where: str):
        if depth > 2 * DEEPEST:
            raise StateFileError(f"{where} is more than {2 * DEEPEST} levels deep")
        start = cursor.at
        size = cursor.number(4)
        if size < 5:
            raise StateFileError(f"{where} is damaged: it claims to have {size} bytes")
        end = start + size
        while kind := cursor.number(1):
            self.budget.visit(1, where)
            name = cursor.word()
            yield name, self._value(cursor, kind, depth, f"{where}.{name}" if depth else name)
        if cursor.at != end:
            raise StateFileError(
                f"{where} is damaged: it claims {size} bytes and has {cursor.at - start}"
            )

    def _value(self, cursor: Cursor, kind: int, depth: int, where: str) -> Any:
        if kind == DOCUMENT:
            return self._document(cursor, depth + 1, where)
        if kind == ARRAY:
            return [value for _, value in self._entries(cursor, depth + 1, where)]
        if kind == BINARY:
            size = cursor.number(4)
            cursor.skip(1)
            return cursor.take(size)
        if kind == STRING:
            size = cursor.number(4)
            if size < 1:
                raise StateFileError(f"{where} is damaged: it is a string of {size} bytes")
            # Julia's strings need not be UTF-8
            return bytes(cursor.take(size))[:-1].decode(errors="backslashreplace")
        if kind == DOUBLE:
            return np.frombuffer(cursor.take(8), "<f8")[0].item()
        if kind == BOOLEAN:
            return cursor.number(1) != 0
        if kind == NULL:
            return None
        if kind in (INT32, INT64):
            return int.from_bytes(cursor.take(4 if kind == INT32 else 8), "little", signed=True)
        raise StateFileError(f"{where} is of the BSON type {kind}, which BSON.jl does not write")

    # -- Julia --------------------------------------------------------------------------------

    def raised(self, node: Any, where: str) -> Any:
        """The Julia value of a BSON value. What occurs twice is the same value."""
        if isinstance(node, memoryview):
            return self._copy(np.frombuffer(node, np.uint8), where)
        if not isinstance(node, dict | list):
            return node
        if id(node) in self._done:
            return self._done[id(node)]
        if id(node) in self._open:
            return None  # a part that is the whole again: Julia's cycles end here
        self._depth += 1
        if self._depth > DEEPEST:
            raise StateFileError(f"{where} is more than {DEEPEST} levels deep")
        self._open.add(id(node))
        try:
            value = self._raised(node, where)
        finally:
            self._open.discard(id(node))
            self._depth -= 1
        self._done[id(node)] = value
        return value

    def _raised(self, node: Any, where: str) -> Any:
        if isinstance(node, list):
            return [self.raised(child, f"{where}.{i}") for i, child in enumerate(node, 1)]
        tag = node.get("tag")
        read = self._tags.get(tag) if isinstance(tag, str) else None
        if read is None:
            return {name: self.raised(child, f"{where}.{name}") for name, child in node.items()}
        try:
            return read(self, node, where)
        except KeyError as missing:
            raise StateFileError(f"{where} is damaged: a {tag} without {missing}") from None

    def _list(self, node: Any, where: str) -> list[Any]:
        """A list of values, whatever it is written as."""
        value = self.raised(node, where)
        if isinstance(value, np.ndarray):
            self.budget.visit(value.size, where)
            return value.tolist()
        if value is None:
            return []
        if not isinstance(value, list):
            raise StateFileError(f"{where} is damaged: a list was expected")
        return value

    def _backref(self, node, where: str) -> Any:
        number = node["ref"]
        if not isinstance(number, int) or not 1 <= number <= len(self._shared):
            raise StateFileError(f"{where} is damaged: it refers to the shared value {number!r}")
        return self.raised(self._shared[number - 1], where)

    def _symbol(self, node, where: str) -> str:
        return str(node["name"])

    def _tuple(self, node, where: str) -> list[Any] | None:
        # () is what Flux's state has for a function, and is None in JLD2's files too
        return self._list(node["data"], where) or None

    def _svec(self, node, where: str) -> list[Any]:
        return self._list(node["data"], where)

    def _path(self, node, where: str) -> JuliaType:
        return JuliaType(".".join(map(str, self._list(node["path"], where))))

    def _datatype(self, node, where: str) -> JuliaType:
        name = ".".join(map(str, self._list(node["name"], where)))
        return JuliaType(name, self._parameters(node.get("params", []), where))

    def _parameters(self, node: Any, where: str) -> Callable[[], list[Any]]:
        return lambda: self._list(node, where)

    def _union_all(self, node, where: str) -> Any:
        return self.raised(node["body"], where)

    def _bottom(self, node, where: str) -> JuliaType:
        return JuliaType("Core.Union{}")

    def _anonymous(self, node, where: str) -> JuliaType:
        """The type of a function without a name, which brings its definition along."""
        definition = self._resolved(node["typename"])
        data = definition.get("data") if isinstance(definition, dict) else None
        if not isinstance(data, list) or len(data) < 3:
            raise StateFileError(f"{where} is damaged: a type without its definition")
        name = str(self.raised(data[1], where))
        kind = JuliaType(f"Main.{name}", self._parameters(node.get("params", []), where))
        kind.own_fields = [str(field) for field in self._list(data[2], where)]
        return kind

    def _resolved(self, node: Any) -> Any:
        """What a reference to a shared value refers to."""
        for _ in range(DEEPEST):
            if not isinstance(node, dict) or node.get("tag") != "backref":
                return node
            number = node.get("ref")
            if not isinstance(number, int) or not 1 <= number <= len(self._shared):
                return None
            node = self._shared[number - 1]
        return None

    def _kind(self, node: Any, where: str) -> JuliaType:
        kind = self.raised(node, where)
        if not isinstance(kind, JuliaType):
            raise StateFileError(f"{where} is damaged: a value without a type")
        return kind

    def _array(self, node, where: str) -> Any:
        kind = self._kind(node["type"], where)
        size = self._list(node["size"], where)
        if not all(isinstance(n, int) for n in size):
            raise StateFileError(f"{where} is damaged: it has the size {size}")
        shape, data = tuple(size)[::-1], self._resolved(node["data"])
        number = count(shape, where)
        if isinstance(data, list):
            values = self._list(data, where)
            if len(values) != number:
                raise StateFileError(f"{where} has {len(values)} entries, its size is {size}")
            return nested(values, shape)
        if not isinstance(data, memoryview):
            raise StateFileError(f"{where} is damaged: an array without its entries")
        if not len(data) and number:
            self.budget.visit(number, where)
            return nested([singleton(kind)] * number, shape)
        if number == 0 or len(data) % number:
            if number or len(data):
                raise StateFileError(
                    f"{where} has {len(data)} bytes for an array of size {tuple(size)}"
                )
            return np.zeros(shape, PRIMITIVES.get(kind.short, np.float64))
        return self._entries_of(kind, data, shape, len(data) // number, where)

    def _entries_of(self, kind: JuliaType, data, shape, width: int, where: str) -> Any:
        """An array of `width` bytes an entry, as they lie in Julia's memory."""
        if kind.short in PRIMITIVES:
            dtype = PRIMITIVES[kind.short]
            if dtype.itemsize != width:
                raise StateFileError(
                    f"{where} has {width} bytes for an entry of {kind}, not {dtype.itemsize}"
                )
            flags = dtype.kind == "b"
            array = np.frombuffer(data, np.uint8 if flags else dtype)
            return self._copy(array != 0 if flags else array, where).reshape(shape)
        layout = memory_layout(kind)
        self.budget.spend(4 * len(data), where)
        if layout is None or layout.itemsize != width:
            values = primitives(kind, data, width)
            return (
                values.reshape(shape) if isinstance(values, np.ndarray) else nested(values, shape)
            )
        array = np.frombuffer(data, layout)
        numbers = records(kind, array)
        if numbers is not None:
            return numbers.reshape(shape)
        self.budget.visit(len(array) * max(1, len(layout.names or ())), where)
        return nested([_record(kind, entry) for entry in array], shape)

    def _copy(self, array: np.ndarray, where: str) -> np.ndarray:
        if not self.copied:
            return array
        self.budget.spend(array.nbytes, where)
        return array.copy()

    def _struct(self, node, where: str) -> Any:
        kind = self._kind(node["type"], where)
        data = self._resolved(node["data"])
        if isinstance(data, memoryview):
            return primitive(kind, bytes(data[:64]))
        if not isinstance(data, list):
            raise StateFileError(f"{where} is damaged: a {kind} without its fields")
        name = kind.rpartition(".")[2]
        if name in ("Dict", "IdDict", "WeakKeyDict") and len(data) == 2:
            keys, values = (self._list(part, where) for part in data)
            if len(keys) != len(values):
                raise StateFileError(f"{where} has {len(keys)} keys and {len(values)} values")
            return mapping(keys, values)
        if not data:
            return singleton(kind)
        names = self._names(kind, len(data))
        values = [
            self.raised(part, f"{where}.{names[i] if names else i + 1}")
            for i, part in enumerate(data)
        ]
        if names is None:
            return Unnamed(kind, values)
        fields = dict(zip(names, values, strict=True))
        return fields if kind.short == "Core.NamedTuple" else built(kind, fields)

    def _names(self, kind: JuliaType, number: int) -> list[str] | None:
        if kind.short == "Core.NamedTuple" and kind.parameters:
            names = kind.parameters[0]
            if isinstance(names, list) and len(names) == len(set(map(str, names))) == number:
                return [str(name) for name in names]
            return None
        own = getattr(kind, "own_fields", None)
        if own is not None:
            return own if len(own) == len(set(own)) == number else None
        return field_names(kind, number)

    _tags: dict[str, Callable[["Bson", dict[str, Any], str], Any]] = {
        "backref": _backref,
        "symbol": _symbol,
        "tuple": _tuple,
        "svec": _svec,
        "ref": _path,
        "datatype": _datatype,
        "unionall": _union_all,
        "jl_bottom_type": _bottom,
        "jl_anonymous": _anonymous,
        "array": _array,
        "struct": _struct,
    }


def memory_layout(kind: Any, depth: int = 0) -> np.dtype | None:
    """How Julia lays out an immutable struct of numbers: as C does. None where it is not known."""
    if not isinstance(kind, JuliaType) or depth > 8:
        return None
    if kind.short in PRIMITIVES:
        return PRIMITIVES[kind.short]
    fields = _layout_fields(kind)
    if not fields:
        return None
    parts = [(name, memory_layout(part, depth + 1)) for name, part in fields]
    if any(part is None for _, part in parts) or len({name for name, _ in parts}) < len(parts):
        return None
    return np.dtype(parts, align=True)


def _layout_fields(kind: JuliaType) -> list[tuple[str, Any]]:
    parameters = kind.parameters
    name = kind.short
    if name == "Core.Tuple":
        return [(str(i), part) for i, part in enumerate(parameters[:64], 1)]
    if name == "Core.NamedTuple" and len(parameters) == 2 and isinstance(parameters[0], list):
        types = parameters[1].parameters if isinstance(parameters[1], JuliaType) else []
        return list(zip(map(str, parameters[0]), types, strict=False))
    if name in ("Base.Complex", "Base.Rational", "Base.UnitRange") and parameters:
        return [(field, parameters[0]) for field in field_names(kind, 2) or []]
    if name in ("Base.Pair", "Core.Pair") and len(parameters) == 2:
        return [("first", parameters[0]), ("second", parameters[1])]
    if kind.partition(".")[0] == "Dates":
        return [("value", JuliaType("Core.Int64"))]
    if kind.rpartition(".")[2] == "OneHotVector":
        return [("ix", JuliaType("Core.UInt32")), ("of", JuliaType("Core.UInt32"))]
    return []


def _record(kind: JuliaType, entry: np.void) -> Any:
    values = [
        part.tolist() if isinstance(part, np.void) else part.item()
        for part in (entry[name] for name in entry.dtype.names or ())
    ]
    if kind.short == "Core.Tuple":
        return values
    fields = dict(zip(entry.dtype.names or (), values, strict=True))
    return fields if kind.short == "Core.NamedTuple" else built(kind, fields)
