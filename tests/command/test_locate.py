"""The verb `locate`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from located.table import JULIA


def test_the_command_with_a_live_julia(pytestconfig, tmp_path):
    if pytestconfig.live_way is None:
        pytest.skip("no live Julia here")
    (tmp_path / "mine.py").write_text(
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parents[1])!r})\nfrom located.models "
        "import dense\n"
    )
    command = [
        str(Path(sys.executable).with_name("julia-parity")),
        "locate",
        "mine.py:dense()",
        f"{JULIA}:dense",
        "--shape",
        "batch,3",
    ]
    done = subprocess.run(
        [*command, "--json", "found.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0 and "all 3 stages agree" in done.stdout, done.stdout + done.stderr
    assert json.loads((tmp_path / "found.json").read_text())["guilty"] is None
