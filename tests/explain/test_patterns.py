"""What is said where no cause is found: for which inputs the sides differ, which outputs agree, how
Julia's numbers follow from Python's; and nothing where nothing stands out.
"""

import numpy as np
from pretended import checked

from pyimpl.parity import arrays
from pyimpl.parity.explain import find_patterns


def patterns(python, julia, *shapes, **options):
    result = checked(python, julia, arrays(*shapes), strict=False, **options)
    assert result.differs
    return find_patterns(result)


def middle(x):
    return np.tanh(np.sort(x)[len(x) // 2])


def test_from_a_size_on(hasty_shrinking):
    def julia(x):
        return np.tanh(np.sort(x)[len(x) // 2]) + 0.5 * (len(x) >= 4)

    (found, *_) = patterns(middle, julia, "n")
    assert found.startswith("it differs only where n >= 4; in none of")


def test_for_even_sizes(hasty_shrinking):
    def julia(x):
        return np.tanh(np.sort(x)[len(x) // 2]) * (1 + (len(x) % 2 == 0) * np.abs(x).max())

    assert any("only where n is even" in line for line in patterns(middle, julia, "n"))


def test_a_refusal_of_one_size(hasty_shrinking):
    def refusing(x):
        if len(x) == 1:
            raise ValueError("Expected more than 1 value per channel")
        return x / 2

    (found,) = patterns(refusing, lambda x: x / 2, "batch,3")
    assert found.startswith("it differs only where batch = 1; in none of")
    assert found.endswith("cases where batch >= 2")


def test_numbers_from_a_bound_on(hasty_shrinking):
    def julia(x, t):
        return np.sin(x) if t < 5 else np.sin(x) + t

    (found, *_) = patterns(lambda x, t: np.sin(x), julia, "3", ":natural")
    assert found.startswith("it differs only where t >= ")


def test_entries_that_are_negative(hasty_shrinking):
    def julia(x):
        return np.where(x < 0, np.exp(x) * 0.75, np.sqrt(np.abs(x)))

    def python(x):
        return np.where(x < 0, np.exp(x), np.sqrt(np.abs(x)))

    assert any("x has negative entries" in line for line in patterns(python, julia, "2"))


def test_outputs_that_agree_and_a_constant_factor(hasty_shrinking):
    def python(x):
        return np.sin(x), np.tanh(x)

    def julia(x):
        return np.sin(x), np.tanh(x) * 1.0625

    found = patterns(python, julia, "n")
    assert "y.1 differs; y.0 agrees in every case" in found
    assert "Julia's y.1 is Python's times 1.0625, in every entry" in found


def test_a_summand(hasty_shrinking):
    found = patterns(np.tanh, lambda x: np.tanh(x) + 0.375, "n")
    assert "Julia's y is Python's plus 0.375, in every entry" in found


def test_a_sequence_that_parts_after_some_steps(hasty_shrinking):
    def julia(x):
        return np.cumsum(np.concatenate([x[:3], x[3:] * 1.25]))

    found = patterns(np.cumsum, julia, "8")
    assert "y agrees in its first 3 entries, and differs from there on" in found


def test_where_nothing_stands_out_nothing_is_said(hasty_shrinking):
    assert patterns(np.tanh, lambda x: np.sin(1.5 * x), "n,3") == []


def test_a_factor_that_is_nearly_one_is_none(hasty_shrinking):
    found = patterns(np.tanh, lambda x: np.tanh(x) * (1 + 1e-12), "n")
    assert not any("times 1" in line for line in found)
