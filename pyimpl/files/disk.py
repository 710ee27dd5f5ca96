"""What comes from disk, and what goes there: one reader and one writer for twin and toolkit.

Whatever is read may be cut off, changed, forged, a FIFO, or a small file that unpacks to a large
one. So nothing is believed before it is checked, nothing is unpickled, nothing is unpacked beyond
what it says it is, and whatever is wrong is `Unreadable`, with the file, what was expected and what
came:

    >>> read_json("nothing.json")
    Traceback (most recent call last):
    ...
    pyimpl.files.failures.Unreadable: nothing.json cannot be read: No such file or directory

Whatever is written appears at once and whole, or not at all: it is written beside its place under a
name that no other run has, and renamed. What goes wrong is `Unwritable`, and what was there before
is there still.
"""

import errno
import hashlib
import io
import json
import math
import os
import re
import secrets
import shutil
import stat
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from .failures import Unreadable, Unwritable

__all__ = [
    "Unreadable",
    "Unwritable",
    "expect_form",
    "expect_plain",
    "file_name",
    "file_names",
    "new_directory",
    "packed_arrays",
    "parse_json",
    "read_arrays",
    "read_bytes",
    "read_json",
    "read_text",
    "write_bytes",
    "write_json",
    "write_text",
]

MOST = 2**30  # bytes of a file, and of all that is unpacked from it
CHUNK = 2**20
MEMBERS = 4096  # arrays of one .npz
AXES = 32
KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
NAME = 80  # characters of a file's name that are kept


# Reading


def read_bytes(path: str | Path, most: int = MOST) -> bytes:
    """The content of a plain file of at most `most` bytes.

    Raises Unreadable for one that is not there, is larger, or is no plain file: a directory, a
    FIFO, a device. Never waits.
    """
    try:
        # a FIFO nobody writes to would be waited for
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
    except (OSError, ValueError) as problem:  # ValueError: of a null byte in the name
        raise Unreadable(f"{path} cannot be read: {_why(problem)}") from None
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            kind = KINDS.get(stat.S_IFMT(about.st_mode), "something else")
            raise Unreadable(f"{path} cannot be read: expected a plain file, got {kind}")
        if about.st_size > most:
            raise Unreadable(
                f"{path} cannot be read: it has {about.st_size} bytes, at most {most} are read"
            )
        with os.fdopen(os.dup(handle), "rb") as file:
            # Not `most` at once, for which memory would be taken.
            content = file.read(about.st_size + 1)
            # A file of the system's tells no size.
            while about.st_size < len(content) <= most and (more := file.read(CHUNK)):
                content += more
    except (OSError, MemoryError) as problem:
        raise Unreadable(f"{path} cannot be read: {_why(problem)}") from None
    finally:
        os.close(handle)
    if len(content) > most:  # it grew, or is a file of the system's that tells no size
        raise Unreadable(f"{path} cannot be read: it has more than {most} bytes")
    return content


def expect_plain(path: str | Path) -> None:
    """A plain file, for a library that opens it by itself. Raises Unreadable."""
    if not Path(path).is_file():
        read_bytes(path)  # says what it is
        raise Unreadable(f"{path} cannot be read: it is no plain file")


def read_text(path: str | Path, most: int = MOST) -> str:
    """The content of a text file in UTF-8. Raises Unreadable."""
    try:
        return read_bytes(path, most).decode()
    except UnicodeDecodeError as problem:
        raise Unreadable(f"{path} is no text in UTF-8: {problem}") from None


def read_json(path: str | Path, most: int = MOST) -> Any:
    """What a JSON file holds. Raises Unreadable for one that is none, see `parse_json`."""
    return parse_json(read_bytes(path, most), path)


def parse_json(content: bytes, path: str | Path, constants: bool = False) -> Any:
    """What JSON holds; `path` is where it comes from, for the message.

    Raises Unreadable for what is none, too deep, has a name twice, a number of thousands of digits,
    or NaN and infinities, unless `constants` allows these.
    """

    def no_constant(word):
        raise ValueError(f"{word} is no number of JSON")

    def once(pairs):
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name stands twice in an object")
        return found

    try:
        return json.loads(
            content.decode(),
            parse_constant=None if constants else no_constant,
            object_pairs_hook=once,
        )
    except RecursionError:
        raise Unreadable(f"{path} is no JSON that can be read: it is nested too deep") from None
    except (ValueError, MemoryError) as problem:
        raise Unreadable(f"{path} is no JSON: {_why(problem)}") from None


def expect_form(value: Any, form: Any, path: str | Path, at: str = "it") -> None:
    """Hold what a file says against the form it must have.

    A form is a type, a tuple of types (None among them), `[form]` for a list of such, `{str: form}`
    for an object of such by any name, or an object of forms by name; a name that ends in `?` may be
    missing. Raises Unreadable with the place that differs:

        >>> expect_form({"cases": [3]}, {"cases": [str]}, "julia.npz")
        Traceback (most recent call last):
        ...
        pyimpl.files.failures.Unreadable: julia.npz is damaged: expected a text at cases[0], got 3
    """
    if isinstance(form, list):
        _expect_type(value, (list,), path, at)
        for i, part in enumerate(value):
            expect_form(part, form[0], path, f"{'' if at == 'it' else at}[{i}]")
    elif isinstance(form, dict):
        _expect_type(value, (dict,), path, at)
        inside = "" if at == "it" else f"{at}."
        for name, wanted in form.items():
            if name is str:
                for key, part in value.items():
                    expect_form(part, wanted, path, f"{inside}{key}")
            elif name.removesuffix("?") in value:
                name = name.removesuffix("?")
                expect_form(value[name], wanted, path, f"{inside}{name}")
            elif not name.endswith("?"):
                raise Unreadable(f"{path} is damaged: {name!r} is missing in {at}")
    else:
        _expect_type(value, form if isinstance(form, tuple) else (form,), path, at)


TYPES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    None: "null",
}


def _expect_type(value: Any, wanted: tuple, path: str | Path, at: str) -> None:
    fits = (
        value is None
        if kind is None
        # a truth value is no number, a whole number is one
        else isinstance(value, (int, float) if kind is float else kind)
        and (kind is bool or not isinstance(value, bool))
        for kind in wanted
    )
    if not any(fits):
        expected = " or ".join(TYPES[kind] for kind in wanted)
        raise Unreadable(f"{path} is damaged: expected {expected} at {at}, got {repr(value)[:80]}")


class NoNumbers(Unreadable):
    """An array of something else than numbers; the file is whole."""

    @property
    def what(self) -> str:
        """What it is, in words."""
        return str(self).partition(": ")[2]


def read_arrays(
    path: str | Path,
    most: int = MOST,
    *,
    texts: bool = False,
    left_out: dict[str, str] | None = None,
) -> dict[str, np.ndarray]:
    """The arrays of a .npz by name, or the one of a .npy under the name "".

    Booleans, integers, floating-point and complex numbers; `texts` allows texts as well. What else
    an array may be of - texts, records, Python objects - goes into `left_out` with the reason,
    where one is given. Raises Unreadable for anything else: what is damaged or cut off, would
    unpack to more than `most` bytes, says another size than it has, has two parts of one name.
    """
    content = read_bytes(path, most)
    if content.startswith(b"\x93NUMPY"):
        return {"": _array(content, path, "it", texts)}
    if not content.startswith(b"PK"):
        raise Unreadable(
            f"{path} is damaged, or neither .npy nor .npz: it begins with {content[:6]!r}"
        )
    found: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MEMBERS or sum(member.file_size for member in members) > most:
                raise Unreadable(
                    f"{path} is not read: it would unpack to {len(members)} arrays of "
                    f"{sum(member.file_size for member in members)} bytes"
                )
            for member in members:
                name = member.filename.removesuffix(".npy")
                if name == member.filename or name in found:
                    raise Unreadable(
                        f"{path} is damaged: expected arrays, each of a name of its own, got "
                        f"{member.filename!r}"
                    )
                with archive.open(member) as file:  # to the end, where its checksum is compared
                    raw = file.read(member.file_size + 1)
                try:
                    found[name] = _array(raw, path, name, texts)
                except NoNumbers as other:
                    if left_out is None:
                        raise
                    left_out[name] = other.what
    except Unreadable:
        raise
    except Exception as problem:  # damaged bytes make zipfile and zlib raise nearly anything
        raise Unreadable(f"{path} is damaged: {_why(problem)}") from None
    return found


def _array(content: bytes, path: str | Path, name: str, texts: bool) -> np.ndarray:
    """The array in the bytes of a .npy, whose header is compared with what there is before
    anything of that size is made.
    """
    stream = io.BytesIO(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = npy.read_magic(stream)
            if version not in ((1, 0), (2, 0)):
                raise ValueError(f"version {version} of .npy is not known")
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, in_columns, dtype = read(stream)
        # An offset, a negative stride, fields with objects: there is nothing of that here.
        numbers = dtype.kind in "biuf" and dtype.itemsize <= 8 or dtype in ("c8", "c16")
        if not (numbers or (texts and dtype.kind == "U")):
            raise NoNumbers(f"{path}: {name} is an array of {_sort(dtype)}, expected numbers")
        if len(shape) > AXES or any(isinstance(size, bool) or size < 0 for size in shape):
            raise ValueError(f"no array has the shape {shape}")
        there = len(content) - stream.tell()
        if math.prod(shape) * dtype.itemsize != there:
            raise ValueError(f"{dtype} of shape {shape} are no {there} bytes")
        flat = np.frombuffer(content, dtype, math.prod(shape), stream.tell())
        return flat.reshape(shape, order="F" if in_columns else "C").copy(order="K")
    except NoNumbers:
        raise
    except Exception as problem:  # a damaged header makes NumPy raise nearly anything
        raise Unreadable(f"{path} is damaged: {name}: {_why(problem)}") from None


def _sort(dtype: np.dtype) -> str:
    if dtype.hasobject:
        return "Python objects, which are not read: they would be run"
    return {"U": "texts", "S": "bytes", "V": "records", "M": "dates", "m": "spans of time"}.get(
        dtype.kind, str(dtype)
    )


def packed_arrays(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of a .npz with these arrays, for `write_bytes`."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def _why(problem: BaseException) -> str:
    said = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
    return said[:300] or type(problem).__name__


# Writing


def write_bytes(path: str | Path, content: bytes, *, new: bool = False) -> None:
    """Write a file, whole and at once; directories are made where they are missing.

    With `new`, one that is there already is not written over. A link stays one, and what it names
    is written; a device or FIFO such as /dev/stdout is written to. Raises Unwritable, and nothing
    of what was there is lost.
    """
    path = Path(path)
    try:
        before = path.stat() if path.exists() else None  # of what a link names
        if before is not None and new:
            raise FileExistsError(errno.EEXIST, "it exists already, and is not written over")
        if before is not None and stat.S_ISDIR(before.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        if before is not None and not stat.S_ISREG(before.st_mode):
            return _write_into(path, content)
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
        if before is not None and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "it is read-only")
        target.parent.mkdir(parents=True, exist_ok=True)
        _put(target, content, stat.S_IMODE(before.st_mode) if before else None, new)
    except (OSError, ValueError) as problem:
        raise Unwritable(f"{path} cannot be written: {_why(problem)}") from None


def _put(target: Path, content: bytes, mode: int | None, new: bool) -> None:
    unfinished = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(unfinished, flags, 0o666), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a crash of the machine may leave a name without content
        if mode is not None:
            os.chmod(unfinished, mode)
        if new:
            _rename_to_new(unfinished, target)
        else:
            os.replace(unfinished, target)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _rename_to_new(unfinished: Path, target: Path) -> None:
    """A rename that takes no place: of two runs at once one is refused."""
    try:
        os.link(unfinished, target)
    except FileExistsError:
        raise FileExistsError(errno.EEXIST, "it exists already, and is not written over") from None
    except OSError:  # a file system without links
        if target.exists():
            raise FileExistsError(errno.EEXIST, "it exists already") from None
        os.replace(unfinished, target)


def _write_into(device: Path, content: bytes) -> None:
    """To a device or a FIFO: there is nothing to keep, and nothing to be renamed; a FIFO that
    nobody reads is an error, not a wait.
    """
    handle = os.open(device, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "wb") as file:
        os.set_blocking(handle, True)
        file.write(content)


def write_text(path: str | Path, text: str, *, new: bool = False) -> None:
    """Write a text in UTF-8, as `write_bytes`; what UTF-8 does not have is escaped."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"), new=new)


def write_json(path: str | Path, data: Any, *, new: bool = False) -> None:
    """Write plain data as JSON, as `write_bytes`; what is not finite becomes a text ("nan")."""
    text = json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n", new=new)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(name): _finite(part) for name, part in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(part) for part in data]
    return str(data) if isinstance(data, float) and not math.isfinite(data) else data


@contextmanager
def new_directory(parent: Path, name: str) -> Iterator[tuple[Path, Path]]:
    """A directory that appears whole under the first free of `name`, `name-2`, ...

    Gives the place to write into, and the path that it will have; where the block fails, neither is
    left. Of several runs at once each has a path of its own. Raises Unwritable.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        unfinished = parent / f".{secrets.token_hex(8)}.part"
        unfinished.mkdir()
        path = _claimed(parent, name)
    except OSError as problem:
        raise Unwritable(f"{parent / name} cannot be written: {_why(problem)}") from None
    done = False
    try:
        yield unfinished, path
        if os.name == "nt":  # which renames to no empty directory
            path.rmdir()
        os.replace(unfinished, path)
        done = True
    except OSError as problem:
        raise Unwritable(f"{path} cannot be written: {_why(problem)}") from None
    finally:
        if not done:
            shutil.rmtree(unfinished, ignore_errors=True)
            with suppress(OSError):
                path.rmdir()


def _claimed(parent: Path, name: str) -> Path:
    """An empty directory of a name that nobody has: who makes it has it."""
    number = 1
    while True:
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
            return path
        except FileExistsError:
            number += 1


def file_name(text: str) -> str:
    """A name that any file system can have, another for another text: `x1` stays, `conv1/w`
    becomes `conv1_w-` and eight digits of its hash.
    """
    safe = re.sub(r"[^A-Za-z0-9_.-]", "_", text)[:NAME].lstrip(".-").rstrip(".")
    reserved = re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", safe)  # by Windows
    return text if safe == text and text and not reserved else f"{safe}-{_hash(text)}"


def file_names(texts: Iterable[str]) -> dict[str, str]:
    """A file name for each: `file_name`, and another where two differ in nothing but capitals,
    which not every file system keeps apart.
    """
    names = {text: file_name(text) for text in texts}
    count = Counter(name.casefold() for name in names.values())
    return {
        text: name if count[name.casefold()] == 1 else f"{name}-{_hash(text)}"
        for text, name in names.items()
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
