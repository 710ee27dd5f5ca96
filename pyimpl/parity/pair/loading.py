"""The subjects that a command line names: `my.py:function` and `my.jl:function`."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from ..sides.guard import guarded, words_of
from ..sides.time_limit import TooSlow, time_limit

SECONDS = 300.0  # for importing the user's file: a framework behind it may take a minute


class SubjectError(Exception):
    """What was named cannot be had; the message says what was expected and what there is."""


def load_subject(text: str) -> Any:
    """What `my.py:name` names; the name may go on with dots, and end with `()` for the value of a
    call.

    Raises SubjectError for a file that is not there or cannot be imported, and for a name that it
    has not.
    """
    path, name = _split(text, ".py")
    found: Any = load_module(path)
    called = name.endswith("()")
    with _run(f"{path}:{name} cannot be had"):
        for part in name.removesuffix("()").split("."):
            if not hasattr(found, part):
                names = (
                    sorted(key for key in vars(found) if not key.startswith("_"))
                    if hasattr(found, "__dict__")
                    else []
                )
                raise SubjectError(
                    f"{path} has no {name.removesuffix('()')}; there are "
                    f"{', '.join(names) or 'no names'}"
                )
            found = getattr(found, part)
        return found() if called else found


@contextmanager
def _run(what: str) -> Iterator[None]:
    """The user's code, which may raise anything, end the process or never come to an end."""
    try:
        with guarded(), time_limit(SECONDS):
            yield
    except (KeyboardInterrupt, SubjectError):
        raise
    except TooSlow as slow:
        raise SubjectError(f"{what}: it {slow}") from None
    except BaseException as error:
        raise SubjectError(f"{what}: {words_of(error)}") from error


def load_module(path: Path) -> ModuleType:
    """The file as a module, with its directory on the path for its own imports.

    Raises SubjectError with what it raised.
    """
    path = path.resolve()
    if not path.is_file():
        raise SubjectError(f"there is no Python file {path}")
    name = f"parity_subject_{path.stem}"
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return loaded
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    try:
        with _run(f"{path} cannot be imported"):
            specification.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def parse_julia(text: str) -> tuple[Path | None, str]:
    """File and expression of `my.jl:expression`; without a file, the whole is an expression.

    Raises SubjectError.
    """
    if ".jl:" not in text:
        if text.endswith(".jl"):
            raise SubjectError(f"expected {text}:function, got a file without a name in it")
        return None, _in_utf8(text)
    path, name = _split(text, ".jl")
    if not path.is_file():
        raise SubjectError(f"there is no Julia file {path}")
    return path, _in_utf8(name)


def _in_utf8(text: str) -> str:
    """Of an argument of the command line, which an ASCII locale hands over byte by byte."""
    try:
        return os.fsencode(text).decode()
    except UnicodeError:
        return text


def _split(text: str, suffix: str) -> tuple[Path, str]:
    file, found, name = text.partition(f"{suffix}:")
    if not found or not name.strip():
        raise SubjectError(f"expected my{suffix}:name, got {text!r}")
    return Path(file + suffix), name.strip()
