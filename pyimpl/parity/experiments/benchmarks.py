"""Speed of whole training steps, as ratios between contenders that are measured in one run.

Every Python contender runs in a process of its own with one thread; the rounds of all contenders
take turns, and the best of each counts, so that a busy machine slows all of them alike.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

from ..reference.find_julia import julia_sources
from ..reference.live import LiveJulia, NoJulia, choose
from . import training_steps

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
CONTENDERS = {"numpy": "numpy", "torch": "torch"}  # contender -> the module that it needs
ROUND_SECONDS = 0.25


@dataclass(frozen=True)
class Result:
    """The best time of a contender, None where it could not run."""

    contender: str
    seconds: float | None
    note: str  # its version, or why it could not run


class Contender:
    """A Python contender in its own process."""

    def __init__(self, name: str, experiment: str):
        self.name = name
        command = [sys.executable, "-m", __name__, name, experiment]
        environment = os.environ | ONE_THREAD
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def seconds(self, steps: int) -> float:
        """Seconds per step of one round."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the contender {self.name} ended: see above")
        return float(answer)

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def serve(contender: str, experiment: str) -> None:
    """Answer every number of steps on standard input with the seconds per step.

    Runs in a process of its own.
    """
    if contender == "torch":
        import torch

        torch.set_num_threads(1)
    step = getattr(training_steps, f"{contender}_{experiment}")()
    for _ in range(20):
        step()
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line)):
            step()
        print((time.perf_counter() - start) / int(line), flush=True)


def measure(experiments: Iterable[str], rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """The best of `rounds` rounds of every contender, experiment by experiment."""
    julia, missing = None, ""
    try:
        julia = LiveJulia(choose(may_download=False), julia_sources() / "benchmark.jl").__enter__()
    except NoJulia as problem:
        missing = str(problem).splitlines()[0]
    try:
        for experiment in experiments:
            yield experiment, _measure(experiment, rounds, julia, missing)
    finally:
        if julia is not None:
            julia.__exit__()


def _measure(experiment: str, rounds: int, julia: LiveJulia | None, missing: str) -> list[Result]:
    contenders = {
        name: Contender(name, experiment)
        for name, module in CONTENDERS.items()
        if find_spec(module)
    }
    clocks = {name: contender.seconds for name, contender in contenders.items()}
    if julia is not None:
        clocks["flux"] = lambda steps: float(julia.call("seconds_per_step", experiment, steps))
    steps = {name: max(5, int(ROUND_SECONDS / seconds(10))) for name, seconds in clocks.items()}
    best = {name: float("inf") for name in clocks}
    for _ in range(rounds):
        for name, seconds in clocks.items():
            best[name] = min(best[name], seconds(steps[name]))
    for contender in contenders.values():
        contender.stop()
    results = [
        Result(name, best[name], f"{module} {version(module)}")
        if name in best
        else Result(name, None, f"{module} is not installed")
        for name, module in CONTENDERS.items()
    ]
    if julia is None:
        return [*results, Result("flux", None, missing)]
    versions = ", ".join(f"{name} {julia.versions[name]}" for name in ("Flux", "Julia", "Zygote"))
    return [*results, Result("flux", best["flux"], versions)]


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2])
