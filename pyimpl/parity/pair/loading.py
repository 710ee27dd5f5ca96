"""The subjects that a command line names: `my.py:function` and `my.jl:function`."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any


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
        specification.loader.exec_module(module)
    except Exception as error:  # the user's file may raise anything
        del sys.modules[name]
        raise SubjectError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def parse_julia(text: str) -> tuple[Path | None, str]:
    """File and expression of `my.jl:expression`; without a file, the whole is an expression.

    Raises SubjectError.
    """
    if ".jl:" not in text:
        if text.endswith(".jl"):
            raise SubjectError(f"expected {text}:function, got a file without a name in it")
        return None, text
    path, name = _split(text, ".jl")
    if not path.is_file():
        raise SubjectError(f"there is no Julia file {path}")
    return path, name


def _split(text: str, suffix: str) -> tuple[Path, str]:
    file, found, name = text.partition(f"{suffix}:")
    if not found or not name.strip():
        raise SubjectError(f"expected my{suffix}:name, got {text!r}")
    return Path(file + suffix), name.strip()
