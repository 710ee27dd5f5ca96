"""Which kind of Python side a subject calls for."""

import pytest

from pyimpl.parity.sides.frameworks import side_of


def test_a_class_is_no_instance():
    class Layer:
        def forward(self, x):
            return x

    with pytest.raises(TypeError, match=r"Layer is a class: give an instance, Layer\(...\)"):
        side_of(Layer)
