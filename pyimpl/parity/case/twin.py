"""The NumPy side: a case evaluated by `pyimpl`."""

import warnings
import zlib
from collections.abc import Callable, Container
from dataclasses import is_dataclass, replace
from typing import Any

import numpy as np

from ...core import tree
from ...core.pullback import withgradient
from ...optimise import adjust, freeze, setup, thaw, update
from ...optimise.rules import Rule
from ...training.train import train
from .case import Case, Outcome
from .names import NOISE, OUTPUT, PLAIN, RULED, Kind, Name, numbered

REFUSALS = (ValueError, TypeError, IndexError, FloatingPointError, ZeroDivisionError)


class HandedIn:
    """Stands in for a random generator and gives out the numbers that the case contains, once."""

    def __init__(self, noise: np.ndarray):
        self._noise = noise

    def random(self, size, dtype=np.float64):
        """The given numbers in the shape asked for."""
        return self._noise.reshape(size).astype(dtype)

    standard_normal = random


def evaluate(case: Case, build: Callable[[Case], Any]) -> Outcome:
    """The outcome of `case` for the twin that `build(case)` makes; an error that the twin raises is
    an outcome.
    """
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            twin = build(case)
            if case.mode == "draw":
                return _named({OUTPUT: twin(HandedIn(case.arrays[NOISE]))})
            if case.mode == "steps":
                return steps(twin, case)
            if case.mode == "training":
                return _training(twin, case)
            if case.mode == "program":
                model, run = twin
                return _named(run(model, case))
            if case.mode == "function":
                return _pull(twin, case, {})
            return _layer(twin, build(case), case)
    except REFUSALS as refusal:
        return Outcome(error=f"{type(refusal).__name__}: {refusal}")


def _named(tree_of_arrays: dict[Name, Any]) -> Outcome:
    arrays: dict[Name, np.ndarray] = {}
    none: set[Name] = set()

    def flatten(name: Name, value: Any) -> None:
        if value is None:
            none.add(name)
        elif isinstance(value, np.ndarray | np.generic | int | float):
            arrays[name] = np.asarray(value)
        for child, part in tree.children(value):
            flatten(name.part(child), part)

    for name, value in tree_of_arrays.items():
        flatten(name, value)
    return Outcome(arrays, frozenset(none))


def _pull(twin, case: Case, also: dict[Name, Any]) -> Outcome:
    """The output and the gradients. Raises ValueError where what was given is changed, and where
    `back` gives something else when it is called again.
    """
    given = {kind: list(map(np.copy, case.all(kind))) for kind in (Kind.INPUT, Kind.COTANGENT)}
    y, back = twin.pullback(*given[Kind.INPUT])
    outcome = _named({OUTPUT: y, **also})
    if given[Kind.COTANGENT]:
        dys = tuple(given[Kind.COTANGENT])
        once, again = (_gradients(back(dys if isinstance(y, tuple) else dys[0])) for _ in range(2))
        _expect_same("back, called again, to give", once.arrays, again.arrays)
        outcome = Outcome(outcome.arrays | once.arrays, outcome.none | once.none)
    for kind, arrays in given.items():
        _expect_same(
            "to be left as it was", dict(enumerate(case.all(kind))), dict(enumerate(arrays))
        )
    return outcome


def _gradients(back: tuple) -> Outcome:
    """As they are now: `back` must not change them later."""
    dtwin, *dxs = back
    named = {numbered(Kind.INPUT_GRADIENT, i): dx for i, dx in enumerate(dxs, 1)}
    outcome = _named(named if dtwin is None else {**named, Name(Kind.PARAMETER_GRADIENT): dtwin})
    return replace(outcome, arrays={name: x.copy() for name, x in outcome.arrays.items()})


def _expect_same(what: str, before: dict, after: dict) -> None:
    for name, array in before.items():
        if not np.array_equal(array, after[name], equal_nan=array.dtype.kind in "fc"):
            raise ValueError(f"expected {what} {array}, got {after[name]}")


def _hand_in(twin, case: Case) -> None:
    for layer in tree.layers_of(twin):
        if hasattr(layer, "rng") and NOISE in case.arrays:
            layer.rng = HandedIn(case.arrays[NOISE])


def _layer(twin, fresh, case: Case) -> Outcome:
    for copy in (twin, fresh):
        _hand_in(copy, case)
    if case.mode != "auto":
        (tree.trainmode if case.mode == "train" else tree.testmode)(twin)
    outcome = _pull(twin, case, {PLAIN: fresh(*map(np.copy, case.all(Kind.INPUT)))})
    if is_dataclass(twin):
        for path, leaf in tree.leaves(twin):
            if isinstance(leaf, np.ndarray):
                outcome.arrays[Name(Kind.STATE, path)] = leaf
    return outcome


def other_release(path: str, known: Container[str]) -> str:
    """`path`, or what it is called among the `known` ones: the bias of an RNN and an LSTM was `b`
    up to Flux 0.14, as it still is in a GRU.
    """
    whole, dot, last = path.rpartition(".")
    other = whole + dot + {"b": "bias", "bias": "b"}.get(last, last)
    return other if path not in known and other in known else path


def place(model, arrays: dict[str, np.ndarray]):
    """Copy every array to its path in the model.

    Raises ValueError for a path that the model does not have.
    """
    own = {path: leaf for path, leaf in tree.leaves(model) if isinstance(leaf, np.ndarray)}
    for path, array in arrays.items():
        path = other_release(path, own)
        if path not in own:
            raise ValueError(f"the twin has no array {path!r}, only {sorted(own)}")
        if own[path].shape != array.shape:
            raise ValueError(
                f"the twin's {path} has shape {own[path].shape}, the case gives {array.shape}"
            )
        own[path][...] = array
    return model


def jitter(model, seed: int, step: float):
    """From now on what every inner layer puts out and hands back is off by a relative `step`: the
    sign depends on layer and place.
    """

    def jittered(pullback, number):
        def moved(name, value):
            if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
                return value
            signs = np.random.default_rng([seed, number, zlib.crc32(name.encode())]).choice(
                (-1.0, 1.0), value.shape
            )
            return value * (1 + step * signs).astype(value.dtype)

        def pull(*xs):
            y, back = pullback(*xs)

            def jittered_back(dy):
                gradient, *dxs = back(dy)
                return gradient, *(moved(f"dx{i}", dx) for i, dx in enumerate(dxs))

            return moved("y", y), jittered_back

        return pull

    for number, layer in enumerate(list(tree.layers_of(model))[1:]):
        layer.pullback = jittered(layer.pullback, number)


def steps(rule: Rule, case: Case) -> Outcome:
    """What a rule makes of `x` and of its own state, after every gradient."""
    x = case.arrays[RULED].copy()
    state = rule.init(x)
    named: dict[Name, Any] = {}
    for step, given in enumerate(case.all(Kind.GIVEN_GRADIENT), 1):
        g = given.copy()
        state, dx = rule.apply(state, x, g)
        _expect_same("the gradient to be left as", {RULED: given}, {RULED: g})
        if dx is not None:
            x -= dx
        outcome = _named({RULED: x, Name(Kind.STATE): state})
        named |= {name.at(step): array.copy() for name, array in outcome.arrays.items()}
    return _named(named)


def _training(twin, case: Case) -> Outcome:
    """Every batch once: loss and parameters after each step, or, where the config asks for `train`,
    the parameters after the last one.

    The config may freeze and thaw a part or change hyper-parameters before a step.
    """
    model, objective, rule = twin
    opt_state = setup(rule, model)
    batches = list(zip(case.all(Kind.INPUT), case.all(Kind.TARGET), strict=True))
    if case.config.get("loop"):
        train(objective, model, batches, opt_state)
        return _named(_parameters(model, len(batches)))
    named: dict[Name, Any] = {}
    for step, (x, target) in enumerate(batches, 1):
        if case.config.get("freeze_at") == step:
            freeze(opt_state.layers[0])
        if case.config.get("thaw_at") == step:
            thaw(opt_state.layers[0])
        if case.config.get("adjust_at") == step:
            adjust(opt_state, **_changes(case.config))
        value, gradients = withgradient(objective, model, x, target)
        update(opt_state, model, gradients[0])
        named |= {Name(Kind.LOSS, step=step): value} | _parameters(model, step)
    return _named(named)


def _changes(config: dict[str, Any]) -> dict[str, Any]:
    """Hyper-parameters by name; `adjust_to` is a learning rate."""
    if "adjust_to" in config:
        return {"eta": config["adjust_to"]}
    changes = config["adjust"].items()
    return {name: tuple(value) if isinstance(value, list) else value for name, value in changes}


def _parameters(model, step: int) -> dict[Name, np.ndarray]:
    return {
        Name(Kind.PARAMETER, path, step): array.copy()
        for path, array in tree.trainables(model).items()
    }
