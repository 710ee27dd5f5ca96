"""Two Julias that share the work of a pair: stand-ins for the workers, one quick to answer and one
slow to start.
"""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from pretended import failing_worker, pretended_worker

from pyimpl.parity.case.case import Case
from pyimpl.parity.reference import two_speeds
from pyimpl.parity.reference.live import LiveJulia, NoJulia
from pyimpl.parity.reference.two_speeds import TwoSpeeds


def worker(tmp_path, name: str, start: float, each: float) -> LiveJulia:
    return pretended_worker(tmp_path, name, start=start, each=each)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(two_speeds, "PATIENCE", 0.2)


def both(tmp_path, quick: float, thorough: float = 0.0, start: float = 0.0) -> TwoSpeeds:
    """The two, which need so many seconds for a case; the thorough one so many to start."""
    return TwoSpeeds(
        worker(tmp_path, "quick", 0.0, quick), worker(tmp_path, "thorough", start, thorough)
    )


def cases(*rows):
    return [Case(row, {}, {"x1": np.array([float(i)])}, "function") for i, row in enumerate(rows)]


def answered_by(outcomes) -> list[str]:
    """Who answered every case; the answers are those of their cases."""
    for i, outcome in enumerate(outcomes):
        if not outcome.lost:
            assert outcome.arrays["y"] == 2.0 * i
    return [
        "" if outcome.lost else "quick" if outcome.arrays["by"][0] else "thorough"
        for outcome in outcomes
    ]


def test_what_is_quick_is_left_to_the_interpreter(tmp_path, impatient):
    with both(tmp_path, 0.0) as julia:
        assert answered_by(list(julia.evaluate_many(cases(*["fine"] * 8)))) == ["quick"] * 8
        assert julia.call("describe") == "quick"
        assert julia.manner == "interpreted"


def test_what_takes_long_is_shared_and_comes_in_order(tmp_path, impatient):
    with both(tmp_path, 0.3, 0.3) as julia:
        who = answered_by(list(julia.evaluate_many(cases(*["fine"] * 12))))
        assert who[0] == "quick" and who[-1] == "thorough"
        assert who == sorted(who)  # the one from the front, the other from the end
        assert julia.manner == "interpreted and compiled"


def test_a_case_that_the_interpreter_does_not_come_to_an_end_with_is_the_other_s(
    tmp_path, impatient
):
    begun = time.monotonic()
    with both(tmp_path, 20.0) as julia:
        assert answered_by(list(julia.evaluate_many(cases("fine", "fine")))) == ["thorough"] * 2
    assert time.monotonic() - begun < 15


def test_a_compiling_julia_that_is_slow_to_start_holds_nothing_up(tmp_path, impatient):
    begun = time.monotonic()
    with both(tmp_path, 0.3, start=20.0) as julia:
        assert answered_by(list(julia.evaluate_many(cases(*["fine"] * 4)))) == ["quick"] * 4
    assert time.monotonic() - begun < 15


def test_a_crash_of_the_interpreter_is_tried_by_the_other(tmp_path):
    with both(tmp_path, 0.0) as julia:
        outcomes = list(julia.evaluate_many(cases("fine", "crash quick", "fine")))
        assert answered_by(outcomes) == ["quick", "thorough", "thorough"]


def test_where_both_are_lost_the_rest_is_not_asked(tmp_path):
    with both(tmp_path, 0.0) as julia:
        outcomes = list(julia.evaluate_many(cases("fine", "crash", "fine")))
        assert [outcome.lost for outcome in outcomes[:2]] == [
            False,
            True,
        ] and "crashed" in outcomes[1].error
        assert not list(julia.evaluate_many(cases("fine")))[
            0
        ].lost  # asked anew, they are started again


def test_an_answer_that_comes_too_late_is_not_taken_for_another(tmp_path, impatient):
    with both(tmp_path, 1.0) as julia:
        list(julia.evaluate_many(cases("fine", "fine")))  # the interpreter is still at one of them
        late = [Case("fine", {}, {"x1": np.array([float(i)])}, "function") for i in (7, 8)]
        assert [outcome.arrays["y"][0] for outcome in julia.evaluate_many(late)] == [14.0, 16.0]


def test_a_start_that_fails_is_an_error(tmp_path):
    silent = no_start()
    with pytest.raises(NoJulia, match="no such library"), TwoSpeeds(silent, silent):
        pass


def no_start() -> LiveJulia:
    return failing_worker("raise SystemExit('no such library')")


def test_a_compiling_julia_that_does_not_start_loses_nothing(tmp_path, impatient):
    with TwoSpeeds(worker(tmp_path, "quick", 0.0, 0.3), no_start()) as julia:
        assert answered_by(list(julia.evaluate_many(cases(*["fine"] * 6)))) == ["quick"] * 6
        assert julia.call("describe") == "quick"


def test_what_the_interpreter_loses_is_lost_where_the_other_does_not_start(tmp_path):
    with TwoSpeeds(worker(tmp_path, "quick", 0.0, 0.0), no_start()) as julia:
        for _ in range(2):  # it is known by then
            outcomes = list(julia.evaluate_many(cases("fine", "crash quick", "fine")))
            assert [outcome.lost for outcome in outcomes] == [
                False,
                True,
                True,
            ] and "crashed" in outcomes[1].error
        assert answered_by(list(julia.evaluate_many(cases("fine")))) == ["quick"]


def test_nothing_is_left_running(tmp_path, impatient):
    with both(tmp_path, 0.3, start=20.0) as julia:
        list(julia.evaluate_many(cases("fine", "fine")))
        processes = [one._process for one in julia._julias.values()]
    time.sleep(0.5)
    assert all(process is None or process.poll() is not None for process in processes)
    assert threading.active_count() < 10


def test_a_whole_model_is_given_to_both_at_once(tmp_path):
    whole = [replace(case, mode="trace") for case in cases(*["fine"] * 6)]
    with both(tmp_path, 0.6) as julia:  # with patience enough for all of them
        assert "thorough" in answered_by(list(julia.evaluate_many(whole)))
    with both(tmp_path, 0.6) as julia:
        julia.hurry()
        assert "thorough" in answered_by(list(julia.evaluate_many(cases(*["fine"] * 6))))
