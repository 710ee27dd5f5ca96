"""Probes of the sides of layers of pyimpl, and of the twin's cases."""

from dataclasses import replace
from typing import Any

import numpy as np

import pyimpl

from ...case import twin
from ...sides.frameworks import side_of
from .probe import X1, gave, listed, probe, shown, written
from .sides import X, asked, only, outcome


def dense() -> Any:
    """Two to two, with a bias."""
    return pyimpl.Dense(np.ones((2, 2)), np.zeros(2))


WEIGHTS = {"param__weight": [[1.0, 2.0], [3.0, 4.0]], "param__bias": [10.0, 20.0]}


@probe(
    "y float64 [[17, 30]]; plain float64 [[17, 30]]; grad.x1 float64 [[1, 3]]; "
    "grad.bias float64 [1, 0]; grad.weight float64 [[1, 0], [2, 0]]; "
    "state.bias float64 [10, 20]; state.weight float64 [[1, 2], [3, 4]]; grad.act none"
)
def a_layer_has_the_parameters_of_the_case():
    return outcome(dense(), asked("auto", x1=X, dy1=[[1.0, 0.0]], **WEIGHTS))


@probe("weight float64 [[1, 1], [1, 1]]; bias float64 [0, 0]")
def the_user_s_layer_is_left_as_it_was():
    layer = dense()
    outcome(layer, asked("auto", x1=X, dy1=[[1.0, 0.0]], **WEIGHTS))
    return f"weight {shown(layer.weight)}; bias {shown(layer.bias)}"


@probe(
    "bias, weight; layers.0.bias, layers.0.weight, layers.1.mean, layers.1.scale, "
    "layers.1.shift, layers.1.var"
)
def every_array_of_a_model_is_a_parameter():
    model = pyimpl.Chain(dense(), pyimpl.BatchNorm(2))
    return f"{listed(sorted(side_of(dense()).parameters()))}; " + listed(
        sorted(side_of(model).parameters())
    )


BATCH = np.array([[1.0, 4.0], [3.0, 8.0]])
STATISTICS = {
    "param__mean": [0.0, 0.0],
    "param__var": [1.0, 1.0],
    "param__scale": [1.0, 1.0],
    "param__shift": [0.0, 0.0],
}


def normed(mode: str, *kinds: str, cotangent: bool = True) -> str:
    """A BatchNorm in a mode, rounded to one digit."""
    more = {"dy1": [[1.0, 0.0], [0.0, 0.0]]} if cotangent else {}
    found = side_of(pyimpl.BatchNorm(2)).evaluate(asked(mode, x1=BATCH, **STATISTICS, **more))
    return "; ".join(
        f"{name} {np.round(array, 1).tolist()}"
        for name, array in sorted(found.arrays.items())
        if str(name).startswith(kinds)
    )


@probe(
    "y [[-1.0, -1.0], [1.0, 1.0]]; plain [[1.0, 4.0], [3.0, 8.0]]; state.mean [0.2, 0.6] / "
    "y [[-1.0, -1.0], [1.0, 1.0]]; plain [[1.0, 4.0], [3.0, 8.0]]; state.mean [0.2, 0.6] / "
    "y [[1.0, 4.0], [3.0, 8.0]]; plain [[1.0, 4.0], [3.0, 8.0]]; state.mean [0.0, 0.0]"
)
def the_mode_of_the_case_is_the_mode_of_the_layer():
    return " / ".join(
        normed(mode, "y", "plain", "state.mean") for mode in ("auto", "train", "test")
    )


@probe("True, True, False")
def what_passes_between_layers_is_jittered_where_asked():
    model = pyimpl.Chain(dense(), dense())
    names = [f"param__layers__{i}__{n}" for i in (0, 1) for n in ("weight", "bias")]
    values = [WEIGHTS["param__weight"], WEIGHTS["param__bias"]] * 2
    case = asked("auto", x1=X, dy1=[[1.0, 1.0]], **dict(zip(names, values, strict=True)))
    one, again, other = (
        side_of(model).evaluate(replace(case, jitter=jitter)).output
        for jitter in ((1, 1e-3), (1, 1e-3), None)
    )
    assert one is not None and again is not None and other is not None
    return listed(
        (np.array_equal(one, again), np.allclose(one, other, rtol=1e-2), np.array_equal(one, other))
    )


# The twin's cases.


@probe(
    "ValueError: the twin has no array 'w', only ['bias', 'weight'], "
    "ValueError: the twin's bias has shape (2,), the case gives (3,)"
)
def parameters_without_a_place_are_refused():
    def refused(arrays):
        try:
            twin.place(dense(), arrays)
        except ValueError as problem:
            return f"ValueError: {problem}"

    return listed(refused({name: np.zeros(3)}) for name in ("w", "bias"))


@probe("bias, b, weight")
def names_of_another_release_are_understood():
    return listed(
        (
            twin.other_release("b", {"bias"}),
            twin.other_release("bias", {"b"}),
            twin.other_release("weight", {"bias"}),
        )
    )


@probe("x@1 float64 [3]; x@2 float64 [2.5]; state@1 float64 [1]; state@2 float64 [0.5]")
def a_rule_is_told_step_by_step():
    case = asked("steps", x=[4.0], g1=[2.0], g2=[0.0])
    return written(twin.steps(pyimpl.Momentum(0.5, 0.5), case))


@probe("y float64 [[0.25, 0.5]]; y float64 [[2, 0, 2, 0, 0, 2, 2, 0, 2, 0]]")
def random_numbers_are_handed_in():
    handed = twin.HandedIn(np.array([0.25, 0.5]))
    draws = written(gave({"y": handed.random((1, 2))}))
    noise = [[0.75, 0.25, 1.0, 0.5, 0.0, 0.625, 0.75, 0.25, 1.0, 0.125]]
    case = asked("train", x1=np.ones((1, 10)), noise=noise)
    found = twin.evaluate(case, lambda _: pyimpl.Dropout(0.5))
    return f"{draws}; {only(written(found), 'y')}"


@probe("float64 [[1, 2]]")
def a_layer_that_changes_its_input_does_not_change_the_case():
    @pyimpl.differentiable
    def wrong(x):
        x[...] = 0
        return x, None

    case = asked(x1=X)
    twin.evaluate(case, lambda _: wrong)
    return shown(case.arrays[X1])


@probe("error: ValueError: no, raised KeyError")
def a_refusal_is_an_outcome_and_a_mistake_is_not():
    def failing(problem):
        def build(case):
            raise problem

        return build

    refused = written(twin.evaluate(asked(x1=X), failing(ValueError("no"))))
    try:
        twin.evaluate(asked(x1=X), failing(KeyError("no")))
    except KeyError:
        return f"{refused}, raised KeyError"
    return refused
