"""Initial scales of the textbook's layers. (The layers: the rows of the catalogue.)"""

import pytest

from pyimpl import textbook


def test_initial_scales():
    assert textbook.initial_std("he", 8) == textbook.initial_std("relu", 8) == 0.5
    assert textbook.initial_std("xavier", 16) == textbook.initial_std("sigmoid", 16) == 0.25
    assert textbook.initial_std(0.01, 3) == 0.01
    with pytest.raises(ValueError, match="got 'best'"):
        textbook.initial_std("best", 3)
