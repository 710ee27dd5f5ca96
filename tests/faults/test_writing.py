"""What is written: never a part of a file, never another's, never the finding lost for it.

Everything is written beside its place and renamed, each run under a name of its own; the finding is
told before anything is written. What cannot be written is told, with 4 where all agrees.
"""

import json
import multiprocessing
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from faults.trials import COMMAND, crosscheck

from pyimpl.files import disk
from pyimpl.files.disk import Unwritable, file_name, file_names, new_directory, write_bytes
from pyimpl.parity.reference import recorded


def differing(desk, name="triple"):
    """A pair that differs, with its recording."""
    desk.file(f"{name}.py", f"def {name}(x):\n    return 3 * x\n")
    desk.recorded(f"{name}.py:{name}", "x -> 2x", "n,3", answers=lambda x: 2 * x)
    return crosscheck(f"{name}.py:{name}")


def no_more_than(size: int):
    """A limit of the size of files, which is as a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("how", ["full", "no directory", "a file", "a dangling link"])
def test_a_bundle_that_cannot_be_written(desk, how):
    """The finding is told in full, with 1, where its bundle cannot be written."""
    arguments = differing(desk)
    options = {}
    if how == "full":
        options["preexec_fn"] = no_more_than(0)
    elif how == "no directory":
        arguments += ["--bundle", "/proc/nowhere"]
    elif how == "a file":
        desk.file("taken", "")
        arguments += ["--bundle", "taken/bundles"]
    else:
        (desk.folder / "parity-bundles").symlink_to(desk.folder / "nothing" / "there")
    came = desk.run(*arguments, code=1, says="cannot be written", **options)
    assert "differ in meaning" in came.out and "off by" in came.out
    assert not list(desk.folder.rglob("*.part"))


REPORTS = ["--json", "--html"]


@pytest.mark.parametrize("option", REPORTS)
def test_a_report_on_a_full_disk(doubled, option):
    """A report on a full disk: the old one stays, the finding is told, 4."""
    old = doubled.file("report", "the old one")
    came = doubled.run(
        *crosscheck("double.py:double", "x -> 2x", option, "report"),
        code=4,
        says=("report cannot be written", "agrees"),
        preexec_fn=no_more_than(100),
    )
    assert old.read_text() == "the old one" and "agrees" in came.out
    assert not list(doubled.folder.glob(".*.part"))


def test_reports_of_check_on_a_full_disk(doubled):
    """`check --json --junit` on a full disk: both old ones stay, the table is told, 4."""
    old = [doubled.file(name, "old") for name in ("a.json", "b.xml")]
    check = ["check", "Dense", "--recording", "0.16.9"]
    arguments = [*check, "--json", "a.json", "--junit", "b.xml"]
    came = doubled.run(*arguments, code=4, says="row agrees", preexec_fn=no_more_than(50))
    assert came.err.count("cannot be written") == 2
    assert [path.read_text() for path in old] == ["old", "old"]
    doubled.run(*arguments, code=0)
    assert json.loads(old[0].read_text())["exit_code"] == 0 and "<testsuite" in old[1].read_text()


def test_a_read_only_report(doubled):
    """A report that is read-only is not written over (root may, and is told all the same)."""
    path = doubled.file("report.json", "the old one")
    path.chmod(0o444)
    if os.access(path, os.W_OK):
        pytest.skip("nothing is read-only for root")
    doubled.run(*crosscheck("double.py:double", "x -> 2x", "--json", "report.json"), code=(2, 4))
    assert path.read_text() == "the old one"


def test_reports_in_odd_places(doubled):
    """A report that is a directory, in no directory, asked for twice; a link, /dev/stdout, a
    FIFO that nobody reads.
    """
    ask = ("double.py:double", "x -> 2x")
    doubled.run(*crosscheck(*ask, "--json", "home"), code=2)
    doubled.run(*crosscheck(*ask, "--json", "none/report.json"), code=2, says="no directory")
    doubled.run(*crosscheck(*ask, "--json", "r", "--html", "./r"), code=2, says="twice")
    target = doubled.file("elsewhere/target.json", "old")
    (doubled.folder / "link.json").symlink_to(target)
    doubled.run(*crosscheck(*ask, "--json", "link.json"), code=0)
    assert (doubled.folder / "link.json").is_symlink() and json.loads(target.read_text())["agrees"]
    came = doubled.run(*crosscheck(*ask, "--json", "/dev/stdout"), code=0)
    assert '"agrees": true' in came.out
    doubled.run(*crosscheck(*ask, "--json", "/dev/null"), code=0)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    os.mkfifo(doubled.folder / "fifo")
    doubled.run(*crosscheck(*ask, "--json", "fifo"), code=4, says="fifo cannot be written")


def test_a_report_keeps_its_mode(tmp_path):
    """A file that is written over keeps its mode; a new one has that of the user's mask."""
    path = tmp_path / "report"
    path.write_text("old")
    path.chmod(0o640)
    write_bytes(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640 and path.read_bytes() == b"new"
    mask = os.umask(0o027)
    try:
        write_bytes(tmp_path / "other", b"new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "other").stat().st_mode) == 0o640


KILLED = """
import os, signal, sys
from pyimpl.files import disk
at = sys.argv[2]
def kill(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
setattr(os, at, kill)
from pathlib import Path
if sys.argv[3] == "file":
    disk.write_bytes(sys.argv[1], b"new" * 1000)
else:
    with disk.new_directory(Path(sys.argv[1]), "bundle") as (unfinished, path):
        (unfinished / "a").write_text("a")
"""


@pytest.mark.parametrize("at", ["fsync", "replace"])
@pytest.mark.parametrize("what", ["file", "directory"])
def test_a_run_is_killed_while_it_writes(desk, at, what):
    """SIGKILL between writing and renaming: the old file is there still, nothing half is taken for
    whole, the next run goes on.
    """
    path = desk.folder / "kept"
    if what == "file":
        path.write_text("old")
    command = [sys.executable, "-c", KILLED, str(path), at, what]
    done = subprocess.run(command, env=desk.environment(), timeout=60)
    if what == "directory" and at == "fsync":
        assert done.returncode == 0  # a directory is not synchronised
        return
    assert done.returncode == -signal.SIGKILL
    if what == "file":
        assert path.read_text() == "old"
        write_bytes(path, b"new")
        assert path.read_bytes() == b"new"
    else:
        assert not list(path.glob("bundle/*"))
        with new_directory(path, "bundle") as (unfinished, place):
            (unfinished / "a").write_text("a")
        assert (place / "a").read_text() == "a"


def test_a_recording_that_is_cut_off_while_it_is_written(tmp_path, monkeypatch):
    """A recording of the catalogue whose writing fails half way leaves the row as it was, and no
    other file; what is recorded goes to the user's place, not into the package.
    """
    from types import SimpleNamespace

    from pyimpl.parity.case.case import Case, Outcome

    case = Case("Conv", {}, {"x1": np.ones(3)}, "function")
    entries = [(case, {"float64": Outcome({"y": np.ones(3)})})]
    recorded.write_row(tmp_path, "layer", "Conv", entries, {"versions": {"Flux": "1"}})
    whole = (tmp_path / "layer" / "Conv.npz").read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unwritable, match="No space left"):
        recorded.write_row(tmp_path, "layer", "Conv", entries * 2, {"versions": {"Flux": "1"}})
    assert [path.name for path in (tmp_path / "layer").iterdir()] == ["Conv.npz"]
    assert (tmp_path / "layer" / "Conv.npz").read_bytes() == whole
    monkeypatch.undo()
    assert recorded.SHIPPED not in recorded.own_place().parents
    read = recorded.RecordedRows(tmp_path).pairs(SimpleNamespace(key="Conv"), ("float64",), None, 0)
    assert len(list(read)) == 1


def test_a_recording_is_never_written_over(doubled):
    """`--record` of a file that is there, also one that another run has made meanwhile."""
    path = doubled.folder / "julia.npz"
    whole = path.read_bytes()
    doubled.run(
        "crosscheck",
        "double.py:double",
        "x -> 2x",
        "--shape",
        "n",
        "--record",
        "julia.npz",
        code=2,
        says="never written over",
    )
    with pytest.raises(Unwritable, match="not written over"):
        write_bytes(path, b"other", new=True)
    assert path.read_bytes() == whole


def _write_often(path: str, letter: str, count: int) -> None:
    for _ in range(count):
        write_bytes(path, letter.encode() * 100_000)


def _write_bundles(folder: str, letter: str, count: int) -> None:
    for _ in range(count):
        with new_directory(Path(folder), "bundle") as (unfinished, path):
            (unfinished / "a").write_text(letter)


def test_two_runs_that_write_one_file(tmp_path):
    """Four processes write one file: whoever reads it sees a whole one of theirs."""
    path = tmp_path / "report"
    write_bytes(path, b"a" * 100_000)
    spawn = multiprocessing.get_context("spawn")
    runs = [spawn.Process(target=_write_often, args=(str(path), c, 60)) for c in "abcd"]
    for run in runs:
        run.start()
    while any(run.is_alive() for run in runs):
        content = path.read_bytes()
        assert len(content) == 100_000 and len(set(content)) == 1
    for run in runs:
        run.join()
        assert run.exitcode == 0
    assert [each.name for each in tmp_path.iterdir()] == ["report"]


def test_two_runs_that_write_a_bundle_at_the_same_second(tmp_path):
    """Four processes write bundles of one name: each has its own, none is lost."""
    spawn = multiprocessing.get_context("spawn")
    runs = [spawn.Process(target=_write_bundles, args=(str(tmp_path), c, 20)) for c in "abcd"]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
        assert run.exitcode == 0
    letters = [(path / "a").read_text() for path in tmp_path.iterdir()]
    assert sorted(letters) == sorted("abcd" * 20)


def test_two_runs_that_create_one_file(tmp_path):
    """Eight threads create one file: one has it, seven are told."""
    came: list = []

    def create(number: int) -> None:
        try:
            write_bytes(tmp_path / "new", str(number).encode(), new=True)
            came.append(number)
        except Unwritable:
            came.append(None)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [number for number in came if number is not None]
    assert (tmp_path / "new").read_text() == str(winner) and came.count(None) == 7


def test_the_same_command_twice_at_once(desk):
    """Two checks at once that differ: both are told, both bundles are whole and replay."""
    arguments = differing(desk)
    runs = [desk.start(*arguments) for _ in range(3)]
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert run.returncode == 1 and b"Traceback" not in err and b"replay:" in out, (out, err)
    bundles = sorted((desk.folder / "parity-bundles").iterdir())
    assert len(bundles) == 3
    for bundle in bundles:
        assert {"bundle.json", "evidence.npz", "repro.py", "story.txt"} <= {
            path.name for path in bundle.iterdir()
        }
    desk.run("explain", bundles[-1], code=1, says="differ in meaning")


def test_names_that_are_no_file_names():
    """Every name of an array or a pair has a file name of its own, which every system can have."""
    names = [
        "x1",
        "conv1/w",
        "conv1_w",
        "..",
        ".",
        "",
        "/",
        "a\0b",
        "nul",
        "CON.txt",
        "x" * 500,
        "x" * 501,
        "γ",
        "γ" * 90,
        "-rf",
        " ",
        "a b",
        "A",
        "a",
        "~",
        "$HOME",
        "a\nb",
        "\ud800",
        "param.W",
        "param.w",
        "../../etc/passwd",
        "C:\\x",
        "x.",
        "x..",
        "*",
        "?",
    ]
    files = file_names(names)
    assert len({name.casefold() for name in files.values()}) == len(names)
    for name in files.values():
        assert 0 < len(name.encode()) < 120 and not set(name) - set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
        )
        assert name[0] not in ".-" or name.startswith("-") and len(name) == 9
    assert file_name("x1") == "x1" and file_name("param.layers.0.weight") == "param.layers.0.weight"


@pytest.mark.parametrize(
    "name", ["conv1/w", "..", "a\0b", "w" * 300, "γ\n", "\x1b[2J", "[/]", "CON", "'; rm -rf /"]
)
def test_results_of_hostile_names(desk, name):
    """A result called `conv1/w`, `..`, or 300 letters long: its bundle shows it again."""
    desk.file("named.py", f"def named(x):\n    return {{{name!r}: 3 * x}}\n")
    answers = lambda x: {name: 2 * x}  # noqa: E731
    desk.recorded("named.py:named", "x -> 2x", "n,3", answers=answers)
    came = desk.run(*crosscheck("named.py:named"), code=1, says="replay:")
    assert "\x1b" not in came.out
    (bundle,) = (desk.folder / "parity-bundles").iterdir()
    assert len(list((bundle / "python").iterdir())) == 2  # the result, the argument afterwards
    program = subprocess.run(
        [sys.executable, str(bundle / "repro.py")], capture_output=True, timeout=60
    )
    assert program.returncode == 0 and b"julia" in program.stdout, program.stderr
    desk.run("explain", bundle, code=1, says="differ in meaning")


def test_a_pair_of_a_hostile_name(desk):
    """A pair whose own name, or whose file's, holds blanks, brackets, quotes."""
    for stem in ("a b", "[bold]", "it's", "-x", "$(touch gone)", "a;b"):
        desk.file(f"{stem}.py", "def triple(x):\n    return 3 * x\n")
        desk.recorded(
            f"{stem}.py:triple", "x -> 2x", "n,3", answers=lambda x: 2 * x, out=f"{stem}.npz"
        )
        place = f"./{stem}.py:triple"
        came = desk.run(
            "crosscheck",
            place,
            "x -> 2x",
            "--shape",
            "n,3",
            "--recording",
            f"./{stem}.npz",
            "--bundle",
            f"./{stem} bundles",
            code=1,
            says="replay:",
        )
        line = next(line for line in came.out.splitlines() if line.startswith("replay:"))
        again = subprocess.run(
            ["/bin/sh", "-c", line.removeprefix("replay: ").replace("julia-parity", COMMAND, 1)],
            cwd=desk.folder,
            env=desk.environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert again.returncode == 1 and "differ in meaning" in again.stdout, again.stderr
    assert not (desk.folder / "gone").exists()


def test_a_page_of_a_test_run_that_cannot_be_written(pytester):
    """`pytest --parity-html` into nowhere: told at the end of the run, which has failed."""
    pytester.makepyfile("def test_nothing(): pass\n")
    done = pytester.runpytest_subprocess("--parity-html", "/proc/nowhere/page.html", timeout=60)
    text = "\n".join([*done.outlines, *done.errlines])
    assert "cannot be written" in text and "INTERNALERROR" not in text and done.ret != 0


def test_nothing_is_written_in_place():
    """No code of the toolkit writes a file but through `pyimpl/files/disk.py`."""
    import ast

    root = Path(disk.__file__).parents[1]
    allowed = {
        "files/disk.py",
        "files/state_files.py",  # HDF5 writes by itself
        "parity/command/streams.py",  # standard streams
        "parity/experiments/mnist.py",  # a download that goes on where it was cut off
        "parity/catalogue/compiled.py",  # Julia packages in the cache, marked when whole
    }
    wrong = []
    for path in sorted(root.rglob("*.py")):
        if path.relative_to(root).as_posix() in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "attr", getattr(called, "id", ""))
            if name in ("write_text", "write_bytes") and isinstance(called, ast.Attribute):
                if getattr(called.value, "id", "") != "disk":
                    wrong.append(f"{path.relative_to(root)}:{node.lineno} {name}")
            if name in ("savez", "savez_compressed", "savetxt", "to_csv"):
                wrong.append(f"{path.relative_to(root)}:{node.lineno} {name}")
            if name in ("load", "loads") and getattr(getattr(called, "value", None), "id", "") in (
                "np",
                "numpy",
                "pickle",
                "marshal",
                "torch",
            ):
                wrong.append(f"{path.relative_to(root)}:{node.lineno} {name}")
    assert not wrong, "\n".join(wrong)


def test_the_directory_is_gone(doubled):
    """The directory in which the command is started was removed."""
    here = doubled.folder / "here"
    here.mkdir()
    process = subprocess.Popen(
        ["/bin/sh", "-c", '/bin/rmdir "$PWD" && exec "$0" "$@"', COMMAND, *crosscheck()],
        cwd=here,
        env=doubled.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = process.communicate(timeout=120)
    assert process.returncode == 2 and b"directory in which it was started" in err, (out, err)
