"""Code from data: nothing that a file says is run, unless it is the user's own, or trusted.

A bundle names code, so it is replayed as it is only where this user has written it; programs that
are written have every text from elsewhere as a comment of one line, or as a literal.
"""

import ast
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from faults.trials import VERSIONS, crosscheck

from pyimpl.parity.report.bundle import julia_literal

EVIL = [
    '"""\nimport os; os.makedirs("executed")\n"""',
    '"""; __import__("os").makedirs("executed"); """',
    "\nrun(`mkdir executed`)\n",
    "\r__import__('os').makedirs('executed')\r",
    '$(run(`mkdir executed`)) "; mkdir("executed"); "',
    "\\",
    "\x1b[2J\x00\x0b\x0c\x85\u2028\u202e",
    "#= =# =#",
]


def bundle_of(desk, name="triple", **options):
    """The bundle of a disagreement."""
    desk.run(*crosscheck(f"{name}.py:{name}", options.pop("julia", "x -> 2x")), code=1)
    (bundle,) = (desk.folder / "parity-bundles").iterdir()
    return bundle


def tripled(desk, julia="x -> 2x", **options):
    """A pair that differs."""
    desk.file("triple.py", "def triple(x):\n    return 3 * x\n")
    desk.recorded("triple.py:triple", julia, "n,3", answers=lambda x: 2 * x, **options)
    return desk


@pytest.mark.parametrize("number", range(len(EVIL)))
def test_a_version_that_is_code(desk, number):
    """A version in a recording that closes a comment or a docstring: nothing of it runs."""
    versions = VERSIONS | {"Flux": f"0.16{EVIL[number]}", "Julia": EVIL[number]}
    tripled(desk, versions=versions)
    came = desk.run(*crosscheck("triple.py:triple"), code=1)
    assert "\x1b" not in came.out and "\u202e" not in came.out
    (bundle,) = (desk.folder / "parity-bundles").iterdir()
    program = (bundle / "repro.py").read_text()
    done = subprocess.run(
        [sys.executable, bundle / "repro.py"], cwd=desk.folder, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert not (desk.folder / "executed").exists()
    assert "executed" not in ast.dump(ast.parse(program))
    heading = (bundle / "repro.jl").read_text().partition("using Flux")[0]
    assert all(line.startswith("#") for line in heading.splitlines() if line)


@pytest.mark.parametrize(
    "julia",
    [
        "x -> begin\n    2x\nend",
        'x -> (s = """a"""; 2x)',
        "x -> 2x # a comment",
        'x -> (s = "\\$x"; 2x)',
    ],
)
def test_ordinary_julia_in_a_program(desk, julia):
    """Julia with a second line, with three quotes, with a `$`: both programs are right."""
    tripled(desk, julia=julia)
    bundle = bundle_of(desk, julia=julia)
    done = subprocess.run(
        [sys.executable, bundle / "repro.py"], cwd=desk.folder, capture_output=True, timeout=60
    )
    assert done.returncode == 0 and b"julia" in done.stdout, done.stderr
    text = (bundle / "repro.jl").read_text()
    if "\n" in julia:
        assert f"eval(Meta.parse({julia_literal(julia)}))" in text
    else:
        assert f"subject = {julia}\n" in text
    if shutil.which("julia"):
        quoted = julia_literal((bundle / "repro.jl").as_posix())
        check = (
            f"e = Meta.parseall(read({quoted}, String)); "
            "any(x -> x isa Expr && x.head in (:error, :incomplete), e.args) && exit(9)"
        )
        done = subprocess.run(["julia", "--startup-file=no", "-e", check], timeout=120)
        assert done.returncode == 0


def test_texts_in_julia():
    """Every text has a Julia literal in which nothing is run and nothing is left open."""
    for text in [*EVIL, "", "γ", "😀", "\ud800", "a$b", "$(1+1)", '"']:
        literal = julia_literal(text)
        inside = literal[1:-1]
        assert literal.isascii() and literal.isprintable() and literal[0] == literal[-1] == '"'
        assert not re.search(r'(?<!\\)(\\\\)*["$]', inside)


def test_a_name_of_an_array_that_is_code(desk):
    """An input of a recording whose name is a line of Python: it is a word in the program."""
    from pyimpl.parity.reference import recorded

    tripled(desk)
    path = desk.folder / "julia.npz"
    whole = recorded.Recorded(path)
    from dataclasses import replace
    from types import SimpleNamespace

    entries = [
        (
            replace(
                case, arrays={**case.arrays, "x2.\nimport os; os.makedirs('executed')": np.ones(2)}
            ),
            outcomes,
        )
        for case, outcomes in whole.pairs(
            SimpleNamespace(key="triple"), ("float64", "float32"), None, 0
        )
    ]
    path.unlink()
    recorded.write(path, entries, whole.provenance)
    desk.file("triple.py", "def triple(x, y=None):\n    return 3 * x\n")
    desk.run(*crosscheck("triple.py:triple"), code=(1, 3))
    for bundle in (desk.folder / "parity-bundles").glob("*"):
        subprocess.run([sys.executable, bundle / "repro.py"], cwd=desk.folder, timeout=60)
        assert "makedirs(" not in (bundle / "repro.py").read_text().replace("'", "").split("\n")[-1]
    assert not (desk.folder / "executed").exists()


def test_a_bundle_of_somebody_else(desk):
    """`explain` of a bundle that this user has not written names the code and does not run it; with
    --trust it says what it runs, and runs it.
    """
    bundle = bundle_of(tripled(desk))
    came = desk.run("explain", bundle, code=1, says="differ in meaning")
    assert f"runs {desk.folder / 'triple.py'}:triple" in came.err
    foreign = {"HOME": str(desk.folder / "other home")}
    desk.file("triple.py", "import os\nos.makedirs('executed')\ndef triple(x):\n    return 3 * x\n")
    came = desk.run("explain", bundle, environment=foreign, code=3, says=("--trust", "triple.py"))
    assert not (desk.folder / "executed").exists()
    desk.run("explain", bundle, "--trust", environment=foreign, code=1, says="runs ")
    assert (desk.folder / "executed").exists()


def test_a_bundle_that_was_changed(desk):
    """A bundle whose description names other code than when it was written is not replayed."""
    bundle = bundle_of(tripled(desk))
    desk.file("evil.py", "import os\nos.makedirs('executed')\ndef triple(x): return x\n")
    about = json.loads((bundle / "bundle.json").read_text())
    for changed in (
        about | {"python": f"{desk.folder / 'evil.py'}:triple"},
        about | {"julia": about["julia"] | {"expression": "run(`mkdir executed`)"}},
        about | {"backward": f"{desk.folder / 'evil.py'}:triple"},
        {name: part for name, part in about.items() if name != "seal"},
        about | {"seal": "é" * 64},
    ):
        (bundle / "bundle.json").write_text(json.dumps(changed))
        desk.run("explain", bundle, code=3, says="was changed since")
        desk.run("explain", bundle, "--reference", "live", code=3, says="was changed since")
    assert not (desk.folder / "executed").exists()
    (bundle / "bundle.json").write_text(json.dumps(about))
    desk.run("explain", bundle, code=1, says="differ in meaning")


def test_a_bundle_elsewhere(desk):
    """A bundle whose Python file is gone is replayed from the copy in it, if that is as it was."""
    bundle = bundle_of(tripled(desk))
    moved = desk.folder / "moved"
    bundle.rename(moved)
    (desk.folder / "triple.py").unlink()
    desk.run("explain", "moved", code=1, says=("runs the copy", "differ in meaning"))
    (moved / "source" / "triple.py").write_text("import os\nos.makedirs('executed')\n")
    desk.run("explain", "moved", code=3, says="was changed since")
    assert not (desk.folder / "executed").exists()


def test_a_bundle_that_cannot_be_sealed(desk):
    """With a home that cannot be written to, a bundle is written without a seal, and says so."""
    tripled(desk)
    nowhere = {"HOME": "/proc/nowhere", "XDG_DATA_HOME": "/proc/nowhere"}
    desk.run(*crosscheck("triple.py:triple"), environment=nowhere, code=1, says="replay:")
    (bundle,) = (desk.folder / "parity-bundles").iterdir()
    desk.run("explain", bundle, environment=nowhere, code=3, says="--trust")
    desk.run("explain", bundle, "--trust", environment=nowhere, code=1, says="differ in meaning")


def test_paths_in_a_bundle_stay_in_it(desk):
    """A bundle that names files above itself as its copies gets none of them."""
    from pyimpl.parity.report.bundle import BundleError, load_bundle

    bundle = bundle_of(tripled(desk))
    secret = desk.file("secret.py", "raise RuntimeError('was run')\n")
    about = json.loads((bundle / "bundle.json").read_text())
    for place in ("../../../secret.py", "/nowhere/../secret.py", "x/../../../../secret.py"):
        (bundle / "bundle.json").write_text(json.dumps(about | {"python": f"{place}:triple"}))
        with pytest.raises(BundleError, match="there is no Python file"):
            load_bundle(bundle, trust=True)
    assert secret.is_file()
