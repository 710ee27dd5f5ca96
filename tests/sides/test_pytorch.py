"""PyTorch modules as the Python side."""

import pytest
from pretended import checked

from pyimpl.parity import arrays
from pyimpl.parity.case.dtypes import DTYPES
from pyimpl.parity.report.story import story
from pyimpl.parity.sides.frameworks import side_of
from pyimpl.parity.sides.pytorch import PYTORCH


def test_dropout_is_told_how_to_be_switched_off():
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.5))
    inputs = arrays("batch,3", sizes=(2, 4))
    assert 'mode="test" switches off what is random' in story(
        checked(model, model, inputs, mode="train")
    )
    assert checked(model, model, inputs, mode="test").agrees


def test_a_torch_module():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh())
    result = checked(model, model, arrays("batch,3"))
    assert result.agrees and {"grad.0.weight", "state.0.bias", "y", "grad.x1"} <= set(
        map(str, result.evidence[0].julia["float64"].arrays)
    )
    assert result.report.worst.keys() == set(DTYPES)


def test_the_second_biases_of_pytorch_are_zero_in_a_copy():
    torch = pytest.importorskip("torch")
    module = torch.nn.GRU(2, 3, batch_first=True)
    before = module.bias_hh_l0.detach().clone()
    side, alone = PYTORCH.shared(side_of(module))
    assert alone == ("bias_hh_l0",) and not side.subject.bias_hh_l0.detach().any()
    assert torch.equal(module.bias_hh_l0.detach(), before)
    assert PYTORCH.shared(side_of(torch.nn.Linear(2, 3)))[1] == ()
