"""What a function is called with: texts, dates, records of the class that is asked for."""

import datetime
from dataclasses import dataclass

import numpy as np
import pytest

from pyimpl.parity.case.arguments import as_plain
from pyimpl.parity.case.case import Case
from pyimpl.parity.case.inputs import arrays
from pyimpl.parity.sides.functions import FunctionSide
from pyimpl.parity.sides.passing import as_passed


@dataclass
class Config:
    rate: float
    steps: int


def annotated(x, config: Config): ...


def named_in_text(x, config: "Config"): ...


def plain(x, config): ...


def passed(subject, *shapes, **given):
    """What a subject is called with, of these arrays."""
    config = as_plain(arrays(*shapes).arguments)
    return as_passed(subject, Case("f", config, given, "function"))


ONE = {"x1": np.asarray(1.0), "x2": np.asarray(0.5), "x3": np.asarray(3)}
RECORD = "{rate=:positive; steps=:natural}"


@pytest.mark.parametrize("subject", [annotated, named_in_text])
def test_a_record_is_of_the_class_that_is_asked_for(subject):
    assert passed(subject, "", RECORD, **ONE).places[1] == Config(0.5, 3)
    assert passed(plain, "", f"config=Config{RECORD}", **ONE).keywords["config"] == Config(0.5, 3)
    assert passed(plain, "", RECORD, **ONE).places[1] == {"rate": 0.5, "steps": 3}


def test_a_class_that_is_not_there():
    side = FunctionSide(plain)
    config = as_plain(arrays("", "Other{rate=:positive}").arguments)
    assert "no class Other" in side.evaluate(Case("f", config, ONE, "function")).error


def test_texts_dates_tuples_and_what_is_missing():
    shapes = (":text:sum|mean", "n:date", "tuple 2", ":real?", ":none")
    given = {
        "x1": np.asarray(1),
        "x2": np.array([0, 59]),
        "x3": np.ones(2),
        "x4": np.asarray(False),
        "x5": np.asarray(2.0),
    }
    text, dates, pair, missing, none = passed(lambda *xs: None, *shapes, **given).places
    assert text == "mean" and pair == (1.0, 1.0) and missing is None and none is None
    assert dates == [datetime.date(1970, 1, 1), datetime.date(1970, 3, 1)]
    given["x4"] = np.asarray(True)
    assert passed(lambda *xs: None, *shapes, **given).places[3] == 2.0


def test_narrow_numbers_stay_what_they_were_nudged_to():
    (half,) = passed(abs, ":float16", x1=np.asarray(0.5)).places
    assert half.dtype == np.float16
    (nudged,) = passed(abs, ":float16", x1=np.asarray(0.5 + 2.0**-30)).places
    assert nudged.dtype == np.float64


def test_a_list_inside_of_a_record_is_seen_to_change():
    def push(options):
        options["items"][0] = 7.0

    config = as_plain(arrays("{items=list n}").arguments)
    outcome = FunctionSide(push).evaluate(Case("f", config, {"x1": np.ones(2)}, "function"))
    assert np.array_equal(outcome.arrays["after.x1"], [7, 1])
