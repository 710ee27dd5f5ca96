"""rrelu: a leaky ReLU whose slope is drawn anew for every entry of every call.

Source: NNlib.jl `src/activations.jl`.
"""

import numpy as np

from ..core.expect import as_float
from .activations import ACTIVATIONS, Activation

__all__ = ["rrelu"]

LOWER, UPPER = 1 / 8, 1 / 3  # of the slopes


class RandomLeakyReLU(Activation):
    """`x` where x > 0, `a * x` elsewhere, with a from U(lower, upper) for every entry: `rrelu(x,
    lower=1/8, upper=1/3)`. Xu et al. 2015.

    There is no test mode: it is random outside a gradient too. The numbers come from `rrelu.rng`,
    anything with NumPy's `random`, which may be replaced to repeat a run. The slope at 0 is 1,
    where `leakyrelu` has a: Flux differentiates rrelu with dual numbers, which count 0 as positive
    and make NaN of the slope at -inf.
    """

    def __init__(self):
        super().__init__("rrelu", self._value, self._no_slope)
        self.__doc__ = type(self).__doc__
        self.rng = np.random.default_rng()
        ACTIVATIONS["rrelu"] = self

    @staticmethod
    def _no_slope(*_):
        raise TypeError(
            "rrelu is drawn anew in every call: its slope is known to the pullback of that call "
            "only"
        )

    def _drawn(self, x, lower=LOWER, upper=UPPER):
        lower, upper = x.dtype.type(lower), x.dtype.type(upper)
        dtype = np.float64 if x.dtype == np.float64 else np.float32
        u = np.asarray(self.rng.random(x.shape, dtype=dtype), x.dtype)
        return (upper - lower) * u + lower

    def _value(self, x, lower=LOWER, upper=UPPER):
        return np.where(x > 0, x, self._drawn(x, lower, upper) * x)

    def pullback(self, x, *limits):
        x = as_float("rrelu", x)
        a = self._drawn(x, *limits)

        def rrelu_back(dy):
            with np.errstate(invalid="ignore"):  # 0 * inf
                return (
                    None,
                    np.asarray(dy)[()] * np.where(x >= 0, 1, a + 0 * x),
                    *(None for _ in limits),
                )

        return np.where(x > 0, x, a * x)[()], rrelu_back


rrelu = RandomLeakyReLU()
