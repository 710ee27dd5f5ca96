"""Pairs of functions with a result of every sort, for tests of pages and figures."""

import numpy as np
from pretended import pretended

from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.explain import Explanation
from pyimpl.parity.pair.checking import check_pair
from pyimpl.parity.pair.pair import make_pair


def spread(x):
    return x.var(axis=0)


def spread_back(dy, x):
    return 2 * dy * (x - x.mean(0)) / len(x)


def corrected(x):
    return x.var(axis=0) * len(x) / max(len(x) - 1, 1)


def corrected_back(dy, x):
    return 2 * dy * (x - x.mean(0)) / max(len(x) - 1, 1)


def softmax(x):
    e = np.exp(x)
    return e / e.sum(-1, keepdims=True)


def shifted_softmax(x):
    return softmax(x - x.max(-1, keepdims=True))


def refusing(x):
    if x.size > 2:
        raise ValueError('no <b>more</b> than "two" & no less')
    return 2 * x


def half_nan(x):
    return np.where(x > 0, np.nan, x)


def endless(x):
    return np.where(x > 0, np.inf, x)


def result_of(python, julia, shape, expression="my_function", backwards=(None, None), count=15):
    pair = make_pair(python, expression, arrays(shape), backward=backwards[0])
    return check_pair(pair, pretended(julia, backwards[1]), count=count)


def results_to_tell():
    """Results of pairs that agree, differ, fail, and prove nothing."""
    differing = result_of(spread, corrected, "n,batch", backwards=(spread_back, corrected_back))
    differing.explanations = [
        Explanation(
            "Julia corrects the <variance>",
            "my.py:7, x.var(axis=0)",
            "ddof=1",
            "15 of 15 cases agree & more",
            True,
        ),
        Explanation("a factor", "the result", 'times "n"', "14 of 15 cases agree", False),
    ]
    return [
        result_of(shifted_softmax, softmax, "batch,5:moderate"),  # of large numbers one makes NaN
        differing,
        result_of(refusing, np.copy, "n", 'x -> x .< 2 && "text" & more'),
        result_of(half_nan, np.copy, "n,3", "half<nan>"),
        result_of(
            endless,
            np.copy,
            "n,3",
            "a_name_that_is_as_long_as_names_can_become_in_a_large_code_base_with_many_modules.f",
        ),
        result_of(np.zeros_like, np.zeros_like, "3", "zero"),
    ]
