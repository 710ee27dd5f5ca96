"""What a recording of a pair is an answer to: the question is kept beside the answers, and compared
with what is asked later.

A recording of `x -> 2x` says nothing about `x -> 3x`, about other shapes, or about a Julia file
that has changed since. Whatever of the question differs is told, and nothing is compared:

    recorded with expression `x -> 2x`, now it is `x -> 3x`
"""

import hashlib
import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...files.disk import Unreadable, expect_form
from ..case.arguments import Argument, arguments_of, as_plain
from ..case.case import Case, Outcome
from ..case.inputs import Drawn, Given
from ..case.names import Kind
from ..reference import recorded
from ..reference.julia_files import content_of
from ..reference.recorded import Recorded
from .pair import Pair, unfit_for
from .weights import Weights

FORM = {  # of what was asked, see `asked`
    "expression": str,
    "file": (str, None),
    "content": (str, None),
    "layout": {str: str},
    "mode": str,
    "calls": int,
    "gradient": str,
    "training": (dict, None),
    "inputs": dict,
    "parameters": {str: [int]},
    "dtypes": [str],
    "weights?": str,
}


def record_pair(
    path: Path,
    pair: Pair,
    entries: Sequence[tuple[Case, dict[str, Outcome]]],
    dtypes: tuple[str, ...],
    provenance: dict[str, Any],
) -> int:
    """Write what Julia said of a pair, with what it was asked; the number of cases.

    Raises Unwritable.
    """
    about = provenance | {"pairs": {pair.key: asked(pair, dtypes)}}
    return recorded.write(path, entries, about)


def layout_of(pair: Pair) -> dict[str, str]:
    """How arrays cross, as plain data: the default under "", exceptions under their names."""
    return {"": pair.layout.default} | {str(name): lies for name, lies in pair.layout.exceptions}


def asked(pair: Pair, dtypes: tuple[str, ...]) -> dict[str, Any]:
    """What Julia is asked for a pair, as plain data."""
    file = pair.julia.file
    return {
        "expression": pair.julia.expression,
        "file": file.name if file else None,
        "content": content_of(file) if file else None,
        "layout": layout_of(pair),
        "mode": pair.mode,
        "calls": pair.config.get("calls", 1),
        "gradient": pair.gradient,
        "training": (pair.training.config | {"steps": pair.training.steps})
        if pair.training
        else None,
        "inputs": _described(pair.inputs),
        "parameters": {name: list(array.shape) for name, array in pair.python.parameters().items()},
        "dtypes": list(dtypes),
        "weights": str(pair.weights),
    }


def _described(inputs: Any) -> Any:
    if isinstance(inputs, Drawn):
        shapes = {"arrays": [str(shape) for shape in inputs.shapes], "sizes": list(inputs.sizes)}
        return shapes | as_plain(inputs.arguments)
    if isinstance(inputs, Given):
        found = hashlib.sha256()
        for case in inputs.cases:
            said = as_plain(getattr(case, "arguments", ()))
            found.update(repr(said).encode() if said else b"")
        for array in (array for case in inputs.cases for array in case):
            found.update(
                f"{array.dtype} {array.shape} ".encode() + np.ascontiguousarray(array).tobytes()
            )
        return {"given": found.hexdigest()}
    # a function inside of a strategy has an address, which is another in every run
    described = [re.sub(r" at 0x[0-9a-f]+", "", repr(one)) for one in inputs.strategies]
    return {"strategies": len(inputs.strategies), "described": described}


def changed_since(
    pair: Pair,
    dtypes: tuple[str, ...],
    recording: Recorded,
    cases: int | None = None,
    seed: int | None = None,
) -> list[str]:
    """Why a recording is not an answer to what would be asked now; empty where it is.

    `cases` and `seed`: of the draws, where somebody asked for them.
    """
    then = recording.provenance.get("pairs", {}).get(pair.key)
    if then is None:
        return ["it does not say what was asked"]
    try:
        expect_form(then, FORM, "what was asked")
    except Unreadable as damage:
        return [f"it does not say what was asked: {damage}"]
    now, changes = asked(pair, dtypes), []
    then = {"weights": str(Weights.AUTO)} | then
    if now["file"] == then["file"] and now["content"] != then["content"]:
        changes.append(f"recorded with another version of {now['file']}")
    for what in (
        "file",
        "expression",
        "layout",
        "mode",
        "calls",
        "gradient",
        "training",
        "parameters",
        "weights",
    ):
        if now[what] != then.get(what):
            changes.append(
                f"recorded with {what} {_shown(then.get(what))}, now it is {_shown(now[what])}"
            )
    if "described" not in then["inputs"]:  # as older recordings
        now["inputs"].pop("described", None)
    if now["inputs"] != then["inputs"]:
        changes.append(f"recorded with other inputs: {_shapes(then)}, now {_shapes(now)}")
    absent = [dtype for dtype in dtypes if dtype not in then["dtypes"]]
    if absent:
        changes.append(f"recorded without {', '.join(absent)}")
    draws = recording.provenance.get("draws", {})
    if cases is not None and draws.get("cases") != cases:
        changes.append(
            f"recorded with {draws.get('cases', 'another number of')} cases, not {cases}"
        )
    if seed is not None and draws.get("seed") != seed:
        changes.append(f"recorded with seed {draws.get('seed', 'unknown')}, not {seed}")
    return changes or _incomplete(pair, dtypes, recording) or _unfit(pair, dtypes, recording)


def _incomplete(pair: Pair, dtypes: tuple[str, ...], recording: Recorded) -> list[str]:
    """What is asked of every case and was not answered: nothing would be compared there."""
    wanted = pair.gradient == "differences" or (
        pair.gradient == "auto" and pair.training is None and pair.python.has_gradient
    )
    differentiable = differentiated = False
    for case, outcomes in recording.pairs(pair, dtypes, None, 0):
        if absent := [dtype for dtype in dtypes if dtype not in outcomes]:
            return [f"recorded without {', '.join(absent)} of a case"]
        differentiated |= bool(case.all(Kind.COTANGENT))
        differentiable |= any(
            array.dtype.kind == "f" for o in outcomes.values() for array in o.outputs().values()
        )
    if wanted and differentiable and not differentiated:
        return ["recorded without gradients, which the Python side has now"]
    return []


def _shapes(about: dict[str, Any]) -> str:
    inputs = about["inputs"]
    if "arrays" not in inputs:
        return "arrays of your own" if "given" in inputs else "strategies of your own"
    sizes = " to ".join(map(str, inputs.get("sizes", ())))
    return f"{' and '.join(map(repr, inputs['arrays']))} with sizes from {sizes}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return (
            ", ".join(f"{name}={part}" if name else str(part) for name, part in value.items())
            or "none"
        )
    return f"`{value}`" if isinstance(value, str) else str(value)


def _unfit(pair: Pair, dtypes: tuple[str, ...], recording: Recorded) -> list[str]:
    """Whether the Python side still takes as many arguments as were recorded."""
    case, _ = next(recording.pairs(pair, dtypes, None, 0))
    arguments = arguments_of(case.config) or [Argument()] * len(case.all(Kind.INPUT))
    subject, count = pair.python.subject, len(arguments)
    problem = unfit_for(subject, arguments)
    if not problem:
        return []
    return [
        f"recorded with {count} argument{'' if count == 1 else 's'}, which "
        f"{pair.name}{inspect.signature(subject)} does not take: {problem}"
    ]
