"""Probes of whole pairs, with a Julia that Python plays."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

import pyimpl

from ...case.case import Case, Outcome
from ...case.inputs import Given
from ...case.names import Kind
from ...pair.checking import check_pair
from ...pair.conditioning import doubts
from ...pair.held_against import LivePair
from ...pair.matching import AS_IT_IS
from ...pair.pair import make_pair
from ...sides.frameworks import side_of
from .matches import Shapes
from .probe import listed, probe


class Played:
    """A session in which every expression is played by a Python side."""

    name = "live"
    versions = {"Flux": "0.16.9", "Julia": "1.10.8"}

    def __init__(self, subject: Any, backward: Any = None, names: Any = None):
        self._side = side_of(subject, backward)
        self._names = names or {}

    def describe(self, side: Any) -> str:
        """ "function" or "model"."""
        return "model" if self._side.is_model else "function"

    def shapes(self, side: Any) -> Shapes:
        """The arrays of the model by path."""
        return {self._names.get(n, n): a.shape for n, a in self._side.parameters().items()}

    def evaluate(self, side: Any, layout: Any, cases: list[Case]) -> Iterator[Outcome]:
        """One outcome per case."""
        own = {theirs: ours for ours, theirs in self._names.items()}
        for case in cases:
            arrays = {
                replace(name, path=own.get(name.path, name.path))
                if name.kind is Kind.PARAMETER
                else name: array
                for name, array in case.arrays.items()
            }
            outcome = self._side.evaluate(replace(case, arrays=arrays))
            yield replace(
                outcome,
                arrays={
                    replace(name, path=self._names.get(name.path, name.path))
                    if name.kind in (Kind.PARAMETER_GRADIENT, Kind.STATE)
                    else name: array
                    for name, array in outcome.arrays.items()
                },
            )


def live(session: Any) -> LivePair:
    """Live Julia, as far as a check can tell."""
    return LivePair(session)


GIVEN = Given(
    tuple((np.array(rows),) for rows in ([[0.5, -1.0], [2.0, 0.25], [1.5, -3.0]], [[1.0, 2.0]]))
)


def checked(
    python: Any, julia: Any, backward: Any = None, theirs: Any = None, **options: Any
) -> str:
    """What is said of a pair: the verdict, and the arrays that differ in its smallest case."""
    session = Played(julia, theirs)
    pair = make_pair(python, "julia", options.pop("inputs", GIVEN), backward=backward, **options)
    result = check_pair(pair, live(session))
    wrong = sorted(
        {d.what for f in result.report.findings for d in f.verdict.differences if not d.agrees}
    )
    words = [result.verdict] + ([f"in {' '.join(wrong)}"] if wrong else [])
    return " ".join(words + ([f"random {' '.join(result.random)}"] if result.random else []))


def square(x):
    """x^2."""
    return x * x


@probe("agrees, disagrees in y, disagrees in y")
def functions_that_agree_agree_and_others_do_not():
    return listed(
        (
            checked(square, lambda x: x**2),
            checked(square, lambda x: x * np.abs(x)),
            checked(square, lambda x: (x * x).T.copy()),
        )
    )


@probe("agrees, disagrees in grad.x1, disagrees in grad.x1")
def a_gradient_is_compared():
    def right(dy, x):
        return 2 * x * dy

    wrong, short = (lambda dy, x: 2.001 * x * dy), (lambda dy, x: np.zeros_like(x))
    return listed(checked(square, square, right, other) for other in (right, wrong, short))


@probe("disagrees in after.x1")
def an_argument_that_is_changed_is_compared():
    def changes(x):
        y = x * x
        x[...] = 0
        return y

    return checked(changes, square)


@probe("agrees, disagrees in refusal")
def refusals_are_compared():
    def refuses(x):
        if len(x) == 1:
            raise ValueError("a batch of one")
        return x * x

    return listed((checked(refuses, refuses), checked(refuses, square)))


@probe("undecided in y random python")
def a_side_that_answers_otherwise_when_asked_again_is_named():
    state = np.random.default_rng(0)
    return checked(lambda x: x + state.random(), square)


@probe("disagrees in grad.bias, disagrees in grad.bias grad.weight grad.x1 plain y")
def models_are_compared_array_by_array():
    class Forgets(pyimpl.Dense):
        def pullback(self, x):
            y, back = super().pullback(x)

            def wrong(dy):
                gradient, dx = back(dy)
                gradient.bias = 2 * gradient.bias
                return gradient, dx

            return y, wrong

    def dense(kind=pyimpl.Dense):
        return kind(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 2.0]))

    relu = pyimpl.Dense(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 2.0]), pyimpl.relu)
    return listed((checked(dense(Forgets), dense()), checked(dense(), relu)))


@probe("W True transposed, b True")
def arrays_of_other_names_are_matched_and_proved():
    class Affine:
        def __init__(self):
            self.W, self.b = np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]]), np.zeros(3)

        def forward(self, x):
            return x @ self.W.T + self.b

    layer = pyimpl.Dense(np.ones((2, 3)), np.zeros(3))
    pair = make_pair(Affine(), "julia", GIVEN, gradient="none")
    result = check_pair(pair, live(Played(layer)))
    assert result.agrees, result.report.findings[0]
    return listed(
        f"{m.python} {m.proved}{'' if m.mapping is AS_IT_IS else f' {m.mapping.words}'}"
        for m in result.pair.matches
    )


@probe("1, 0")
def what_an_ulp_of_the_inputs_decides_cannot_be_compared():
    def wild(factor):
        return lambda x: np.sin(np.exp(x * x) * factor)

    def tame(factor):
        return lambda x: np.sin(x) * factor

    def counted(kind):
        given = Given(((np.array([6.0, 6.5, 5.75]),),))
        pair = make_pair(kind(1.0), "julia", given)
        result = check_pair(pair, live(Played(kind(1.0 + 1e-15))))
        wrong = check_pair(pair, live(Played(kind(1.001))))
        found = doubts(
            pair,
            wrong.answers,
            wrong.report.findings or result.report.findings,
            live(Played(kind(1.001))),
        )
        return len(found) or len(wrong.doubts)

    return listed((counted(wild), counted(tame)))
