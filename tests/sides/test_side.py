"""What all Python sides share: arrays of any structure, errors as outcomes."""

import numpy as np
import pytest

from pyimpl.parity.case.case import Case
from pyimpl.parity.case.names import OUTPUT
from pyimpl.parity.sides.functions import FunctionSide
from pyimpl.parity.sides.side import Guarded, arguments, as_arrays, changed


def named(value, dtype="float32"):
    return {str(name): array for name, array in as_arrays(OUTPUT, value, np.dtype(dtype)).items()}


def test_outputs_as_named_arrays():
    assert named(None) == {}
    assert named(0.5)["y"].dtype == named(np.float64(0.5))["y"].dtype == np.float32
    assert named(np.array([0.5]))["y"].dtype == np.float64
    assert named(True)["y"].dtype == bool and named([1, 2])["y"].tolist() == [1, 2]
    nested = named({"a": (np.ones(2), [np.zeros(1), None]), "z": 1j})
    assert list(nested) == ["y.a.0", "y.a.1.0", "y.z.real", "y.z.imag"]
    assert named(["a", "bc"])["y.1.text"].tolist() == [98, 99]
    assert list(named(np.array(["a"]))) == ["y.0.text"]
    for value, message in [(object(), "expected arrays of numbers"), (2**70, "no machine integer")]:
        with pytest.raises(TypeError, match=message):
            named(value)


def test_an_output_is_a_copy():
    x = np.ones(2)
    output = named(x)["y"]
    x[0] = 7
    assert output[0] == 1


def test_arguments_are_copies_and_scalars_are_scalars():
    case = Case("p", {}, {"x1": np.ones(2), "x2": np.array(3.0)}, "function")
    x, n = arguments(case)
    x[0] = 7
    assert case.arrays["x1"][0] == 1 and isinstance(n, np.float64)
    assert {str(name): array.tolist() for name, array in changed(case, {0: x}).items()} == {
        "after.x1": [7, 1]
    }


def test_whatever_is_raised_is_an_outcome_with_its_place():
    class Raising(Guarded):
        def _evaluate(self, case):
            raise self.subject

    case = Case("p", {}, {}, "function")
    for error in (ValueError("no"), KeyError("k"), SystemExit(2), MemoryError("much")):
        outcome = Raising(error).evaluate(case)
        assert outcome.error.startswith(type(error).__name__) and not outcome.lost
    assert f"{__file__}:" in Raising(ValueError("no")).evaluate(case).error
    raised = Raising(KeyboardInterrupt()).evaluate(case)  # though nobody has pressed Ctrl-C
    assert "KeyboardInterrupt" in raised.error


def test_a_whole_number_beyond_all_machines_is_said_in_bits():
    side = FunctionSide(lambda x: 10**6000)
    error = side.evaluate(Case("f", {}, {"x1": np.ones(1)}, "function")).error
    assert "19932 bits" in error and len(error) < 200
