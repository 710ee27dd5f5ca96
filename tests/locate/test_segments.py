"""Between two cuts: what both models do there, and which values stand for which."""

import numpy as np

from pyimpl.parity.locate.segments import Sort, segments
from pyimpl.parity.pair.alignment import align
from pyimpl.parity.sides.trace import Call, Trace

RNG = np.random.default_rng(0)


def values(*numbers):
    return {number: RNG.standard_normal((2, 3)) for number in numbers}


def dense(path, x, y, act=""):
    return Call(
        path, "Dense" if act or path[0] == "j" else "Linear", (x,), (y,), {path: (3, 3)}, act
    )


def told(python, julia):
    found = segments(align(python, julia), python, julia)
    return found, [
        (s.sort, [c.path for c in s.python_calls], [c.path for c in s.julia_calls]) for s in found
    ]


def test_an_activation_that_is_part_of_the_layer_on_one_side():
    python = Trace((0,), (3,), [
        dense("p1", 0, 1), Call("relu", "relu", (1,), (2,)), dense("p2", 2, 3)
    ], values(0, 1, 2, 3))  # fmt: skip
    julia = Trace((0,), (2,), [dense("j1", 0, 1, "relu"), dense("j2", 1, 2)], values(0, 1, 2))
    found, said = told(python, julia)
    assert said == [(Sort.CALL, ["p1", "relu"], ["j1"]), (Sort.CALL, ["p2"], ["j2"])]
    assert (found[1].python_inputs, found[1].julia_inputs) == ((2,), (1,))
    assert found[0].main[0].path == "p1" and found[0].key == ("call", "p1", "j1")


def test_what_a_model_does_itself_before_a_layer_and_in_the_end():
    """Julia's struct halves what goes into its second layer and what comes out: nobody sees how."""
    python = Trace((0,), (4,), [
        dense("p1", 0, 1), Call("div", "div", (1,), (2,)), dense("p2", 2, 3),
        Call("div", "div", (3,), (4,), turn=1),
    ], values(0, 1, 2, 3, 4))  # fmt: skip
    julia = Trace((0,), (9,), [dense("j1", 0, 1), dense("j2", 5, 6)], values(0, 1, 5, 6, 9))
    found, said = told(python, julia)
    assert said == [
        (Sort.CALL, ["p1"], ["j1"]),
        (Sort.INTO, ["div"], []),
        (Sort.CALL, ["p2"], ["j2"]),
        (Sort.OUT, ["div"], []),
    ]
    assert (found[1].python_outputs, found[1].julia_outputs) == ((2,), (5,))
    assert found[2].julia_inputs == (5,) and not found[1].backward and found[2].backward
    assert found[3].julia_inputs == (6,) and found[3].julia_outputs == (9,)


def test_a_layer_that_takes_another_value():
    python = Trace((0,), (3,), [dense("p1", 0, 1), dense("p2", 1, 2), dense("p3", 1, 3)],
                   values(0, 1, 2, 3))  # fmt: skip
    numbers = values(0, 1, 2, 3)
    julia = Trace((0,), (3,), [dense("j1", 0, 1), dense("j2", 1, 2), dense("j3", 2, 3)], numbers)
    python.calls[1] = dense("p2", 1, 2)
    python.outputs = (3,)
    python.calls.append(Call("add", "add", (2, 3), (4,)))
    found, _ = told(python, julia)
    rewired = [segment for segment in found if segment.rewired]
    assert [(s.sort, s.python_outputs, s.julia_inputs, s.julia_outputs) for s in rewired] == [
        (Sort.INTO, (1,), (1,), (2,))
    ]
    after = found[found.index(rewired[0]) + 1]
    assert (after.python_inputs, after.julia_inputs) == ((1,), (2,))


def test_a_copy_of_the_same_value_is_no_other_one():
    numbers = values(0, 1, 3)
    numbers[2] = numbers[1].copy()
    python = Trace((0,), (2,), [dense("p1", 0, 1), dense("p2", 1, 2)], values(0, 1, 2))
    calls = [dense("j1", 0, 1), Call("drop", "Dropout", (1,), (2,)), dense("j2", 2, 3)]
    found, said = told(python, Trace((0,), (3,), calls, numbers))
    assert [sort for sort, *_ in said] == [Sort.CALL, Sort.CALL]


def test_calls_inside_of_a_layer_that_is_taken_whole_belong_to_it():
    q = Call("a.q", "Dense", (0,), (2,), {"a.q": (3, 3)}, inside=("a", 0),
             gradients={"a.q": np.ones((3, 3))}, after={"a.q": np.zeros((3, 3))})  # fmt: skip
    whole = Call("a", "MultiHeadAttention", (0,), (1,), {"a.q": (3, 3)})
    python = Trace(
        (0,), (1,), [Call("p", "MultiheadAttention", (0,), (1,), {"p": (3, 3)})], values(0, 1)
    )
    found, said = told(python, Trace((0,), (1,), [q, whole], values(0, 1, 2)))
    assert said == [(Sort.CALL, ["p"], ["a"])]
    assert list(found[0].julia_calls[0].gradients) == ["a.q"]
