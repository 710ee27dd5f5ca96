"""What is compiled of a row ahead of its use: one small case per structure and mode, without
values.
"""

from collections.abc import Iterable

import numpy as np

from ..case.case import Case
from ..case.names import Name
from . import Row


def workload_cases(rows: Iterable[Row]) -> Iterable[tuple[Case, str]]:
    """The smallest case of every structure and mode, filled with one half, and the first release of
    Flux that has it.
    """

    def fill(shape, kind):
        return np.zeros(shape, np.int64) if kind.startswith("index:") else np.full(shape, 0.5)

    for row in rows:
        for config in row.smallest_configs():
            for mode in row.modes:
                yield row.complete(config, fill, mode), row.since(config)


def as_toml(rows: Iterable[Row]) -> str:
    """The cases as TOML, which `julia/src/workload.jl` reads."""
    lines = ["# Written by `julia-parity warm-up` from the catalogue."]
    for case, since in workload_cases(rows):
        arrays = {
            str(name): {"size": list(array.shape), "kind": _kind(name, array)}
            for name, array in case.arrays.items()
        }
        lines += [
            "",
            "[[case]]",
            f"row = {_toml(case.row)}",
            f"mode = {_toml(case.mode)}",
            f"config = {_toml(case.config)}",
        ]
        lines += [
            f"arrays = {_toml(arrays)}",
            *([f"since = {_toml(since)}"] if since != "0" else []),
        ]
    return "\n".join(lines) + "\n"


def _kind(name: Name, array: np.ndarray) -> str:
    if array.dtype.kind == "i":
        return "index"
    return "positive" if name.last.endswith("var") else "real"


def _toml(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}" = {_toml(item)}' for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else repr(value)
