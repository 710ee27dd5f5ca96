"""Pictures: both sides' curves, and files of a bearable size."""

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from pyimpl.parity.experiments.drawing import COLOURS, _line, _visible, save, styled
from pyimpl.parity.experiments.experiment import Picture


def test_a_picture_is_saved_with_few_colours(tmp_path):
    with styled():
        figure, axes = plt.subplots(figsize=(2, 1))
        axes.plot([0, 1], [1, 0])
        path = save(Picture("curve", "A curve.", figure), tmp_path)
    assert path == tmp_path / "curve.png"
    with Image.open(path) as image:
        assert image.format == "PNG" and image.mode == "P"
        assert 2 <= len(image.getcolors()) <= COLOURS
    assert not plt.fignum_exists(figure.number)


def test_what_has_no_place_on_a_log_axis_is_left_out():
    assert np.isnan(_visible(np.array([0.0, np.inf, -1.0, np.nan]))).all()
    assert _visible(np.array([2.0])) == 2 and _line(np.arange(6.0).reshape(3, 2)).tolist() == [
        0.5,
        2.5,
        4.5,
    ]
