"""Functions of a library's own arrays: which they are, what they are given, their gradients."""

import numpy as np
import pytest

from pyimpl.parity.case.case import Case
from pyimpl.parity.case.names import Name
from pyimpl.parity.sides.array_functions import ArrayFunctionSide, works_with
from pyimpl.parity.sides.frameworks import framework_of, side_of

torch = pytest.importorskip("torch")
X = np.array([[0.5, -1.0], [2.0, 0.25]])
SCALE = torch.tensor(2.0)


def outcome(function, **arrays):
    """What comes of a function of some arrays."""
    given = {Name.parse(name): np.asarray(array) for name, array in arrays.items()}
    return side_of(function).evaluate(Case("f", {}, given, "function"))


def squares(x):
    return torch.square(x)


def calls_another(x):
    return squares(x) + 1


def multiplies_by_its_values(x):
    return x * SCALE.detach().numpy().astype(x.dtype)


def gives_back(x):
    return torch.exp(x).detach().numpy()


def scales(x):
    return x * SCALE.to(x.dtype)


def converts(x):
    return torch.from_numpy(x).square().numpy()


def gives_numpy_s(x):
    return torch.tensor(x).exp().detach().numpy()


def calls_what_converts(x):
    return converts(x) + 1


def plain(x):
    return np.square(x)


def imports(x):
    import torch.nn.functional as functional

    return functional.relu(x)


@pytest.mark.parametrize(
    "function",
    [squares, calls_another, scales, imports, torch.tanh],
    ids=["own", "calls another", "names a tensor", "imports", "PyTorch's"],
)
def test_what_works_with_tensors_gets_them(function):
    assert works_with(function, "torch") and isinstance(side_of(function), ArrayFunctionSide)
    assert framework_of(function).name == "functions of PyTorch"
    found = outcome(function, x1=X, dy1=np.ones_like(X))
    assert found.error is None and {"y", "grad.x1"} <= set(map(str, found.arrays))


@pytest.mark.parametrize(
    "function",
    [plain, converts, calls_what_converts, gives_numpy_s, multiplies_by_its_values, len],
)
def test_what_takes_numpy_s_arrays_gets_these(function):
    assert not works_with(function, "torch")
    assert framework_of(function).name == "functions"


def test_what_takes_tensors_and_gives_numpy_s_arrays_gets_tensors():
    found = outcome(gives_back, x1=X)
    np.testing.assert_allclose(found.arrays[Name.parse("y")], np.exp(X))


def test_a_method_and_an_object_are_functions_too():
    class Model:
        def __call__(self, x):
            return torch.exp(x)

        def applied(self, x):
            return torch.exp(x)

    assert works_with(Model(), "torch") and works_with(Model().applied, "torch")


def test_several_results_have_a_cotangent_each_and_counts_none():
    def parts(x):
        return {"sum": x.sum(), "count": torch.tensor(x.numel()), "both": (x, torch.exp(x))}

    found = outcome(parts, x1=X, dy1=np.array(1.0), dy2=np.zeros_like(X), dy3=np.ones_like(X))
    np.testing.assert_allclose(found.arrays[Name.parse("grad.x1")], 1 + np.exp(X))


def test_a_number_is_python_s_own_and_has_a_gradient():
    seen = []

    def times(x, a):
        seen.append(type(a))
        return torch.mul(x, a)

    found = outcome(times, x1=X, x2=np.array(2.0), dy1=np.ones_like(X))
    assert seen[0] is float
    assert found.arrays[Name.parse("grad.x2")] == X.sum()


def test_the_gradient_of_a_complex_result_is_refused_with_a_remedy():
    found = outcome(lambda x: torch.fft.fft(x), x1=X, dy1=np.ones_like(X))
    assert "--gradient none" in (found.error or "")
    assert outcome(lambda x: torch.fft.fft(x), x1=X).error is None
