"""Probes of the tolerance: how sensitive an outcome is, and what is rounded on the way to it."""

import math

import numpy as np

from ...case.case import Case, Outcome
from ...case.names import Name
from ...judge.verdict import (
    errors_in_ulp,
    noise,
    nudged,
    own_loss,
    rounding,
    sensitivity,
)
from .judging import EPS, X, case, off
from .probe import X1, Y, gave, listed, posed, probe


def rounded(value: float) -> str:
    """Two digits."""
    return f"{value:.2g}"


def of_difference(asked: Case) -> Outcome:
    """x1 - x2."""
    a, b = (asked.arrays[Name.parse(f"x{i}")] for i in (1, 2))
    return gave({"y": a - b})


@probe("2e+03, 0.5")
def a_difference_is_as_sensitive_as_its_terms_are_large():
    asked = posed("d", {}, {"x1": np.array([1000.0]), "x2": np.array([999.5])}, "function")
    return listed(
        (
            rounded(sensitivity(of_difference, asked)[Y][0]),
            rounded(of_difference(asked).arrays[Y][0]),
        )
    )


@probe("0, 0.13")
def a_jump_has_no_sensitivity_and_its_neighbour_has():
    def steps(asked):
        x = asked.arrays[X1]
        return gave({"y": np.where(x >= 1, 5.0, 0.0), "plain": np.array([x[0], 0.0])})

    asked = posed("s", {}, {"x1": np.array([1.0])}, "function")
    found = sensitivity(steps, asked)
    return listed((rounded(found[Y][0]), rounded(min(found[Name.parse("plain")]) * math.sqrt(2))))


@probe("True, True, False")
def nudges_leave_equal_entries_equal_in_one_probe_of_three():
    tied = posed("t", {}, {"x1": np.full(64, 3.0)}, "function")
    return listed(
        len(np.unique(nudged(tied, probe, 2.0**-24).arrays[X1])) == 1 for probe in (0, 3, 1)
    )


@probe("5.96e-08")
def a_nudge_is_as_large_as_it_is_asked_to_be():
    x = np.arange(1.0, 9.0)
    moved = nudged(posed("t", {}, {"x1": x}, "function"), 1, 2.0**-24).arrays[X1]
    return f"{np.max(np.abs(moved / x - 1)):.3g}"


@probe("None, (1, 0.5), (2, 0.5)")
def what_passes_between_layers_is_nudged_in_two_probes_of_three():
    return listed(nudged(case(), probe, 0.5).jitter for probe in range(3))


@probe("y 2")
def julia_s_own_loss_is_measured_against_float64():
    eps = float(np.finfo(np.float32).eps)
    answers = {
        "float64": gave({"y": np.array([1.0, 1.0])}),
        "float32": gave({"y": np.array([1.0, 1 + 2 * eps], np.float32)}),
    }
    return listed(f"{name} {value:.3g}" for name, value in own_loss(answers).items())


@probe("True, False")
def what_float32_loses_inside_is_measured():
    def cancels(asked):
        x = asked.arrays[X1]
        return gave({"y": (x + x.dtype.type(1000)) - x.dtype.type(1000)})

    def keeps(asked):
        return gave({"y": asked.arrays[X1] * 1})

    asked = posed("r", {}, {"x1": np.array([0.1, 0.7])}, "function")
    return listed(bool(np.all(rounding(one, asked, {})[Y] > 10)) for one in (cancels, keeps))


@probe("True")
def noise_is_what_an_ulp_of_the_inputs_does():
    found = noise(lambda asked: gave({"y": 1000 * asked.arrays[X1]}), case(), "float64")[Y]
    return bool(np.all((found >= 1000 * EPS * 0.9) & (found <= 9000 * EPS)))


@probe("y [2, 0, 0]")
def errors_are_told_in_units_of_rounding():
    found = errors_in_ulp(gave({"y": off(2)}), gave({"y": X}), {})
    return listed(
        f"{name} [{listed(f'{e:.2g}' for e in errors)}]" for name, errors in found.items()
    )
