"""Tables on a terminal."""

import io

from known_drift import DRIFT
from rich.console import Console

from pyimpl.parity.report import tables as report


@DRIFT
def test_the_table_is_legible_on_a_hundred_columns(between, old, recording):
    screen = Console(width=100, file=io.StringIO())
    screen.print(
        report.drift_table([found for found in between.values() if found.changed], old, recording)
    )
    lines = screen.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 100 and "…" not in "".join(lines)
    (at,) = (i for i, line in enumerate(lines) if line.startswith("LayerNorm"))
    told = " ".join(" ".join(lines[at : at + 3]).split())
    assert "value" in told and "y " in told and "(x - mean) / (std + eps) ->" in told
