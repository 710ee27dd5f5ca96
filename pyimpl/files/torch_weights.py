"""PyTorch's .pt and .pth files: a pickle that says what there is, and the numbers beside it.

Nothing is run that the pickle asks for. It is walked as data: names of classes stay names, a tensor
is rebuilt from its storage, every other object is a dict of its state. So the weights of a whole
module that was saved are read as well as a `state_dict`. torch is not needed.

Source: `torch/serialization.py`, `torch/_utils.py`, Python's `pickletools`.
"""

import io
import pickle
import pickletools
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from .bounds import Budget, StateFileError, count
from .julia_values import JuliaType, Struct
from .npz import nested_by_dots, unpacked
from .safetensors import DTYPES, WIDENED

LONGEST_PICKLE = 1 << 28
MAGIC = 0x1950A86A20F9469CFC6C
STORAGES = {
    **{"Float": "F32", "Double": "F64", "Half": "F16", "BFloat16": "BF16", "Long": "I64"},
    **{"Int": "I32", "Short": "I16", "Char": "I8", "Byte": "U8", "Bool": "BOOL"},
    **{"ComplexFloat": "C64", "ComplexDouble": "C128", "Untyped": "U8"},
}
KINDS = {
    **{"float32": "F32", "float64": "F64", "float16": "F16", "bfloat16": "BF16", "int64": "I64"},
    **{"int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "uint16": "U16"},
    **{"uint32": "U32", "uint64": "U64", "bool": "BOOL", "complex64": "C64", "complex128": "C128"},
    **{"float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2"},
}


class _Object:
    """An object whose class is only known by name: what it was made of, and its state."""

    def __init__(self, name: str, arguments: tuple[Any, ...]):
        self.name, self.arguments, self.state = name, arguments, None
        self.items: dict[Any, Any] = {}
        self.entries: list[Any] = []

    def __setstate__(self, state):
        self.state = state

    def __setitem__(self, key, value):
        self.items[key] = value

    def append(self, value):
        """For a class that is a list."""
        self.entries.append(value)

    def extend(self, values):
        """Likewise."""
        self.entries.extend(values)

    def add(self, value):
        """For a class that is a set."""
        self.entries.append(value)


class _Weights:
    """What is common to both layouts: the pickle walked, and its objects turned into dicts."""

    kind = "PyTorch"

    def __init__(self, content, copied: bool):
        self.budget, self.copied = Budget(len(content)), copied
        self._tensors: dict[int, np.ndarray] = {}

    def _take(self, whole: Any) -> None:
        """Keeps what the file has: a dict is one value, and each of its parts is one."""
        self.whole = self._plain(whole, "the value", 0)
        parts = self.whole if isinstance(self.whole, dict) else {}
        self.parts = {str(name): value for name, value in parts.items()}
        self.names = ["", *self.parts]

    def value(self, name: str) -> Any:
        """One part of the file's dict, or all of it; a `state_dict` is nested by its dots."""
        return _nested(self.parts[name] if name else self.whole)

    def storage(self, key: str, code: str, number: int) -> np.ndarray:
        """The numbers of a storage."""
        raise NotImplementedError

    def _plain(self, node: Any, where: str, depth: int) -> Any:
        if depth > 100:
            raise StateFileError(f"{where} is more than 100 levels deep")
        self.budget.visit(1, where)
        if isinstance(node, _Object):
            return self._object(node, where, depth)
        if isinstance(node, type):
            return node.__dict__.get("text", node.__name__)
        if isinstance(node, dict):
            return {
                key if isinstance(key, str | int | float | bool) else str(key): self._plain(
                    child, f"{where}.{key}", depth + 1
                )
                for key, child in node.items()
            }
        if isinstance(node, list | tuple | set | frozenset):
            return [self._plain(child, f"{where}.{i}", depth + 1) for i, child in enumerate(node)]
        if isinstance(node, bytes | bytearray):
            return np.frombuffer(node, np.uint8)
        return node if isinstance(node, str | int | float | bool | complex | None) else str(node)

    def _object(self, node: _Object, where: str, depth: int) -> Any:
        if id(node) in self._tensors:
            return self._tensors[id(node)]
        name = node.name
        if name.startswith("torch._utils._rebuild_tensor"):
            tensor = self._tensor(node, where)
            self._tensors[id(node)] = tensor
            return tensor
        if name.startswith("torch._utils._rebuild_parameter"):
            return self._plain(node.arguments[0], where, depth + 1)
        if name in ("collections.OrderedDict", "collections.defaultdict", "builtins.dict"):
            return self._plain(node.items, where, depth + 1)
        if name in ("torch.Size", "builtins.set", "builtins.list", "builtins.frozenset"):
            entries = node.entries or (node.arguments[0] if node.arguments else [])
            return self._plain(entries, where, depth + 1)
        if name == "_codecs.encode" or name.partition(".")[0] == "numpy":
            return _numpy(node, where)
        state: dict[str, Any] = node.state if isinstance(node.state, dict) else {}
        if "_modules" in state and "_parameters" in state:
            return self._module(node, state, where, depth)
        content = {**state, **node.items}
        if node.entries:
            return self._plain(node.entries, where, depth + 1)
        if not content and (node.arguments or node.state is not None):
            content = {"arguments": node.arguments, "state": node.state}
        return Struct(JuliaType(name), self._plain(content, where, depth + 1))

    def _module(self, node: _Object, state: dict[str, Any], where: str, depth: int) -> Struct:
        """A module of torch: its parameters, buffers and parts, and its own plain settings."""
        parts: dict[str, Any] = {}
        for group in ("_parameters", "_buffers", "_modules"):
            content = state.get(group)
            content = content.items if isinstance(content, _Object) else content
            if isinstance(content, dict):
                parts.update(content)
        for name, value in state.items():
            if not name.startswith("_") and isinstance(value, str | int | float | bool | tuple):
                parts.setdefault(name, value)
        return Struct(JuliaType(node.name), self._plain(parts, where, depth + 1))

    def _tensor(self, node: _Object, where: str) -> np.ndarray:
        storage, offset, shape, strides = node.arguments[:4]
        shape, strides = (
            tuple(part.arguments[0]) if isinstance(part, _Object) else tuple(part)
            for part in (shape, strides)
        )
        if not isinstance(storage, np.ndarray) or not all(
            isinstance(n, int) and n >= 0 for n in (offset, *shape, *strides)
        ):
            raise StateFileError(f"{where} is damaged: a tensor without its storage, or its shape")
        if node.name.endswith("_v3"):  # of a kind that has no storage of its own
            code = KINDS.get(_text(node.arguments[6]).rpartition(".")[2], "")
            if code not in DTYPES or storage.dtype != np.uint8:
                raise StateFileError(f"{where} is of the type {_text(node.arguments[6])}")
            size = storage.size // DTYPES[code].itemsize
            storage = self._numbers(storage, code, size, where)
        number = count(shape, where)
        last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
        if number and last >= storage.size:
            raise StateFileError(
                f"{where} is damaged: a tensor of shape {shape} in a storage of {storage.size}"
            )
        if not number:
            return np.zeros(shape, storage.dtype)
        view = np.lib.stride_tricks.as_strided(
            storage[offset:], shape, [step * storage.itemsize for step in strides], writeable=False
        )
        self.budget.spend(view.nbytes, where)
        return view.copy()

    def _numbers(self, raw, code: str, number: int, where: str) -> np.ndarray:
        dtype = DTYPES[code]
        if not isinstance(number, int) or not 0 <= number * dtype.itemsize <= len(raw):
            raise StateFileError(
                f"{where} is truncated or damaged: {number} numbers of {dtype} are expected in "
                f"{len(raw)} bytes"
            )
        array = np.frombuffer(raw, dtype, number)
        if code in WIDENED:
            self.budget.spend(4 * array.nbytes, where)
            return WIDENED[code](array)
        return array


class Torch(_Weights):
    """A .pt file of torch 1.6 and later: an archive of `data.pkl` and a file for every storage."""

    def __init__(self, path: Path, content, copied: bool = True):
        super().__init__(content, copied)
        with zipfile.ZipFile(path) as self._archive:
            self.members = {member.filename: member for member in self._archive.infolist()}
            pickles = [name for name in self.members if name.rpartition("/")[2] == "data.pkl"]
            self.folder = pickles[0].rpartition("/")[0]
            order = self.members.get(f"{self.folder}/byteorder")
            if order is not None:
                text = unpacked(self._archive, order, self.budget, "byteorder")
                if text.strip() != b"little":
                    raise StateFileError("has numbers in the byte order of another machine")
            raw = unpacked(self._archive, self.members[pickles[0]], self.budget, "data.pkl")
            self._storages: dict[str, np.ndarray] = {}
            self._take(_unpickled(io.BytesIO(raw), len(raw), self.storage))

    def storage(self, key: str, code: str, number: int) -> np.ndarray:
        """The numbers of a storage."""
        if key not in self._storages:
            member = self.members.get(f"{self.folder}/data/{key}")
            if member is None:
                raise StateFileError(f"is damaged: it has no storage {key}")
            raw = unpacked(self._archive, member, self.budget, f"storage {key}")
            self._storages[key] = self._numbers(raw, code, number, f"storage {key}")
        return self._storages[key]


class OldTorch(_Weights):
    """A .pt file of torch before 1.6: pickles one after the other, then the storages."""

    def __init__(self, path: Path, content, copied: bool = True):
        super().__init__(content, copied)
        raw = io.BytesIO(bytes(content))
        try:
            magic = _unpickled(raw, len(content), None)
        except StateFileError:
            magic = None
        if magic != MAGIC:
            raise StateFileError(
                "is a pickle that PyTorch did not write; pickles are not read, they would be run"
            )
        for _ in range(2):  # the protocol, and the sizes of C's types
            _unpickled(raw, len(content), None)
        self._sizes: dict[str, tuple[str, int]] = {}
        self._storages: dict[str, np.ndarray] = {}
        start = raw.tell()
        _unpickled(raw, len(content), self._noted)
        keys = _unpickled(raw, len(content), None)
        at = raw.tell()
        for key in keys if isinstance(keys, list) else []:
            code, number = self._sizes.get(str(key), ("U8", -1))
            if int.from_bytes(content[at : at + 8], "little") != number:
                raise StateFileError(f"is truncated or damaged: storage {key} has another size")
            size = number * DTYPES[code].itemsize
            self._storages[str(key)] = self._numbers(
                memoryview(content)[at + 8 : at + 8 + size], code, number, f"storage {key}"
            )
            at += 8 + size
        raw.seek(start)
        self._take(_unpickled(raw, len(content), self.storage))

    def _noted(self, key: str, code: str, number: int) -> np.ndarray:
        self._sizes[key] = code, number
        return np.zeros(0, DTYPES[code])

    def storage(self, key: str, code: str, number: int) -> np.ndarray:
        """The numbers of a storage."""
        if key not in self._storages:
            raise StateFileError(f"is damaged: it has no storage {key}")
        return self._storages[key]


def _nested(node: Any) -> Any:
    if not isinstance(node, dict) or isinstance(node, Struct):
        return node
    if node and all(isinstance(name, str) for name in node):
        if all(isinstance(value, np.ndarray) for value in node.values()):
            return nested_by_dots(node.items())
    return {name: _nested(child) for name, child in node.items()}


def _text(kind: Any) -> str:
    return str(kind.__dict__.get("text", kind)) if isinstance(kind, type) else str(kind)


def _numpy(node: _Object, where: str) -> Any:
    """A NumPy number or array in a pickle, and the bytes of one."""
    if node.name == "_codecs.encode":
        return np.frombuffer(_raw(node), np.uint8)
    name = node.name.rpartition(".")[2]
    if name == "scalar" and len(node.arguments) == 2:
        return np.frombuffer(_raw(node.arguments[1]), _dtype(node.arguments[0], where), 1)[0].item()
    if name == "_reconstruct" and isinstance(node.state, tuple) and len(node.state) == 5:
        _, shape, kind, fortran, data = node.state
        dtype, raw = _dtype(kind, where), _raw(data)
        number = count(shape, where)
        if number * dtype.itemsize != len(raw):
            raise StateFileError(f"{where} is damaged: an array of shape {shape} of {dtype}")
        return np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C").copy()
    if name == "dtype":
        return str(node.arguments[0]) if node.arguments else "dtype"
    return Struct(JuliaType(node.name), {})


def _raw(node: Any) -> bytes:
    """Bytes, which old pickles write as a string to be encoded."""
    if isinstance(node, _Object) and node.arguments and isinstance(node.arguments[0], str):
        return node.arguments[0].encode("latin1")
    return node if isinstance(node, bytes) else b""


def _dtype(node: Any, where: str) -> np.dtype:
    code = node.arguments[0] if isinstance(node, _Object) and node.arguments else ""
    dtype = np.dtype(code) if isinstance(code, str) and code[:1] in "biufc" and code else None
    if dtype is None:
        raise StateFileError(f"{where} is an array of a kind that is not read: {code!r:.40}")
    return dtype


def _unpickled(raw: io.BytesIO, length: int, storage) -> Any:
    """The next pickle, as data. Raises StateFileError for one that is damaged."""
    start = raw.tell()
    if length > LONGEST_PICKLE:
        raise StateFileError(f"has a pickle of {length} bytes; {LONGEST_PICKLE} is the most")
    try:
        _check(raw, length)
        end = raw.tell()
        raw.seek(start)
        result = _Unpickler(raw, storage).load()
        raw.seek(end)
    except StateFileError:
        raise
    except Exception as error:  # a damaged pickle makes the unpickler raise nearly anything
        raise StateFileError(f"has a pickle that is damaged: {error}") from None
    return result


def _check(raw: io.BytesIO, length: int) -> None:
    """Before a pickle is loaded: every argument is there, and no place in the memo is beyond what
    a pickle of this length can fill. (The unpickler makes a table as long as the highest place.)
    """
    for code, argument, _ in pickletools.genops(raw):
        if "PUT" in code.name and isinstance(argument, int) and argument > length:
            raise StateFileError(f"has a pickle that is damaged: it fills place {argument}")


def _stand_in(name: str):
    """What is called in place of a class: it keeps its arguments."""

    def __new__(cls, *arguments):
        return _Object(name, arguments)

    return type(name.rpartition(".")[2] or "_", (), {"__new__": __new__, "text": name})


class _Unpickler(pickle.Unpickler):
    """Loads data and no code: whatever a pickle names becomes a stand-in."""

    def __init__(self, file, storage):
        super().__init__(file)
        self._storage = storage

    def find_class(self, module_name: str, name: str) -> Any:
        """The stand-in for a class or function."""
        return _stand_in(f"{module_name}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        """A storage; or a module's class, beside which old files keep its source."""
        if isinstance(pid, tuple) and len(pid) == 4 and pid[0] == "module":
            return pid[1]
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage" or not self._storage:
            raise StateFileError(f"has a pickle with a reference of an unknown kind: {pid!r:.80}")
        kind = getattr(pid[1], "text", getattr(pid[1], "name", ""))
        name = kind.rpartition(".")[2]
        code = STORAGES.get(name.removesuffix("Storage"), KINDS.get(name))
        if code is None:
            raise StateFileError(f"has numbers of the type {name}, which is not read")
        return self._storage(str(pid[2]), code, pid[4])
