"""Probes: each gives its known answer."""

import pytest

from pyimpl.parity.mutants.probes import PROBES, Probe


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_gives_its_known_answer(name):
    if PROBES[name].needs:
        pytest.importorskip(PROBES[name].needs)
    assert PROBES[name].answer() == PROBES[name].known


def test_what_is_raised_is_an_answer():
    assert Probe("one", lambda: str(1 / 0), "").answer() == "ZeroDivisionError: division by zero"
