"""What settings of layers say."""

import pyimpl
from pyimpl.parity.catalogue.settings import activation, chosen, is_linear


def test_settings():
    assert activation({}) is pyimpl.identity and activation({"act": "tanh"}) is pyimpl.tanh
    assert chosen({"a": 1, "b": 2}, "b", "c") == {"b": 2}
    assert [is_linear({"act": act}) for act in ("identity", "relu", "tanh")] == [True, True, False]
    assert is_linear({})
