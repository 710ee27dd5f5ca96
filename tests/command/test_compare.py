"""The five walk-throughs: both scripts of each read alike, and the verb `compare` tells rounding
from a difference in meaning.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pyimpl.parity.experiments.experiment import NAMES

pytest.importorskip("sklearn", reason="the digits come with the extra `comparisons`")


COMMAND = Path(sys.executable).with_name("julia-parity")


def compare(*arguments, **options):
    return subprocess.run(
        [str(COMMAND), "compare", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        **options,
    )


@pytest.fixture(scope="module")
def all_quick(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return compare("--all", "--quick", "--reference", "recorded", "--out", out), out


def test_all_five_agree_and_say_that_the_julia_side_is_recorded(all_quick):
    done, _ = all_quick
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith(
        "5 of 5 experiments agree; Julia side: recorded Flux "
    )
    assert len(re.findall(r"^quick, seed 1; NumPy [\d.]+ s, recorded Flux", done.stdout, re.M)) == 5


def test_every_picture_is_there_small_and_on_the_page(all_quick):
    _, out = all_quick
    index = (out / "index.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'<img src="([^"]+)"', index))
    drawn = {
        str(path.relative_to(out)) for path in out.rglob("*") if path.suffix in (".png", ".gif")
    }
    assert shown == drawn and len(drawn) > 15
    for name in drawn:
        content = (out / name).read_bytes()
        assert content.startswith(b"\x89PNG" if name.endswith("png") else b"GIF8")
        assert len(content) < (1_500_000 if name.endswith("gif") else 250_000), name
    assert index.count("recorded Flux") >= 5 and "http" not in index.replace("<!doctype html>", "")
    for name in NAMES:
        assert (out / name / "numpy.txt").read_text().startswith("NumPy\n")
        assert all(
            entry["agrees"]
            for entry in json.loads((out / name / "verdicts.json").read_text())["arrays"]
        )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "name one experiment (regression, "),
        (["regression", "--all"], 2, "name one experiment (regression, "),
        (["regresion"], 2, "no experiment is called regresion; there are regression, "),
        (["sine", "--record", "--reference", "recorded"], 2, "--record needs the live Julia side"),
        (
            ["sine", "--quick", "--seed", "12345", "--reference", "recorded"],
            3,
            "no run sine-quick-digits-seed12345 is recorded (recorded: ",
        ),
        (
            ["sine", "--quick", "--reference", "recorded", "--out", "/dev/null/x"],
            2,
            "Not a directory",
        ),
    ],
)
def test_wrong_usage_and_missing_references(tmp_path, arguments, code, message):
    done = compare(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert message in " ".join(done.stderr.split()) and "Traceback" not in done.stderr
