"""Silent success: code of the user's that would decide what becomes of the run.

It may raise anything, end the process, crash, change the directory, close the streams, fork, catch
Ctrl-C, or leave threads behind. No verdict is 0 or 1 that the check itself has not come to: what
ends the run is told, with 2 (the file cannot be loaded) or 3 (there is no verdict).
"""

import os
import signal
import sys
import threading
import time

import numpy as np
import pytest
from faults.trials import Desk, crosscheck

from pyimpl.parity.case.case import Case
from pyimpl.parity.sides.frameworks import side_of
from pyimpl.parity.sides.guard import Ended, guarded

WHEN_LOADED = {
    "SystemExit(0)": "raise SystemExit(0)",
    "sys.exit of a text": "import sys\nsys.exit('all agree')",
    "os._exit(0)": "import os\nos._exit(0)",
    "an os._exit that was kept": "from os import _exit\n_exit(0)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "a BaseException of its own": "class Mine(BaseException): pass\nraise Mine('no')",
    "GeneratorExit": "raise GeneratorExit",
    "an exception whose text raises": (
        "class Odd(Exception):\n    def __str__(self): raise SystemExit(0)\nraise Odd"
    ),
    "text of 10 MB": "raise ValueError('x' * 10_000_000)",
    "a syntax error": "def double(x: return",
    "a null byte": "x = 1\0",
    "no UTF-8": b"x = '\xff\xfe'\n",
    "recursion": "def f(): f()\nf()",
}


@pytest.fixture
def desk(desk) -> Desk:
    """A user's directory, whose commands begin in a new interpreter."""
    desk.warm = False
    return desk


@pytest.mark.parametrize("what", WHEN_LOADED)
def test_a_file_that_ends_the_run_when_it_is_loaded(doubled, what):
    """A file with `raise SystemExit(0)`, `os._exit(0)`, an exception whose text raises."""
    content = WHEN_LOADED[what]
    rest = b"\ndef double(x): return 2 * x\n"
    doubled.file("double.py", (content if isinstance(content, bytes) else content.encode()) + rest)
    came = doubled.run(*crosscheck(), code=2, says="double.py cannot be imported")
    assert len(came.err) < 6000


NEVER = {
    "os.abort()": "import os; os.abort()",
    "a crash": "import ctypes; ctypes.string_at(1)",
    "SIGKILL": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "the real os._exit": "import posix; posix._exit(0)",
    "os.execv": "import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'pass'])",
    "_exit of the C library": "import ctypes; ctypes.CDLL(None)._exit(0)",
}


@pytest.mark.parametrize("what", NEVER)
@pytest.mark.parametrize("when", ["loaded", "called"])
def test_code_that_no_guard_can_hold(doubled, what, when):
    """A crash in compiled code, `abort`, an exit of the C library, another program in our place."""
    inside = f"    {NEVER[what]}\n" if when == "called" else ""
    before = f"{NEVER[what]}\n" if when == "loaded" else ""
    doubled.file("double.py", f"{before}def double(x):\n{inside}    return 2 * x\n")
    came = doubled.run(*crosscheck(), code=3, says="there is no verdict")
    assert "agrees" not in came.out


def test_a_thread_that_ends_the_process(doubled):
    """A thread of the user's crashes the process while the check goes on."""
    doubled.file(
        "double.py",
        "import os, posix, threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(.05), posix._exit(0)), daemon=True).start()\n"
        "def double(x):\n    time.sleep(.05)\n    return 2 * x\n",
    )
    doubled.run(*crosscheck(), code=3, says="there is no verdict")


WHEN_CALLED = {
    "os._exit(0)": ("import os\n    os._exit(0)", 3),
    "SystemExit(0)": ("raise SystemExit(0)", 1),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", 3),
    "a BaseException": ("raise GeneratorExit", 1),
    "an exception whose text raises": (
        "E = type('E', (Exception,), {'__str__': lambda self: 1 / 0})\n    raise E()",
        1,
    ),
    "text of 10 MB": ("raise ValueError('x' * 10_000_000)", 1),
    "markup and control characters": ("raise ValueError('[/] \\x1b[2J [bold]')", 1),
}


@pytest.mark.parametrize("what", WHEN_CALLED)
def test_a_function_that_ends_the_run_when_it_is_called(doubled, what):
    """A function that calls `os._exit(0)`, `sys.exit`, or raises what is no Exception."""
    line, code = WHEN_CALLED[what]
    doubled.file("double.py", f"def double(x):\n    {line}\n")
    came = doubled.run(*crosscheck(), code=code)
    assert "agrees" not in came.out and len(came.out) < 40_000 and "\x1b" not in came.out + came.err


BENDING = {
    "another directory": "os.chdir('/')",
    "a directory that goes": "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')",
    "a closed sys.stdout": "sys.stdout.close()",
    "closed handles": "os.close(1); os.close(2)",
    "another file as handle 1": "os.close(1); open('taken', 'w')",
    "all handles closed": "os.closerange(0, 3)",
    "another sys.stdout": "sys.stdout = sys.stderr = io.StringIO()",
    "no sys.stdout": "sys.stdout = None; sys.stderr = None",
    "no alarm": "signal.signal(signal.SIGALRM, signal.SIG_IGN); signal.alarm(0)",
    "a fork": "os.fork()",
    "warnings as errors": "warnings.simplefilter('error'); np.seterr(all='raise')",
    "a thread left behind": "threading.Thread(target=lambda: time.sleep(600)).start()",
    "atexit": "atexit.register(lambda: posix._exit(0))",
    "print hijacked": "builtins.print = None",
    "noise": "print('agrees ' * 3); sys.stderr.write('\\x1b[31m')",
}


@pytest.mark.parametrize("what", BENDING)
def test_a_function_that_bends_the_process(desk, what):
    """A changed directory, closed or replaced streams, a fork, threads left behind: the finding is
    told once, its bundle is written where it belongs, the exit code is that of the verdict.
    """
    modules = "atexit, builtins, io, os, posix, signal, sys, threading, time, warnings"
    desk.file("double.py", "def double(x):\n    return 3 * x\n")
    desk.recorded("double.py:double", "x -> 2x", "n,3", answers=lambda x: 2 * x, cases=4)
    desk.file(
        "double.py",
        f"import {modules}\nimport numpy as np\ncalls = 0\ndef double(x):\n    global calls\n"
        f"    calls += 1\n    if calls == 3:\n        {BENDING[what]}\n    return 3 * x\n",
    )
    start = time.monotonic()
    came = desk.run(*crosscheck(), code=1, says="replay: julia-parity explain parity-bundles/")
    assert came.out.count("differ in meaning") == 1 and time.monotonic() - start < 60
    (bundle,) = (desk.folder / "parity-bundles").iterdir()
    assert (bundle / "story.txt").is_file()


def test_ctrl_c_that_is_swallowed(doubled):
    """Ctrl-C while the user's code catches everything, for ever: 130, and nothing is left over."""
    begun = []
    for caught in ("Exception", "BaseException", "KeyboardInterrupt"):
        doubled.file(
            f"{caught}.py",
            "import time\ndef double(x):\n    print('begun', flush=True)\n    while True:\n"
            f"        try:\n            time.sleep(0.01)\n        except {caught}:\n"
            "            pass\n",
        )
        begun.append(doubled.start(*crosscheck(f"{caught}.py:double")))
    for process in begun:
        assert process.stdout is not None
        while b"begun" not in process.stdout.readline():
            assert process.poll() is None
    time.sleep(0.2)
    for process in begun:
        process.send_signal(signal.SIGINT)
    for process in begun:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130, (out, err)
        assert b"agrees" not in out and b"Traceback" not in err


def test_ctrl_c_that_is_taken_for_an_answer(doubled):
    """Ctrl-C that the user's code turns into a result: the run ends with 130 all the same."""
    doubled.file(
        "double.py",
        "import time\ndef double(x):\n    print('begun', flush=True)\n    try:\n"
        "        time.sleep(5)\n    except KeyboardInterrupt:\n        pass\n    return 2 * x\n",
    )
    process = doubled.start(*crosscheck())
    assert process.stdout is not None
    while b"begun" not in process.stdout.readline():
        assert process.poll() is None
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and b"agrees" not in out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_the_command_is_ended_from_outside(doubled, number):
    """SIGTERM, SIGHUP or SIGKILL for the command: the process with the user's code ends, too."""
    doubled.file(
        "double.py",
        "import os, time\ndef double(x):\n    print('pid', os.getpid(), flush=True)\n"
        "    time.sleep(50)\n",
    )
    process = doubled.start(*crosscheck())
    assert process.stdout is not None
    line = b""
    while not line.startswith(b"pid"):
        line = process.stdout.readline()
        assert process.poll() is None
    child = int(line.split()[1])
    assert child != process.pid
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode not in (0, 1)
    for _ in range(100):
        if not alive(child):
            break
        time.sleep(0.1)
    else:
        raise AssertionError("the process with the user's code is left over")


def alive(process: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_time_limit_that_is_swallowed():
    """A loop that catches everything, with a time limit: it is left all the same."""

    def stubborn(x):
        while True:
            try:
                time.sleep(0.01)
            except BaseException:  # noqa: B036
                pass

    case = Case("f", {}, {"x1": np.ones(2)}, "function")
    start = time.monotonic()
    outcome = side_of(stubborn, seconds=0.3).evaluate(case)
    assert outcome.lost and "gave no answer" in outcome.error and time.monotonic() - start < 10


@pytest.mark.parametrize("seconds", ["inf", "nan", "1e300", "-1", "0"])
def test_a_time_limit_that_is_none(doubled, seconds):
    """`--seconds inf`, `nan`, beyond what a timer can count: wrong usage, and no disagreement."""
    doubled.run(*crosscheck("double.py:double", "x -> 2x", "--seconds", seconds), code=2)


CALLABLES = {
    "holds a lock": (
        "import threading\nclass F:\n    def __init__(self): self.lock = threading.Lock()\n"
        "    def __call__(self, x):\n        with self.lock: return 2 * x\ndouble = F()\n",
        0,
    ),
    "holds an open file": (
        "class F:\n    def __init__(self): self.file = open(__file__)\n"
        "    def __call__(self, x): return 2 * x\ndouble = F()\n",
        0,
    ),
    "cannot be copied": (
        "class F:\n    def __deepcopy__(self, memo): raise SystemExit(0)\n"
        "    def __call__(self, x): return 2 * x\ndouble = F()\n",
        (0, 1, 2, 3),
    ),
    "has properties that raise": (
        "class F:\n    @property\n    def forward(self): raise SystemExit(0)\n"
        "    def __call__(self, x): return 2 * x\ndouble = F()\n",
        (2, 3),
    ),
    "has a text that raises": (
        "class F:\n    def __repr__(self): raise SystemExit(0)\ndouble = F()\n",
        (2, 3),
    ),
    "is a generator": ("def double(x):\n    yield 2 * x\n", 1),
    "gives itself": ("def double(x):\n    return double\n", 1),
    "gives a list in itself": ("def double(x):\n    y = []\n    y.append(y)\n    return y\n", 1),
    "gives a masked array": (
        "import numpy as np\ndef double(x):\n    return np.ma.masked_less(2 * x, 0)\n",
        1,
    ),
    "gives 10 MB of text": ("def double(x):\n    return 'x' * 10**7\n", 1),
    "gives None": ("def double(x):\n    return None\n", 1),
}


@pytest.mark.parametrize("what", CALLABLES)
def test_an_odd_callable(doubled, what):
    """A callable that holds a lock, whose properties or text raise, that gives itself, ..."""
    source, code = CALLABLES[what]
    doubled.file("double.py", source)
    came = doubled.run(*crosscheck(), code=code)
    if what in ("has properties that raise", "has a text that raises"):
        assert "agrees" not in came.out


def test_a_factory_that_raises(doubled):
    """`my.py:Net()` that raises, or ends the process, is wrong usage and no disagreement."""
    for line in ("raise ValueError('no net')", "raise SystemExit(0)", "import os; os._exit(0)"):
        doubled.file("net.py", f"def Net():\n    {line}\n")
        doubled.run(*crosscheck("net.py:Net()"), code=2, says="net.py")


def test_a_lock_is_shared_and_nothing_else():
    """What one call leaves in a subject does not meet the next, whatever part cannot be copied."""

    class Counting:
        def __init__(self):
            self.lock, self.seen = threading.Lock(), []

        def __call__(self, x):
            self.seen.append(1)
            return x * len(self.seen)

    case = Case("f", {}, {"x1": np.ones(2)}, "function")
    side = side_of(Counting())
    assert [side.evaluate(case).arrays["y"][0] for _ in range(3)] == [1.0, 1.0, 1.0]


def test_the_guard_leaves_all_as_it_was(tmp_path, monkeypatch):
    """In a process that is not ours, a test run say, all is afterwards as it was before."""
    monkeypatch.chdir(tmp_path)
    streams, handler = (sys.stdin, sys.stdout, sys.stderr), signal.getsignal(signal.SIGINT)
    really = os._exit
    for number in range(50):
        with pytest.raises(Ended, match=r"os\._exit\(7\)"), guarded():
            os.chdir("/")
            sys.stdout.close()
            os._exit(7)
        with guarded():
            os.close(0) if number == 3 else None
    assert os.getcwd() == str(tmp_path) and (sys.stdin, sys.stdout, sys.stderr) == streams
    assert signal.getsignal(signal.SIGINT) is handler and os._exit is really
    assert not sys.stdout.closed
    os.fstat(0)
    with pytest.raises(Ended, match="nobody has pressed Ctrl-C"), guarded():
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), guarded():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
        except KeyboardInterrupt:
            pass


def test_handles_do_not_leak():
    """A thousand calls leave no handle open."""
    case = Case("f", {}, {"x1": np.ones(2)}, "function")
    side = side_of(lambda x: x)
    side.evaluate(case)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(1000):
        side.evaluate(case)
    assert len(os.listdir("/proc/self/fd")) == before
