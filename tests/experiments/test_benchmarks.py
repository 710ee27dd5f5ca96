"""Contenders are timed in processes of their own, in turns."""

from pyimpl.parity.experiments import benchmarks
from pyimpl.parity.reference.live import NoJulia


def test_a_contender_answers_and_ends():
    contender = benchmarks.Contender("numpy", "sine")
    try:
        assert 0 < contender.seconds(3) < 1
    finally:
        contender.stop()
    assert contender._process.returncode == 0


def test_the_best_of_all_rounds_counts_and_what_is_missing_is_said(monkeypatch):
    asked = []

    class Clock:
        def __init__(self, name, experiment):
            self.name = name

        def seconds(self, steps):
            asked.append((self.name, steps))
            return [0.05, 0.03, 0.02, 0.04][[name for name, _ in asked].count(self.name) - 1]

        def stop(self):
            asked.append((self.name, 0))

    def no_julia(may_download):
        raise NoJulia("no live Julia is ready:\nand so on")

    monkeypatch.setattr(benchmarks, "Contender", Clock)
    monkeypatch.setattr(benchmarks, "CONTENDERS", {"numpy": "numpy", "torch": "no_such_module"})
    monkeypatch.setattr(benchmarks, "choose", no_julia)
    ((name, results),) = benchmarks.measure(["sine"], 3)
    numpy, torch, flux = results
    assert (name, numpy.contender, numpy.seconds) == ("sine", "numpy", 0.02)
    assert torch.seconds is None and torch.note == "no_such_module is not installed"
    assert flux.seconds is None and flux.note == "no live Julia is ready:"
    assert asked == [("numpy", 10), *[("numpy", 5)] * 3, ("numpy", 0)]
