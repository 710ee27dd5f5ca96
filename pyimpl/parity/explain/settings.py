"""Settings as places where a trap may lie: of layers and modules, of rules, of losses."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..sides.composed import ComposedSide
from ..sides.framework import Setting
from ..sides.side import PythonSide
from ..sides.training import RuleSide, TrainingSide
from ..traps.table import TRAPS
from ..traps.trap import Trap

SECONDS = 2.0  # for one evaluation of a changed model

Changed = tuple[Trap, str, str, PythonSide]  # the trap, where, what was changed, the changed side


def changed_settings(side: PythonSide) -> Iterator[Changed]:
    """Every setting of a side in every way that a trap knows, one at a time, and at last the
    numbers of all parts in the other precision together.
    """
    if isinstance(side, RuleSide):
        for trap, words, rule in changed_rules(side.subject, side):
            yield trap, "the rule", words, replace(side, subject=rule)
    elif isinstance(side, TrainingSide):
        for trap, where, words, base in changed_settings(side.base):
            yield trap, where, words, side.with_base(base)
        for trap, words, rule in changed_rules(side.rule, RuleSide(side.rule)):
            yield trap, "the rule", words, replace(side, rule=rule)
        for trap in TRAPS.values():
            for scale in trap.loss_scales:
                loss = side.framework.scaled_loss(side.loss, scale.factor)
                yield trap, "the loss", scale.words, replace(side, loss=loss)
    elif isinstance(side, ComposedSide):
        for number, link in enumerate(side.links):
            for trap, where, words, changed in changed_settings(link.side):
                links = list(side.links)
                links[number] = replace(link, side=changed)
                yield trap, where, words, ComposedSide(links, side.inputs, side.outputs)
    else:
        yield from _of_model(side)


def _of_model(side: PythonSide) -> Iterator[Changed]:
    if not hasattr(side, "seconds"):
        return  # what cannot be asked with another subject, such as one that only refuses
    together: dict[str, list[tuple[Setting, Any]]] = {}
    for setting in side.framework.settings(side):
        for trap in TRAPS.values():
            for words, value in trap.settings(setting.name, setting.value):
                yield trap, setting.where, words, with_settings(side, [(setting, value)])
                if trap.name == "literals" and setting.name in ("eps", "momentum"):
                    together.setdefault(trap.name, []).append((setting, value))
    for name, settings in together.items():
        if len(settings) > 1:
            words = "eps and momentum in the other precision"
            yield TRAPS[name], "all layers", words, with_settings(side, settings)


def changed_rules(rule: Any, side: RuleSide) -> Iterator[tuple[Trap, str, Any]]:
    """(trap, what was changed, the rule with one setting changed)."""
    for setting in side.framework.rule_settings(rule):
        for trap in TRAPS.values():
            for words, value in trap.settings(setting.name, setting.value):
                yield trap, words, setting.changed(value)


def with_settings(side: Any, changes: Sequence[tuple[Setting, Any]]) -> PythonSide:
    """The side of a copy of the model, with other values of some settings."""
    subject = copy.deepcopy(side.subject)
    for setting, value in changes:
        setting.put(subject, value)
    return side.framework.with_subject(side, subject, SECONDS)
