"""The verb `benchmarks`: ratios to NumPy. (A whole run: test_readme.py.)"""

import pytest
import typer

from pyimpl.parity.command import benchmarks as verb
from pyimpl.parity.experiments.benchmarks import Result


def test_an_experiment_that_is_none_is_wrong_usage(capsys):
    with pytest.raises(typer.Exit) as end:
        verb.run_benchmarks(["nothing"], 1)
    assert end.value.exit_code == 2 and "there are regression, " in capsys.readouterr().err


def test_times_are_told_as_ratios_and_what_is_missing_as_such(monkeypatch, capsys):
    measured = [
        Result("numpy", 2e-4, "numpy 2"),
        Result("torch", 5e-4, "torch 2"),
        Result("flux", None, "no live Julia is ready"),
    ]
    monkeypatch.setattr(verb.benchmarks, "measure", lambda names, rounds: [("sine", measured)])
    verb.run_benchmarks(["sine"], 1)
    lines = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines() if line}
    assert lines["numpy"][1:5] == ["200", "us", "5000", "1.00"]
    assert lines["torch"][1:5] == ["500", "us", "2000", "2.50"]
    assert lines["flux"][1:4] == ["-", "-", "-"]
