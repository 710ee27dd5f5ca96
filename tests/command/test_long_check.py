"""`check --profile long`, with the twins in the place of Julia."""

import pytest
from julia_parity import run
from pretended import Twins

from pyimpl.parity.catalogue import CATALOGUE
from pyimpl.parity.catalogue.checking import Live, check_row
from pyimpl.parity.command import long_check
from pyimpl.parity.command.long_check import sought, worst_place
from pyimpl.parity.reference.recorded import RecordedRows

ROWS = [CATALOGUE["relu"], CATALOGUE["train"]]


def test_every_row_is_sought_its_worst_case_kept_and_training_is_long(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(long_check, "STEPS", 12)
    reports = sought(ROWS, Live(Twins()), ("float64",), 4, 0, tmp_path)
    assert [report.verdict for report in reports] == ["agrees", "agrees"]
    assert max(name.step for name in reports[1].trusted) == 12
    said = capsys.readouterr().out
    assert f"{len(ROWS[1].structures)} training runs of 12 steps" in said and str(tmp_path) in said
    kept = RecordedRows(tmp_path)
    assert sorted(kept.rows()) == ["relu", "train"]
    assert check_row(ROWS[0], kept).cases == 1


def test_the_worst_cases_are_kept_by_the_version_of_flux():
    assert worst_place({"Flux": "0.16.9"}).parts[-2:] == ("worst", "flux-0.16.9")


@pytest.mark.parametrize(
    "options",
    [
        ("--profile", "long", "--reference", "recorded"),
        ("--profile", "long", "--recording", "0.16.9"),
        ("--keep", "worst"),
    ],
)
def test_what_a_recording_cannot_answer_is_wrong_usage(options):
    done = run("check", "relu", *options)
    assert done.returncode == 2 and "profile long" in done.stderr
