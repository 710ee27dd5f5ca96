"""Settings of layers and modules as places where a trap may lie: epsilons, momenta, variants,
versions.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ...core import tree
from ...core.versions import CHANGES
from ..sides.pyimpl_layers import LayerSide
from ..sides.side import PythonSide
from ..sides.torch_modules import TorchSide
from .rewritings.epsilons import EPSILONS
from .rewritings.networks import GELUS, SLOPES

PADDINGS = ("zeros", "reflect", "replicate", "circular")


def of_side(side: PythonSide) -> Iterator[tuple[str, str, str, PythonSide]]:
    """(cause, where, change, the side with one setting changed)."""
    if isinstance(side, TorchSide) and side.is_model:
        for path, module in side.subject.named_modules():
            for cause, told, change in _of_module(module):
                yield (
                    cause,
                    _called(path, module),
                    told,
                    _changed(side, partial(_submodule, path), change),
                )
        yield (
            "literals",
            "all layers",
            "eps and momentum in single precision",
            _changed(side, lambda model: model, _in_single_precision),
        )
    elif isinstance(side, LayerSide):
        for number, layer in enumerate(tree.layers_of(side.subject)):
            for cause, told, change in _of_layer(layer):
                part = _changed(side, partial(_layer, number), change)
                yield cause, _called(f"{number}" if number else "", layer), told, part


def _submodule(path: str, model: Any) -> Any:
    return model.get_submodule(path)


def _layer(number: int, model: Any) -> Any:
    return list(tree.layers_of(model))[number]


def _called(path: str, part: Any) -> str:
    return f"layer {path} ({type(part).__name__})" if path else f"the {type(part).__name__}"


def _changed(side: Any, find: Callable[[Any], Any], change: Callable[[Any], None]) -> PythonSide:
    subject = copy.deepcopy(side.subject)
    change(find(subject))
    return replace(side, subject=subject, seconds=2.0)


def _in_single_precision(model: Any) -> None:
    for module in model.modules():
        for name in ("eps", "momentum"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, float(np.float32(getattr(module, name))))


def _setting(name: str, value: Any) -> Callable[[Any], None]:
    return lambda part: object.__setattr__(part, name, value)


def _of_both(part: Any) -> Iterator[tuple[str, str, Callable[[Any], None]]]:
    eps = getattr(part, "eps", None)
    if isinstance(eps, float):
        for value in (*EPSILONS, eps**2, eps**0.5):
            if value != eps:
                cause = (
                    "literals"
                    if value == float(np.float32(eps)) or eps == float(np.float32(value))
                    else "eps"
                )
                yield cause, f"eps = {value!r} instead of {eps!r}", _setting("eps", value)
    momentum = getattr(part, "momentum", None)
    if isinstance(momentum, float):
        for value in (1 - momentum, float(np.float32(1 - momentum))):
            yield (
                "momentum",
                f"momentum = {value:g} instead of {momentum:g}",
                _setting("momentum", value),
            )
        if float(np.float32(momentum)) != momentum:
            yield (
                "literals",
                f"momentum in single precision: {np.float32(momentum)!s}",
                _setting("momentum", float(np.float32(momentum))),
            )
    for name in ("negative_slope", "alpha"):
        slope = getattr(part, name, None)
        if isinstance(slope, float):
            for value in (*SLOPES, float(np.float32(slope))):
                if value != slope:
                    yield (
                        "activation" if value in SLOPES else "literals",
                        f"{name} = {value!r} instead of {slope!r}",
                        _setting(name, value),
                    )


def _of_module(part: Any) -> Iterator[tuple[str, str, Callable[[Any], None]]]:
    yield from _of_both(part)
    if getattr(part, "approximate", None) in ("none", "tanh"):
        other = "tanh" if part.approximate == "none" else "none"
        yield "activation", f'approximate="{other}"', _setting("approximate", other)
    if getattr(part, "padding_mode", None) in PADDINGS:
        for mode in PADDINGS:
            if mode != part.padding_mode:
                yield "padding", f'padding_mode="{mode}"', _setting("padding_mode", mode)
    for name in ("count_include_pad", "ceil_mode"):
        if isinstance(getattr(part, name, None), bool):
            yield (
                "padding",
                f"{name}={not getattr(part, name)}",
                _setting(name, not getattr(part, name)),
            )
    if hasattr(part, "batch_first"):
        yield (
            "axes",
            f"batch_first={not part.batch_first}",
            _setting("batch_first", not part.batch_first),
        )


def _of_layer(part: Any) -> Iterator[tuple[str, str, Callable[[Any], None]]]:
    yield from _of_both(part)
    import pyimpl

    act = getattr(part, "act", None)
    if getattr(act, "__name__", "") in (*GELUS, "gelu"):
        for name in GELUS:
            yield "activation", f"act = {name}", _setting("act", getattr(pyimpl, name))
    kind = type(part).__name__
    if kind in ("Conv", "CrossCor"):
        other = pyimpl.CrossCor if kind == "Conv" else pyimpl.Conv
        yield "kernel", f"{other.__name__} instead of {kind}", _setting("__class__", other)
    if hasattr(part, "_formulas"):
        for release in CHANGES["normalise"].formulas:
            if release != part._formulas[0]:
                formula = CHANGES["normalise"].formulas[release]
                yield (
                    "eps",
                    f"normalised by {formula}",
                    _setting("_formulas", (release, *part._formulas[1:])),
                )
