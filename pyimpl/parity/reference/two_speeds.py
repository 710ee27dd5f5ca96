"""Two Julias that share the work of one pair: one that interprets, for first answers, and one that
compiles, for what takes long.

Compiling the gradient of a model takes ten seconds and more, interpreting it one; but then every
further case is quick, and a loop of a million steps takes an interpreter minutes. Nobody can tell
beforehand which will pay. So the interpreting Julia begins. When its answers have been waited for
`PATIENCE` seconds in all, a compiling one is started beside it, and from then on both take from the
same cases: the first from the front, the second from the end, and when no other is left, each the
case that the other is at. Whoever answers first counts. Of a whole model the first answer may take
an interpreter a minute, where it has convolutions: for such cases both begin at once.

    cases:    0  1  2  3  4  5  6  7
    quick:    0  1  2  3  4  |        waits have come to PATIENCE seconds after case 2
    thorough:          7 (compiles) 6 5  and then 4, if that is not answered yet
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from ..case.case import Case, Outcome
from .live import LiveJulia, NoJulia

LOST_BEFORE = NoJulia("not evaluated: Julia was lost before")
PATIENCE = 4.0  # seconds of waiting for the interpreting Julia, over all cases
WHOLE = "trace"  # the mode of cases that run a whole model, for which both are started at once

Question = Callable[[LiveJulia], Any]


class _Work:
    """Questions that are asked together, and what has come of them.

    An answer may be an exception to raise.
    """

    def __init__(self, questions: Sequence[Question]):
        self.questions = questions
        self.answers: dict[int, Any] = {}
        self.tried: list[set[bool]] = [
            set() for _ in questions
        ]  # by whom: the interpreting Julia (True), the compiling one (False)
        self.failed: dict[int, Any] = {}  # what the interpreting Julia could not answer, and why
        self.lost = (
            False  # whether there is one that nobody could answer: then no other is waited for
        )

    def next_for(self, interprets: bool) -> int | None:
        """The question that a Julia should take next: one that nobody is at, else one that only the
        other is at.
        """
        open_ = [
            i
            for i, tried in enumerate(self.tried)
            if i not in self.answers and interprets not in tried
        ]
        free = [i for i in open_ if not self.tried[i]]
        if free:
            return free[0] if interprets else free[-1]
        return open_[0] if open_ else None


class TwoSpeeds:
    """Evaluates cases of a pair with the two of them.

    Use as a context manager, which starts the interpreting one.
    """

    def __init__(self, quick: LiveJulia, thorough: LiveJulia):
        self._julias = {True: quick, False: thorough}
        self._threads: dict[bool, threading.Thread] = {}
        self._changed = threading.Condition()
        self._work = _Work(())
        self._waited = 0.0
        self._compiled = False  # whether the compiling Julia has given an answer
        self._closed = False
        self._gone = ""  # why the compiling Julia could not be started
        self.versions: dict[str, str] = {}

    def __enter__(self) -> "TwoSpeeds":
        self._julias[True].__enter__()
        self.versions = self._julias[True].versions
        self._begin(True)
        return self

    def __exit__(self, *_):
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for julia in self._julias.values():
            julia.__exit__()

    @property
    def case_seconds(self) -> float:
        """How long one case may take, in either Julia."""
        return self._julias[False].case_seconds

    @case_seconds.setter
    def case_seconds(self, seconds: float) -> None:
        for julia in self._julias.values():
            julia.case_seconds = seconds

    @property
    def manner(self) -> str:
        """How the cases were evaluated so far: interpreted, or partly compiled."""
        return "interpreted and compiled" if self._compiled else "interpreted"

    def _begin(self, interprets: bool) -> None:
        if interprets in self._threads:
            return
        self._threads[interprets] = threading.Thread(
            target=self._serve, args=(interprets,), daemon=True
        )
        self._threads[interprets].start()

    def hurry(self) -> None:
        """Have the compiling Julia started, for questions that it will have to answer."""
        with self._changed:
            self._begin(False)

    def _serve(self, interprets: bool) -> None:
        """The life of one Julia: take a question, answer it, take the next."""
        julia = self._julias[interprets]
        while not self._closed:
            with self._changed:
                work = self._work
                number = work.next_for(interprets)
                if number is None:
                    self._changed.wait()
                    continue
                work.tried[number].add(interprets)
            try:
                answer = work.questions[number](julia)
            # Julia's own word, or Julia is gone; or the end has come, and everything fails
            except Exception as failure:
                answer = failure
            with self._changed:
                if (
                    isinstance(answer, NoJulia) and not julia.versions
                ):  # it never started, and nothing was lost by it
                    self._gone = str(answer)
                    work.tried[number].discard(interprets)
                    self._enter_unanswerable(work)
                    self._changed.notify_all()
                    return
                self._enter(work, number, interprets, answer)
                self._changed.notify_all()

    def _enter_unanswerable(self, work: _Work) -> None:
        """What the interpreting Julia has lost, and the other will never answer."""
        for number, tried in enumerate(work.tried):
            if True in tried and number in work.failed:
                work.answers[number] = work.failed[number]
                work.lost = True

    def _enter(self, work: _Work, number: int, interprets: bool, answer: Any) -> None:
        """Keep an answer, unless there is one already, or it is none and the other Julia may still
        give one.
        """
        if number in work.answers or self._closed:
            return
        if not isinstance(answer, NoJulia):
            work.answers[number] = answer
            self._compiled |= not interprets
        elif False in work.tried[number]:
            work.answers[number] = answer
            work.lost = True
        else:  # what the interpreter cannot do, it need not try again
            for tried in work.tried:
                tried.add(True)
            work.failed[number] = answer
            self._begin(False)
            if self._gone:
                self._enter_unanswerable(work)

    def _answers(self, questions: Sequence[Question]) -> Iterator[Any]:
        """The answers, in order. Once one is lost, so are those that are not there yet."""
        with self._changed:
            work = self._work = _Work(questions)
            self._changed.notify_all()
        for number in range(len(questions)):
            with self._changed:
                while number not in work.answers and not work.lost:
                    begun = time.monotonic()
                    self._changed.wait(0.05)
                    self._waited += time.monotonic() - begun
                    if self._waited > PATIENCE:
                        self._begin(False)
            yield work.answers.get(number, LOST_BEFORE)

    def evaluate_many(self, cases: Sequence[Case]) -> Iterator[Outcome]:
        """One outcome per case, in order. Once one is lost, so are those that are not there yet."""
        if any(case.mode == WHOLE for case in cases):
            self.hurry()
        for answer in self._answers([partial(LiveJulia.evaluate, case=case) for case in cases]):
            if isinstance(answer, Exception):
                yield Outcome(error=str(answer), lost=True)
            else:
                yield answer

    def call(self, name: str, *arguments: Any, seconds: float = 600) -> Any:
        """A function of the Julia side, as `LiveJulia.call`."""
        (answer,) = self._answers([lambda julia: julia.call(name, *arguments, seconds=seconds)])
        if isinstance(answer, Exception):
            raise answer
        return answer
