"""A project of a user's with a pair and its tests, for tests of the pytest plugin."""

from pathlib import Path

JULIA = """
affine(x) = 2 .* x .+ 1
spread_of(column) = sum(abs2, column .- sum(column) / length(column)) / max(length(column) - 1, 1)
spread(x) = spread_of.(eachcol(x))
"""


PAIRS = """
import pytest
from pyimpl.parity import arrays

def affine(x):
    return 2 * x + 1

def spread(x):
    return x.var(axis=0)

@pytest.mark.parametrize("sizes", ["n,3", "n"])
def test_affine(parity, sizes):
    parity(affine, "affine", arrays(sizes), file="my.jl")
    parity(affine, "x -> 1 .+ 2x", arrays(sizes))

class TestSpread:
    @pytest.mark.parity(cases=5)
    def test_spread(self, parity):
        parity(spread, "spread", arrays("n,batch"), file="my.jl")
"""


SESSION = f"""
import sys

sys.path.insert(0, {str(Path(__file__).parent)!r})

import pyimpl.parity.command.pytest_plugin as plugin
from pretended import VERSIONS, functions_by_expression
from pyimpl.parity.reference.find_julia import Installed

JULIA = {{
    "affine": lambda x: 2 * x + 1,
    "x -> 1 .+ 2x": lambda x: 1 + 2 * x,
    "spread": lambda x: x.var(axis=0) * len(x) / max(len(x) - 1, 1),
}}
plugin.session = lambda *_: functions_by_expression(JULIA)
plugin.choose = lambda **_: Installed("here", "here", VERSIONS)
"""


def recordings(project) -> list[str]:
    """The recordings in a project, by their paths."""
    return sorted(
        path.relative_to(project.path).as_posix()
        for path in project.path.rglob("*.npz")
        if "bundles" not in str(path)
    )


def make_project(path: Path, pretended: bool = True) -> None:
    """Write the files of the project; with `pretended`, as if a live Julia were there, in every
    process: what it says comes from Python.
    """
    path.mkdir(parents=True, exist_ok=True)
    files = {
        "my.jl": JULIA,
        "test_pairs.py": PAIRS,
        "pytest.ini": "[pytest]\nfilterwarnings = error\naddopts = --strict-markers\n",
    }
    for name, text in (files | ({"conftest.py": SESSION} if pretended else {})).items():
        (path / name).write_text(text, encoding="utf-8")
