"""The folder's other account of a case, held against what was read from the expression."""

import re
from typing import Any

import numpy as np
from reference_folder.callables import VALUES
from reference_folder.conversions import is_number, spelled
from reference_folder.reading import Reader

# Names that `config` may have for options that are called otherwise in `BUILDERS` or in the twin.
SYNONYMS = {
    "dim": "dims",
    "epsilon": "eps",
    "lambda": "lam",
    "G": "groups",
    "σ": "act",
    "λ": "act",
    "dropout_prob": "p",
}


ABOUT_THE_DATA = ("zero_grad_at",)  # says how the arrays were drawn, which are in the folder


def confirm(config: dict[str, Any], julia: str, reader: Reader) -> None:
    """Every key of the folder's `config` must be an option that the reader has read, and its value
    the one that was read.

    Raises Untranslatable for a key that no builder knows, and for a value that the expression
    contradicts.
    """
    for key, value in config.items():
        if key in ABOUT_THE_DATA or (key == "expr" and value == julia):
            continue
        options = [option for option in reader.options if option.name in (key, SYNONYMS.get(key))]
        if not any(same(value, option.value, option.text) for option in options):
            read = ", ".join(
                dict.fromkeys(str(spelled(option.value) or option.value) for option in options)
            )
            reader.refuse(
                f"option {key}={value!r}" + (f" (the expression has {read})" if read else "")
            )


def same(said, value, text: str = "") -> bool:
    """Whether what `config` says is what the expression has: `"tanh"` for tanh, `[1, 1]` for 1,
    `true` for a bias that is an array.
    """
    if isinstance(value, np.ndarray):
        return said is True or (isinstance(said, str) and said in re.split(r"[\W_]+", text))
    if isinstance(said, list):
        parts = value if isinstance(value, tuple | list) else [value] * len(said)
        if len(parts) == 2 * len(said) and len(said) > 1:
            said = [size for size in said for _ in range(2)]
        return len(parts) == len(said) and all(map(same, said, parts))
    if isinstance(value, tuple | list) and not isinstance(said, str):
        return len(value) > 0 and all(same(said, part) for part in value)
    if isinstance(said, bool) or isinstance(value, bool) or said is None or value is None:
        return said is value
    if isinstance(said, str):
        if isinstance(value, str):
            return said.lstrip(":") == value.lstrip(":")
        return VALUES.get(said) is value or said in (spelled(value), type(value).__name__)
    return is_number(said) and is_number(value) and np.float32(said) == np.float32(value)
