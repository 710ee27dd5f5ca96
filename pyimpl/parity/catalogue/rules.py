"""Optimiser rules: the parameter and the rule's state after every one of six steps."""

import dataclasses

import numpy as np
from hypothesis import strategies as st

import pyimpl

from .row import Config, Example, Row

STEPS = 6


def make_rule(config: Config):
    """A rule from plain data: its hyper-parameters by name, or a list of rules for a chain."""
    if config["rule"] == "OptimiserChain":
        return pyimpl.OptimiserChain(*map(make_rule, config["rules"]))
    if config["rule"] == "MixedPrecision":
        inner = make_rule(config["inner"])
        if "precision" in config:
            return pyimpl.MixedPrecision(config["precision"], inner)
        return pyimpl.MixedPrecision(inner)
    settings = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in config.items()
        if name not in ("rule", "sizes")
    }
    return getattr(pyimpl, config["rule"])(**settings)


def _kinds(config: Config) -> set[str]:
    return {config["rule"]}.union(*map(_kinds, config.get("rules", ())))


def _row(name, *variants: Config, examples: tuple[Example, ...] = (), covers="") -> Row:
    structures = tuple({"rule": name, **variant} for variant in variants)
    vector = {**structures[0], "sizes": (3,)}
    return Row(
        name,
        "flux",
        "rule",
        twin=make_rule,
        structures=structures,
        sizes={"sizes": st.tuples(st.integers(1, 4), st.integers(1, 3))},
        shapes=lambda c: {"x": c["sizes"], **{f"g{i}": c["sizes"] for i in range(1, STEPS + 1)}},
        modes=("steps",),
        since=lambda c: "0.15" if "couple" in c or "MixedPrecision" in _kinds(c) else "0",
        examples=(
            Example("zero gradients", vector, {"g1": np.zeros(3), "g4": np.zeros(3)}),
            Example(
                "tiny and huge gradients",
                vector,
                {"g1": (1e-6, 1e6, -1e6), "g2": (1e6, 1e-6, -1e-6), "g3": (2.0**-20, 1.0, 1024.0)},
            ),
            *examples,
        ),
        covers=covers or "parameter and state after each of six steps, defaults and other settings",
    )


def _downhill(rule) -> Example:
    return Example(
        "negative learning rate", {"rule": rule, "eta": -0.125, "sizes": (3,)}, refused=True
    )


def _infinite(throw: bool, refused=False) -> Example:
    rule = {"rule": "ClipNorm", "omega": 1.0} | ({} if throw else {"throw": False})
    gradients = {"g1": (np.inf, 1.0, -2.0), "g2": (1.0, np.nan, 2.0)}
    name = "gradients that are not finite" + ("" if throw else ", let through")
    return Example(name, {**rule, "sizes": (3,)}, gradients, refused=refused)


MOMENTUM = {"rule": "Momentum", "eta": 0.25, "rho": 0.5}
MIXED = {"rule": "MixedPrecision", "precision": "float64", "inner": {"rule": "Adam", "eta": 0.02}}
INSIDE = (
    "Optimisers.jl refuses MixedPrecision inside a chain; the deprecated module Flux.Optimise "
    "adds a constructor that does not ask"
)

ROWS = (
    _row(
        "Descent",
        {},
        {"eta": 0.25},
        examples=(Example("uphill", {"rule": "Descent", "eta": -0.125, "sizes": (3,)}),),
    ),
    _row("Momentum", {}, {"eta": 0.25, "rho": 0.5}),
    _row("Nesterov", {}, {"eta": 0.25, "rho": 0.5}),
    _row(
        "RMSProp",
        {},
        {"eta": 0.25, "rho": 0.5},
        {"eta": 0.01, "rho": 0.75, "centred": True},
        {"eta": 0.01, "rho": 0.75, "eps": 1e-4, "centred": True},
    ),
    _row("AdaGrad", {}, {"eta": 0.5, "eps": 0.001}),
    _row("Adam", {}, {"eta": 0.02, "beta": [0.75, 0.9], "eps": 1e-4}),
    _row(
        "AdamW",
        {},
        {"eta": 0.01, "beta": [0.9, 0.99], "lam": 0.125},
        {"eta": 0.01, "lam": 0.125, "couple": False},
        {"eta": 0.01, "beta": [0.75, 0.9], "lam": 0.125, "eps": 1e-4, "couple": False},
    ),
    _row(
        "RAdam",
        {},
        {"eta": 0.02, "beta": [0.75, 0.9], "eps": 1e-4},
        {"eta": 0.02, "beta": [0.5, 0.5]},
        examples=(_downhill("RAdam"),),
    ),
    _row(
        "AdaMax",
        {},
        {"eta": 0.02, "beta": [0.75, 0.9], "eps": 1e-4},
        examples=(_downhill("AdaMax"),),
    ),
    _row(
        "OAdam",
        {},
        {"eta": 0.02, "beta": [0.75, 0.99], "eps": 1e-4},
        examples=(_downhill("OAdam"),),
    ),
    _row(
        "AMSGrad",
        {},
        {"eta": 0.02, "beta": [0.75, 0.9], "eps": 1e-4},
        examples=(_downhill("AMSGrad"),),
    ),
    _row(
        "NAdam", {}, {"eta": 0.02, "beta": [0.75, 0.9], "eps": 1e-4}, examples=(_downhill("NAdam"),)
    ),
    _row(
        "AdaBelief",
        {},
        {"eta": 0.02, "beta": [0.75, 0.9], "eps": 1e-4},
        examples=(_downhill("AdaBelief"),),
    ),
    _row("AdaDelta", {}, {"rho": 0.5, "eps": 1e-4}),
    _row(
        "Rprop",
        {},
        {"eta": 0.5, "ell": [0.25, 2.0], "gamma": [0.125, 1.0]},
        examples=(
            dataclasses.replace(_downhill("Rprop"), since="0.15"),
            Example(
                "signs that turn and stay",
                {"rule": "Rprop", "sizes": (2,)},
                {f"g{i}": (1.0, (-1.0) ** i) for i in range(1, STEPS + 1)},
            ),
        ),
    ),
    _row("Lion", {}, {"eta": 0.25, "beta": [0.5, 0.75]}, examples=(_downhill("Lion"),)),
    _row("WeightDecay", {}, {"lam": 0.125}),
    _row("SignDecay", {}, {"lam": 0.125}),
    _row("ClipGrad", {}, {"delta": 0.5}),
    _row(
        "ClipNorm",
        {"omega": 1.0},
        {"omega": 1.0, "p": 1.0},
        {"omega": 1.0, "p": 1.0, "throw": False},
        {},
        examples=(
            _infinite(True, refused=True),
            _infinite(False),
        ),
    ),
    _row("AccumGrad", {"n": 3}),
    _row(
        "OptimiserChain",
        {"rules": [{"rule": "WeightDecay", "lam": 0.125}, {"rule": "Descent"}]},
        {"rules": [{"rule": "ClipNorm", "omega": 1.0}, {"rule": "Adam"}]},
        {"rules": [{"rule": "AccumGrad", "n": 2}, {"rule": "Momentum"}]},
        {"rules": []},
    ),
    _row(
        "MixedPrecision",
        {"precision": "float64", "inner": MIXED["inner"]},
        {"inner": MOMENTUM},  # without rounding on this grid, in whichever precision
        {
            "precision": "float64",
            "inner": {
                "rule": "OptimiserChain",
                "rules": [{"rule": "AccumGrad", "n": 2}, {"rule": "Momentum"}],
            },
        },
        examples=(
            Example(
                "inside a chain",
                {
                    "rule": "OptimiserChain",
                    "rules": [{"rule": "WeightDecay"}, MIXED],
                    "sizes": (3,),
                },
                known=INSIDE,
                differs=("refusal",),
            ),
        ),
        covers="the parameter, its copy in another precision and the inner rule's state after each "
        "of six steps",
    ),
)
