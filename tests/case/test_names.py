"""Names of arrays: text and back, kept apart by kind, in an order in which numbers count as
numbers.
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyimpl.parity.case.names import NUMBERED, RULED, Kind, Name, numbered

word = st.text("abxyg.@01_", min_size=1, max_size=8).filter(
    lambda text: not text.startswith(".") and not text.endswith(".")
)
paths = {kind: st.integers(1, 12).map(str) for kind in NUMBERED} | dict.fromkeys(
    (Kind.NOISE, Kind.LOSS, Kind.PLAIN), st.just("")
)
names = st.sampled_from(Kind).flatmap(
    lambda kind: st.builds(
        Name,
        st.just(kind),
        paths.get(kind, st.one_of(st.just("") if kind is not Kind.PARAMETER else word, word)),
        st.integers(0, 9),
    )
)


@given(names)
@example(Name(Kind.PARAMETER_GRADIENT, "x1"))
@example(Name(Kind.PARAMETER_GRADIENT, "param.x1"))
@example(Name(Kind.OUTPUT, "a@3"))
@example(Name(Kind.PARAMETER, "y"))
def test_what_is_written_is_read_again(name):
    assert Name.parse(str(name)) == name


@pytest.mark.parametrize(
    ("text", "kind", "path", "step"),
    [
        ("x1", Kind.INPUT, "1", 0),
        ("x@3", Kind.INPUT, "", 3),
        ("dy12", Kind.COTANGENT, "12", 0),
        ("y", Kind.OUTPUT, "", 0),
        ("y.0.real", Kind.OUTPUT, "0.real", 0),
        ("y@2", Kind.OUTPUT, "", 2),
        ("grad.x1", Kind.INPUT_GRADIENT, "1", 0),
        ("grad.x1.imag", Kind.INPUT_GRADIENT, "1.imag", 0),
        ("grad.param.x1", Kind.PARAMETER_GRADIENT, "x1", 0),
        ("grad.xs", Kind.PARAMETER_GRADIENT, "xs", 0),
        ("grad.layers.0.weight", Kind.PARAMETER_GRADIENT, "layers.0.weight", 0),
        ("state.0@3", Kind.STATE, "0", 3),
        ("after.x2", Kind.ARGUMENT, "2", 0),
        ("loss@5", Kind.LOSS, "", 5),
        ("param.weight@2", Kind.PARAMETER, "weight", 2),
        (
            "layers.0.weight@2",
            Kind.PARAMETER,
            "layers.0.weight",
            2,
        ),  # as the training rows are recorded
    ],
)
def test_text_is_read(text, kind, path, step):
    assert Name.parse(text) == Name(kind, path, step)


def test_a_parameter_called_like_an_input_keeps_its_own_gradient():
    assert Name(Kind.PARAMETER_GRADIENT, "x1") != numbered(Kind.INPUT_GRADIENT, 1)
    assert str(Name(Kind.PARAMETER_GRADIENT, "x1")) == "grad.param.x1"
    assert str(RULED.at(3)) == "x@3"


def test_outputs_keep_their_order():
    assert list(map(str, sorted(map(Name.parse, ["y.10", "y.2", "grad.x1", "y.b", "y.a"])))) == [
        "y.2",
        "y.10",
        "y.a",
        "y.b",
        "grad.x1",
    ]
