"""Laws that every twin keeps, over fresh draws of every row; they need no Julia."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import pyimpl
from pyimpl.core.tree import testmode, trainables, trainmode
from pyimpl.parity.case.names import Kind, Name
from pyimpl.parity.case.twin import _hand_in
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.drawing import cases

DIFFERENTIABLE = [
    row
    for row in CATALOGUE.values()
    if row.differentiable and row.kind not in ("rule", "initialiser", "training")
]
REFUSING = [
    (row, example) for row in CATALOGUE.values() for example in row.examples if example.refused
]

differentiable = pytest.mark.parametrize(
    "row", DIFFERENTIABLE, ids=[row.key for row in DIFFERENTIABLE]
)
every_row = pytest.mark.parametrize("row", CATALOGUE.values(), ids=list(CATALOGUE))


def subject(row, case):
    """The twin of a case, in its mode and with its random numbers."""
    twin = row.build(case)
    _hand_in(twin, case)
    if case.mode in ("train", "test"):
        (trainmode if case.mode == "train" else testmode)(twin)
    return twin


def cotangent(case):
    dys = case.all(Kind.COTANGENT)
    return dys[0] if len(dys) == 1 else tuple(dys)


def inner(dys, ys) -> float:
    dys, ys = (part if isinstance(part, tuple) else (part,) for part in (dys, ys))
    return float(sum(np.sum(dy * y) for dy, y in zip(dys, ys, strict=True)))


GRADIENT_OF = {Kind.INPUT: Kind.INPUT_GRADIENT, Kind.PARAMETER: Kind.PARAMETER_GRADIENT}


def off_the_grid(case, rng):
    """The case with every number moved off the coarse grid on which the kinks lie."""
    arrays = {
        name: array * (1 - 0.02 * rng.random(array.shape)) + 0.01 * rng.random(array.shape)
        if name.kind in (Kind.INPUT, Kind.PARAMETER) and array.dtype.kind == "f"
        else array
        for name, array in case.arrays.items()
    }
    return type(case)(case.row, case.config, arrays, case.mode)


@differentiable
@given(data=st.data())
def test_gradients_are_those_of_central_differences(row, data):
    if not row.true_gradient:
        pytest.skip("by convention not the derivative of the forward pass")
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    case = off_the_grid(data.draw(cases(row)), rng)
    trained = {Name(Kind.PARAMETER, path) for path in trainables(subject(row, case))}
    moved = [
        name
        for name, array in case.arrays.items()
        if (name.kind is Kind.INPUT and array.dtype.kind == "f") or name in trained
    ]
    grads = row.evaluate(case)
    assert grads.error is None, grads.error
    assume(any(name.is_gradient for name in grads.arrays))  # else none is claimed, as in Flux
    assume(
        all(np.abs(array).max(initial=0) < 1e100 for array in grads.arrays.values())
    )  # a window of padding only has no slope
    directions = {name: rng.standard_normal(case.arrays[name].shape) for name in moved}
    claimed = 0.0
    for name, direction in directions.items():
        gradient = grads.arrays.get(Name(GRADIENT_OF[name.kind], name.path))
        claimed += 0.0 if gradient is None else float(np.sum(gradient * direction))
    h = 2e-7
    values = []
    for sign in (1, 0, -1):
        shifted = {name: case.arrays[name] + sign * h * directions[name] for name in moved}
        y = subject(row, case_with(case, shifted)).pullback(
            *case_with(case, shifted).all(Kind.INPUT)
        )[0]
        values.append(inner(cotangent(case), y))
    measured = (values[0] - values[2]) / (2 * h)
    scale = (
        1
        + abs(claimed)
        + sum(float(np.abs(grads.arrays[name]).sum()) for name in grads.arrays if name.is_gradient)
    )
    assume(
        abs(values[0] - 2 * values[1] + values[2]) < 1e-4 * h * scale
    )  # else there is a kink, off the grid by chance
    assert abs(claimed - measured) < 1e-5 * scale, (
        f"{case}: back says {claimed}, central differences {measured}"
    )


def case_with(case, arrays):
    return type(case)(case.row, case.config, case.arrays | arrays, case.mode)


@differentiable
@given(data=st.data())
def test_back_is_pure_and_linear(row, data):
    case = data.draw(cases(row))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y, back = subject(row, case).pullback(*case.all(Kind.INPUT))
    dy = (
        tuple(case.all(Kind.COTANGENT)) if isinstance(y, tuple) else cotangent(case)
    )  # one output may be in a tuple
    once, again = flat(back(dy)), flat(back(dy))
    doubled = flat(back(tuple(2 * part for part in dy) if isinstance(dy, tuple) else 2 * dy))
    for first, second, twice in zip(once, again, doubled, strict=True):
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(2 * first, twice)  # a factor of two rounds nothing


def flat(gradients) -> list[np.ndarray]:
    from pyimpl.core.tree import leaves

    return [np.copy(leaf) for _, leaf in leaves(gradients)]


# Of labels that are whole numbers, whose logarithms are Float64 in Flux as well; of classes that
# are decimals, which are given back as they are.
IN_FLOAT64 = {"kldivergence", "onecold"}


@every_row
@given(data=st.data())
def test_inputs_are_left_alone_and_the_dtype_is_kept(row, data):
    case = data.draw(cases(row)).cast(np.float32)
    before = {name: array.copy() for name, array in case.arrays.items()}
    outcome = row.evaluate(case)
    assert outcome.error is None, f"{case}: {outcome.error}"
    for name, array in before.items():
        np.testing.assert_array_equal(case.arrays[name], array, err_msg=f"{name} was changed")
    states = np.dtype(case.config.get("precision", np.float32))
    for name, array in outcome.arrays.items():
        wanted = states if name.kind is Kind.STATE and case.mode == "steps" else np.float32
        labels = case.config.get("labels", case.config.get("listed"))
        in_float64 = row.name in IN_FLOAT64 and labels is not None
        if name.kind is Kind.OUTPUT and (in_float64 or labels == "both int"):
            wanted = np.float64
        assert array.dtype.kind != "f" or array.dtype == wanted, (
            f"{name} is {array.dtype} for float32 input"
        )
        if name.is_gradient:
            of = Kind.INPUT if name.kind is Kind.INPUT_GRADIENT else Kind.PARAMETER
            assert array.shape == case.arrays[Name(of, name.path)].shape


@pytest.mark.parametrize(
    ("row", "example"), REFUSING, ids=[f"{row.key}: {example.name}" for row, example in REFUSING]
)
def test_refusals_say_what_came(row, example):
    case = next(case for case in row.named_cases("float64") if case.origin == example.name)
    error = row.evaluate(case).error
    assert error is not None, "was not refused"
    assert error.startswith(("ValueError", "FloatingPointError")), error
    assert ("expect" in error and "got" in error) or "does not fit" in error, error


def test_a_depthwise_convolution_takes_the_weight_that_flux_takes():
    """(n_out / n_in, n_in, *kernel), more outputs than one for each input channel: as
    `DepthwiseConv(weight)` of Flux 0.16.9 answers.
    """
    generator = np.random.default_rng(0)
    weight, x = generator.standard_normal((3, 2, 2, 2)), generator.standard_normal((4, 2, 5, 5))
    y = pyimpl.DepthwiseConv(weight)(x)
    filters = weight.reshape(6, 1, 1, 2, 2)
    alone = [pyimpl.Conv(filters[j])(x[:, [j // 3]]) for j in range(6)]
    np.testing.assert_allclose(y, np.concatenate(alone, 1), rtol=1e-12)
