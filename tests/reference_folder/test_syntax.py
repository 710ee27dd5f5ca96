"""Julia's syntax as Python's."""

import ast

import pytest
from reference_folder.conversions import (
    Untranslatable,
)
from reference_folder.entries import translate
from reference_folder.syntax import as_python


def rule(julia: str, config=None):
    return translate(julia, config or {}, "a rule", "steps", {})


@pytest.mark.parametrize(
    ("julia", "python"),
    [
        ("x -> f.(x, 0.2f0)", "lambda x: f.__dot__(x, Float32(0.2e0))"),
        ("(a, b) -> f(a, b; dims=:)", "lambda a, b: f(a, b, dims=':')"),
        (
            "p -> (c = f(p.w); R{false, typeof(c)}(c))",
            "lambda p: __block__(c := f(p.w), R[false, typeof(c)](c))",
        ),
        ("p -> (c = f(p.w); c.γ .= p.g; c)", "lambda p: __block__(c := f(p.w), c.γ == p.g, c)"),
        ("Chain((a = f(1), b = g))", "Chain((a := f(1), b := g))"),
        ("f(; lambda=1f-3)", "f(lambda_=Float32(1e-3))"),
        ("f(:which, +; )", "f('which', __plus__)"),
        ("Chain(x -> g(x), h)", "Chain(lambda x: g(x), h)"),
        ("f([1, 2], 1:2)", "f([1, 2], 1 << 2)"),
        ("f(2 => 3)", "f(2 @ 3)"),
    ],
)
def test_julia_is_written_in_the_syntax_of_python(julia, python):
    assert ast.unparse(ast.parse(as_python(julia), mode="eval")) == ast.unparse(
        ast.parse(python, mode="eval")
    )


@pytest.mark.parametrize(
    "julia", ["[f(i) for i in 1:3]", "f(x...)", "2x", "x'", "begin; f(x); end", "f(1", "[1 2; 3 4]"]
)
def test_other_syntax_is_refused(julia):
    with pytest.raises(Untranslatable, match="the syntax of"):
        rule(julia)
