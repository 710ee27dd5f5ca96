"""A second Python subject in the place of Julia."""

from pyimpl.parity.sides.choosing import side_of


class Pretended:
    """What a pair is held against: another function, layer or module."""

    name = "live"
    versions = {"Flux": "none", "Julia": "none"}

    def __init__(self, subject, backward=None):
        self.side = side_of(subject, backward)

    def outcomes(self, pair, cases, dtypes):
        """Every case with the subject's outcome in every dtype."""
        for case in cases:
            yield case, {dtype: self.side.evaluate(case.cast(dtype)) for dtype in dtypes}
