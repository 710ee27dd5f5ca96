"""The surroundings: a Julia on the PATH that is none, a read-only home, closed streams, ASCII.

Every verb goes on without what it does not need, and says what it misses.
"""

import os
import subprocess
import sys
import time

import pytest
from faults.trials import COMMAND, Desk, crosscheck

from pyimpl.parity.reference import find_julia

READY = (
    '{"Julia": "JULIA", "project": "/p", "PythonCall": "0.9.34", "Flux": "0.16.9", '
    '"NNlib": "0.9.36", "Optimisers": "0.4.8", "PrecompileTools": "1.2.1", "Zygote": "0.7.12"}'
)
QUIRKY = {
    "prints nothing": "exit 0",
    "prints 42": "echo 42",
    "prints [1]": "echo '[1]'",
    "prints null": "echo null",
    "prints numbers for versions": 'echo \'{"Julia": 1, "project": null}\'',
    "has no project": 'echo \'{"Julia": "1.10.8"}\'',
    "prints no version": f"echo '{READY.replace('JULIA', 'one')}'",
    "prints escapes": "printf '\\033[2J[/]\\n'; exit 3",
    "prints no text": "head -c 100 /dev/urandom",
    "fails": "echo 'ERROR: no' >&2; exit 1",
    "fails without a word": "exit 1",
    "crashes": "kill -SEGV $$",
    "is 1.6": f"echo '{READY.replace('JULIA', '1.6.7')}'",
    "is 0.7": f"echo '{READY.replace('JULIA', '0.7.0')}'",
    "is 2.0": f"echo '{READY.replace('JULIA', '2.0.0')}'",
    "is too deep": "head -c 100000 /dev/zero | tr '\\000' '['",
    "does not stop printing": "yes",
}


@pytest.fixture
def desk(desk) -> Desk:
    """A user's directory, whose commands begin in a new interpreter."""
    desk.warm = False
    return desk


def julia(desk, script: str) -> None:
    """A program called julia."""
    path = desk.file("bin/julia", f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("what", QUIRKY)
def test_a_julia_that_is_none(doubled, what):
    """A `julia` that prints nothing, `42`, `[1]`, an old version, crashes: the doctor says what is
    wrong with it, and it is not taken for ready.
    """
    julia(doubled, QUIRKY[what])
    came = doubled.run("doctor", code=0, says="`check` would use: the recording")
    assert "ready;" not in came.out and "\x1b" not in came.out
    assert "on the PATH" in came.out and "remedy:" in came.out


def test_verbs_beside_a_julia_that_is_none(doubled):
    """`check`, `list`, `crosscheck --recording` go on beside it; what needs it says so, with 3."""
    julia(doubled, "echo '[1]'")
    doubled.run("check", "Dense", code=0, says="1 row agrees")
    doubled.run("list", "Dense", code=0, says="Dense")
    doubled.run(*crosscheck(), code=0, says="agrees")
    came = doubled.run("crosscheck", "double.py:double", "x -> 2x", "--shape", "n", code=3)
    assert "which is no answer" in came.err


def test_programs_that_are_no_julia(doubled):
    """A `julia` that is a directory, cannot be run, or is of another machine."""
    (doubled.folder / "bin" / "julia").mkdir()
    doubled.run("doctor", code=0, says="no julia on the PATH")
    (doubled.folder / "bin" / "julia").rmdir()
    path = doubled.file("bin/julia", b"\x7fELF no program")
    path.chmod(0o755)
    doubled.run("doctor", code=0, says="does not run")


def test_a_julia_that_hangs(tmp_path, monkeypatch):
    """A `julia` that hangs is given up after some seconds, with all that it has started."""
    program = tmp_path / "julia"
    program.write_text(
        f"#!/bin/sh\nPATH=/usr/bin:/bin\nsleep 300 &\necho $! > {tmp_path}/pid\nwait\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(find_julia, "ASK_SECONDS", 2)
    start = time.monotonic()
    way = find_julia._examine("on the PATH", str(program), None)
    assert not way.ready and "no answer for 2 s" in way.problem and time.monotonic() - start < 20
    child = int((tmp_path / "pid").read_text())
    for _ in range(50):
        if not os.path.exists(f"/proc/{child}") or _state(child) == "Z":
            break
        time.sleep(0.1)
    else:
        raise AssertionError("a child survives")


def _state(process: int) -> str:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


SURROUNDINGS = {
    "a read-only home": {"HOME": "/proc/nowhere"},
    "no home": {"HOME": ""},
    "a read-only cache": {"XDG_CACHE_HOME": "/proc/none", "XDG_DATA_HOME": "/proc/none"},
    "PYTHONOPTIMIZE=2": {"PYTHONOPTIMIZE": "2"},
    "ASCII": {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"},
    "Latin": {"PYTHONIOENCODING": "latin-1"},
    "a narrow terminal": {"COLUMNS": "5"},
    "no columns": {"COLUMNS": "0"},
    "columns that are none": {"COLUMNS": "x"},
    "warnings as errors": {"PYTHONWARNINGS": "error"},
    "development mode": {"PYTHONDEVMODE": "1"},
    "no temporary directory": {"TMPDIR": "/proc/nowhere"},
    "forced colour": {"FORCE_COLOR": "1"},
    "a dumb terminal": {"TERM": "dumb", "NO_COLOR": "1"},
}


@pytest.mark.parametrize("what", SURROUNDINGS)
def test_odd_surroundings(desk, what):
    """A read-only home or cache, PYTHONOPTIMIZE=2, ASCII, a narrow terminal, warnings as errors."""
    desk.file("triple.py", "def triple(x):\n    return {'γ': 3 * x}\n")
    desk.recorded("triple.py:triple", "x -> (γ = 2x,)", "n,3", answers=lambda x: {"γ": 2 * x})
    arguments = crosscheck("triple.py:triple", "x -> (γ = 2x,)", "--html", "a.html")
    surroundings = SURROUNDINGS[what]
    came = desk.run(*arguments, environment=surroundings, code=1)
    assert "meaning" in came.out.replace("\n", "") and (desk.folder / "a.html").is_file()
    desk.run("check", "Dense", environment=surroundings, code=0)
    desk.run("--help", environment=surroundings, code=0)


@pytest.mark.parametrize("how", ["head", "closed", "full", "no error", "none at all"])
@pytest.mark.parametrize("verb", ["check", "crosscheck", "--help"])
def test_an_output_that_nobody_reads(doubled, how, verb):
    """`| head -1`, a closed output, a full disk behind it: the exit code is that of the verdict, or
    4 where what was said could not be kept.
    """
    arguments = {
        "check": ["check", "Dense", "Conv", "Batch*", "--verbose"],
        "crosscheck": crosscheck(),
        "--help": ["--help"],
    }[verb]
    shell = {
        "head": '("$0" "$@"; echo $? > code) | /usr/bin/head -1 > out',
        "closed": '"$0" "$@" >&-; echo $? > code',
        "full": '"$0" "$@" > /dev/full; echo $? > code',
        "no error": '"$0" "$@" 2>&- > out; echo $? > code',
        "none at all": '"$0" "$@" <&- >&- 2>&-; echo $? > code',
    }[how]
    done = subprocess.run(
        ["/bin/sh", "-c", shell, COMMAND, *arguments],
        cwd=doubled.folder,
        env=doubled.environment(),
        stderr=subprocess.PIPE,
        timeout=120,
    )
    code = int((doubled.folder / "code").read_text())
    assert b"Traceback" not in done.stderr and b"Exception" not in done.stderr, done.stderr
    assert code == (4 if how == "full" else 0), done.stderr


def test_an_installation_with_parts_missing(tmp_path):
    """A file of the package that is damaged or missing is no disagreement: 3."""
    import shutil
    from pathlib import Path

    root = Path(find_julia.__file__).parents[3]
    shutil.copytree(
        root / "pyimpl", tmp_path / "pyimpl", ignore=shutil.ignore_patterns("__pycache__")
    )
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}
    recordings = tmp_path / "pyimpl" / "parity" / "reference" / "recordings"
    for damage in ("recordings", "no recordings", "a module"):
        if damage == "recordings":
            for path in recordings.glob("*/*/*.npz"):
                path.write_bytes(path.read_bytes()[:100])
        elif damage == "no recordings":
            shutil.rmtree(recordings)
        else:
            module = tmp_path / "pyimpl" / "parity" / "judge" / "verdict.py"
            module.write_text("import nothing\n")
        done = subprocess.run(
            [COMMAND, "check", "Dense"],
            env=environment,
            capture_output=True,
            timeout=120,
        )
        assert done.returncode == 3 and b"Traceback" not in done.stderr, done.stderr


def test_arguments_that_are_none(desk):
    """Null bytes cannot be handed over; what is no UTF-8 can, and is shown."""
    done = subprocess.run(
        [COMMAND.encode(), b"crosscheck", b"\xff\xfe.py:f", b"x -> x", b"--shape", b"n"],
        cwd=desk.folder,
        env=desk.environment(),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 2 and b"Traceback" not in done.stderr
    assert sys.version_info >= (3, 11)
