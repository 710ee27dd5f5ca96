"""Probes of the matching: which array is which, how one lies in the other, and whole pairs."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...case.case import Case, Outcome
from ...pair.crossing import compared, received, sent
from ...pair.layer_matching import flipped
from ...pair.matching import (
    TRANSPOSED,
    Match,
    NoMatch,
    by_layer,
    in_pairs,
    is_of_gates,
    mappings,
    match,
    match_models,
    prove,
)
from ...sides.trace import Piece
from .probe import X1, gave, listed, posed, probe, written

Shapes = dict[str, tuple[int, ...]]


def pairs(matches: list[Match]) -> str:
    """Matches in words."""
    return listed(one.pair.replace(", ", " ") for one in matches)


def matched(python: Shapes, julia: Shapes, **options: Any) -> str:
    """What two lists of arrays are matched to, or the first words of why they are not."""
    try:
        return pairs(match(python, julia, **options))
    except NoMatch as problem:
        return f"NoMatch: {str(problem).splitlines()[0]}"


@probe("W = weight, b = bias, W = weight transposed, b = bias")
def arrays_are_matched_by_the_words_that_they_go_by():
    one: Shapes = {"W": (2, 3), "b": (3,)}
    return listed(
        (
            matched(one, {"weight": (2, 3), "bias": (3,)}),
            matched(one, {"bias": (3,), "weight": (3, 2)}),
        )
    )


@probe("gamma = scale, beta = shift, running_mean = mean, running_var = var")
def arrays_of_one_shape_are_told_apart_by_their_names():
    python: Shapes = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (4,))
    return matched(python, dict.fromkeys(("shift", "scale", "mean", "var"), (4,)))


@probe(
    "NoMatch: a could be u or v, NoMatch: a of shape (2,) fits no array of the Julia side, "
    "NoMatch: the Julia side has v besides"
)
def what_cannot_be_told_is_not_guessed():
    return listed(
        (
            matched({"a": (2,)}, {"u": (2,), "v": (2,)}),
            matched({"a": (2,)}, {"u": (3,)}),
            matched({"a": (2,)}, {"u": (2,), "v": (3,)}),
        )
    )


@probe("w = weight, w = weight transposed")
def a_square_array_lies_as_its_library_says():
    ways = (lambda name: False), (lambda name: True)
    square: Shapes = {"w": (2, 2)}
    return listed(matched(square, {"weight": (2, 2)}, transposed=way) for way in ways)


@probe(
    "0.W = layers.0.weight transposed, 0.b = layers.0.bias, 1.W = layers.1.weight transposed, "
    "1.b = layers.1.bias"
)
def models_are_matched_layer_by_layer_and_squares_as_the_others():
    python: Shapes = {"0.W": (2, 3), "0.b": (3,), "1.W": (3, 3), "1.b": (3,)}
    julia: Shapes = {
        "layers.0.weight": (3, 2),
        "layers.0.bias": (3,),
        "layers.1.weight": (3, 3),
        "layers.1.bias": (3,),
    }
    return pairs(match_models(python, julia))


@probe("W1 b1, W2 b2; fc.weight fc.bias, out.weight")
def arrays_of_one_owner_are_together():
    def owners(*names):
        return listed(" ".join(one) for one in by_layer(dict.fromkeys(names, (1,))))

    return f"{owners('W1', 'W2', 'b1', 'b2')}; {owners('fc.weight', 'out.weight', 'fc.bias')}"


@probe("2 arrays in pairs, 1 proved by moving it; transposed: W")
def matches_are_told_in_a_line():
    return in_pairs([("W", Match("W", "weight", TRANSPOSED, True)), ("b", Match("b", "bias"))])


# Proofs.

SQUARE = np.array([[1.0, 2.0], [3.0, 5.0]])
INPUT = np.array([[1.0, -2.0]])


def proved(python: Any, julia: Any, names: Any = ("w",), **arrays: np.ndarray) -> str:
    """Matches of arrays called the same, proved between two functions of a case's arrays."""
    given = arrays or {"w": SQUARE}
    case = posed("m", {}, {"x1": INPUT} | {f"param.{n}": a for n, a in given.items()}, "test")

    def outcome(model, asked: Case) -> Outcome:
        own = asked.parameters()
        return gave({"y": model(asked.arrays[X1], **own)})

    def julias(cases: list[Case]) -> Iterator[Outcome]:
        return (outcome(julia, one) for one in cases)

    found = prove([Match(n, n) for n in names], case, lambda one: outcome(python, one), julias)
    return listed(f"{m.python} {m.proved}{f' ({m.instead})' if m.instead else ''}" for m in found)


@probe("w True, w False (transposed), w None")
def a_match_is_proved_by_moving_both():
    def product(x, w):
        return x @ w

    return listed(
        (
            proved(product, product),
            proved(product, lambda x, w: x @ w.T),
            proved(product, lambda x, w: x + 0 * w[0]),
        )
    )


@probe("a False (b in its place), b False (a in its place)")
def arrays_that_are_exchanged_are_found():
    def one(x, a, b):
        return x * a - 2 * x * x * b

    return proved(
        one,
        lambda x, a, b: one(x, b, a),
        ("a", "b"),
        a=np.array([1.0, 2.0]),
        b=np.array([3.0, 4.0]),
    )


@probe("w False")
def what_no_way_explains_is_not_proved():
    return proved(lambda x, w: x @ w, lambda x, w: 3 * x @ w)


@probe("True, False")
def only_cells_have_gates():
    matches = [Match("a", "cell.Wi"), Match("b", "cell.Wh"), Match("c", "dense.weight")]
    return listed(is_of_gates(one, matches) for one in matches[1:])


@probe("as it is, transposed; True; 24")
def ways_keep_the_shape_and_gates_are_in_every_order():
    square = [way.words for way in mappings((2, 2), gated=False)]
    four = np.arange(8.0)
    results = {tuple(way.forth(four)) for way in mappings((8,)) if way.forth(four).shape == (8,)}
    back = all(np.array_equal(way.undone(way.forth(four)), four) for way in mappings((8,)))
    orders = {
        one
        for one in results
        if len(set(one)) == 8 and all(one[i + 1] == one[i] + 1 for i in range(0, 8, 2))
    }
    return f"{listed(square[:2])}; {back}; {len(orders)}"


@probe("[[[[8, 7, 6], [5, 4, 3], [2, 1, 0]]]]")
def a_kernel_is_turned_over_along_its_spatial_axes():
    kernel = np.arange(9).reshape(1, 1, 3, 3)
    return flipped(kernel.shape).forth(kernel).tolist()


# Names at the border.

TURNED = Match("W", "weight", TRANSPOSED)
CASE = posed("m", {}, {"x1": INPUT, "param.W": SQUARE, "param.b": np.ones(2)}, "auto")


def arrays_of(case: Case) -> str:
    """The arrays of a case in words."""
    return written(Outcome(dict(case.arrays)))


@probe("x1 float64 [[1, -2]]; param.bias float64 [1, 1]; param.weight float64 [[1, 3], [2, 5]]")
def a_case_goes_over_in_julia_s_names():
    return arrays_of(sent(CASE, [TURNED, Match("b", "bias")]))


@probe("x1 float64 [[1, -2]]; param.weight float64 [[1, 3], [2, 5]]")
def what_julia_has_not_is_left_out():
    return arrays_of(sent(CASE, [TURNED]))


JULIA = gave(
    {
        "y": np.ones(1),
        "plain": np.ones(1),
        "grad.weight": np.array([[1.0, 2.0], [3.0, 4.0]]),
        "state.weight": SQUARE.T,
        "grad.mean": np.ones(2),
    },
    ["grad.bias"],
)


@probe(
    "y float64 [1]; grad.W float64 [[1, 3], [2, 4]]; state.W float64 [[1, 2], [3, 5]]; grad.b none"
)
def an_outcome_comes_back_in_python_s_names():
    return written(received(JULIA, [TURNED, Match("b", "bias"), Match("m", "mean")]))


@probe("grad.m float64 [1, 1]; y float64 [1]")
def gradients_of_statistics_come_where_they_are_asked_for():
    found = received(replace(JULIA, none=frozenset()), [Match("m", "mean")], statistics=True)
    kept = {n: a for n, a in found.arrays.items() if str(n) in ("grad.m", "y")}
    return "; ".join(reversed(written(Outcome(kept)).split("; ")))


@probe("grad.w float64 [11, 22]; state.w float64 [1, 2]")
def gradients_of_what_is_one_array_in_python_are_added():
    two = gave(
        {
            "grad.a": np.array([1.0, 2.0]),
            "grad.b": np.array([10.0, 20.0]),
            "state.a": np.array([1.0, 2.0]),
            "state.b": np.array([1.0, 2.0]),
        }
    )
    return written(received(two, [Match("w", "a"), Match("w", "b")]))


PACKED = [Match("qk", "q", mine=Piece("qk", 0, 2, 0)), Match("qk", "k", mine=Piece("qk", 1, 2, 0))]


@probe(
    "param.k float64 [3, 4]; param.q float64 [1, 2] / grad.qk float64 [1, 2, 3, 4] / "
    "grad.qk float64 [1, 2, 0, 0]"
)
def packed_arrays_are_taken_apart_and_put_together():
    case = posed("m", {}, {"param.qk": np.array([1.0, 2.0, 3.0, 4.0])}, "auto")
    over = arrays_of(sent(case, PACKED))
    back = gave({"grad.q": np.array([1.0, 2.0]), "grad.k": np.array([3.0, 4.0])})
    part = gave({"grad.q": np.array([1.0, 2.0])}, ["grad.k"])
    return " / ".join((over, *(written(received(one, PACKED)) for one in (back, part))))


@probe("param.a float64 [1]")
def another_view_of_an_array_is_not_sent_twice():
    case = posed("m", {}, {"param.u": np.array([1.0]), "param.v": np.array([2.0])}, "auto")
    return arrays_of(sent(case, [Match("u", "a"), Match("v", "a", again=True)]))


@probe("y float64 [1]; grad.w float64 [1]")
def what_only_python_has_is_not_compared():
    one = np.ones(1)
    return written(compared(gave({"y": one, "grad.w": one, "grad.v": one, "state.v": one}), ["v"]))
