"""What is in a file, without reading the numbers: the paths, kinds and sizes of all its parts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .bounds import StateFileError
from .julia_values import NamedParts
from .opening import opened, said
from .our_names import our_names

LONGEST_TEXT = 60


@dataclass(frozen=True)
class Part:
    """A part of a file: an array (with `shape`, `dtype` and its bytes), a value, or what has parts
    of its own.
    """

    path: str  # as read_state gives it, "model_state.layers.0.weight"
    kind: str  # "array", the Julia or Python type, or "not read"
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    size: int = 0  # bytes
    value: str = ""  # of what is no array, shortened; why it is not read
    again: bool = False  # a named part of an array or column that is listed already


@dataclass(frozen=True)
class Contents:
    """A file: its format, its length in bytes, its parts in order."""

    path: Path
    format: str
    length: int
    parts: tuple[Part, ...]


def inspect_file(path) -> Contents:
    """Everything that a file has: of the formats that `read_state` reads.

    A value that cannot be read is a part of the kind "not read", with the reason; the others are
    listed all the same. Raises StateFileError for a file that cannot be opened at all, OSError and
    ImportError as `read_state`.
    """
    path = Path(path)
    try:
        source = opened(path, copied=False)
        names = [""] if "" in source.names else list(source.names)
        parts: list[Part] = []
        for name in names:
            parts.extend(_value_parts(source, name))
    except StateFileError as error:
        raise said(path, error) from None
    except (OSError, ImportError):
        raise
    except Exception as error:  # what is damaged in a way that nobody thought of
        raise StateFileError(
            f"{path} cannot be read. It is damaged, or of a kind that is not known here: "
            f"{type(error).__name__}: {error}"
        ) from error
    return Contents(path, source.kind, path.stat().st_size, tuple(parts))


def _value_parts(source, name: str) -> list[Part]:
    try:
        return list(_parts(our_names(source.value(name)), name))
    except StateFileError as error:
        return [Part(name, "not read", value=str(error))]
    except Exception as error:  # one value that is damaged must not hide the others
        return [Part(name, "not read", value=f"{type(error).__name__}: {error}")]


def _parts(node: Any, path: str) -> Iterator[Part]:
    if isinstance(node, np.ndarray):
        yield Part(path, "array", node.shape, str(node.dtype), node.nbytes)
        return
    kind = str(getattr(node, "julia_type", type(node).__name__))
    if not isinstance(node, dict | list):
        text = "" if node is None else str(node)
        short = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
        yield Part(path, "nothing" if node is None else kind, value=short)
        return
    if isinstance(node, list) and not any(
        isinstance(part, np.ndarray | dict | list) for part in node
    ):
        yield Part(path, kind, (len(node),), value=_short(node))
        return
    if path or not isinstance(node, dict):
        yield Part(path, kind, (len(node),))
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for name, child in items:
        yield from _parts(child, f"{path}.{name}" if path else str(name))
    if isinstance(node, NamedParts):
        for name, child in node.parts.items():
            for part in _parts(child, f"{path}.{name}"):
                yield replace(part, again=True)


def _short(values: list[Any]) -> str:
    text = ", ".join(str(value) for value in values[:10]) + (", ..." if len(values) > 10 else "")
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
