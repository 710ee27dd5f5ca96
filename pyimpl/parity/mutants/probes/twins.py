"""Probes of what the twin has beside its rows: states and files, modes, precisions, draws, the
textbooks' tape. What is known is what Flux's documentation, or the textbook, says.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import pyimpl
from pyimpl import textbook

from .probe import listed, probe, shown


def dense(value: float = 1.0, bias: bool = True) -> Any:
    """One to one."""
    return pyimpl.Dense(np.full((1, 1), value), np.full(1, value) if bias else False)


def chain(*layers: Any) -> Any:
    """A Chain."""
    return pyimpl.Chain(*layers)


def arrays(model: Any) -> str:
    """The arrays of a model in words."""
    return listed(f"{path} {shown(array)}" for path, array in pyimpl.trainables(model).items())


def refused(call: Any) -> str:
    """What a call raises, or that it raises nothing."""
    try:
        call()
    except Exception as problem:
        return type(problem).__name__
    return "nothing"


# Models loaded, written and read.


@probe("weight float64 [[3]], bias float64 [3]; float64 [[3]]")
def a_model_is_loaded_by_copying():
    target, source = dense(), dense(3.0)
    pyimpl.loadmodel(target, source)
    target.weight += 0  # its own memory
    source.weight += 1
    return f"{arrays(target)}; {shown(target.weight)}"


@probe("weight float64 [[3]], bias float64 [0]; ValueError; float64 [[1]]")
def a_bias_that_is_not_there_is_zero_and_has_no_place():
    target, untouched = dense(), dense()
    pyimpl.loadmodel(target, pyimpl.state(dense(3.0, bias=False)))
    raised = refused(lambda: pyimpl.loadmodel(dense(1.0, bias=False), pyimpl.state(dense())))
    refused(lambda: pyimpl.loadmodel(untouched, {"weight": np.ones((2, 2)), "bias": np.zeros(1)}))
    return f"{arrays(target)}; {raised}; {shown(untouched.weight)}"


@probe("ValueError, nothing")
def tied_arrays_get_the_same_numbers_twice():
    one = dense()
    tied = chain(one, one)

    def load(*values):
        return refused(lambda: pyimpl.loadmodel(tied, chain(*map(dense, values))))

    return listed((load(2.0, 3.0), load(4.0, 4.0)))


@probe(
    "layers.0.weight float64 [[1]], layers.0.bias float64 [1], "
    "layers.1.weight float64 [[5]], layers.1.bias float64 [5]"
)
def parts_that_are_not_wanted_are_passed_over():
    target, source = chain(dense(), dense()), chain(dense(4.0), dense(5.0))
    firsts = target.layers[0], source.layers[0]
    pyimpl.loadmodel(target, source, filter=lambda part: all(part is not one for one in firsts))
    return arrays(target)


@probe("layers: 2, act None, mean True, active None")
def a_state_is_plain_data():
    found: Any = pyimpl.state(chain(dense(), pyimpl.BatchNorm(1)))
    first, norm = found["layers"]
    return (
        f"layers: {len(found['layers'])}, act {first['act']}, mean {'mean' in norm}, "
        f"active {norm['active']}"
    )


@probe(
    "weight float64 [[3, 4]], bias float64 [0.5], act stride pad: stride (1, 2) "
    "pad [[1, 1], [2, 2]]; shift; StateFileError",
    needs="h5py",
)
def a_file_gives_back_what_was_written():
    model = pyimpl.Dense(np.array([[3.0, 4.0]]).T, np.array([0.5]))
    conv = pyimpl.Conv((2, 3), 1, 1, stride=(1, 2), pad=(1, 2))
    parts = {"dense": model, "conv": conv, "norm": pyimpl.BatchNorm(2)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.jld2"
        pyimpl.write_state(path, {name: pyimpl.state(p) for name, p in parts.items()}, "mine")
        found: Any = pyimpl.read_state(path, "mine")
        other = refused(lambda: pyimpl.read_state(path, "model_state"))
    weight = shown(np.asarray(found["dense"]["weight"]).T)
    bias, names = shown(np.asarray(found["dense"]["bias"])), list(found["conv"])
    stride, pad = (np.asarray(found["conv"][name]).tolist() for name in ("stride", "pad"))
    kept = " ".join(name for name in names if name in ("act", "stride", "pad"))
    shift = " ".join(name for name in found["norm"] if name == "shift")
    return (
        f"weight {weight}, bias {bias}, {kept}: stride {tuple(stride)} pad {pad}; {shift}; {other}"
    )


# Walks over a model.


@probe("True None, False None, None, True, False")
def modes_reach_every_layer_inside():
    model = chain(chain(pyimpl.Dropout(0.5)), dense())
    inner = model.layers[0].layers[0]
    modes = []
    for change, mode in (
        (pyimpl.trainmode, True),
        (pyimpl.testmode, True),
        (pyimpl.testmode, "auto"),
        (pyimpl.testmode, False),
        (pyimpl.trainmode, False),
    ):
        change(model, mode)
        modes.append(inner.active)
    return f"{modes[0]} None, {modes[1]} None, {modes[2]}, {modes[3]}, {modes[4]}"


@probe("float16 float32 float64 float64, True, True")
def precisions_are_those_of_copies():
    model = chain(dense(), pyimpl.BatchNorm(1))
    kinds = [one(model).layers[0].weight.dtype for one in (pyimpl.f16, pyimpl.f32, pyimpl.f64)]
    eps = pyimpl.f16(model).layers[1].eps == model.layers[1].eps
    mean = pyimpl.f16(model).layers[1].mean.dtype == np.float16
    return f"{' '.join(map(str, [*kinds, model.layers[0].weight.dtype]))}, {eps}, {mean}"


@probe("True, float64 [[2]], float64 [[1]], Chain Dense Dropout, 3")
def a_copy_has_other_arrays_and_what_is_shared_stays_so():
    one = dense()
    model = chain(one, one, pyimpl.Dropout(0.5))
    copy = pyimpl.fmap(lambda array: 2 * array, model)
    names = " ".join(type(layer).__name__ for layer in pyimpl.modules(model))
    shared = copy.layers[0].weight is copy.layers[1].weight
    return listed(
        (shared, shown(copy.layers[0].weight), shown(one.weight), names, len(pyimpl.modules(model)))
    )


@probe("float64 [6], None; ValueError; TypeError")
def a_gradient_is_that_of_a_scalar_for_every_argument():
    @pyimpl.differentiable
    def times(x, y):
        return (x * x).sum(), lambda dy: (None, 2 * x * dy, None)

    dx, dy = pyimpl.gradient(times, np.array([3.0]), 1)
    many = refused(lambda: pyimpl.gradient(pyimpl.relu, np.ones(2)))
    return f"{shown(dx)}, {dy}; {many}; {refused(lambda: pyimpl.pullback(print, 1))}"


@probe("0.5 1, 0.166667 0.5, 0.5 1")
def semantics_hold_inside_of_their_block():
    def stop():
        return pyimpl.early_stopping(lambda: 1.0, 1)()

    x = np.array([[0.0], [2.0]])

    def normal(eps=1.0):
        return pyimpl.normalise(x, eps=eps)[1, 0]

    today = f"{normal() ** 2:.6g} {1 - stop()}"
    with pyimpl.semantics("0.14"):
        then = f"{normal(5.0):.6g} {(1 + (not stop())) / 2}"
    return f"{today}, {then}, {normal() ** 2:.6g} {1 - stop()}"


# What is drawn, and what is a matter of time.


class Handed:
    """A generator that gives out what it is given."""

    def permutation(self, n):
        """From the last to the first."""
        return np.arange(n)[::-1]

    def integers(self, high, size=None):
        """The last, or the last and the first."""
        return high - 1 if size is None else np.arange(high - 1, high - 1 - size, -1)


@probe("[3, 2, 1]; [3, 2] 3")
def observations_are_drawn_by_the_generator():
    data = np.array([1, 2, 3])
    shuffled = pyimpl.shuffleobs(data, rng=Handed()).tolist()
    some, one = pyimpl.randobs(data, 2, rng=Handed()), pyimpl.randobs(data, rng=Handed())
    return f"{shuffled}; {some.tolist()} {one}"


@probe("[False, True]; [True, False]; ValueError")
def one_label_is_one_hot():
    two = ["a", "b"]
    return "; ".join(
        (
            str(pyimpl.onehot("b", two).tolist()),
            str(pyimpl.onehot("c", two, "a").tolist()),
            refused(lambda: pyimpl.onehot("c", two)),
        )
    )


PERIOD = 0.15  # seconds


@probe("1 1 2 0 1, 2")
def a_throttled_function_runs_once_in_a_period():
    calls: list[int] = []

    def count():
        calls.append(1)
        return len(calls)

    limited = pyimpl.throttle(count, PERIOD)
    first, second = limited(), limited()
    time.sleep(4 * PERIOD)
    third = limited()
    calls.clear()
    late = pyimpl.throttle(count, PERIOD, leading=False)
    late()
    before = len(calls)
    time.sleep(4 * PERIOD)
    after = len(calls)
    calls.clear()
    both = pyimpl.throttle(count, PERIOD, trailing=True)
    both(), both(), both()
    time.sleep(4 * PERIOD)
    return f"{first} {second} {third} {before} {after}, {len(calls)}"


@probe("float64 [[0.8]], float64 [1, 2]; FloatingPointError float64 [[1]]")
def training_takes_every_batch_and_stops_at_a_loss_that_is_none():
    model, broken = dense(1.0, bias=False), dense(1.0, bias=False)
    seen: list[float] = []

    @pyimpl.differentiable
    def loss(layer, x):
        seen.append(float(x))
        return layer.weight.sum() * x, lambda dy: (
            None,
            pyimpl.Gradient(weight=np.full((1, 1), dy), bias=None, act=None),
            None,
        )

    pyimpl.train(loss, model, [np.float64(1), np.float64(2)], pyimpl.Descent(0.1))
    raised = refused(lambda: pyimpl.train(loss, broken, [np.float64(np.nan)], pyimpl.Descent(0.1)))
    return f"{shown(model.weight)}, {shown(np.array(seen[:2]))}; {raised} {shown(broken.weight)}"


# The textbooks' tape.


@probe("6 1, float64 [3, 2], float64 [-1.5, -1.5] float64 [0.5, 0.5]")
def a_tape_goes_back_through_what_was_computed():
    x = textbook.Variable(np.array([1.0, 2.0]))
    y = (x * x + x).sum() - 2
    y.backward()
    shared = x.grad
    assert shared is not None
    a, b = textbook.Variable(np.array([2.0, 2.0])), textbook.Variable(np.array([2.0, 2.0]))
    (a / b - b).sum().backward()
    assert a.grad is not None and b.grad is not None
    return f"{y.data:g} 1, {shown(shared - [0, 3])}, {shown(b.grad)} {shown(a.grad)}"


@probe("float64 [4]; None; float64 [12]")
def gradients_of_a_tape_add_up_until_they_are_cleared():
    x = textbook.Variable(np.array([2.0]))
    (x**2).backward(np.ones(1))
    first = x.grad
    assert first is not None
    told = shown(first)
    x.cleargrad()
    cleared = x.grad
    (x**3).backward(np.ones(1))
    assert x.grad is not None
    return f"{told}; {cleared}; {shown(x.grad)}"


@probe("float64 [[11, 22]]; float64 [[7], [15]] float64 [4]; 2.5 float64 [-1, -2]")
def products_and_losses_are_taped():
    x, w = np.array([[1.0, 2.0], [3.0, 4.0]]), textbook.Variable(np.ones((2, 1)))
    b = textbook.Variable(np.zeros(1))
    y = textbook.linear(x[:1], np.array([[1.0, 2.0], [5.0, 10.0]]))
    (textbook.linear(x.T.copy(), w, b) * np.array([[1.0], [3.0]])).sum().backward()
    assert w.grad is not None and b.grad is not None
    a = textbook.Variable(np.array([1.0, 2.0]))
    loss = textbook.mean_squared_error(a, np.array([2.0, 4.0]))
    loss.backward()
    assert a.grad is not None
    return f"{shown(y.data)}; {shown(w.grad)} {shown(b.grad)}; {loss.data:g} {shown(a.grad)}"


@probe("0.5 1 0.25; ValueError; 6 6")
def weights_begin_as_the_textbook_says():
    x = np.array([3.0])
    slope = textbook.numerical_gradient(lambda v: float(v[0] ** 2), x)
    stds = [textbook.initial_std(init, n) for init, n in (("he", 8), ("sigmoid", 1), (0.25, 9))]
    wrong = refused(lambda: textbook.initial_std("other", 1))
    return f"{listed(f'{s:g}' for s in stds).replace(',', '')}; {wrong}; {slope[0]:g} {2 * x[0]:g}"


@probe("float64 [[2]] float64 [3]")
def a_layer_on_the_tape_has_its_gradient_in_the_loss():
    layer, x = dense(), textbook.Variable(np.array([[2.0], [0.0], [0.0]]))
    loss = textbook.apply(layer, x).sum()
    loss.backward()
    found = loss.layer_grads[layer]
    return f"{shown(found.weight)} {shown(found.bias)}"
