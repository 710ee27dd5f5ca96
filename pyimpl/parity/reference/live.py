"""The Julia side, live: a supervised worker process in which Julia runs.

A crash or a hang of Julia costs one case: it comes back as lost, its inputs are saved, the worker
is started again, and the cases after it go on. Julia never shares a process with pytest or with
another library's runtime.

Julia compiles the package on its first start, for minutes, and anew wherever a file has another
place or time stamp. So the package is copied to the user's cache, to a place named after its
content, and every checkout and environment with the same content starts quickly.
"""

import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import takewhile
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any, Protocol

from platformdirs import user_cache_path

from ...files.disk import Unwritable, file_name, packed_arrays, write_bytes, write_text
from ..case.case import Case, Outcome
from ..case.names import Arrays, Name
from ..progress import busy
from .find_julia import JULIAPKG, Installed, julia_sources, ways

WORKER = Path(__file__).with_name("worker.py")
START_SECONDS = 3600  # juliapkg may have to download Julia, and Julia to compile Flux
CASE_SECONDS = 300
ATTEMPTS = 3
TAIL = 8  # lines of what Julia wrote that a message shows
STAMP = 1_600_000_000  # any fixed time


class NoJulia(Exception):
    """No live reference can be had; the message says why and what to do."""


def choose(may_download: bool) -> Installed:
    """The first way to a live Julia that is ready; juliapkg's download only if `may_download`.

    Raises NoJulia.
    """
    tried = []
    for way in ways():
        if way.ready or (may_download and way.downloads):
            return way
        tried.append(f"  {way.way}: {way.problem}\n    remedy: {way.remedy}")
    raise NoJulia("no live Julia is ready:\n" + "\n".join(tried))


def cached_package() -> Path:
    """The Julia package's copy in the user's cache, made where there is none or where it is
    damaged.

    Its name and its time stamps depend on its content alone.
    """
    sources = julia_sources()
    code = [path for folder in ("src", "ext") for path in (sources / folder).rglob("*.jl")]
    files = [sources / "Project.toml", *sorted(code)]
    content = hashlib.sha256()
    for path in files:
        content.update(str(path.relative_to(sources)).encode() + b"\0" + path.read_bytes() + b"\0")
    cached = user_cache_path("julia-parity") / f"JuliaParity-{content.hexdigest()[:16]}"
    for path in files:
        copy = cached / path.relative_to(sources)
        if not copy.is_file() or copy.read_bytes() != path.read_bytes():
            _copy(path, copy)
    return cached


def _copy(path: Path, copy: Path) -> None:
    """A copy with the fixed time stamp, which appears as a whole: others may be looking."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=copy.parent)
    os.close(handle)
    shutil.copyfile(path, unfinished)
    os.utime(unfinished, (STAMP, STAMP))
    os.replace(unfinished, copy)


class Compiled(Protocol):
    """Rows of the catalogue that were compiled ahead: the Julia package that holds them."""

    @property
    def name(self) -> str:
        """Of the package."""
        ...

    @property
    def uuid(self) -> str:
        """Of the package."""
        ...

    def forget(self) -> None:
        """It is there, but cannot be used."""
        ...


class LiveJulia:
    """Evaluates cases with real Julia. Use as a context manager.

    `subject`: the Julia module whose functions are called, `JuliaParity` for the catalogue or
    `JuliaParity.UserPair`, or a Julia file that is loaded in its place. `interpreted`: whether code
    that is not compiled yet is interpreted: a first answer comes in a tenth of the time, later ones
    take longer. `groups`: what was compiled ahead and is to be loaded. `attempts`: how many losses
    in a row end it. Raises NoJulia on entering where Julia does not start, with what it said.
    """

    name = "live"

    def __init__(
        self,
        installed: Installed,
        subject: str | Path = "JuliaParity",
        *,
        interpreted: bool = False,
        groups: Sequence["Compiled"] = (),
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
        case_seconds: float = CASE_SECONDS,
        attempts: int = ATTEMPTS,
    ):
        self.installed = installed
        self.subject = subject
        self.interpreted = interpreted
        self.groups = list(groups)
        self.damaged: list[Compiled] = []  # of the groups, those that could not be loaded
        self._environment = dict(environment or {})
        self.case_seconds = case_seconds
        self.attempts = attempts
        self.saved = Path(tempfile.gettempdir()) / "julia-parity-lost"
        self.versions: dict[str, str] = {}
        self.julia_seconds = self.bridge_seconds = (
            0.0  # spent in Julia's functions, and on taking arrays there and back
        )
        self._command = list(command or [sys.executable, "-P", str(WORKER)])
        self._process: subprocess.Popen | None = None
        self._connection: Connection | None = None
        handle, path = tempfile.mkstemp(prefix="julia-parity-", suffix=".log")
        self._log, self._log_path = os.fdopen(handle, "ab"), Path(path)
        self._closed = False
        self._batch = 0

    @property
    def manner(self) -> str:
        """How it evaluates: interpreted or compiled."""
        return "interpreted" if self.interpreted else "compiled"

    def __enter__(self) -> "LiveJulia":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._closed = True
        self._stop()
        self._log.close()
        self._log_path.unlink(missing_ok=True)

    def _start(self) -> None:
        if self.installed.downloads:  # another worker may have installed it since
            self.installed = next(
                (way for way in ways() if way.way == self.installed.way), self.installed
            )
        key = secrets.token_bytes(16)
        environment = os.environ | self.installed.environment | self._environment
        environment |= {
            "JULIA_PARITY_KEY": key.hex(),
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONUNBUFFERED": "1",
        }
        if self.installed.way == JULIAPKG:  # which chooses a Julia of its own
            for name in ("PYTHON_JULIACALL_EXE", "PYTHON_JULIACALL_PROJECT"):
                environment.pop(name, None)
            environment["JULIA_PARITY_JULIAPKG"] = "install" if self.installed.downloads else "use"
        package = cached_package()
        # What Julia compiles for us stays with us: it has one place for all versions of a package,
        # where another checkout would overwrite it, and what an interpreting Julia leaves there
        # would slow down the user's own.
        depot = package / ("depot-interpreted" if self.interpreted else "depot")
        environment["JULIA_PARITY_DEPOT"] = str(depot)
        if self.interpreted:
            environment["PYTHON_JULIACALL_COMPILE"] = "min"
        elif isinstance(self.subject, str):
            environment["PYTHON_JULIACALL_OPTIMIZE"] = (
                "1"  # many small cases, each compiled: the lower level halves that time
            )
        with busy("starting") as step, Listener(authkey=key) as listener:
            command = [*self._command, str(listener.address), str(package), str(self.subject)]
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
            )
            self._connection = self._accept(listener)
            answer = self._started(step)
        if answer is None or answer[0] != "ready":
            said = answer[1] if answer else "it ended or gave no answer"
            tail = self._tail()
            self._stop()
            raise NoJulia(
                f"Julia ({self.installed.where}) did not start: {said}{tail}\n  `julia-parity "
                "doctor` tells what was found"
            )
        self.versions = dict(answer[1])
        with busy("loading compiled rows"):
            for group in list(self.groups):
                if not self.call("load_group", group.name, group.uuid):
                    group.forget()
                    self.groups.remove(group)
                    self.damaged.append(group)

    def _started(self, step: Callable[..., None]) -> Any:
        """What the worker says once Julia has started, or has not; None where it says nothing.
        Tells what it is busy with.
        """
        assert self._connection is not None
        deadline = time.monotonic() + START_SECONDS
        installing = (
            "juliapkg installs Julia's packages, which takes minutes"
            if self.installed.downloads
            else ""
        )
        while time.monotonic() < deadline:
            step(detail=next(reversed(self._lines()), installing)[:80] or installing)
            try:
                if self._connection.poll(0.2):
                    return self._connection.recv()
            except (EOFError, OSError):
                return None
        return None

    def _accept(self, listener: Listener) -> Connection:
        """The worker's connection; gives up as soon as the worker has ended without one."""
        import threading

        accepted: list[Connection] = []
        waiting = threading.Thread(target=lambda: accepted.append(listener.accept()), daemon=True)
        waiting.start()
        while waiting.is_alive():
            waiting.join(0.1)
            if (
                self._process is not None
                and self._process.poll() is not None
                and waiting.is_alive()
            ):
                tail = self._tail()
                self._process = None
                raise NoJulia(f"the Julia worker ended before it could connect{tail}")
        return accepted[0]

    def _receive(self, seconds: float):
        """The worker's next message; None if it crashed or stays silent."""
        assert self._connection is not None
        try:
            return self._connection.recv() if self._connection.poll(seconds) else None
        except (EOFError, OSError):
            return None

    def _lines(self) -> list[str]:
        """What Julia has written of late."""
        with self._log_path.open(
            "rb"
        ) as log:  # a handle of its own: the worker writes on where it was
            log.seek(max(0, log.seek(0, os.SEEK_END) - 20000))
            return log.read().decode(errors="replace").strip().splitlines()

    def _tail(self) -> str:
        """The last error in it, without its stack trace; where there is none, the last lines."""
        lines = self._lines()
        errors = [i for i, line in enumerate(lines) if line.startswith("ERROR:")]
        if errors:
            lines = list(
                takewhile(lambda line: not line.startswith("Stacktrace:"), lines[errors[-1] :])
            )[:TAIL]
        return "".join(f"\n  | {line}" for line in lines[-TAIL:])

    def _stop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            try:
                self._process.wait(2)
            except subprocess.TimeoutExpired:
                pass
            self._kill()
            self._process = None

    def _kill(self) -> None:
        """End the worker and whatever it has started: a Julia that installs packages is a process
        of its own.
        """
        assert self._process is not None
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()

    def evaluate_many(self, cases: Sequence[Case]) -> Iterator[Outcome]:
        """One outcome per case, in order.

        Survives crashes and hangs; gives up on the rest after a few that follow one another.
        """
        done = failures = 0
        while done < len(cases):
            if failures >= self.attempts or self._closed:
                for _ in cases[done:]:
                    often = f"{failures} times in a row" if failures > 1 else "before"
                    yield Outcome(error=f"not evaluated: Julia was lost {often}", lost=True)
                return
            try:
                batch = self._ask(cases[done:])
            except (OSError, NoJulia) as failure:
                self._stop()
                failures += 1
                if failures >= self.attempts:
                    yield Outcome(error=f"Julia could not be started again: {failure}", lost=True)
                    done += 1
                continue
            while done < len(cases):
                message = self._answer_of(batch)
                if message is None:
                    yield self._lost(cases[done])
                    done, failures = done + 1, failures + 1
                    break
                failures = 0
                yield self._entered(message)
                done += 1

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of one case.

        Raises NoJulia where Julia does not start, crashes or gives no answer.
        """
        self._connected()  # that there is none is not the case's fault
        try:
            message = self._answer_of(self._ask([case]))
        except OSError:
            message = None
        if message is None:
            raise NoJulia(self._lost(case).error)
        return self._entered(message)

    def _connected(self) -> Connection:
        """The connection to the worker, started where there is none. Raises OSError and NoJulia."""
        if self._connection is None:
            self._start()
        assert self._connection is not None
        return self._connection

    def _ask(self, cases: Sequence[Case]) -> int:
        """Send cases to the worker, started where there is none; the number of the batch.

        Raises OSError and NoJulia.
        """
        connection = self._connected()
        self._batch += 1
        connection.send(("cases", (self._batch, [_written(case) for case in cases])))
        return self._batch

    def _entered(self, message: tuple) -> Outcome:
        """The outcome in an answer, whose times are added to the account."""
        outcome, julia, bridge = message
        self.julia_seconds, self.bridge_seconds = (
            self.julia_seconds + julia,
            self.bridge_seconds + bridge,
        )
        return _outcome(*outcome)

    def _answer_of(self, batch: int):
        """The next answer to a batch of cases; None if Julia crashed or stays silent. Those of a
        batch that nobody waits for any more are passed over.
        """
        while True:
            message = self._receive(self.case_seconds)
            if message is None or message[0] == batch:
                return message and message[1:]

    def call(self, name: str, *arguments: Any, watch: Any = None, seconds: float = 600) -> Any:
        """A function of the package or script. Arguments and answer: numbers, strings, arrays
        (their axes are reversed), dicts of them.

        `watch` is told progress (`step`) and what is said (`say`). Raises RuntimeError for an error
        in Julia, NoJulia where it is silent for `seconds` or ends.
        """
        self._connected().send(("call", [name, watch is not None, *arguments]))
        while True:
            answer = self._receive(seconds)
            if answer is not None and isinstance(answer[0], int):
                continue  # of a batch that nobody waits for any more
            if answer is None:
                tail = self._tail()
                self._stop()
                raise NoJulia(f"Julia gave no answer to {name}{tail}")
            kind, content = answer
            if kind == "answer":
                return content
            if kind == "raised":
                raise RuntimeError(f"{name} failed in Julia: {content}")
            if kind == "step":
                watch.step(*content)
            else:
                watch.say(content)

    def _lost(self, case: Case) -> Outcome:
        ended = self._process is not None and self._process.poll() is not None
        how = (
            "crashed"
            if ended or not self._alive()
            else f"gave no answer for {self.case_seconds:g} s"
        )
        path = self.saved / f"{file_name(case.row)}-{secrets.token_hex(4)}.npz"
        try:
            write_bytes(path, packed_arrays(_written(case)[3]))
            write_text(path.with_suffix(".txt"), f"{case}\n{case.config}\n")
            kept = f"the inputs are in {path}"
        except Unwritable as problem:
            kept = f"the inputs could not be kept: {problem}"
        if self._process is not None:
            self._kill()
        self._stop()
        said = self._tail() if how == "crashed" else ""
        return Outcome(error=f"Julia {how}; {kept}{said}", lost=True)

    def _alive(self) -> bool:
        """Whether the worker still runs: a crash is seen on the connection a little before the
        process is gone.
        """
        try:
            assert self._process is not None
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return True
        return False


def _written(case: Case) -> tuple[str, dict[str, Any], str, dict[str, Any]]:
    """The case as the worker takes it."""
    return (
        case.row,
        case.config,
        case.mode,
        {str(name): array for name, array in case.arrays.items()},
    )


def _outcome(arrays, nothing, error, mistake) -> Outcome:
    if error is not None:
        return Outcome(error=error, lost=mistake)
    return Outcome(Arrays(arrays), frozenset(map(Name.parse, nothing)))
