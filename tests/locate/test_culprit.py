"""Inside a stage at fault: nothing is said that was not shown."""

from types import SimpleNamespace

import numpy as np

import pyimpl
from pyimpl.parity.case.case import Case, Outcome
from pyimpl.parity.case.names import Name
from pyimpl.parity.locate.culprit import where_inside
from pyimpl.parity.pair.pair import Evidence

W, B = np.arange(6.0).reshape(3, 2) / 4 - 0.5, np.array([0.25, -0.5])


def stage(wrong, differing=("y",), intermediates=None, act=pyimpl.identity, **more):
    """A dense stage that gives `wrong(x)`; Julia's gives what it should."""
    rng, evidence = np.random.default_rng(0), []
    right = pyimpl.Dense(W, B, act)
    for size in (2, 3, 5):
        arrays = {"x1": rng.standard_normal((size, 3)), "param.W": W, "param.b": B}
        case = Case("p", {}, arrays, "train")
        julia = {"y": right(arrays["x1"])} | {n: f(arrays["x1"]) for n, f in more.items()}
        evidence.append(Evidence(case, {"float64": Outcome(julia)}, False))
    subject = SimpleNamespace(**({"intermediates": intermediates} if intermediates else {}))
    pair = SimpleNamespace(
        python=SimpleNamespace(subject=subject),
        evaluate=lambda case: Outcome(wrong(case.arrays["x1"])),
    )
    return SimpleNamespace(
        kind="Dense",
        pair=pair,
        julia_names={"W": "weight", "b": "bias"},
        evidence=evidence,
        differing=[Name.parse(name) for name in differing],
    )


def test_a_step_that_reproduces_every_output_is_named():
    assert where_inside(stage(lambda x: {"y": x @ W})) == "sum: without the bias"
    assert where_inside(stage(lambda x: {"y": x @ W - B})) == "sum: the bias subtracted"
    left_out = stage(lambda x: {"y": x @ W + B}, act=pyimpl.tanh)
    assert where_inside(left_out) == "activation: tanh left out"


def test_what_no_step_reproduces_is_not_named():
    assert where_inside(stage(lambda x: {"y": x @ W + 3 * B})) == ""
    half_right = lambda x: {"y": x @ W if len(x) == 2 else x @ W + 2 * B}  # noqa: E731
    assert where_inside(stage(half_right)) == ""


def test_a_stage_that_tells_its_intermediates_is_believed():
    told = stage(
        lambda x: {"y": x @ W + 3 * B}, intermediates=lambda x: {"product": x @ W, "sum": x @ W}
    )
    assert where_inside(told) == "sum: its own is not that of the reference"


def test_a_gradient_that_is_a_multiple_of_the_right_one():
    right = {"grad.W": lambda x: x.T @ (x @ W)}
    for factor, words in [
        (lambda x: 1 / len(x), "divided by the size of the batch"),
        (lambda x: len(x), "multiplied by the size of the batch"),
        (lambda x: 0.25, "0.25 times Julia's"),
        (lambda x: 0.0, "zero"),
    ]:
        wrong = lambda x, factor=factor: {  # noqa: E731
            "y": x @ W + B,
            "grad.W": factor(x) * right["grad.W"](x),
        }
        said = where_inside(stage(wrong, ["grad.W"], **right))
        assert said == f"backward pass: gradient of W ({words})"
