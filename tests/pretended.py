"""Julia, played by Python: a session whose sides are Python subjects, and a worker process without
Julia in it.

Tests of all that does not depend on what Julia computes use these, so they run anywhere.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from pyimpl.parity.case.case import Outcome
from pyimpl.parity.case.names import Kind, Name
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.pair.checking import CASES, check_pair
from pyimpl.parity.pair.held_against import Taped
from pyimpl.parity.pair.julia_trace import JuliaTrace, Tie, written
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.reference.find_julia import Installed
from pyimpl.parity.reference.live import LiveJulia
from pyimpl.parity.sides.frameworks import side_of
from pyimpl.parity.sides.layer_tracing import own_arrays
from pyimpl.parity.sides.training import RuleSide, training_side

VERSIONS = {"Flux": "0.16.9", "Julia": "1.10.8"}
WORKER = Path(__file__).with_name("pretended_worker.py")


class Session:
    """What `JuliaSession` is, with a Python side for every expression."""

    name = "live"
    versions = VERSIONS

    def __init__(self, side_for):
        self._side_for = side_for  # from a JuliaSide to the Python side that plays it

    def describe(self, side):
        """ "function" or "model"."""
        return "model" if self._side_for(side).is_model else "function"

    def shapes(self, side):
        """The arrays of a model, by path."""
        return {name: array.shape for name, array in self._side_for(side).parameters().items()}

    def evaluate(self, side, layout, cases):
        """One outcome per case. A model in training is used without its loss in test mode, where
        matches of its arrays are proved.
        """
        playing = self._side_for(side)
        for case in cases:
            alone = getattr(playing, "base", playing) if case.mode == "test" else playing
            yield alone.evaluate(case)


def playing(subject, backward=None, training=None):
    """The Python side of a subject: a function, a layer, a module, a rule or a model in
    training.
    """
    if training is None:
        return side_of(subject, backward)
    if training.of_rule:
        return RuleSide(subject, seconds=60)
    return training_side(side_of(subject, backward), training, 60)


def pretended(subject, backward=None, training=None) -> Taped:
    """A live Julia to hold a pair against, in which every expression means `subject`."""
    side = playing(subject, backward, training)
    return Taped(Session(lambda _: side))


def checked(
    python,
    julia,
    inputs,
    backward=None,
    other_backward=None,
    training=None,
    of_julia=None,
    count=CASES,
    **options,
):
    """The result of a pair whose Julia side is played by `julia`, which is trained with `of_julia`
    if that is another training than Python's.
    """
    pair = make_pair(python, "julia", inputs, backward=backward, training=training, **options)
    reference = pretended(julia, other_backward, of_julia or training)
    return check_pair(pair, reference, count=count)


def functions_by_expression(functions) -> Session:
    """A session in which the expressions mean these Python functions."""
    return Session(lambda side: side_of(functions[side.expression]))


class TracedModels:
    """A session in which the expressions mean models of pyimpl: Julia's, seen from outside."""

    name = "live"
    versions = VERSIONS

    def __init__(self, **models):
        self._models = models

    def describe(self, side):
        """A model."""
        return "model"

    def call(self, name, file, expression):
        """The arrays of the model, by path, of which a call tells the values."""
        assert name == "parameters", name
        return dict(own_arrays(self._models[expression], ""))

    def shapes(self, side):
        """The arrays of the model, by path."""
        return {path: a.shape for path, a in own_arrays(self._models[side.expression], "").items()}

    def evaluate(self, side, layout, cases):
        """The traces and outcomes that are asked for."""
        model = self._models[side.expression]
        for case in cases:
            playing = side_of(model)
            if case.mode != "trace":
                yield playing.evaluate(case)
                continue
            given = dict(case.arrays)
            for tie in ties_of(model):  # what is one array in Julia is copied apart by NumPy
                first = given.get(Name(Kind.PARAMETER, tie.first))
                if first is not None:
                    given[Name(Kind.PARAMETER, tie.path)] = first.T if tie.turned else first
            asked = replace(case, arrays=given, mode=case.config["mode"], config={})
            trace = playing.framework.trace(playing, asked)
            shapes = {path: array.shape for path, array in own_arrays(model, "").items()}
            parts = (trace.inputs, trace.outputs, trace.calls, trace.values, trace.error)
            yield written(JuliaTrace(*parts, shapes, ties_of(model)))


def ties_of(model):
    """Which arrays of a model of pyimpl are one."""
    first, found = {}, []
    for path, array in own_arrays(model, "").items():
        start = array.__array_interface__["data"][0], array.size
        if start in first:
            found.append(Tie(path, first[start][0], array.strides != first[start][1]))
        else:
            first[start] = path, array.strides
    return found


class Twins:
    """A Julia for rows of the catalogue, whose outcomes are those of the twin; but rows that are
    `wrong` give another output, and those that are `lost` crash.
    """

    versions = {"Flux": "0.16.9", "Julia": "1.10.8"}
    manner = "pretended"

    def __init__(self, wrong=(), lost=()):
        self._wrong, self._lost = wrong, lost

    def evaluate_many(self, cases):
        """One outcome per case, in order."""
        for case in cases:
            outcome = CATALOGUE[case.row].evaluate(case)
            if case.row in self._lost:
                outcome = Outcome(error="crashed", lost=True)
            if case.row in self._wrong and outcome.output is not None:
                outcome.output[...] = outcome.output + outcome.output.dtype.type(1)
            yield outcome


def pretended_worker(tmp_path, name="worker", case_seconds=30.0, **behaviour) -> LiveJulia:
    """A supervised process that has no Julia; it behaves as `pretended_worker.py` says."""
    julia = LiveJulia(
        Installed("stand-in", "nowhere"),
        command=[sys.executable, str(WORKER), json.dumps({"name": name} | behaviour)],
        case_seconds=case_seconds,
    )
    julia.saved = tmp_path
    return julia


def failing_worker(code: str) -> LiveJulia:
    """A supervised process that runs this Python code and never becomes a worker."""
    return LiveJulia(Installed("stand-in", "nowhere"), command=[sys.executable, "-c", code])
