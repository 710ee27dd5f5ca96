"""The supervised worker: a crash, a hang or a missing Julia costs one case and one clear message.

Most of it needs no Julia: `pretended_worker.py` speaks the protocol and misbehaves on request.
"""

import os
import signal
import time

import numpy as np
import pytest
from pretended import failing_worker, pretended_worker

from pyimpl.parity.case.case import Case
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import Live, check_row
from pyimpl.parity.reference.live import LiveJulia, NoJulia


def stand_in(tmp_path, seconds=20.0, **behaviour) -> LiveJulia:
    return pretended_worker(tmp_path / "lost", case_seconds=seconds, **behaviour)


def cases(*rows):
    return [Case(row, {"n": 1}, {"x1": np.array([1.0, 2.5])}, "function") for row in rows]


def test_outcomes_come_in_order(tmp_path):
    with stand_in(tmp_path) as julia:
        outcomes = list(julia.evaluate_many(cases("fine", "error", "fine")))
    assert [outcome.error for outcome in outcomes] == [None, "DimensionMismatch: no", None]
    np.testing.assert_array_equal(outcomes[2].arrays["y"], [2.0, 5.0])
    assert not any(outcome.lost for outcome in outcomes)


@pytest.mark.parametrize(("fault", "said"), [("crash", "crashed"), ("hang", "gave no answer")])
def test_a_fault_costs_one_case_and_saves_its_inputs(tmp_path, fault, said):
    with stand_in(tmp_path, seconds=2.0) as julia:
        outcomes = list(julia.evaluate_many(cases("fine", fault, "fine", "fine")))
        assert [outcome.lost for outcome in outcomes] == [False, True, False, False]
        assert said in outcomes[1].error
        (saved,) = (tmp_path / "lost").glob("*.npz")
        assert str(saved) in outcomes[1].error
        np.testing.assert_array_equal(np.load(saved)["x1"], [1.0, 2.5])
        assert list(julia.evaluate_many(cases("fine")))[0].error is None


def test_answers_that_nobody_waited_for_are_not_those_of_the_next_cases(tmp_path):
    with stand_in(tmp_path) as julia:
        left = julia.evaluate_many(cases("fine", "error", "error"))
        assert next(left).error is None
        (outcome,) = julia.evaluate_many(cases("fine"))
    assert outcome.error is None
    np.testing.assert_array_equal(outcome.arrays["y"], [2.0, 5.0])


def test_it_gives_up_after_a_few_faults_in_a_row(tmp_path):
    with stand_in(tmp_path) as julia:
        outcomes = list(julia.evaluate_many(cases(*["crash"] * 6)))
    assert len(outcomes) == 6 and all(outcome.lost for outcome in outcomes)
    assert "not evaluated" in outcomes[-1].error


def test_a_worker_that_does_not_start_is_one_clear_message(tmp_path):
    with (
        pytest.raises(NoJulia, match="did not start properly"),
        stand_in(tmp_path, fails="PythonCall.jl did not start properly"),
    ):
        pass
    silent = failing_worker("print('no such library'); raise SystemExit(1)")
    with pytest.raises(NoJulia, match="no such library"), silent:
        pass


def test_of_what_julia_wrote_the_error_is_shown_and_not_its_stack(tmp_path):
    written = (
        "Installing\\nERROR: failed to resolve address for github.com\\nin words\\nStacktrace:\\n"
        + "  [1] somewhere\\n" * 30
    )
    loud = failing_worker(f"print('{written}'); raise SystemExit(1)")
    with (
        pytest.raises(
            NoJulia, match=r"failed to resolve address for github.com\n  \| in words"
        ) as caught,
        loud,
    ):
        pass
    assert "somewhere" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_what_the_worker_has_started_ends_with_it(tmp_path):
    with stand_in(tmp_path, child=True) as julia:
        group = julia._process.pid
    with pytest.raises(ProcessLookupError):
        for _ in range(50):
            os.killpg(group, 0)
            time.sleep(0.1)


@pytest.fixture(scope="module")
def real_julia(live_julia):
    if not live_julia:
        pytest.skip("no live Julia here")
    with LiveJulia(
        live_julia.installed, case_seconds=120
    ) as julia:  # one of its own, to be maltreated
        yield julia


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("fault", ["SIGKILL", "SIGSTOP"])
def test_real_julia_is_replaced_when_it_dies_or_hangs(real_julia, tmp_path, fault):
    real_julia.saved = tmp_path
    row = CATALOGUE["relu"]
    assert check_row(row, Live(real_julia), count=3).verdict == "agrees"
    real_julia.case_seconds = 5 if fault == "SIGSTOP" else 120
    os.kill(real_julia._process.pid, getattr(signal, fault))
    report = check_row(row, Live(real_julia), count=3)
    assert report.verdict == "lost"
    assert len(report.findings) == 1
    real_julia.case_seconds = 120
    assert check_row(row, Live(real_julia), count=3).verdict == "agrees"


def test_a_mistake_of_the_catalogue_is_no_refusal(real_julia):
    unknown, misplaced = (
        Case("no such row", {}, {"x1": np.ones(2)}, "function"),
        CATALOGUE["Dense"],
    )
    case = next(iter(misplaced.named_cases("float64")))
    case.arrays["param.nothing"] = np.ones(2)
    for outcome in real_julia.evaluate_many([unknown, case]):
        assert outcome.lost and outcome.error
