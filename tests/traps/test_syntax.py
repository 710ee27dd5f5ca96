"""What patterns in source are written with: names resolved, calls told apart, places rewritten."""

import ast
import math

import numpy as np
import pytest

from pyimpl.parity.explain.program import scope_of
from pyimpl.parity.traps.syntax import replaced, same, shown

RATE = 0.5


def mine(x, y=2):
    z = np.std(x, axis=0) + x.std() + math.log(3.0) + len(x) - RATE
    return z * -1.5 + other(y)


def other(y):
    return y


def shadowed(np):
    return np.std()


@pytest.fixture
def scope():
    return scope_of(mine)


def calls(scope):
    return [node for node in ast.walk(scope.tree) if isinstance(node, ast.Call)]


def test_names_are_resolved(scope):
    callees = {shown(node): scope.callee(node) for node in calls(scope)}
    assert callees == {
        "np.std(x, axis=0)": "numpy.std",
        "x.std()": ".std",
        "math.log(3.0)": "math.log",
        "len(x)": "builtins.len",
        "other(y)": "user.other",
    }
    assert scope.arguments == ["x", "y"] and scope.numpy == "np"
    assert [scope.is_call(node, "std") for node in calls(scope)].count("std") == 2


def test_an_argument_that_is_called_like_a_module_is_none():
    scope = scope_of(shadowed)
    assert [scope.callee(node) for node in calls(scope)] == [".std"]


def test_numbers_are_literals_and_numbers_of_the_module(scope):
    numbers = {shown(node): scope.number(node) for node in ast.walk(scope.tree.body[0])}
    assert (numbers["3.0"], numbers["RATE"], numbers["x"]) == (3.0, 0.5, None)
    assert scope.number(ast.parse("-1.5", mode="eval").body) == -1.5


def test_a_place_is_replaced_in_a_copy(scope):
    before = shown(scope.tree)
    (node,) = (node for node in calls(scope) if shown(node) == "len(x)")
    after = shown(replaced(scope.tree, {node: ast.Constant(7)}))
    assert "+ 7 - RATE" in after and shown(scope.tree) == before
    one, two = (ast.parse(text, mode="eval").body for text in ("a[0] + b", "a[0]+b"))
    assert same(one, two) and not same(one, ast.parse("a[1] + b", mode="eval").body)


def counted(x, n):
    n = n * 2
    a = b = len(x)
    b = a - n
    return x / n + b


def test_what_is_made_of_itself_has_no_definition():
    """Or what follows definitions would do so for ever."""
    scope = scope_of(counted)
    assert scope.definition(ast.Name("n", ast.Load())) is None
    assert shown(scope.definition(ast.Name("a", ast.Load()))) == "len(x)"
    n = next(node for node in ast.walk(scope.tree) if isinstance(node, ast.Name) and node.id == "n")
    assert not scope.is_size(n)
