"""The verb `drift`, and `check` with a reference that is too old for something."""

import json
import xml.etree.ElementTree as ET

from julia_parity import run
from known_drift import NEW, NEW_IN_PART, OLD, ONLY_NEW, STATES, VALUES

from pyimpl.parity.catalogue import CATALOGUE


def test_the_command_drift(tmp_path):
    done = run("drift", NEW, NEW, "--row", "normalise")
    assert done.returncode == 0 and "0 of 1 rows changed" in done.stdout
    done = run("drift", "0.13", NEW)
    assert done.returncode == 2 and "no recording of Flux 0.13 is shipped" in done.stderr
    done = run("drift", tmp_path / "no.npz", NEW)
    assert done.returncode == 3 and "is no recording" in " ".join(done.stderr.split())


def test_the_command_tells_what_changed(between):
    done = run("drift", OLD, NEW)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    rows = {line.split(maxsplit=1)[0] for line in lines[3:-1] if line[:1].strip()}
    assert rows == VALUES | STATES | ONLY_NEW | NEW_IN_PART
    apart = len(CATALOGUE) - len(between)
    assert lines[-1] == f"{len(rows)} of {len(between)} rows changed; {apart} have no case in both"


def test_the_command_check_says_what_the_reference_is_too_old_for(old, tmp_path):
    rows = ("WeightNorm", "AdamW", "Dense")
    done = run(
        "check",
        "--recording",
        old.path,
        "--json",
        tmp_path / "report.json",
        "--junit",
        tmp_path / "report.xml",
        *rows,
    )
    assert done.returncode == 0, done.stdout
    assert "newer: since 0.16" in done.stdout and "agrees (newer: since 0.15)" in done.stdout
    assert (
        "2 rows agree, 0 disagree, 0 mistrusted, 1 newer than this Flux; reference: recorded "
        "Flux 0.14.25" in done.stdout
    )
    found = {
        row["row"]: row
        for row in json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["rows"]
    }
    assert [found[row]["verdict"] for row in rows] == ["newer", "agrees", "agrees"] and found[
        "AdamW"
    ]["newer"] == ["0.15"]
    (suite,) = ET.parse(tmp_path / "report.xml").iter("testsuite")
    assert (suite.get("skipped"), suite.get("failures"), suite.get("errors")) == ("1", "0", "0")
