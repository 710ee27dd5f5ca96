"""The arrays of two models matched by running both once, each with its own arrays, and laying them
side by side.

What `matching` reads from names and order alone, this sees: which layer is which, however the
models are built, and with it how the arrays of one library lie in the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..case.case import Case
from ..case.draws import generated
from ..case.inputs import Given
from ..case.names import Kind
from ..sides.side import PythonSide
from ..sides.trace import Trace
from ..sides.training import model_of
from .alignment import align
from .julia_trace import Evaluates, NoTrace, ask
from .layer_matching import Convention, matched
from .matching import Match
from .pair import Pair


def convention_of(side: PythonSide) -> Convention:
    """What is known of how the arrays of a model's library lie."""
    framework = side.framework
    return Convention(framework.correlates, lambda name: framework.transposed(side, name))


def without(trace: Trace, names: Sequence[str]) -> Trace:
    """The trace without these arrays, which have no counterpart."""
    if not names:
        return trace
    calls = [
        replace(call, arrays={n: s for n, s in call.arrays.items() if n not in names})
        for call in trace.calls
    ]
    return Trace(trace.inputs, trace.outputs, calls, trace.values, trace.error)


@dataclass(frozen=True)
class Met:
    """What was seen of two models: all of their arrays in pairs, and whether their outputs have the
    same shapes.
    """

    matches: list[Match]
    same_shapes: bool


def met(pair: Pair, julia: Evaluates) -> Met | None:
    """All arrays of the pair's models, matched; None where either cannot be taken apart, or where
    something is left over.
    """
    side = model_of(pair.python)
    case = _example(pair, side)
    python = side.framework.trace(side, case)
    if python.error or len(python.calls) < 2:
        return None
    plain = {name: x for name, x in case.arrays.items() if name.kind is Kind.INPUT}
    try:
        (theirs,) = ask(julia, pair.julia, [replace(case, arrays=plain)], "test")
    except NoTrace:
        return None
    if theirs.error or not theirs.outputs:
        return None
    shapes = {n: a.shape for n, a in side.parameters().items() if n not in pair.alone}
    alignment = align(without(python, pair.alone), theirs)
    found = matched(alignment, theirs, shapes, convention_of(side))
    if found.problems or found.python_alone or found.julia_alone:
        return None
    shapes_of = [[t.values[n].shape for n in t.outputs] for t in (python, theirs)]
    return Met(found.matches, shapes_of[0] == shapes_of[1])


def _example(pair: Pair, side: PythonSide) -> Case:
    """The first inputs of a pair, without the targets of training."""
    plain = replace(pair, python=side, training=None, config={}, mode="test")
    count = 1 if pair.training is not None else None

    def case(xs: Sequence[np.ndarray]) -> Case:
        return plain.case([np.asarray(x) for x in xs[:count]])

    if isinstance(pair.inputs, Given):
        return case(pair.inputs.cases[0])
    return generated(pair.inputs.strategy().map(case), 1, "0", with_simplest=False)[0]
