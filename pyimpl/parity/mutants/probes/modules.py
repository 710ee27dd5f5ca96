"""Probes of the side of PyTorch's modules."""

from importlib import import_module
from typing import Any

import numpy as np

from ...sides.frameworks import side_of
from ...sides.training import RuleSide, Training, training_side
from .layers import BATCH
from .probe import listed, probe, written
from .sides import X, asked, only, outcome


def torch() -> Any:
    """PyTorch."""
    return import_module("torch")


def linear() -> Any:
    """Two to one, with known weights that the cases replace."""
    return torch().nn.Linear(2, 1)


TORCH = {"param__weight": [[2.0, 3.0]], "param__bias": [1.0]}


@probe(
    "y float64 [[9]]; grad.x1 float64 [[20, 30]]; grad.bias float64 [10]; "
    "grad.weight float64 [[10, 20]]; state.bias float64 [1]; state.weight float64 [[2, 3]]",
    needs="torch",
)
def a_module_has_the_parameters_of_the_case_and_its_gradients():
    return outcome(linear(), asked("auto", x1=X, dy1=[[10.0]], **TORCH))


@probe("y float32 [[9]]", needs="torch")
def a_module_computes_in_the_precision_of_the_case():
    case = asked("auto", x1=X, dy1=[[10.0]], **TORCH).cast("float32")
    return only(outcome(linear(), case), "y")


@probe(
    "bias, num_batches_tracked is none, running_mean, running_var, weight; "
    "state.running_mean float64 [0.2, 0.6] / state.running_mean float64 [0, 0]",
    needs="torch",
)
def buffers_are_parameters_and_move_in_training():
    module = torch().nn.BatchNorm1d(2)
    names = sorted(side_of(module).parameters())
    names.insert(1, "num_batches_tracked is none")
    statistics = {
        "param__running_mean": [0.0, 0.0],
        "param__running_var": [1.0, 1.0],
        "param__weight": [1.0, 1.0],
        "param__bias": [0.0, 0.0],
    }
    told = " / ".join(
        only(outcome(module, asked(mode, x1=BATCH, **statistics)), "state.running_mean")
        for mode in ("train", "test")
    )
    return f"{listed(names)}; {told}"


@probe("y float64 [[3, 6]]; grad.x1 float64 [[3, 3]]; grad.unused none", needs="torch")
def a_parameter_that_is_not_used_has_no_gradient():
    base = torch().nn.Module

    class Wasteful(base):  # type: ignore[misc, valid-type]
        def __init__(self):
            super().__init__()
            self.unused = torch().nn.Parameter(torch().ones(1))

        def forward(self, x):
            return 3 * x

    case = asked("auto", x1=X, dy1=np.ones((1, 2)), param__unused=[1.0])
    return only(outcome(Wasteful(), case), "y", "grad")


@probe("a.weight; grad.a.weight float64 [[2]]", needs="torch")
def a_parameter_in_two_places_is_one():
    nn = torch().nn
    base = nn.Module

    class Tied(base):  # type: ignore[misc, valid-type]
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(1, 1, bias=False)
            self.b = nn.Linear(1, 1, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.a(x) + self.b(x)

    case = asked("auto", x1=[[1.0]], dy1=[[1.0]], param__a__weight=[[5.0]])
    told = only(outcome(Tied(), case), "grad.a", "grad.b")
    return f"{listed(side_of(Tied()).parameters())}; {told}"


@probe(
    "x@1 float64 [3]; x@2 float64 [2.5], "
    "param.weight@1 float64 [[0.75]]; param.weight@2 float64 [[0]]; "
    "loss@1 float64 1; loss@2 float64 2.25",
    needs="torch",
)
def modules_and_optimisers_of_pytorch_are_trained():
    def rule(parameters):
        return torch().optim.SGD(parameters, lr=0.5)

    steps = RuleSide(rule, seconds=60).evaluate(asked("steps", x=[4.0], g1=[2.0], g2=[1.0]))
    module = torch().nn.Linear(1, 1, bias=False)
    loss = torch().nn.functional.mse_loss
    training = Training(
        loss=(loss, "mse"), rule=(lambda p: torch().optim.SGD(p, lr=0.125), "Descent"), steps=2
    )
    side = training_side(side_of(module), training, 60)
    case = asked("training", x1=[[1.0]], t1=[[0.0]], x2=[[2.0]], t2=[[0.0]], param__weight=[[1.0]])
    return f"{written(steps)}, {written(side.evaluate(case))}"


@probe("weight_ih_l0 True, weight False, weight True, ('bias_hh_l0',)", needs="torch")
def pytorch_s_conventions_are_known():
    nn = torch().nn

    def transposed(module, name):
        side = side_of(module)
        return f"{name} {side.framework.transposed(side, name)}"

    rnn = side_of(nn.RNN(1, 1))
    _, alone = rnn.framework.shared(rnn)
    return listed(
        (
            transposed(nn.RNN(1, 1), "weight_ih_l0"),
            transposed(nn.Embedding(2, 2), "weight"),
            transposed(nn.Linear(2, 2), "weight"),
            alone,
        )
    )
