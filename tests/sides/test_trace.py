"""A run taken apart: what a trace says of its values and calls."""

import numpy as np

from pyimpl.parity.case.case import Case
from pyimpl.parity.sides.frameworks import side_of
from pyimpl.parity.sides.trace import Call, Piece, Trace, single_call, with_turns


def trace():
    """x goes through two layers, the second of which multiplies by a transposed weight."""
    calls = [
        Call("first", "Linear", (0,), (1,), {"w": (2, 3)}),
        Call("T", "T", (), (2,), {"w": (2, 3)}),
        Call("second", "linear", (1, 2), (3,), {"b": (3,)}),
        Call("join", "add", (3, 0), (4,)),
    ]
    return Trace((0,), (4,), calls)


def test_what_depends_on_no_input_belongs_to_the_call_that_reads_it():
    assert trace().fixed() == {2}
    moving = {call.path: call for call in trace().moving()}
    assert list(moving) == ["first", "second", "join"]
    assert moving["second"].arrays == {"b": (3,), "w": (2, 3)}


def test_a_value_that_comes_out_of_no_call_may_depend_on_anything():
    seen = Trace((0,), (3,), [Call("f", "f", (2,), (3,))])
    assert seen.fixed() == set()


def test_what_is_needed_and_read_between_values():
    paths = [call.path for call in trace().needed([3], {1})]
    assert paths == ["T", "second"]
    assert trace().reads(trace().needed([4], {1}), {1}) == [1, 0]
    assert trace().needed([1], {1}) == []


def test_calls_of_one_part_are_counted():
    labels = [call.label for call in with_turns([Call("norm", "LayerNorm", (), ())] * 2)]
    assert labels == ["norm", "norm#2"]


def test_pieces_are_blocks_along_an_axis():
    array = np.arange(12.0).reshape(6, 2)
    middle = Piece("w", 1, 3)
    np.testing.assert_array_equal(middle.block_of(array), array[2:4])
    assert middle.shape_of((6, 2)) == (2, 2) and str(middle) == "w[2 of 3]"
    np.testing.assert_array_equal(Piece("w", 1, 2, 1).block_of(array), array[:, 1:])


def test_what_cannot_be_taken_apart_is_one_call():
    side = side_of(np.tanh)
    found = single_call(side, Case("p", {}, {"x1": np.array([0.5])}, "function"))
    assert [call.kind for call in found.calls] == ["tanh"] and found.outputs == (1,)
    assert found.between(found.inputs, found.outputs).side is side
