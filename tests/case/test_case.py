"""Cases and outcomes: what they say of themselves, and what makes two of them the same question."""

import numpy as np
import pytest

from pyimpl.parity.case.case import Case, Outcome, Remembered


def case(**more):
    arrays = {"x2": np.ones((2, 1)), "x10": np.arange(2), "x1": np.zeros(3), "param.W": np.ones(1)}
    return Case("row", {"n": 1}, arrays, **({"mode": "auto"} | more))


def test_numbered_arrays_come_in_the_order_of_their_numbers():
    from pyimpl.parity.case.names import Kind

    assert [x.shape for x in case().all(Kind.INPUT)] == [(3,), (2, 1), (2,)]
    assert list(case().parameters()) == ["W"]
    assert case().size == 3 + 2 + 2 + 1


def test_a_cast_changes_floating_point_numbers_only():
    single = case().cast("float32")
    assert {str(name): array.dtype.kind for name, array in single.arrays.items()} == {
        "x2": "f",
        "x10": "i",
        "x1": "f",
        "param.W": "f",
    }
    assert single.dtype == np.float32 and case().dtype == np.float64
    assert single.cast("float32") is single
    assert Case("row", {}, {"x1": np.arange(2)}, "function").dtype == np.float64


@pytest.mark.parametrize(
    ("mode", "cotangent", "trains"),
    [("train", False, True), ("test", True, False), ("auto", True, True), ("auto", False, False)],
)
def test_whether_a_layer_trains(mode, cotangent, trains):
    arrays = {"x1": np.ones(2)} | ({"dy1": np.ones(2)} if cotangent else {})
    assert Case("row", {}, arrays, mode).trains is trains


def test_a_fingerprint_is_that_of_the_question():
    one = case()
    assert one.fingerprint == case(origin="an example", known="why").fingerprint
    assert one.fingerprint == case(exact=True, refused=True).fingerprint
    others = [
        case(mode="test"),
        case(jitter=(0, 1e-3)),
        one.cast("float32"),
        Case("row", {"n": 2}, one.arrays, "auto"),
        Case("row", {"n": 1}, dict(one.arrays) | {"x1": np.full(3, -0.0)}, "auto"),
        Case("row", {"n": 1}, dict(one.arrays) | {"x1": np.zeros((3, 1))}, "auto"),
    ]
    assert len({one.fingerprint, *(other.fingerprint for other in others)}) == 1 + len(others)


def test_outputs_are_those_of_one_call_in_order():
    arrays = {name: np.array([i]) for i, name in enumerate(["y.10", "y.2", "y@2", "grad.x1"])}
    outcome = Outcome(arrays)
    assert list(map(str, outcome.outputs())) == ["y.2", "y.10"]
    assert outcome.output[0] == 1 and Outcome().output is None


def test_a_case_is_evaluated_once_by_what_remembers():
    asked = []

    def evaluate(case):
        asked.append(case)
        return Outcome({"y": np.array(len(asked))})

    remembered, one, other = Remembered(evaluate), case(), case()
    answers = [remembered(each).output for each in (one, other, one, other)]
    assert answers == [1, 2, 1, 2] and asked == [one, other]
