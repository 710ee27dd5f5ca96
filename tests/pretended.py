"""A second Python subject in the place of Julia."""

from pyimpl.parity.sides.frameworks import side_of


class Pretended:
    """What a pair is held against: another function, layer or module."""

    name = "live"
    versions = {"Flux": "none", "Julia": "none"}
    provenance: dict = {}
    asks = True

    def __init__(self, subject, backward=None):
        self.side = side_of(subject, backward)

    def prepare(self, pair):
        """The pair as it is."""
        return pair

    def kept(self, pair, dtypes, seed):
        """No cases of its own."""
        return None

    def outcomes(self, pair, cases, dtypes):
        """Every case with the subject's outcome in every dtype."""
        for case in cases:
            yield case, {dtype: self.side.evaluate(case.cast(dtype)) for dtype in dtypes}
