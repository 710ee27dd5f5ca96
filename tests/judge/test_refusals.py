"""Errors of both sides: which of Julia's say what Python's says."""

import pytest

from pyimpl.parity.judge.refusals import kind_of_error, say_the_same


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("ArgumentError: reducing over an empty collection", "ArgumentError"),
        ("DomainError with -1.0:", "DomainError"),
        ("SingularException(2)", "SingularException"),
        ("Main.UserCode.MyError(3)", "MyError"),
        ("DimensionMismatch: sizes", "DimensionMismatch"),
        ("no rows: nothing to do", "ErrorException"),
        ("wrong", "ErrorException"),
    ],
)
def test_the_kind_of_an_error_of_julia(message, kind):
    assert kind_of_error(message, of_julia=True) == kind


def test_the_kind_of_an_error_of_python():
    assert kind_of_error("numpy.linalg.LinAlgError: Singular matrix (my.py:3)") == "LinAlgError"
    assert kind_of_error("Empty: x") == "Empty"


@pytest.mark.parametrize(
    ("python", "julia", "same"),
    [
        ("ValueError", "DomainError", True),
        ("LinAlgError", "SingularException", True),
        ("ValueError", "ErrorException", True),
        ("MyError", "MyError", True),
        ("KeyError", "BoundsError", False),
        ("TypeError", "ErrorException", False),
    ],
)
def test_which_kinds_correspond(python, julia, same):
    assert say_the_same(python, julia) is same
