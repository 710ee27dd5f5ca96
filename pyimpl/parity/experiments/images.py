"""Images of handwritten digits: scikit-learn's, and MNIST."""

from dataclasses import dataclass

import numpy as np


class NoImages(Exception):
    """The images cannot be had; the message says what to do."""


@dataclass(frozen=True)
class Images:
    """Images as the set gives them, rows of whole-number grey values up to `white`, and their
    labels.
    """

    name: str
    x: np.ndarray  # (images, height, width), whole numbers
    labels: np.ndarray  # (images,)
    white: int


def load(name: str) -> Images:
    """The set "digits" or "mnist". Raises NoImages."""
    if name == "digits":
        try:
            from sklearn.datasets import load_digits
        except ImportError:
            raise NoImages(
                "the digits come with scikit-learn: pip install 'julia-parity[comparisons]'"
            ) from None
        digits = load_digits()
        return Images("digits", digits.images.astype(np.uint8), digits.target, 16)
    from . import mnist

    return mnist.load()
