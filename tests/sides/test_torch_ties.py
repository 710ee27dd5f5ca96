"""Max pooling with NNlib's gradient: held against the twin's, which is held against NNlib."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import pyimpl  # noqa: E402
from pyimpl.parity.case.case import Case  # noqa: E402
from pyimpl.parity.sides.frameworks import side_of  # noqa: E402
from pyimpl.parity.sides.torch_ties import TiesAsInJulia  # noqa: E402


def outcome_of(side, x, dy, dtype):
    return side.evaluate(Case("p", {}, {"x1": x, "dy1": dy}, "train").cast(dtype)).arrays


def nearly_equal(shape):
    """Entries that differ by less than sqrt(eps), by more, and not at all."""
    rng = np.random.default_rng(0)
    return rng.integers(-1, 2, shape) + rng.choice((0.0, 1e-10, 1e-4, 1e-2), shape)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("rank", "settings"),
    [(1, {}), (2, {}), (2, {"stride": 1, "padding": 1}), (2, {"stride": (2, 1)}), (3, {})],
)
def test_the_gradient_is_that_of_the_twin(dtype, rank, settings):
    x = nearly_equal((2, 3, *(6, 5, 4)[:rank]))
    module = getattr(torch.nn, f"MaxPool{rank}d")(2, **settings)
    options = {"pad" if name == "padding" else name: value for name, value in settings.items()}
    twin = side_of(pyimpl.MaxPool((2,) * rank, **options))
    dy = np.random.default_rng(1).standard_normal(module(torch.from_numpy(x)).shape)
    mine, theirs = (outcome_of(side, x, dy, dtype) for side in (TiesAsInJulia(module), twin))
    np.testing.assert_array_equal(mine["y"], theirs["y"])
    np.testing.assert_allclose(mine["grad.x1"], theirs["grad.x1"], rtol=1e-6)


def test_functions_too_and_nothing_else_is_changed():
    class Pools(torch.nn.Module):
        def forward(self, x):
            return torch.nn.functional.max_pool1d(torch.relu(x), 2)

    x, dy = np.array([[[1.0, 1.0 + 1e-9, -1.0, -2.0]]]), np.array([[[1.0, 1.0]]])
    assert outcome_of(TiesAsInJulia(Pools()), x, dy, "float64")["grad.x1"].tolist() == [
        [[1, 0, 0, 0]]
    ]
    assert outcome_of(side_of(Pools()), x, dy, "float64")["grad.x1"].tolist() == [[[0, 1, 0, 0]]]
    smooth = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh())
    arrays = {f"param.{n}": a for n, a in side_of(smooth).parameters().items()} | {
        "x1": np.ones((2, 3))
    }
    case = Case("p", {}, arrays | {"dy1": np.ones((2, 2))}, "train").cast(np.float64)
    one, other = (side.evaluate(case).arrays for side in (TiesAsInJulia(smooth), side_of(smooth)))
    assert all(np.array_equal(one[name], other[name]) for name in other)
