"""Two models side by side, however they are cut: a law over models that are cut at random, and the
cuts that people make.
"""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pyimpl.parity.pair.alignment import align
from pyimpl.parity.sides.trace import Call, Piece, Trace

WIDTH = 4


def run(*steps, values=None):
    """A trace of (kind, shapes of arrays, activation) one after the other; every value is another
    number, unless they are given.
    """
    calls, numbers = [], {0: np.full((2, WIDTH), 7.0)}
    for i, (kind, shapes, act) in enumerate(steps):
        arrays = {f"{i}.{j}": shape for j, shape in enumerate(shapes)}
        calls.append(Call(str(i), kind, (i,), (i + 1,), arrays, act))
        numbers[i + 1] = np.arange(2.0 * WIDTH).reshape(2, WIDTH) + (values[i] if values else i)
    return Trace((0,), (len(steps),), calls, numbers)


def pairs(found):
    """The labels of the calls that stand side by side, of several as one text."""
    return [
        tuple(
            "+".join(dict.fromkeys(calls[atom.call].label for atom in atoms)) or "-"
            for calls, atoms in ((found.python, step.python), (found.julia, step.julia))
        )
        for step in found.steps
    ]


def layer(size):
    return [(size, WIDTH), (size,)]


@st.composite
def models(draw):
    """A network as a chain of steps, cut in PyTorch's and in Flux's way, each with its own
    liberties: the activation within the layer or behind it, a dropout or a reshape on one side
    alone.
    """
    python, julia, ends = [], [], []
    for number in range(draw(st.integers(1, 5))):
        shapes = layer(draw(st.integers(1, 3)))
        act = draw(st.sampled_from(["", "relu", "tanh"]))
        value = 10.0 * (number + 1)
        for side, dense in ((python, "Linear"), (julia, "Dense")):
            if draw(st.booleans()):
                side.append((("Dropout", [], ""), value - 10))
            within = draw(st.booleans())
            side.append(
                ((dense, shapes, act if within else ""), value + (not within and bool(act)))
            )
            if act and not within:
                side.append(((act, [], ""), value))
        ends.append(value)
    return python, julia, ends


@given(models())
def test_every_layer_is_found_however_the_models_are_cut(model):
    python, julia, ends = model
    traces = [run(*(s for s, _ in side), values=[v for _, v in side]) for side in (python, julia)]
    found = align(*traces)
    assert left_over(found) == [[], []]
    dense = [(a, b) for a, b in pairs(found) if "-" not in (a, b)]
    both = [[str(i) for i, (step, _) in enumerate(side) if step[1]] for side in (python, julia)]
    assert set(zip(*both, strict=True)) <= set(dense)
    values = {float(traces[0].values[cut.python][0, 0]) for cut in found.cuts}
    assert values >= set(ends)
    for cut in found.cuts:
        np.testing.assert_array_equal(traces[0].values[cut.python], traces[1].values[cut.julia])


def test_lenet_as_the_tutorials_write_it():
    conv, dense = [(6, 1, 5, 5), (6,)], layer(3)
    python = run(
        ("Conv2d", conv, ""), ("ReLU", [], ""), ("MaxPool2d", [], ""), ("Flatten", [], ""),
        ("Linear", dense, ""), ("ReLU", [], ""),
    )  # fmt: skip
    julia = run(("Conv", conv, "relu"), ("MaxPool", [], ""), ("flatten", [], ""),
                ("Dense", dense, "relu"))  # fmt: skip
    found = align(python, julia)
    assert pairs(found) == [("0", "0"), ("1", "0"), ("2", "1"), ("3", "2"), ("4", "3"), ("5", "3")]
    assert [(cut.python, cut.julia) for cut in found.cuts][1:5] == [(2, 1), (3, 2), (4, 3), (6, 4)]


def left_over(found):
    """The calls with arrays of their own that have no counterpart, of Python and of Julia."""
    atoms = [
        (side, atom)
        for step in found.steps
        if not step.matched
        for side in (0, 1)
        for atom in (step.python, step.julia)[side]
        if atom.sizes
    ]
    return [
        [(found.python, found.julia)[side][atom.call] for which, atom in atoms if which == side]
        for side in (0, 1)
    ]


def test_an_activation_that_one_side_has_not_does_not_move_the_rest():
    python = run(("Linear", layer(2), ""), ("Linear", layer(3), ""))
    julia = run(("Dense", layer(2), "relu"), ("Dense", layer(3), ""))
    found = align(python, julia)
    assert ("0", "0") in pairs(found) and ("1", "1") in pairs(found)
    assert [(cut.python, cut.julia) for cut in found.cuts] == [(0, 0), (1, 1), (2, 2), (2, 2)]


def test_branches_in_another_order():
    big, small = layer(5), layer(1)

    def branches(first, second, by):
        numbers = {i: np.full((2, WIDTH), by * float(i)) + np.arange(WIDTH) for i in range(4)}
        calls = [
            Call("a", "Linear", (0,), (1,), {"a": first[0]}),
            Call("b", "Linear", (0,), (2,), {"b": second[0]}),
            Call("join", "add", (1, 2), (3,)),
        ]
        return Trace((0,), (3,), calls, numbers)

    found = align(branches(big, small, 1), branches(small, big, 3))
    assert found.fits
    assert (
        ("b", "a") in pairs(found)
        and ("a", "b") in pairs(found)
        and ("join", "join") in pairs(found)
    )


def test_layers_that_are_packed_in_one_on_the_other_side():
    single = ("Linear", layer(2), "")
    packed = ("Dense", [(6, WIDTH), (6,)], "")
    for python, julia, expected in (
        ([single] * 3, [packed], ("0+1+2", "0")),
        ([packed], [single] * 3, ("0", "0+1+2")),
    ):
        assert expected in pairs(align(run(*python), run(*julia)))


def test_a_layer_of_layers_whole_or_taken_apart():
    shapes = {"in": (6, 2), "out": (2, 2)}
    units = tuple({"weight": Piece("in", i, 3)} for i in range(3)) + ({"weight": Piece("out")},)
    attention = Call("mha", "MultiheadAttention", (0,), (1,), shapes, splits=(units,))
    values = {i: np.arange(4.0).reshape(2, 2) + i for i in range(6)}
    python = Trace((0,), (1,), [attention], values)
    inner = [
        Call(f"mha.{name}", "Dense", (0,), (i,), {f"mha.{name}": (2, 2)}, inside=("mha", 0))
        for i, name in enumerate("qkv", 2)
    ]
    out = Call("mha.o", "Dense", (5,), (1,), {"mha.o": (2, 2)}, inside=("mha", 0))
    whole = {name: (2, 2) for name in ("mha.q", "mha.k", "mha.v", "mha.o")}
    mha = Call("mha", "MultiHeadAttention", (0,), (1,), whole)
    assert pairs(align(python, Trace((0,), (1,), [*inner, out, mha], values))) == [("mha", "mha")]
    written_out = [call for call in (*inner, out)]
    found = align(python, Trace((0,), (1,), [replaced(c) for c in written_out], values))
    assert pairs(found) == [("mha", f"mha.{name}") for name in "qkvo"]
    assert (1, 1) in [(cut.python, cut.julia) for cut in found.cuts]


def replaced(call):
    return Call(call.path, call.kind, call.inputs, call.outputs, call.arrays)


def test_a_value_that_comes_later_on_one_side():
    """A cell that is called in a loop, whose outputs are stacked, is one recurrent layer."""
    values = {0: np.zeros((2, 3, 4)), 9: np.arange(12.0).reshape(2, 3, 2)}
    values |= {i: np.arange(4.0).reshape(2, 2) + i for i in (1, 2, 3)}
    arrays = {"w": (8, 4)}
    cells = [Call("cell", "LSTMCell", (0,), (i,), arrays, turn=i - 1) for i in (1, 2, 3)]
    python = Trace((0,), (9,), [*cells, Call("stack", "stack", (1, 2, 3), (9,))], values)
    julia = Trace((0,), (1,), [Call("lstm", "LSTM", (0,), (1,), {"lstm.Wi": (4, 8)})],
                  {0: values[0], 1: values[9]})  # fmt: skip
    assert (9, 1) in [(cut.python, cut.julia) for cut in align(python, julia).cuts]


def test_what_has_no_counterpart_is_left_over():
    python = run(("Linear", layer(2), ""))
    julia = run(("Dense", layer(2), ""), ("Dense", layer(3), ""))
    found = align(python, julia)
    assert [call.label for call in left_over(found)[1]] == ["1"] and not found.fits


def test_scores_prefer_what_is_alike():
    kinds = ["Linear", "Conv2d", "BatchNorm1d", "ReLU", "MaxPool2d"]
    theirs = ["Dense", "Conv", "BatchNorm", "relu", "MaxPool"]
    shapes = [layer(2), [(2, 1, 3, 3)], [(4,), (4,)], [], []]
    for i, j in itertools.product(range(len(kinds)), repeat=2):
        found = align(run((kinds[i], shapes[i], "")), run((theirs[j], shapes[j], "")))
        assert found.steps[0].matched == (i == j), (kinds[i], theirs[j])
