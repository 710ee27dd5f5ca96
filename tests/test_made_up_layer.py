"""What a new layer costs: a twin, a row and a constructor, in three files; the rest follows.

The exercise is done on a copy of the repository, with a layer that Flux does not have.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_FILES, MOST_LINES = 3, 35
LAYER = '''
@dataclass(eq=False)
class Bend(Layer):
    """`x + scale * x^2`, entry by entry. Made up: Flux has no such layer."""

    scale: np.ndarray  # (features,)

    def pullback(self, x):  # x: (batch, features)
        def bend_back(dy):
            return Gradient(scale=(dy * x * x).sum(0)), dy * (1 + 2 * self.scale * x)

        return x + self.scale * x * x, bend_back
'''
ROW = """
BEND_ROW = Row(
    "Bend",
    "flux",
    "layer",
    twin=lambda c: pyimpl.Bend(np.zeros(c["n_in"], np.float32)),
    sizes={"n_in": st.integers(1, 4), "batch": st.integers(1, 5)},
    shapes=lambda c: {"x1": (c["batch"], c["n_in"])},
    modes=("auto",),
    examples=(Example("empty batch", {"n_in": 2, "batch": 0}),),
    covers="a layer that is made up",
)
"""
CONSTRUCTOR = """
struct Bend{A}
    scale::A
end
Flux.@layer Bend
(bend::Bend)(x) = x .+ bend.scale .* x .^ 2

CONSTRUCTORS["Bend"] = (c, _) -> Bend(zeros(Float32, c["n_in"]))
"""
# File, what stands there, and what is put behind it (nothing: the end of the file).
ADDITIONS = (
    ("pyimpl/layers/dense.py", '__all__ = ["Dense", "Scale"', ', "Bend"'),
    ("pyimpl/layers/dense.py", "", LAYER),
    ("pyimpl/parity/catalogue/dense.py", "BILINEAR_ROW,\n", "    BEND_ROW,\n"),
    ("pyimpl/parity/catalogue/dense.py", "\nROWS = (", ROW),
    ("julia/src/dense.jl", "", CONSTRUCTOR),
)
UNTOUCHED = ("Dense", "Scale", "Embedding", "LayerNorm", "relu", "destructure", "AdamW")


def add(root: Path) -> None:
    """Put the layer into a copy of the repository."""
    for name, anchor, text in ADDITIONS:
        file = root / name
        before = file.read_text(encoding="utf-8")
        assert before.count(anchor) == 1 or not anchor, f"{anchor!r} is no place in {name}"
        at = before.index(anchor) if anchor else len(before)
        behind = at if anchor == "\nROWS = (" else at + len(anchor)
        file.write_text(before[:behind] + text + before[behind:], encoding="utf-8")


def changed_lines(before: Path, after: Path) -> dict[str, int]:
    """Files that differ, each with the number of lines that are new or another."""
    script = ["git", "diff", "--no-index", "--numstat", "--no-renames", str(before), str(after)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return {name.rsplit("/", 1)[-1]: int(added) for added, _, name in lines}


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """The repository as it is, and with the layer."""
    folder = tmp_path_factory.mktemp("repository")
    for name in ("before", "after"):
        for part in ("pyimpl", "julia"):
            shutil.copytree(
                ROOT / part,
                folder / name / part,
                ignore=shutil.ignore_patterns("__pycache__", "Manifest.toml"),
            )
    add(folder / "after")
    return folder


def run(root: Path, *arguments, timeout=300):
    """`julia-parity ARGUMENTS` of a copy."""
    code = "from pyimpl.parity.command.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def test_it_costs_three_files_and_a_few_lines(copies):
    lines = changed_lines(copies / "before", copies / "after")
    assert len(lines) <= MOST_FILES and sum(lines.values()) <= MOST_LINES, lines


def test_it_is_public_and_in_the_list(copies):
    done = run(copies / "after", "list", "Bend")
    assert done.returncode == 0 and "a layer that is made up" in done.stdout, done.stderr
    code = """
import pyimpl
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.coverage import markdown
from pyimpl.parity.judge.findings import Report
assert "Bend" in pyimpl.__all__
print(markdown([Report(CATALOGUE["Bend"])], "nothing"))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=copies / "after",
        env=os.environ | {"PYTHONPATH": str(copies / "after")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "| `Bend` |  |  | a layer that is made up |" in done.stdout, done.stderr


def verdicts(root: Path) -> list[dict]:
    """What `check` says of rows that have nothing to do with the layer, but for the time."""
    done = run(root, "check", "--reference", "recorded", "--json", root / "x.json", *UNTOUCHED)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((root / "x.json").read_text(encoding="utf-8"))["rows"]
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_nothing_else_is_recorded_anew(copies):
    before = verdicts(copies / "before")
    assert before == verdicts(copies / "after") and len(before) == len(UNTOUCHED)
    done = run(copies / "after", "check", "--reference", "recorded", "Bend", "Dense")
    assert done.returncode == 3 and "1 row agrees" in done.stdout, done.stdout + done.stderr


def test_live_it_is_recorded_and_agrees(copies, julia, tmp_path):
    root = copies / "after"
    recordings = root / "pyimpl" / "parity" / "reference" / "recordings"
    there = {path: path.read_bytes() for path in recordings.rglob("*.npz")}
    done = run(root, "record", "Bend", timeout=3000)
    assert done.returncode == 0, done.stdout + done.stderr
    new = set(recordings.rglob("*.npz")) - set(there)
    assert {path.name for path in new} == {"Bend.npz"}
    assert all(path.read_bytes() == content for path, content in there.items())
    done = run(root, "check", "--reference", "recorded", "Bend")
    assert done.returncode == 0 and "1 row agrees" in done.stdout, done.stdout + done.stderr
