"""Mutants tried, each in a process of its own.

Where a process can be forked, one of them imports once what is costly and never broken (NumPy,
Hypothesis), and every mutant starts as a copy of it; elsewhere each starts from nothing. A mutant
that does not come to an end is killed by time.
"""

import multiprocessing
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from .fate import Fate, State
from .mutant import Mutant, NoMutant

PRELOADED = ["numpy", "numpy.testing", "hypothesis", "hypothesis.strategies"]
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")  # arrays are small
SECONDS = 120.0


@dataclass(frozen=True)
class Trial:
    """How mutants are tried: against which recording, and for how long each."""

    recording: Path
    everywhere: bool = True  # whether a mutant is held against the rows that it does not name
    seconds: float | None = SECONDS  # None: it has to come to an end


def _work(sent: Any, mutant: Mutant | None, rows: list[str], trial: Trial) -> None:
    """In the child: plant, import the package anew, and send what came of it."""
    from . import planting  # of the right program

    warnings.simplefilter("ignore")  # of what a broken program divides by
    try:
        if mutant is None:
            planting.forget()
        else:
            planting.plant(mutant.module_name, mutant.source())
        killing = import_module("pyimpl.parity.mutants.killing")
    except Exception as problem:
        sent.send({"broken": f"{type(problem).__name__}: {problem}"})
        return
    try:
        if mutant is not None and mutant.is_probed:
            sent.send(killing.against_probes())
        else:
            others = trial.everywhere and mutant is not None
            sent.send(killing.against_rows(trial.recording, rows, others))
    except Exception as problem:  # the check itself stops: nobody would take that for agreement
        words = f"{type(problem).__name__}: {problem}"
        if mutant is None:
            sent.send({"broken": words})
            return
        sent.send({"kill": {"by": "the check", "array": "stops", "words": words}, "rules": {}})


def _tried(mutant: Mutant | None, rows: list[str], trial: Trial, context: Any) -> dict[str, Any]:
    """What a process of its own says of a mutant, or of the right program."""
    received, sent = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(sent, mutant, rows, trial), daemon=True)
    child.start()
    sent.close()
    try:
        if not received.poll(trial.seconds):
            return {"late": True}
        return received.recv()
    except EOFError:
        return {"kill": {"by": "the process", "array": "crashes", "words": ""}, "rules": {}}
    finally:
        child.kill()
        child.join()
        received.close()


def try_mutants(mutants: Sequence[Mutant], trial: Trial, workers: int) -> Iterator[Fate]:
    """What becomes of each mutant, those first that are done first."""
    with _one_thread(), ThreadPoolExecutor(workers) as threads:
        context = _context()
        asked = {threads.submit(_fate, mutant, trial, context): mutant for mutant in mutants}
        try:
            for done in as_completed(asked):
                yield done.result()
        finally:
            threads.shutdown(cancel_futures=True)


def _fate(mutant: Mutant, trial: Trial, context: Any) -> Fate:
    start = time.perf_counter()
    try:
        mutant.source()
        answer = _tried(mutant, list(mutant.rows), trial, context)
    except NoMutant as problem:
        answer = {"broken": str(problem)}
    seconds = time.perf_counter() - start
    if "broken" in answer:
        return Fate(mutant, State.BROKEN, words=answer["broken"], seconds=seconds)
    if "late" in answer:
        words = f"not done after {trial.seconds:g} s"
        return Fate(mutant, State.TIME, "time", words=words, seconds=seconds)
    state = State.KILLED if answer["kill"] else State.LIVES
    return Fate(mutant, state, **answer["kill"] or {}, seconds=seconds, rules=answer["rules"])


def without_mutant(rows: Sequence[str], trial: Trial, workers: int) -> dict[str, list[str]]:
    """The cases of the right program that the rules in use call wrong, by rule.

    Raises RuntimeError where the right program cannot be checked.
    """
    trial = replace(trial, seconds=None)
    found: dict[str, list[str]] = {}
    with _one_thread(), ThreadPoolExecutor(workers) as threads:
        context = _context()
        parts = [list(rows[start::workers]) for start in range(workers)]
        for answer in threads.map(lambda part: _tried(None, part, trial, context), parts):
            if "rules" not in answer:
                raise RuntimeError(f"without a mutant there is no check: {answer['broken']}")
            for rule, cases in answer["rules"].items():
                found.setdefault(rule, []).extend(cases)
    return found


def _context() -> Any:
    ways = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in ways else "spawn")
    if "forkserver" in ways:
        context.set_forkserver_preload(PRELOADED)  # type: ignore[attr-defined]
    return context


@contextmanager
def _one_thread() -> Iterator[None]:
    """Children compute with one thread each."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
