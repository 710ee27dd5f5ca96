"""What the trials share: a directory with a pair of the user's, a recording of it, and the command.

A trial is a real attempt on the tool: a damaged file, a hostile name, code that does not play fair.
It is survived where the tool says in plain words what is wrong, with the exit code that stands for
it: never a traceback, a hang, a lost file, a wrong verdict, code that ran because data said so.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pyimpl.parity import arrays
from pyimpl.parity.pair.asked import record_pair
from pyimpl.parity.pair.checking import check_pair
from pyimpl.parity.pair.held_against import Taped
from pyimpl.parity.pair.loading import load_subject, parse_julia
from pyimpl.parity.pair.pair import make_pair
from pyimpl.parity.sides.frameworks import side_of

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("julia-parity"))
LONGEST = 120  # seconds
VERSIONS = {"Flux": "0.16.9", "Julia": "1.10.8", "NNlib": "0.9.36", "Zygote": "0.7.12"}


@dataclass
class Survived:
    """What came of a command: its exit code, and what it said."""

    code: int
    out: str
    err: str

    def __str__(self):
        return f"exit code {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


def _text(said: bytes) -> str:
    return said.decode(errors="surrogateescape")


class Session:
    """Julia's part, spoken by a Python function."""

    manner = "interpreted"

    def __init__(self, answers, versions):
        self._side, self.versions = side_of(answers), versions

    def describe(self, side) -> str:
        """What Julia makes of the expression."""
        return "model" if self._side.is_model else "function"

    def shapes(self, side) -> dict[str, tuple[int, ...]]:
        """Of the model's arrays."""
        return {name: array.shape for name, array in self._side.parameters().items()}

    def evaluate(self, side, layout, cases):
        """One outcome per case."""
        return iter([self._side.evaluate(case) for case in cases])


# Processes that begin where the libraries are loaded already. What the command reads of its
# surroundings when it begins, its console for example, is loaded by each.
WARM = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
if os.name == "posix":
    WARM.set_forkserver_preload(
        ["typer.rich_utils", "pyimpl.parity.crosschecking", "pyimpl.parity.report.page"]
    )


def _begun(arguments, folder, environment, out, err):
    """The command in a process of its own that has begun already: see `WARM`."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for handle, path in enumerate((os.devnull, out, err)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), handle)
    sys.argv = ["julia-parity", *arguments]
    from pyimpl.parity.command.verbs import run_verb

    sys.exit(run_verb(arguments))


@dataclass
class Desk:
    """A user's directory, in which there is no Julia.

    `warm`: whether its commands need not begin at the very beginning, in a new interpreter, nor be
    waited for by a process of their own.
    """

    folder: Path
    warm: bool = True

    def file(self, name: str, text: str | bytes) -> Path:
        """Write a file of the user's."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def environment(self, **changes: str) -> dict[str, str]:
        """Of a machine without Julia; what is inherited is what the tests run with."""
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ}
        return (
            kept
            | {
                "PATH": str(self.folder / "bin"),
                "HOME": str(self.folder / "home"),
                "PYTHONPATH": str(ROOT),
                "PYTHON_JULIAPKG_OFFLINE": "yes",
                "PYTHON_JULIAPKG_PROJECT": str(self.folder / "juliapkg"),
                "COLUMNS": "140",
                "PYTHONDONTWRITEBYTECODE": "1",  # a full disk would cut off our own
            }
            | changes
        )

    def start(self, *arguments: object, environment=None, **options) -> subprocess.Popen:
        """The command, begun."""
        return subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment(**(environment or {})),
            stdin=subprocess.DEVNULL,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options,
        )

    def _run(self, *arguments: object, **options) -> Survived:
        process = self.start(*arguments, **options)
        try:
            out, err = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise AssertionError(f"{arguments} hangs") from None
        return Survived(process.returncode, *(_text(said or b"") for said in (out, err)))

    def _run_warm(self, *arguments: object) -> Survived:
        with tempfile.TemporaryDirectory() as said:
            outlets = [Path(said) / name for name in ("out", "err")]
            given = [*map(str, arguments)], self.folder, self.environment(), *outlets
            process = WARM.Process(target=_begun, args=given)
            process.start()
            process.join(LONGEST)
            if process.is_alive():
                process.kill()
                raise AssertionError(f"{arguments} hangs")
            return Survived(process.exitcode, *(_text(path.read_bytes()) for path in outlets))

    def run(self, *arguments: object, code=None, says=(), **options) -> Survived:
        """The command, and what came of it. Fails on a traceback, on another exit code than one of
        `code`, and where a text of `says` is not there.
        """
        warm = self.warm and not options
        came = (self._run_warm if warm else self._run)(*arguments, **options)
        assert "Traceback" not in came.out + came.err, str(came)
        if code is not None:
            assert came.code in ((code,) if isinstance(code, int) else code), str(came)
        for text in (says,) if isinstance(says, str) else says:
            assert text in came.out + came.err, f"{text!r} is missing in\n{came}"
        return came

    def recorded(
        self,
        python: str,
        julia: str,
        *shapes: str,
        answers=None,
        out: str = "julia.npz",
        versions=VERSIONS,
        cases: int = 12,
        inputs=None,
        **options,
    ) -> Path:
        """A recording of a pair as `crosscheck --record` makes it; what Julia says is what
        `answers`, a Python function, gives.
        """
        place = f"{self.folder / python}"
        subject = load_subject(place)
        beside = str(self.folder / julia) if ".jl:" in julia else julia
        file, expression = parse_julia(beside)
        pair = make_pair(
            subject,
            expression,
            inputs if inputs is not None else arrays(*shapes),
            file=file,
            name=python.rpartition(":")[2],
            origin=place,
            **options,
        )
        julia_side = Taped(Session(answers or subject, versions))  # type: ignore[arg-type]
        result = check_pair(pair, julia_side, count=cases)
        path = self.folder / out
        record_pair(
            path,
            pair,
            julia_side.tape(result),
            ("float64", "float32"),
            {"versions": versions, "made": "2026-11-26", "draws": {"cases": cases, "seed": 0}},
        )
        return path


def crosscheck(python="double.py:double", julia="x -> 2x", *options: str) -> list[str]:
    """The command line of a check of a pair against its recording."""
    given = [] if {"--inputs", "--shape"} & set(options) else ["--shape", "n,3"]
    return ["crosscheck", python, julia, *given, "--recording", "julia.npz", *options]
