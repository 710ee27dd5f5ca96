"""What a Julia value becomes in Python, whatever file it comes from.

A reader knows the name of a struct's type, the type's parameters and the struct's fields; `built`
makes of them what a reader of NumPy expects: complex numbers, ranges, dates, dicts, arrays that
Julia wraps (a transpose, a view). Every other struct becomes a `Struct`, a dict of its fields.
Nothing here runs anything that a file says: functions and types are names.

Arrays have Julia's axes reversed, the same memory: Julia's (a, b) is (b, a) here.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import numpy as np

from .bounds import StateFileError

MOST_TIMES = 16  # how many times larger than its parent a view may be
LONGEST_RANGE = 1_000_000  # entries of a range of floats that are written out
EPOCH = 719_163  # days from 31 December of the year 0, where Julia begins, to 1 January 1970
MISSING = ("Core.Nothing", "Base.Missing")


class JuliaType(str):
    """The name of a Julia type, with its module: "Flux.Dense". `parameters` are read when asked."""

    _parameters: Sequence[Any] | Callable[[], Sequence[Any]]
    own_fields: list[str]  # where the file defines the type
    _only: Any  # the value of a type that has only one, once it was asked for

    def __new__(cls, name: str, parameters=()):
        parts = name.split(".")
        if parts[0] in ("Main", "Core") and parts[1:2] in (["Base"], ["Core"]):
            parts = parts[1:]
        if len(parts) == 1 and parts[0] in ("Tuple", "NTuple"):
            parts = ["Core", *parts]
        self = super().__new__(cls, ".".join(parts))
        self._parameters = parameters
        return self

    @property
    def parameters(self) -> Sequence[Any]:
        """The parameters of the type: types, numbers, names."""
        if callable(self._parameters):
            self._parameters = self._parameters()
        return self._parameters

    @property
    def described(self) -> str:
        """The name with the names of the parameters: "Core.Array{Core.Float32, 1}"."""
        inner = ", ".join(str(part) for part in self.parameters[:8])
        return f"{self}{{{inner}}}" if inner and len(inner) < 200 else str(self)

    @property
    def short(self) -> str:
        """Package and name, without the modules between: "Base.PermutedDimsArray"."""
        first, _, rest = self.partition(".")
        return f"{first}.{rest.rpartition('.')[2]}" if rest else str(self)

    @property
    def is_function(self) -> bool:
        """Is it the type of a function, such as "NNlib.#relu"?"""
        return self.rpartition(".")[2].startswith("#")


class Struct(dict):
    """A Julia struct: its fields by name, and the name of its type, `julia_type`."""

    def __init__(self, julia_type: JuliaType, fields):
        super().__init__(fields)
        self.julia_type = julia_type


class Unnamed(list):
    """A struct of a type whose fields' names no file and no table says, in order."""

    def __init__(self, julia_type: JuliaType, values):
        super().__init__(values)
        self.julia_type = julia_type


class NamedParts(Struct):
    """A struct whose parts have names beside its fields, as in Julia: `frame["x"]` is a data
    frame's column, `theta["layer_1"]["weight"]` a part of a ComponentArray; `parts` has them all.
    """

    def __init__(self, julia_type: JuliaType, fields, parts: dict[str, Any]):
        super().__init__(julia_type, fields)
        self.parts = parts

    def __missing__(self, name):
        return self.parts[name]


def built(kind: JuliaType, fields: dict[str, Any]) -> Any:
    """The Python value of a struct of this type.

    A struct whose fields are not what its type has becomes a `Struct`: a file may have been written
    by a version that is not known here.
    """
    make = VALUES.get(kind.short)
    if make is not None:
        try:
            return make(kind, fields)
        except (KeyError, TypeError, IndexError, AttributeError, ValueError, OverflowError):
            pass
    if kind.is_function and not fields:
        return function_name(kind)
    return Struct(kind, fields)


def singleton(kind: JuliaType) -> Any:
    """The only value of a type that has no content: None, a function's name, an empty struct.

    Tuples of nothing but None are None, as Flux's state has them for functions.
    """
    if not hasattr(kind, "_only"):
        kind._only = None  # in a damaged file, a type may be a parameter of its own
        kind._only = _singleton(kind)
    return kind._only


def _singleton(kind: JuliaType) -> Any:
    if kind.short in MISSING:
        return None
    if kind.short == "Core.Tuple":
        parts = [
            singleton(part) if isinstance(part, JuliaType) else part for part in kind.parameters
        ]
        return parts if any(part is not None for part in parts) else None
    if kind.short == "Core.NamedTuple":
        names, types = [*kind.parameters, None, None][:2]
        if not isinstance(names, list) or not isinstance(types, JuliaType):
            return None
        values = singleton(types)
        if not isinstance(values, list) or len(values) != len(names):
            return None
        return {str(name): value for name, value in zip(names, values, strict=True)}
    return built(kind, {})


def function_name(kind: JuliaType) -> str:
    """The name of the function of a type: "NNlib.relu" of "NNlib.#relu"."""
    module, _, name = kind.rpartition(".")
    return f"{module}.{name.lstrip('#')}" if module else name.lstrip("#")


def mapping(keys: Sequence[Any], values: Sequence[Any]) -> Any:
    """A Julia dictionary: a dict where the keys are plain and differ, else pairs."""
    plain = all(isinstance(key, str | int | float | bool) for key in keys)
    if plain and len({(key, type(key)) for key in keys}) == len(set(keys)) == len(keys):
        return dict(zip(keys, values, strict=True))
    return [{"first": key, "second": value} for key, value in zip(keys, values, strict=True)]


def big_integer(text: str, where: str) -> int:
    """JLD2 writes BigInt with Julia's 62 digits: 0 to 9, A to Z, a to z."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    negative, number = text.startswith("-"), 0
    if len(text) > 10_000 or not text.lstrip("-") or set(text.lstrip("-")) - set(digits):
        raise StateFileError(f"{where} is no BigInt: {text[:40]!r}")
    for digit in text.lstrip("-"):
        number = 62 * number + digits.index(digit)
    return -number if negative else number


def big_float(text: str, where: str) -> Decimal:
    """A BigFloat, digit by digit."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise StateFileError(f"{where} is no BigFloat: {text[:40]!r}") from None


def nested(values: list[Any], shape) -> list[Any]:
    """Values one after the other as lists in lists."""
    for size in reversed(shape[1:]):
        if not size:
            return []
        values = [values[i : i + size] for i in range(0, len(values), size)]
    return values


# Primitive types that NumPy has not, as they lie in memory.
def primitive(kind: JuliaType, raw: bytes) -> Any:
    """A value of a primitive type: Char, BFloat16, an enumeration's number."""
    if kind.short == "Core.Char":
        return _char(raw)
    if kind.rpartition(".")[2] == "BFloat16" and len(raw) == 2:
        return float(np.frombuffer(b"\0\0" + raw, "<f4")[0])
    if kind.short in PRIMITIVES and PRIMITIVES[kind.short].itemsize == len(raw):
        return np.frombuffer(raw, PRIMITIVES[kind.short])[0].item()
    return int.from_bytes(raw, "little", signed=not kind.rpartition(".")[2].startswith("UInt"))


def primitives(kind: JuliaType, raw, size: int) -> np.ndarray | list[Any]:
    """Many values of a primitive type of `size` bytes."""
    if kind.short in PRIMITIVES and PRIMITIVES[kind.short].itemsize == size:
        return np.frombuffer(raw, PRIMITIVES[kind.short]).copy()
    if kind.rpartition(".")[2] == "BFloat16" and size == 2:
        wide = np.zeros((len(raw) // 2, 2), "<u2")
        wide[:, 1] = np.frombuffer(raw, "<u2")
        return wide.view("<f4")[:, 0].copy()
    if kind.short != "Core.Char" and size in (1, 2, 4, 8):
        return np.frombuffer(raw, f"<i{size}").copy()
    whole = bytes(raw)
    return [primitive(kind, whole[i : i + size]) for i in range(0, len(whole), size or 1)]


PRIMITIVES = {
    f"Core.{name}": np.dtype(code)
    for name, code in {
        **{f"Int{8 * size}": f"<i{size}" for size in (1, 2, 4, 8)},
        **{f"UInt{8 * size}": f"<u{size}" for size in (1, 2, 4, 8)},
        **{f"Float{8 * size}": f"<f{size}" for size in (2, 4, 8)},
        "Bool": "?",
    }.items()
}


def _char(raw: bytes) -> str:
    """Julia keeps a character as the bytes of its UTF-8, the first in the highest byte."""
    return raw[::-1].rstrip(b"\0").decode(errors="replace") or "\0"


def records(kind: JuliaType, array: np.ndarray) -> np.ndarray | None:
    """An array of structs of numbers as an array of what they stand for, or None: complex numbers,
    dates, periods.
    """
    names = array.dtype.names or ()
    if kind.short == "Base.Complex" and names == ("re", "im") and array.dtype["re"].kind == "f":
        return array["re"] + 1j * array["im"]
    unit = UNITS.get(kind.short)
    while array.dtype.names is not None and len(array.dtype.names) == 1:
        array = array[array.dtype.names[0]]
    if unit is None or array.dtype.kind != "i" or array.dtype.names is not None:
        return None
    if kind.short in ("Dates.Date", "Dates.DateTime"):
        start = EPOCH * (1 if unit == "D" else 86_400_000)
        return (array.astype(np.int64) - start).astype(f"datetime64[{unit}]")
    return array.astype(np.int64).astype(f"timedelta64[{unit}]")


UNITS = {
    f"Dates.{name}": unit
    for name, unit in {
        **{"Date": "D", "DateTime": "ms", "Time": "ns", "Day": "D", "Hour": "h", "Minute": "m"},
        **{"Second": "s", "Millisecond": "ms", "Microsecond": "us", "Nanosecond": "ns"},
        **{"Week": "W", "Month": "M", "Year": "Y"},
    }.items()
}


def _array(value) -> np.ndarray:
    if not isinstance(value, np.ndarray):
        raise TypeError("not an array of numbers")
    return value


def _complex(kind, fields):
    return complex(fields["re"], fields["im"])


def _rational(kind, fields):
    return Fraction(fields["num"], fields["den"]) if fields["den"] else Struct(kind, fields)


def _moment(kind, fields):
    value = fields
    while isinstance(value, dict):
        (value,) = value.values()
    if isinstance(value, np.timedelta64):
        value = value.astype(np.int64).item()
    if kind.short in ("Dates.Date", "Dates.DateTime"):
        start = EPOCH * (1 if UNITS[kind.short] == "D" else 86_400_000)
        return np.int64(value - start).astype(f"datetime64[{UNITS[kind.short]}]")
    return np.int64(value).astype(f"timedelta64[{UNITS[kind.short]}]")


def _unit_range(kind, fields):
    start, stop = fields.get("start", 1), fields["stop"]
    return range(start, max(stop, start - 1) + 1)


def _step_range(kind, fields):
    start, step, stop = fields["start"], fields["step"], fields["stop"]
    return range(start, stop + (1 if step > 0 else -1), step)


def _exact(value) -> float:
    return value["hi"] + value["lo"] if isinstance(value, dict) else value


def _float_range(kind, fields):
    length, offset = fields["len"], fields["offset"]
    if not 0 <= length <= LONGEST_RANGE:
        return Struct(kind, fields)
    ref, step = fields["ref"], fields["step"]
    steps = np.arange(1 - offset, length + 1 - offset)
    if not isinstance(ref, dict):
        return ref + steps * step
    # In twice the precision, as Julia does: what the sum of the high halves loses is added last.
    start, shift, low = ref["hi"], steps * step["hi"], steps * step["lo"] + ref["lo"]
    high = start + shift
    back = high - start
    return high + ((start - (high - back)) + (shift - back) + low)


def _lin_range(kind, fields):
    if not 0 <= fields["len"] <= LONGEST_RANGE:
        return Struct(kind, fields)
    return np.linspace(fields["start"], fields["stop"], fields["len"])


def _transposed(kind, fields):
    parent = _array(fields["parent"])
    turned = parent[:, None] if parent.ndim == 1 else parent.T
    return turned.conj() if kind.short.endswith("Adjoint") else turned


def _permuted(kind, fields):
    parent, order = _array(fields["parent"]), list(kind.parameters[2])
    rank = parent.ndim
    return np.transpose(parent, [rank - order[rank - 1 - axis] for axis in range(rank)])


def _view(kind, fields):
    result, indices = _array(fields["parent"]), fields["indices"]
    if len(indices) != result.ndim:
        return Struct(kind, fields)
    size = result.size
    for dimension, index in enumerate(indices):
        axis = result.ndim - 1 - dimension
        if isinstance(index, dict):
            index = index["indices"]
        if isinstance(index, range):
            if index and not (1 <= min(index) and max(index) <= result.shape[axis]):
                return Struct(kind, fields)
            chosen = np.arange(index.start - 1, index.stop - 1, index.step)
        else:
            chosen = np.atleast_1d(np.asarray(index, np.int64)) - 1
            if chosen.ndim != 1 or (chosen < 0).any() or chosen.size > size:
                return Struct(kind, fields)
        if chosen.size * result.size > MOST_TIMES * size * max(1, result.shape[axis]):
            return Struct(kind, fields)  # an index may choose the same entry again and again
        result = np.take(result, chosen, axis)
    single = tuple(
        result.ndim - 1 - dimension
        for dimension, index in enumerate(indices)
        if isinstance(index, int)
    )
    return result.squeeze(single)


def _reshaped(kind, fields):
    return _array(fields["parent"]).reshape(tuple(fields["dims"])[::-1])


def _reinterpreted(kind, fields):
    return _array(fields["parent"]).view(PRIMITIVES[kind.parameters[0].short])


def _bits(kind, fields):
    chunks, length = _array(fields["chunks"]), fields["len"]
    if not 0 <= length <= 64 * chunks.size:
        raise ValueError("more bits than there are")
    bits = np.unpackbits(chunks.astype("<u8").view(np.uint8), bitorder="little", count=length)
    dims = fields.get("dims") or [length]
    return bits.astype(bool).reshape((length,) if len(dims) == 1 else tuple(dims)[::-1])


def _mirrored(kind, fields):
    """Symmetric and Hermitian: one half of the data counts. Julia's upper half is the lower one
    here.
    """
    data, upper = _array(fields["data"]), fields["uplo"] == "U"
    half, rest = (np.tril(data), np.tril(data, -1)) if upper else (np.triu(data), np.triu(data, 1))
    return half + (rest.conj() if kind.short.endswith("Hermitian") else rest).T


def _triangular(kind, fields):
    data, unit, upper = _array(fields["data"]), "Unit" in kind.short, "Upper" in kind.short
    if data.ndim != 2 or data.shape[0] != data.shape[1]:
        raise ValueError("not square")
    half = np.tril(data, -1 if unit else 0) if upper else np.triu(data, 1 if unit else 0)
    return half + np.eye(len(data), dtype=data.dtype) if unit else half


def _static(kind, fields):
    size, entry = kind.parameters[0].parameters, kind.parameters[1]
    dtype = PRIMITIVES.get(entry.short) if isinstance(entry, JuliaType) else None
    return np.asarray(fields["data"], dtype).reshape(tuple(size)[::-1])


def _set(kind, fields):
    content = fields["dict"]
    return [pair["first"] for pair in content] if isinstance(content, list) else list(content)


def _ordered(kind, fields):
    return mapping(list(fields["keys"]), list(fields["vals"]))


def _identity_table(kind, fields):
    """IdDict as old files have it: keys and values in turn, those not in use undefined."""
    table = fields["ht"]
    pairs = [
        (key, value) for key, value in zip(table[::2], table[1::2], strict=True) if key is not None
    ]
    return mapping([key for key, _ in pairs], [value for _, value in pairs])


def _frame(kind, fields):
    names = fields["colindex"]["names"]
    return NamedParts(kind, fields, dict(zip(names, fields["columns"], strict=True)))


def _components(kind, fields):
    data = _array(fields["data"])
    (axis,) = kind.parameters[3].parameters
    parts = _axis_parts(axis, data)
    return NamedParts(kind, fields, parts if isinstance(parts, dict) else {})


def _axis_parts(axis, flat: np.ndarray) -> Any:
    """The parts of a flat vector by an axis of ComponentArrays: names are in its parameters."""
    kind = axis.julia_type if isinstance(axis, Struct) else axis
    if isinstance(axis, int):
        return flat[axis - 1]
    if isinstance(axis, range):
        return flat[axis.start - 1 : axis.stop - 1]
    name = kind.rpartition(".")[2]
    if name == "ViewAxis":
        inside = _axis_parts(kind.parameters[0], flat)
        return _axis_parts(kind.parameters[2], inside) if np.ndim(inside) else inside
    if name == "Axis":
        names = kind.parameters[0]
        return {part: _axis_parts(place, flat) for part, place in (names or {}).items()}
    if name.startswith("Shaped"):
        return flat.reshape(tuple(kind.parameters[0])[::-1])
    if name == "PartitionedAxis":
        size = kind.parameters[0]
        pieces = flat.reshape(-1, size)
        return [_axis_parts(kind.parameters[2], piece) for piece in pieces]
    return flat


VALUES: dict[str, Callable[[JuliaType, dict[str, Any]], Any]] = {
    "Base.Complex": _complex,
    "Base.Rational": _rational,
    **{name: _moment for name in UNITS},
    "Base.UnitRange": _unit_range,
    "Base.OneTo": _unit_range,
    "Base.StepRange": _step_range,
    "Base.StepRangeLen": _float_range,
    "Base.LinRange": _lin_range,
    **dict.fromkeys(
        (
            f"{module}.{name}"
            for module in ("LinearAlgebra", "Base")
            for name in ("Adjoint", "Transpose")
        ),
        _transposed,
    ),
    "Base.PermutedDimsArray": _permuted,
    "Base.SubArray": _view,
    "Base.ReshapedArray": _reshaped,
    "Base.ReinterpretArray": _reinterpreted,
    "Base.BitArray": _bits,
    **dict.fromkeys(("LinearAlgebra.Symmetric", "LinearAlgebra.Hermitian"), _mirrored),
    **dict.fromkeys(
        (
            f"LinearAlgebra.{unit}{half}Triangular"
            for unit in ("", "Unit")
            for half in ("Upper", "Lower")
        ),
        _triangular,
    ),
    **dict.fromkeys(
        (
            f"{module}.{name}"
            for module in ("StaticArrays", "StaticArraysCore")
            for name in ("SArray", "MArray")
        ),
        _static,
    ),
    "Base.Set": _set,
    "Base.IdDict": _identity_table,
    "Base.Val": lambda kind, fields: kind.parameters[0],
    "Static.True": lambda kind, fields: True,
    "Static.False": lambda kind, fields: False,
    "Static.StaticInt": lambda kind, fields: kind.parameters[0],
    "BSON.Undef": lambda kind, fields: None,
    **dict.fromkeys(("OrderedCollections.OrderedDict", "OrderedCollections.LittleDict"), _ordered),
    "DataFrames.DataFrame": _frame,
    "ComponentArrays.ComponentArray": _components,
    # Flux up to 0.9 trained these; what they track is of no use in a file
    "Tracker.TrackedArray": lambda kind, fields: fields["data"],
    "Flux.TrackedArray": lambda kind, fields: fields["data"],
}
