"""The user's program with places rewritten: it is compiled beside the original, which stays."""

import ast
import functools

import numpy as np

from pyimpl.parity.case.case import Case
from pyimpl.parity.explain.program import (
    Edited,
    change,
    compiled,
    rewritings_of,
    scope_of,
    scopes_of,
    where,
)
from pyimpl.parity.sides.frameworks import side_of
from pyimpl.parity.traps.syntax import Rewriting

OFFSET = 1.0


def helper(x):
    return x + OFFSET


def mine(x, scale=2.0):
    return np.std(x) * scale + helper(x)


def test_functions_that_are_called_are_part_of_the_program():
    assert [scope.function for scope in scopes_of(side_of(mine))] == [mine, helper]
    wrapped = functools.partial(mine, scale=3.0)
    assert [scope.function for scope in scopes_of(side_of(wrapped))] == [mine, helper]
    assert scopes_of(side_of(np.sin)) == [] and scope_of(eval("lambda x: x")) is None


def test_an_edit_is_compiled_and_the_original_stays():
    scope = scope_of(helper)
    (offset,) = (n for n in ast.walk(scope.tree) if isinstance(n, ast.Name) and n.id == "OFFSET")
    edited = compiled(scope, {offset: ast.Constant(10.0)})
    assert edited(1.0) == 11.0 and helper(1.0) == 2.0
    side = Edited(side_of(mine), [(scope, Rewriting("index", {offset: ast.Constant(10.0)}))])
    case = Case("p", {}, {"x1": np.array([1.0, 3.0])}, "function")
    np.testing.assert_array_equal(side.evaluate(case).output, [13.0, 15.0])
    np.testing.assert_array_equal(mine(np.array([1.0, 3.0])), [4.0, 6.0])


def test_defaults_are_kept_and_an_edit_that_makes_no_program_is_lost():
    scope = scope_of(mine)
    assert compiled(scope, {})(np.array([1.0, 3.0])).tolist() == [4.0, 6.0]
    call = scope.tree.body[0].value.right
    broken = Edited(
        side_of(mine), [(scope, Rewriting("index", {call: ast.Starred(call, ast.Load())}))]
    )
    outcome = broken.evaluate(Case("p", {}, {"x1": np.ones(2)}, "function"))
    assert outcome.lost and "SyntaxError" in outcome.error


def test_every_rewriting_is_found_once_and_told_with_its_place():
    scope = scope_of(mine)
    found = rewritings_of(scope)
    told = {(rewriting.cause, change(scope, rewriting)) for rewriting in found}
    assert ("corrected", "np.std(x, ddof=1)") in told and len(told) == len(found)
    corrected = next(rewriting for rewriting in found if rewriting.cause == "corrected")
    line = mine.__code__.co_firstlineno + 1
    assert where(scope, corrected) == f"test_program.py:{line}, np.std(x)"
