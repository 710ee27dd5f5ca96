"""Programs: what has a state of its own, driven command by command, and looked at after each.

An optimiser's state is frozen in part, thawed, adjusted, set up anew, and given gradients of a part
of the model; a loader is iterated to its end, left in the middle, iterated twice at once. A program
is plain data, a list of commands such as `["freeze", "layers.0"]`, so that it can be drawn,
recorded and run in both languages.
"""

from itertools import islice
from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ..case.case import Case
from ..case.names import OUTPUT, Kind, Name
from .row import Config, Example, Row
from .rules import make_rule

Command = list[Any]
Program = list[Command]

PLACES = ("", "layers.0", "layers.1", "layers.2", "layers.0.weight", "layers.1.bias")
CHANGES = ({"eta": 0.25}, {"eta": 0.03125}, {"rho": 0.5}, {"eta": 0.125, "rho": 0.25})
WIDTH, OUTPUTS = 3, 2


def optimiser_commands() -> dict[str, st.SearchStrategy[Command]]:
    """By name, the commands for an optimiser's state."""
    places = st.sampled_from(PLACES)
    return {
        "update": st.just(["update"]),
        "update_part": st.tuples(st.just("update_part"), st.integers(0, 2)).map(list),
        "freeze": st.tuples(st.just("freeze"), places).map(list),
        "thaw": st.tuples(st.just("thaw"), places).map(list),
        "adjust": st.tuples(st.just("adjust"), places, st.sampled_from(CHANGES)).map(list),
        "setup": st.just(["setup"]),
    }


def _optimiser_programs() -> st.SearchStrategy[Program]:
    commands = optimiser_commands()
    often = [commands["update"]] * 3
    drawn = st.lists(st.one_of(*often, *commands.values()), min_size=2, max_size=7)
    return drawn.map(lambda program: [*program, ["update"]])


def _network(c: Config):
    sizes = (WIDTH, WIDTH, WIDTH, OUTPUTS)
    layers = [
        pyimpl.Dense(n_in, n_out, pyimpl.tanh)
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True)
    ]
    return pyimpl.Chain(*layers), lambda model, case: _optimise(model, make_rule(c["rule"]), case)


def _optimise(model: Any, rule: pyimpl.Rule, case: Case) -> dict[Name, Any]:
    """The arrays of the model after every command."""
    if tied := case.config.get("tied"):
        first, second, *_ = model.layers
        second.weight = first.weight.T if tied == "transpose" else first.weight
    objective = pyimpl.supervised(pyimpl.mse)
    (x,), (target,) = case.all(Kind.INPUT), case.all(Kind.TARGET)
    state = pyimpl.setup(rule, model)
    named: dict[Name, Any] = {}
    for step, (verb, *given) in enumerate(case.config["program"], 1):
        if verb == "setup":
            state = pyimpl.setup(rule, model)
        elif verb == "freeze":
            pyimpl.freeze(part_at(state, *given))
        elif verb == "thaw":
            pyimpl.thaw(part_at(state, *given))
        elif verb == "adjust":
            place, changes = given
            pyimpl.adjust(part_at(state, place), **changes)
        else:
            _, (gradient, *_) = pyimpl.withgradient(objective, model, x, target)
            pyimpl.update(state, model, _part_of(gradient, *given))
        for i, layer in enumerate(model.layers):
            for name in ("weight", "bias"):
                path = f"layers.{i}.{name}"
                named[Name(Kind.PARAMETER, path, step)] = getattr(layer, name).copy()
    return named


def part_at(tree: Any, place: str) -> Any:
    """The part of a tree at a path such as `layers.0.weight`; all of it at the empty path."""
    for key in filter(None, place.split(".")):
        tree = tree[int(key)] if key.isdigit() else getattr(tree, key)
    return tree


def _part_of(gradient: Any, only: int | None = None) -> Any:
    """The gradient, of the other layers none where `only` one is asked for."""
    if only is None:
        return gradient
    layers = tuple(part if i == only else None for i, part in enumerate(gradient.layers))
    return SimpleNamespace(layers=layers)


FROZEN_AND_THAWED = [
    ["update"],
    ["freeze", "layers.0"],
    ["update"],
    ["adjust", "", {"eta": 0.25}],
    ["update_part", 0],
    ["thaw", ""],
    ["update"],
]
MOMENTUM = {"rule": "Momentum", "eta": 0.0625}
DECAYED = {"rule": "OptimiserChain", "rules": [{"rule": "WeightDecay", "lam": 0.125}, MOMENTUM]}

OPTIMISER_ROW = Row(
    "optimiser_program",
    "flux",
    "training",
    twin=_network,
    structures=(
        {"rule": {"rule": "Descent", "eta": 0.125}},
        {"rule": MOMENTUM, "tied": True},
        {"rule": {"rule": "Adam", "eta": 0.0625}},
        {"rule": {"rule": "Adam", "eta": 0.0625}, "tied": True},
        {"rule": DECAYED},
        {"rule": MOMENTUM, "tied": "transpose"},
    ),
    sizes={"batch": st.integers(2, 4), "program": _optimiser_programs()},
    shapes=lambda c: {
        "x1": ((c["batch"], WIDTH), "spread"),
        "t1": ((c["batch"], OUTPUTS), "spread"),
    },
    modes=("program",),
    parameters="moderate",
    examples=(
        Example(
            "frozen and thawed",
            {"rule": MOMENTUM, "batch": 3, "program": FROZEN_AND_THAWED},
        ),
        Example(
            "tied, one of them frozen",
            {"rule": MOMENTUM, "tied": True, "batch": 3, "program": FROZEN_AND_THAWED},
        ),
        Example(
            "adjusted as a whole",
            {
                "rule": MOMENTUM,
                "batch": 3,
                "program": [["update"], ["adjust", "", {"eta": 0.25}], ["update"], ["update"]],
            },
        ),
        Example(
            "tied with a transpose, one of them frozen",
            {"rule": MOMENTUM, "tied": "transpose", "batch": 3, "program": FROZEN_AND_THAWED},
        ),
    ),
    covers="setup, update (of a part, too), freeze, thaw, adjust, in any order, of parts and of "
    "all, with tied arrays, of which one may be the transpose: all parameters after each command",
)


def loader_commands() -> dict[str, st.SearchStrategy[Command]]:
    """By name, the commands for a loader."""
    return {
        "epoch": st.just(["epoch"]),
        "begin": st.tuples(st.just("begin"), st.integers(1, 3)).map(list),
        "both": st.just(["both"]),
        "count": st.just(["count"]),
    }


def _loader(c: Config):
    def run(_: None, case: Case) -> dict[Name, Any]:
        options = {name: c[name] for name in ("partial", "buffer") if name in c}
        x, y = case.all(Kind.INPUT)
        loader = pyimpl.DataLoader((x, y), batchsize=c["batchsize"], **options)
        named: dict[Name, Any] = {}
        for step, command in enumerate(case.config["program"], 1):
            for i, array in enumerate(_loaded(loader, *command)):
                named[OUTPUT.part(i).at(step)] = array
        return named

    return None, run


def _loaded(loader: pyimpl.DataLoader, verb: str, count: int | None = None) -> list[np.ndarray]:
    """The arrays that a command brings, copied before the next batch: it may be the same memory."""
    if verb == "count":
        return [np.asarray(len(loader), loader.data[0].dtype)]
    if verb == "both":  # two iterations that know nothing of each other
        pairs = zip(loader, loader, strict=True)
        return [part.copy() for pair in pairs for batch in pair for part in batch]
    return [part.copy() for batch in islice(loader, count) for part in batch]


LOADER_ROW = Row(
    "loader_program",
    "flux",
    "data",
    twin=_loader,
    structures=(
        {"batchsize": 2, "partial": True},
        {"batchsize": 3, "partial": False},
        {"batchsize": 2, "partial": False, "buffer": True},
    ),
    sizes={
        "count": st.integers(3, 7),
        "program": st.lists(st.one_of(*loader_commands().values()), min_size=1, max_size=4),
    },
    shapes=lambda c: {"x1": (c["count"], 2), "x2": (c["count"],)},
    modes=("program",),
    differentiable=False,
    exact=lambda c: True,
    covers="epoch after epoch, one that is left, two at once; with and without the partial batch, "
    "with a buffer",
)

ROWS = (OPTIMISER_ROW, LOADER_ROW)
