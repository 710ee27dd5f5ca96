"""Rows held against a reference, several at once."""

import dataclasses

import numpy as np
import pytest
from pretended import Twins

import pyimpl
from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import Live, Summary, check_row, check_rows
from pyimpl.parity.judge.findings import Report

ROWS = [CATALOGUE[name] for name in ("Dense", "relu", "Descent", "mse", "softmax", "tanh", "Scale")]


def test_a_row_agrees_differs_or_is_lost():
    live = Live(Twins(wrong=("relu",), lost=("Scale",)))
    verdicts = {report.subject.key: report.verdict for report in check_rows(ROWS, live, count=4)}
    assert verdicts == {row.key: "agrees" for row in ROWS} | {"relu": "disagrees", "Scale": "lost"}


def test_rows_are_shared_by_several_julias_and_every_row_is_reported_once():
    several = [Twins(), Twins()]
    reports = list(check_rows(ROWS * 3, Live(*several), count=3))
    assert sorted(report.subject.key for report in reports) == sorted(row.key for row in ROWS * 3)
    assert all(report.cases >= 3 for report in reports)
    assert set(Live(*several).seconds()) == {"drawing cases", "Julia (2)", "bridge"}


def test_examples_come_before_draws_and_in_their_precisions():
    row = CATALOGUE["Dense"]
    cases = [case for case, _ in Live(Twins()).pairs(row, ("float64",), 4, 0)]
    names = [example.name for example in row.examples]
    assert [case.origin for case in cases[: len(names)]] == names
    assert {case.origin for case in cases[len(names) :]} == {"drawn"}


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((), 0),
        (("agrees", "newer"), 0),
        (("agrees", "mistrusted", "newer"), 5),
        (("mistrusted", "lost"), 3),
        (("agrees", "disagrees", "lost"), 1),
        (("agrees", "lost"), 3),
        (("absent",), 3),
    ],
)
def test_the_exit_code_of_a_summary(verdicts, code):
    class Said(Report):
        verdict = ""

    reports = []
    for verdict in verdicts:
        report = Said(None)
        report.verdict = verdict
        reports.append(report)
    assert Summary(tuple(reports)).exit_code == code


def test_a_row_without_a_recording_is_absent(recording):
    unknown = dataclasses.replace(CATALOGUE["Dense"], name="Unknown")
    assert check_row(unknown, recording).verdict == "absent"


def test_a_wrong_row_is_wrong_for_one_precision_only(recording):
    """A twin that computes in Float32 whatever it is given differs in Float64: a difference in
    meaning.
    """
    row = CATALOGUE["softmax"]

    def narrow(config):
        twin = row.twin(config)
        return pyimpl.differentiable(
            lambda x: _narrowed(*twin.pullback(x.astype(np.float32)), x.dtype)
        )

    result = check_row(dataclasses.replace(row, twin=narrow), recording)
    assert result.verdict == "disagrees"
    assert {finding.kind for finding in result.findings} == {"meaning"}


def _narrowed(y, back, dtype):
    return y.astype(dtype), lambda dy: (None, back(dy.astype(np.float32))[1].astype(dtype))
