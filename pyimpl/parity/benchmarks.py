"""Speed of a whole training step, as ratios between contenders that are measured in one run.

Every Python contender runs in a process of its own with one thread; the rounds of all contenders take turns, and the best of each
counts, so that a busy machine slows all of them alike.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from .evaluators.find_julia import julia_sources
from .evaluators.live import LiveJulia, NoJulia, choose

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Result:
    """The best time of a contender, None where it could not run, and why or with which versions."""

    contender: str
    seconds: float | None
    note: str


def _data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((20, 6)).astype(np.float32), rng.standard_normal((20, 1)).astype(np.float32)


def numpy_step() -> tuple[Callable[[], None], str]:
    """A training step with pyimpl."""
    from pyimpl import Adam, BatchNorm, Chain, Dense, mse, setup, sigmoid, supervised, update, withgradient

    x, y = _data()
    model = Chain(Dense(6, 10, sigmoid), BatchNorm(10), Dense(10, 1))
    state, loss = setup(Adam(), model), supervised(mse)

    def step():
        _, gradients = withgradient(loss, model, x, y)
        update(state, model, gradients[0])

    return step, f"NumPy {np.__version__}"


def torch_step() -> tuple[Callable[[], None], str]:
    """A training step with PyTorch, eager."""
    import torch

    torch.set_num_threads(1)
    x, y = map(torch.from_numpy, _data())
    layers = (torch.nn.Linear(6, 10), torch.nn.Sigmoid(), torch.nn.BatchNorm1d(10), torch.nn.Linear(10, 1))
    model = torch.nn.Sequential(*layers)
    optimiser = torch.optim.Adam(model.parameters())

    def step():
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        optimiser.step()

    return step, f"PyTorch {torch.__version__}"


STEPS = {"numpy": numpy_step, "torch": torch_step}


def measure(contender: str, steps: int) -> None:
    """Answer every line on standard input with the seconds per step of one round. Runs in a process of its own."""
    step, versions = STEPS[contender]()
    for _ in range(50):
        step()
    print(versions, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(steps):
            step()
        print((time.perf_counter() - start) / steps, flush=True)


def regression_step(steps: int, rounds: int) -> Iterator[Result]:
    """Time the batch-normalised regression of 6-10-1 units with every contender there is."""
    present = ["numpy"] + (["torch"] if find_spec("torch") else [])
    command = [sys.executable, "-m", __name__]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": os.environ | ONE_THREAD}
    processes = {name: subprocess.Popen([*command, name, str(steps)], **pipes) for name in present}  # type: ignore[call-overload]
    versions = {name: process.stdout.readline().strip() for name, process in processes.items()}
    times: dict[str, list[float]] = {name: [] for name in present}
    try:
        julia: LiveJulia | None = LiveJulia(choose(may_download=False), script=julia_sources() / "benchmark.jl").__enter__()
        missing = ""
    except NoJulia as problem:
        julia, missing = None, str(problem).splitlines()[0]
    flux: list[float] = []
    for _ in range(rounds):
        for name, process in processes.items():
            process.stdin.write("\n")
            process.stdin.flush()
            times[name].append(float(process.stdout.readline()))
        if julia:
            flux.append(float(julia.call("seconds_per_step", steps, 1)))
    for process in processes.values():
        process.stdin.close()
        process.wait()
    for name in present:
        yield Result(name, min(times[name]), versions[name])
    if "torch" not in present:
        yield Result("torch", None, "PyTorch is not installed")
    if julia:
        yield Result("flux", min(flux), ", ".join(f"{name} {julia.versions[name]}" for name in ("Flux", "Julia", "Zygote")))
        julia.__exit__()
    else:
        yield Result("flux", None, missing)


if __name__ == "__main__":
    measure(sys.argv[1], int(sys.argv[2]))
