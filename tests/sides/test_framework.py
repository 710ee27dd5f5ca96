"""What holds of plain functions, and of whatever a framework does not say otherwise."""

import numpy as np
import pytest

from pyimpl.parity.case.case import Case
from pyimpl.parity.sides.framework import Framework, attributes_of, one_or_all, placing
from pyimpl.parity.sides.frameworks import FRAMEWORKS, side_of


class Rule:
    def __init__(self):
        self.rate, self.momentum = 0.1, 0.9


def test_a_setting_is_changed_in_a_copy():
    rule = Rule()
    settings = {setting.name: setting for setting in attributes_of(rule)}
    assert {name: setting.value for name, setting in settings.items()} == vars(rule)
    other = settings["rate"].changed(0.5)
    assert (other.rate, other.momentum, rule.rate) == (0.5, 0.9, 0.1)


def test_the_lines_of_a_program_run():
    case = Case("p", {}, {}, "function")
    program = Framework().program(["x", "k"], ["dy"], {}, case)
    assert program.call == "y = subject(x, k)" and not program.placing
    names = {"subject": lambda x, k: x * k, "x": 2, "k": 3, "dy": 1}
    exec("\n".join([program.definitions, program.call, program.gradients]), names)
    assert names["y"] == 6
    definitions, calls = placing({"layers.0.w": "array"})
    layer, outer = type("Layer", (), {})(), type("Model", (), {})()
    outer.layers = [layer]
    exec(f"{definitions}\n{calls}", {"subject": outer, "array": np.ones(2)})
    np.testing.assert_array_equal(layer.w, np.ones(2))
    assert (one_or_all(["a"]), one_or_all(["a", "b"])) == ("a", "(a, b)")


def test_functions_cannot_be_trained():
    framework = side_of(np.sin).framework
    with pytest.raises(TypeError, match="a layer or a module with a backward pass, got sin"):
        framework.expect_training(side_of(np.sin), None)


def test_every_framework_has_a_name_of_its_own():
    assert len({framework.name for framework in FRAMEWORKS}) == len(FRAMEWORKS)
