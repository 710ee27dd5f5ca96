"""Tables on a terminal."""

import io

from known_drift import NEW_IN_PART, ONLY_NEW, STATES, VALUES
from rich.console import Console

from pyimpl.parity.catalogue.drift import drift
from pyimpl.parity.report import tables as report


def test_the_table_is_legible_on_a_hundred_columns(old, recording):
    changed = sorted(VALUES | STATES | ONLY_NEW | NEW_IN_PART)
    between = {row.row: row for row in drift(old, recording, changed)}
    screen = Console(width=100, file=io.StringIO())
    screen.print(
        report.drift_table([found for found in between.values() if found.changed], old, recording)
    )
    lines = screen.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 100 and "…" not in "".join(lines)
    (at,) = (i for i, line in enumerate(lines) if line.startswith("LayerNorm"))
    told = " ".join(" ".join(lines[at : at + 3]).split())
    assert "value" in told and "y " in told and "(x - mean) / (std + eps) ->" in told
