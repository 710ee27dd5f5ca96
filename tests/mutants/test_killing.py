"""In the process of a mutant: rows, and what the rules in use say. Here nothing is broken."""

from pyimpl.parity.mutants import killing
from pyimpl.parity.mutants.probes import PROBES, Probe
from pyimpl.parity.reference import recorded


def test_without_a_mutant_nothing_is_killed():
    found = killing.against_rows(recorded.newest().path, ["relu", "Dense"], others=False)
    assert found["kill"] is None


def test_a_rule_with_a_fixed_tolerance_calls_the_right_twin_wrong():
    found = killing.against_rows(recorded.newest().path, ["softmax"], others=False)
    assert found["rules"]["numpy.testing.assert_allclose, outputs"]
    assert not found["rules"]["within 25 %, outputs"]


def test_a_probe_with_another_answer_kills(monkeypatch):
    monkeypatch.setitem(PROBES, "a probe", Probe("a probe", lambda: "agrees", "differs in y"))
    found = killing.against_probes(["a probe"])
    assert (found["kill"]["by"], found["kill"]["array"]) == ("a probe", "agrees")
