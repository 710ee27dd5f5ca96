"""safetensors files: a header in JSON, then the arrays, one after the other.

Read here and not by the library of that name, whose NumPy side has no BFloat16 and no 8-bit floats,
and copies where looking is enough. Source: the format's description in safetensors' README.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from .bounds import Budget, StateFileError, count, inside
from .npz import nested_by_dots

LONGEST_HEADER = 100_000_000
DTYPES: dict[str, np.dtype] = {
    **{f"I{8 * size}": np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
    **{f"U{8 * size}": np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
    **{f"F{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
    **{"BOOL": np.dtype("u1"), "C64": np.dtype("<c8"), "C128": np.dtype("<c16")},
    **{"BF16": np.dtype("<u2"), "F8_E5M2": np.dtype("u1"), "F8_E4M3": np.dtype("u1")},
}


class Safetensors:
    """An open safetensors file, one dict; `names` are those of its arrays and of the whole, ""."""

    kind = "safetensors"

    def __init__(self, path: Path, content, copied: bool = True):
        self.content, self.copied = memoryview(content), copied
        self.budget = Budget(len(content))
        length = int.from_bytes(self.content[:8], "little")
        if length > min(LONGEST_HEADER, len(content) - 8):
            raise StateFileError(
                f"is not a safetensors file, or was cut off: it claims a header of {length} bytes "
                f"and has {len(content)}"
            )
        try:
            header = json.loads(bytes(self.content[8 : 8 + length]))
        except (ValueError, RecursionError) as error:
            raise StateFileError(f"has a safetensors header that is damaged: {error}") from None
        if not isinstance(header, dict):
            raise StateFileError("has a safetensors header that is no dict")
        self.about = header.pop("__metadata__", {})
        self.data = self.content[8 + length :]
        self.entries = header
        self.names = ["", *header]

    def value(self, name: str) -> Any:
        """One array, or all of them by name."""
        if name:
            return self._array(name)
        return nested_by_dots((key, self._array(key)) for key in self.entries)

    def _array(self, name: str) -> np.ndarray:
        entry = self.entries[name]
        try:
            code, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        except (KeyError, TypeError, ValueError):
            raise StateFileError(
                f"{name} is damaged: expected dtype, shape and two offsets, got {str(entry)[:80]}"
            ) from None
        if not all(isinstance(n, int) for n in (*shape, start, end)):
            raise StateFileError(f"{name} is damaged: its shape and place are no integers")
        if code not in DTYPES:
            raise StateFileError(
                f"{name} is of the type {code!r}, of which are read: {', '.join(DTYPES)}"
            )
        dtype, number = DTYPES[code], count(shape, name)
        inside(self.data, start, end - start, name)
        if number * dtype.itemsize != end - start:
            raise StateFileError(
                f"{name} is damaged: an array of shape {shape} of {code} has {end - start} bytes"
            )
        raw = np.frombuffer(self.data[start:end], dtype)
        if self.copied or code in WIDENED:
            self.budget.spend(4 * raw.nbytes, name)
            raw = WIDENED[code](raw) if code in WIDENED else raw.copy()
        return raw.reshape(shape)


def bfloat16(bits: np.ndarray) -> np.ndarray:
    """BFloat16 as Float32, which has every one of them; `bits` are unsigned integers."""
    return (bits.astype("<u4") << 16).view("<f4")


def _e4m3(bits: np.ndarray) -> np.ndarray:
    """8-bit floats with 4 bits of exponent and 3 of fraction, without infinities."""
    code = np.arange(256)
    sign, exponent, fraction = np.where(code >> 7, -1.0, 1.0), code >> 3 & 15, code & 7
    normal = np.ldexp(1 + fraction / 8, exponent - 7)
    table = sign * np.where(exponent, normal, np.ldexp(fraction / 8, -6))
    table[[127, 255]] = np.nan
    return table.astype(np.float32)[bits]


WIDENED = {
    "BF16": bfloat16,
    "F8_E4M3": _e4m3,
    "F8_E5M2": lambda bits: (bits.astype("<u2") << 8).view("<f2").astype(np.float32),
    "BOOL": lambda bits: bits != 0,
}
