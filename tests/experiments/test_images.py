"""Sets of images of handwritten digits. (MNIST: test_mnist.py.)"""

import sys

import numpy as np
import pytest

from pyimpl.parity.experiments import images


def test_the_digits_of_scikit_learn():
    pytest.importorskip("sklearn")
    digits = images.load("digits")
    assert (digits.name, digits.white, digits.x.dtype) == ("digits", 16, np.uint8)
    assert digits.x.shape == (1797, 8, 8) and digits.labels.shape == (1797,)
    assert digits.x.max() == 16 and set(digits.labels) == set(range(10))


def test_without_scikit_learn_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(images.NoImages, match=r"pip install 'julia-parity\[comparisons\]'"):
        images.load("digits")
