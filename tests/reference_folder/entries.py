"""Reads a folder of real Flux outcomes (`index.json` and one .npz per group) as cases and outcomes
of this project.

What a case evaluated is written in the folder as a Julia expression, such as `p -> Chain(Dense(p.w,
p.b, tanh), LayerNorm(5; eps=1f-3))`. The expression is read in three steps. `as_python` rewrites it
to Python's syntax, `Reader` walks the syntax tree, and `BUILDERS` says for every name of Flux's
which twin stands for it: a builder has the signature of Flux's constructor or function, takes
Julia's numbers (axes counted from 1, sizes with the width first) and makes the twin. So a layer
inside of a `Chain` is read as one that stands alone.

Nothing is dropped in silence. A name, an argument or a keyword that no builder has raises
`Untranslatable`, which the test reports as it is. `config`, the folder's other account of the same
case, is held against what the builders were given: every key of it must be an option that was read
from the expression, with the value that was read there.

What this file does not do: judge. It hands out cases, twins and Flux's outcomes; the test compares.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from reference_folder.confirming import confirm
from reference_folder.conversions import FIELDS
from reference_folder.reading import Parameters, Reader
from reference_folder.syntax import parsed
from reference_folder.tracing import as_layer

from pyimpl import ACTIVATIONS, differentiable
from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.case.twin import jitter
from pyimpl.parity.catalogue.activations import SLACK


@dataclass(frozen=True)
class Entry:
    """One case of the folder: the twin that answers for it, its inputs, and what Flux made of
    them.
    """

    label: str
    row: str
    case: Case
    build: Callable[[Case], Any]
    flux: Outcome
    version: str  # of Flux
    names: frozenset[
        str
    ]  # every name in the expression: rows that the case is made of, among others


def translate(
    julia: str,
    config: dict[str, Any],
    row: str,
    mode: str,
    parameters: dict[str, np.ndarray],
    nudge=None,
) -> Any:
    """The twin of an expression, with what passes between its layers nudged if the judge asks for
    that (`Case.jitter`).

    Raises Untranslatable at once, or for what is inside of a lambda as soon as it is called.
    """
    reader = Reader(row)
    read = reader.read(parsed(julia), {})
    if mode == "steps":
        confirm(config, julia, reader)
        return read
    if mode != "function" and isinstance(parsed(julia), ast.Lambda):
        read = read(Parameters(parameters))
    twin = as_layer(read)
    if nudge:
        jitter(twin, *nudge)
    pullback = twin.pullback

    def confirmed(*xs):
        y, back = pullback(*xs)
        confirm(config, julia, reader)
        return y, lambda dy: back(alike(y, iter(dy)) if isinstance(y, tuple) else dy)

    if mode == "function" or not is_dataclass(twin):
        return differentiable(confirmed)
    twin.pullback = confirmed
    return twin


def alike(y, dys: Iterator):
    """Cotangents, one for every array, in the form of the output: an LSTMCell gives (h, (h, c))."""
    return tuple(alike(part, dys) for part in y) if isinstance(y, tuple) else next(dys)


def _ours(name: str) -> str:
    """A name in the folder as this project writes it."""
    name = name.replace("after.", "state.", 1) if name.startswith("after.") else name
    parts = [str(int(part) - 1) if part.isdigit() else part for part in name.split(".")]
    of_users = [
        before == "layers" for before in ("", *parts)
    ]  # a layer of a Chain or a Parallel may be called β
    return ".".join(
        part if by_user else FIELDS.get(part, part)
        for part, by_user in zip(parts, of_users, strict=False)
    )


def _rule_outcome(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Parameters after every step; the state is stored after the last one only."""
    last = sum(name.startswith("x") for name in arrays)
    renamed = {}
    for name, array in arrays.items():
        if array.dtype == bool:  # where a rule has nothing to keep, Optimisers keeps `false`
            continue
        renamed[f"x@{name[1:]}" if name.startswith("x") else f"{_ours(name)}@{last}"] = array
    return renamed


def read(folder: Path) -> Iterator[Entry]:
    """The entries of a folder. One that cannot be translated says so when its twin is built."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    groups: dict[str, dict[str, dict[str, np.ndarray]]] = {}
    for group in {entry["group"] for entry in index["cases"]}:
        cases = groups.setdefault(group, {})
        with np.load(folder / f"{group}.npz", allow_pickle=False) as archive:
            for key in archive.files:
                number, name = key.split("/", 1)
                cases.setdefault(number, {})[name] = archive[key]
    for entry in index["cases"]:
        yield _entry(entry, groups[entry["group"]][entry["case"]], index["versions"]["Flux"])


def _roughest(names: frozenset[str]) -> str:
    """Of the activations in an expression the one that the judge grants most: cells with gates have
    a tanh that is not written.
    """
    gated = names & {"LSTM", "GRU", "GRUv3", "LSTMCell", "GRUCell", "GRUv3Cell"}
    inside = (names & ACTIVATIONS.keys()) | ({"tanh"} if gated else set()) or {"identity"}
    return max(sorted(inside), key=lambda name: SLACK[name].ulps if name in SLACK else 0)


def _entry(entry: dict, arrays: dict[str, np.ndarray], version: str) -> Entry:
    row, mode, julia, config = entry["row"], entry["mode"], entry["julia"], entry["config"]
    inputs = {
        name.removeprefix("in/"): array for name, array in arrays.items() if name.startswith("in/")
    }
    flux = {
        name.removeprefix("out/"): array
        for name, array in arrays.items()
        if name.startswith("out/")
    }
    data = {
        name: array - 1 if array.dtype.kind == "i" and not name.startswith("param.") else array
        for name, array in inputs.items()
    }
    if mode == "function" and "dy" in data:
        data["dy1"] = data.pop("dy")
    if mode == "steps":
        outcome = _rule_outcome(flux)
    else:
        settings = (
            ("grad.", "after.") if mode != "function" else ()
        )  # of these the numbers are settings of layers
        outcome = {
            _ours(name): array
            for name, array in flux.items()
            if array.ndim or not name.startswith(settings)
        }
    label = f"{row}-{entry['group']}-{entry['case']}-{entry['dtype']}-{mode}"
    names = frozenset(re.findall(r"\w+", julia))
    case = Case(row, {"act": _roughest(names)} | config, data, mode, origin=label)

    def build(case: Case):
        return translate(julia, config, row, mode, case.parameters(), case.jitter)

    return Entry(label, row, case, build, Outcome(outcome), version, names)
