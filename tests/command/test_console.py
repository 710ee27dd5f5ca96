"""Long work tells what it is busy with: plain lines in a log, one passing line on a terminal."""

import io
import re
import time

import pytest
from rich.console import Console

from pyimpl.parity.command import console


@pytest.fixture
def impatient(monkeypatch):
    """Everything is told ten times sooner."""
    for name in ("QUICK", "PATIENCE", "EVERY"):
        monkeypatch.setattr(console, name, getattr(console, name) / 10)


def written(monkeypatch, terminal: bool) -> io.StringIO:
    text = io.StringIO()
    monkeypatch.setattr(console, "aside", Console(file=text, force_terminal=terminal, width=60))
    return text


def test_a_log_has_a_line_for_what_lasts_and_none_for_what_does_not(monkeypatch, impatient):
    text = written(monkeypatch, terminal=False)
    with console.working("starting Julia"):
        time.sleep(0.5)
    with console.working("drawing"):
        pass
    assert re.fullmatch(r"\.\.\. starting Julia \(\d+ s so far\)\n", text.getvalue())


def test_a_log_is_told_again_now_and_then_and_of_what_began_inside(monkeypatch, impatient):
    text = written(monkeypatch, terminal=False)
    with console.working("checking") as step:
        time.sleep(0.5)
        step(2, 50)
        with console.working("shrinking"):
            time.sleep(1.6)
    lines = text.getvalue().splitlines()
    assert lines[0].startswith("... checking (") and all(
        line.startswith("... checking: 2 of 50 > shrinking (") for line in lines[1:]
    )
    assert len(lines) == 3


def test_a_terminal_has_one_line_that_is_gone_afterwards(monkeypatch, impatient):
    text = written(monkeypatch, terminal=True)
    with console.working("checking") as step:
        for i in range(5):
            step(
                i, 5, "a row with a name that is longer than the terminal is wide" if i == 3 else ""
            )
            time.sleep(0.12)
    shown = text.getvalue()
    assert "checking: 2 of 5" in shown and " ..." in shown
    assert shown.endswith("\x1b[?25h\x1b[1A\x1b[2K") or shown.rstrip().endswith(
        "\x1b[2K"
    )  # the cursor is back, the line erased
