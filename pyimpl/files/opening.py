"""Which format a file has, by what is in it, and the reader that opens it."""

import mmap
import zipfile
from pathlib import Path
from typing import Any, Protocol

from .bounds import StateFileError
from .hdf5 import SIGNATURE, STARTS
from .our_names import our_names

FORMATS = "JLD2, BSON (BSON.jl's), npz, npy, safetensors, and PyTorch's .pt"


class Source(Protocol):
    """An open file: `names` of the values in it, and each of them by its name.

    Where `whole` the file is one value, a dict by these names.
    """

    kind: str
    names: Any

    def value(self, name: str) -> Any:
        """The value of that name, in the file's own names and types."""


def opened(path: Path, copied: bool = True) -> Source:
    """The reader of a file. Raises StateFileError for one of no known format, OSError for one that
    cannot be opened, ImportError where a library is missing.
    """
    with path.open("rb") as file:  # no such file, a directory, no permission: messages of their own
        start = file.read(STARTS[-1] + len(SIGNATURE))
        try:
            content: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # an empty file
            content = b""
    if any(start[at:].startswith(SIGNATURE) for at in STARTS):
        from .jld2 import Jld2

        return Jld2(path, content, copied)
    if start.startswith(b"PK"):
        return _archive(path, content, copied)
    if start.startswith(b"\x93NUMPY"):
        from .npz import Npy

        return Npy(path, content, copied)
    if len(start) > 8 and start[8:9] == b"{" and path.suffix.lower() != ".bson":
        from .safetensors import Safetensors

        return Safetensors(path, content, copied)
    if len(start) >= 5 and int.from_bytes(start[:4], "little") == len(content):
        from .bson import Bson

        return Bson(path, content, copied)
    if start.startswith(b"\x80"):
        from .torch_weights import OldTorch

        return OldTorch(path, content, copied)
    raise _unknown(path, len(content))


def _archive(path: Path, content, copied: bool) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception as error:
        raise StateFileError(
            f"is an archive (npz or .pt) that is truncated or damaged: {error}"
        ) from None
    if any(name.rpartition("/")[2] == "data.pkl" for name in names):
        from .torch_weights import Torch

        return Torch(path, content, copied)
    from .npz import Npz

    return Npz(path, content, copied)


def _unknown(path: Path, length: int) -> StateFileError:
    suffix = path.suffix.lower()
    if suffix == ".bson":
        return StateFileError(
            f"is not a BSON file, or was cut off: its first four bytes are not its length, {length}"
        )
    if suffix in (".jld2", ".jld", ".h5", ".hdf5"):
        return StateFileError(
            "is not a JLD2 file, or was cut off at its start: it has no HDF5 signature"
        )
    return StateFileError(f"is of no format that is read, or is damaged: expected {FORMATS}")


def read(path: Path, name: str | None, usual: str) -> Any:
    """The value of that name in a file, in our names.

    Without a name: the whole of a file that is one dict of arrays, the value called `usual`, or the
    only one. Every failure to read is a StateFileError with the path in its message.
    """
    try:
        source = opened(path)
        return our_names(source.value(chosen(source, name, usual)))
    except StateFileError as error:
        raise said(path, error) from error.__cause__
    except (OSError, ImportError):
        raise
    except Exception as error:  # what is damaged in a way that nobody thought of
        raise StateFileError(
            f"{path}: {name or usual} cannot be read. It is damaged, or of a kind that is not "
            f"known here: {type(error).__name__}: {error}"
        ) from error


def said(path: Path, error: StateFileError) -> StateFileError:
    """The error with the path before it."""
    text = str(error)
    return StateFileError(
        f"{path}{' ' if text.startswith(('is ', 'has ', 'cannot ')) else ': '}{text}"
    )


def chosen(source: Source, name: str | None, usual: str) -> str:
    """The name of the value that is meant."""
    names = list(source.names)
    if name is None and (len(names) == 1 or "" in names):
        return "" if "" in names else names[0]
    wanted = usual if name is None else name
    if wanted in names:
        return wanted
    there = ", ".join([str(known) for known in names[:20] if known] + ["..."] * (len(names) > 20))
    raise StateFileError(f"no {wanted!r} in it, only {there or 'nothing'}")
