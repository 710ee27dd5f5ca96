"""The names in code, and what they stand for."""

import functools
import json

import numpy as np

from pyimpl.parity.sides.code_names import function_of, home_of, names_in, words_of

OFFSET = 3


def shifted(x):
    return np.sin(x) + OFFSET


def twice(x):
    return shifted(shifted(x))


class Model:
    """An object with a method."""

    def applied(self, x):
        """Nothing of interest."""
        return twice(x)


def test_the_function_of_whatever_is_called():
    assert function_of(twice) is twice
    assert function_of(functools.partial(twice, 1)) is twice
    assert function_of(Model().applied) is Model.applied
    assert function_of(functools.wraps(twice)(lambda x: x)) is twice
    assert function_of(np.sin) is None and function_of(3) is None


def test_words_are_those_of_functions_inside_too():
    def outer():
        import json.decoder

        def inner():
            return OFFSET + json.decoder.NaN

        return inner

    assert {"OFFSET", "NaN", "json.decoder"} <= words_of(outer.__code__)


def test_names_are_followed_into_the_user_s_functions():
    found = dict(names_in(twice))
    assert found["shifted"] is shifted and found["np"] is np and found["OFFSET"] == OFFSET
    assert list(names_in(None)) == []


def test_names_around_a_function_and_one_that_calls_itself():
    def local(x):
        return later(local(x)), json

    assert dict(names_in(local))["later"] is None  # it is not there yet

    def later(x):
        return x

    assert dict(names_in(local))["later"] is later


def test_homes():
    assert (home_of(np.linalg), home_of(np.sin), home_of(3.0)) == ("numpy", "numpy", "")
    assert home_of(twice) == __name__.partition(".")[0]
