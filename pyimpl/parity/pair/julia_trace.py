"""A run of the Julia model, taken apart: asked for as a case, and read from its outcome.

The Julia side (`julia/src/user_pair/tracing.jl`) tells it as text, one line for every call, and
arrays that the lines refer to by number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from ..reference.session import JuliaSide, Layout
from ..sides.trace import Call, Shape, Trace, with_turns

MODE = "trace"
CALLS = Name(Kind.OUTPUT, "calls")


class NoTrace(ValueError):
    """The Julia model could not be run; the message is Julia's."""


class Evaluates(Protocol):
    """A Julia that evaluates cases and answers calls: live, or what was recorded of one."""

    def call(self, name: str, *arguments: Any) -> Any:
        """A function of the Julia side."""
        ...

    def evaluate(self, side: JuliaSide, layout: Layout, cases: Sequence[Case]) -> Iterator[Outcome]:
        """One outcome per case, in Python's orientation."""
        ...


@dataclass(frozen=True)
class Tie:
    """An array of the Julia model that has the memory of another one, perhaps turned over."""

    path: str
    first: str
    turned: bool


@dataclass(eq=False)
class JuliaTrace(Trace):
    """The trace of the Julia model, with its arrays and which of them are one."""

    arrays: dict[str, Shape] = field(default_factory=dict)
    ties: list[Tie] = field(default_factory=list)


def question(case: Case, mode: str) -> Case:
    """The case that asks for a trace: `mode` is train or test, the arrays are in Julia's names."""
    config = case.config | {"mode": mode, "dtype": case.dtype.name}
    return replace(case, mode=MODE, config=config)


def ask(julia: Evaluates, side: JuliaSide, cases: Sequence[Case], mode: str) -> list[JuliaTrace]:
    """The trace of every case, which has arrays in Julia's names.

    Raises NoTrace where Julia gives none; a model that raises has one that ends early.
    """
    asked = [question(case, mode) for case in cases]
    return [read(outcome) for outcome in julia.evaluate(side, Layout("reversed"), asked)]


def read(outcome: Outcome) -> JuliaTrace:
    """The trace that an outcome tells. Raises NoTrace."""
    if outcome.error is not None or CALLS not in outcome.arrays:
        raise NoTrace(outcome.error or "Julia gave no trace")
    found = {name.path: array for name, array in outcome.arrays.items() if name.kind is Kind.OUTPUT}
    told: dict[str, list[list[str]]] = {}
    for line in bytes(found.pop(CALLS.path)).decode().splitlines():
        kind, *fields = line.split("\t")
        told.setdefault(kind, []).append(fields)
    values = {
        int(name[1:]): array
        for name, array in found.items()
        if name.startswith("v") and name[1:].isdigit()
    }
    back = _by_call(found)
    calls, places, inside = [], [], []
    for place, path, kind, act, outer, inputs, outputs, arrays in told.get("call", ()):
        own = dict(part.split("=") for part in arrays.split(";") if part)
        shapes = {name: _numbers(size)[::-1] for name, size in own.items()}
        known = back.get(int(place), {})
        act = "" if act == "identity" else act
        call = Call(path, kind, _numbers(inputs), _numbers(outputs), shapes, act)
        calls.append(
            replace(
                call,
                cotangents={int(at): array for at, array in known.get("dy", {}).items()},
                input_gradients={int(at): array for at, array in known.get("dx", {}).items()},
                gradients=known.get("grad", {}),
                after=known.get("after", {}),
            )
        )
        places.append(int(place))
        inside.append(int(outer))
    calls = with_turns(calls)
    keys = {place: call.key for place, call in zip(places, calls, strict=True)}
    calls = [
        replace(call, inside=keys.get(outer)) for call, outer in zip(calls, inside, strict=True)
    ]
    (inputs,), (outputs,), (error,) = (
        (told.get(kind) or [[""]])[0] for kind in ("inputs", "outputs", "error")
    )
    shapes = {path: _numbers(size)[::-1] for path, size in told.get("array", ())}
    ties = [Tie(path, first, turned == "1") for path, first, turned in told.get("tied", ())]
    return JuliaTrace(_numbers(inputs), _numbers(outputs), calls, values, error, shapes, ties)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)


def _by_call(found: dict[str, np.ndarray]) -> dict[int, dict[str, dict[str, np.ndarray]]]:
    """What came back of every call, by its place: cotangents, gradients, arrays afterwards."""
    told: dict[int, dict[str, dict[str, np.ndarray]]] = {}
    for name, array in found.items():
        head, _, rest = name.partition(".")
        for kind in ("dy", "dx", "grad", "after"):
            place = head.removeprefix(kind)
            if head.startswith(kind) and place.isdigit():
                told.setdefault(int(place), {}).setdefault(kind, {})[rest] = array
    return told


def written(trace: JuliaTrace) -> Outcome:
    """The outcome that tells a trace: what `read` reads."""
    arrays: dict[Name, np.ndarray] = {
        Name(Kind.OUTPUT, f"v{number}"): array for number, array in trace.values.items()
    }
    places = {call.key: place for place, call in enumerate(trace.calls, 1)}
    lines = []
    for place, call in enumerate(trace.calls, 1):
        sizes = ";".join(f"{name}={_comma(shape[::-1])}" for name, shape in call.arrays.items())
        outer = places.get(call.inside, 0) if call.inside else 0  # one that has not ended
        read, made = _comma(call.inputs), _comma(call.outputs)
        fields = ("call", place, call.path, call.kind, call.act, outer, read, made, sizes)
        lines.append("\t".join(map(str, fields)))
        for kind, back in (
            ("dy", call.cotangents),
            ("dx", call.input_gradients),
            ("grad", call.gradients),
            ("after", call.after),
        ):
            arrays |= {
                Name(Kind.OUTPUT, f"{kind}{place}.{name}"): array
                for name, array in back.items()  # type: ignore[attr-defined]
            }
    lines += [f"inputs\t{_comma(trace.inputs)}", f"outputs\t{_comma(trace.outputs)}"]
    lines += [f"error\t{trace.error}"]
    lines += [f"tied\t{tie.path}\t{tie.first}\t{int(tie.turned)}" for tie in trace.ties]
    lines += [f"array\t{path}\t{_comma(shape[::-1])}" for path, shape in trace.arrays.items()]
    arrays[CALLS] = np.frombuffer("\n".join(lines).encode(), np.uint8)
    return Outcome(arrays)


def _comma(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))
