"""A user's own classes as the Python side."""

import numpy as np
from pretended import checked

from pyimpl.parity import arrays


def test_several_calls_in_a_row():
    class Counter:
        def __init__(self):
            self.count = 0

        def __call__(self, x):
            self.count += 1
            return x * self.count

    assert checked(Counter(), Counter(), arrays("n"), calls=3).agrees
    result = checked(Counter(), lambda x: x, arrays("n"), calls=2)
    assert all("y@2" in str(finding) for finding in result.report.findings)
    assert checked(Counter(), lambda x: x, arrays("n")).agrees


class Scaled:
    """A layer of one's own whose parameter is called as an input is."""

    def __init__(self, factor=1.0):
        self.x1, self._factor = np.array([2.0, 3.0]), factor

    def forward(self, x):
        self._x = x
        return x * self.x1

    def backward(self, dy):
        self.dx1 = (dy * self._x).sum(axis=0)
        return self._factor * dy * self.x1


def test_a_parameter_called_x1_does_not_hide_a_wrong_gradient_of_the_input():
    assert checked(Scaled(), Scaled(), arrays("batch,2")).agrees
    result = checked(Scaled(7.0), Scaled(), arrays("batch,2"))
    assert {
        d.what for f in result.report.findings for d in f.verdict.differences if not d.agrees
    } == {"grad.x1"}


class TwelveOutputs:
    def __call__(self, x):
        return tuple(i * x for i in range(12))


def test_the_eleventh_output_stands_behind_the_third():
    result = checked(TwelveOutputs(), TwelveOutputs(), arrays("n"))
    assert list(map(str, result.evidence[0].julia["float64"].outputs())) == [
        f"y.{i}" for i in range(12)
    ]
