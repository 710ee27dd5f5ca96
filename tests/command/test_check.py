"""The verb `check`, through its real entry point."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

from julia_parity import run

from pyimpl.parity.catalogue import CATALOGUE


def recorded(*arguments):
    return run("check", "--reference", "recorded", *arguments)


def test_check_agrees_and_says_with_what():
    done = recorded("Dense", "relu")
    assert done.returncode == 0, done.stdout + done.stderr
    first, last = done.stdout.splitlines()[0], done.stdout.splitlines()[-1]
    assert first.startswith("reference: recorded Flux 0.")
    assert last.startswith("2 rows agree, 0 disagree, 0 mistrusted; reference: recorded Flux 0.")


def test_check_of_everything():
    done = recorded()
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CATALOGUE)} rows agree, 0 disagree, 0 mistrusted" in done.stdout


def test_reports_for_machines(tmp_path):
    done = recorded(
        "Conv",
        "Adam",
        "--json",
        tmp_path / "report.json",
        "--junit",
        tmp_path / "report.xml",
        "--dtype",
        "float64",
    )
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / "report.json").read_text())
    assert data["reference"]["name"] == "recorded"
    assert [row["row"] for row in data["rows"]] == ["Conv", "Adam"]
    assert all(
        row["verdict"] == "agrees" and list(row["worst"]) == ["float64"] for row in data["rows"]
    )
    suite = ET.parse(tmp_path / "report.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "0")
    assert [test.get("name") for test in suite.iter("testcase")] == ["Conv", "Adam"]


WRONG_TWIN = """
import pyimpl
from pyimpl.parity.command.main import main
from pyimpl import Conv, BatchNorm
Conv.flipped = False
def track(self, mean, var, count):
    self.mean[...] = (1 - self.momentum) * self.mean + self.momentum * mean
    self.var[...] = (1 - self.momentum) * self.var + self.momentum * var
BatchNorm._track = track
main()
"""


def test_disagreement_is_exit_code_1_and_names_row_and_array(tmp_path):
    report = tmp_path / "report.json"
    arguments = [
        "check",
        "--reference",
        "recorded",
        "Conv",
        "BatchNorm",
        "Dense",
        "--json",
        str(report),
    ]
    done = subprocess.run(
        [sys.executable, "-c", WRONG_TWIN, *arguments], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 row agrees, 2 disagree" in done.stdout
    assert "state.var" in done.stdout and "differs in meaning" in done.stdout
    verdicts = {row["row"]: row["verdict"] for row in json.loads(report.read_text())["rows"]}
    assert verdicts == {"Conv": "disagrees", "BatchNorm": "disagrees", "Dense": "agrees"}


def test_a_reference_that_cannot_be_had_is_exit_code_3(without_julia, tmp_path):
    done = run("check", "Dense", "--recording", tmp_path / "none.npz")
    assert done.returncode == 3 and "none.npz" in done.stderr
    (tmp_path / "broken.npz").write_bytes(b"PK\\x03\\x04 no more")
    done = run("check", "Dense", "--recording", tmp_path / "broken.npz")
    assert done.returncode == 3 and "is no recording" in done.stderr
    assert "Traceback" not in done.stderr


def test_auto_falls_back_to_the_recording_and_says_so(without_julia):
    done = run("check", "Dense", env=without_julia)
    assert done.returncode == 0, done.stderr
    assert "using the recording" in done.stderr
    assert "recorded Flux" in done.stdout
