"""Layers and models with a `pullback`: of pyimpl, or dataclasses of one's own that keep its
contract.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, is_dataclass
from functools import partial
from typing import Any

import numpy as np

from ...core import tree
from ...core.pullback import supervised, withgradient
from ...optimise import setup, update
from ..case import twin as numpy_twin
from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from . import layer_tracing
from .framework import Framework, RuleSetting, Setting, attributes_of
from .losses import Loss, ScaledLoss
from .side import Guarded, PythonSide, as_arrays
from .trace import Trace, ended_early, single_call


@dataclass
class LayerSide(Guarded):
    """A layer or model with a `pullback`: of `pyimpl`, or a dataclass that keeps its contract."""

    has_gradient: bool = True
    is_model: bool = True

    @property
    def framework(self) -> Framework:
        """Its kind."""
        return PYIMPL

    def parameters(self) -> dict[str, np.ndarray]:
        """Every array of floating-point numbers in it, by path."""
        return {
            path: leaf
            for path, leaf in tree.leaves(self.subject)
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
        }

    def placed(self, case: Case) -> Any:
        """A copy of the model with the case's parameters."""
        model = numpy_twin.place(
            tree.astype(copy.deepcopy(self.subject), case.dtype), case.parameters()
        )
        if case.jitter:
            numpy_twin.jitter(model, *case.jitter)
        return model

    def prepared(self, case: Case) -> Any:
        """The same in the mode of the case, in which nothing is dropped."""
        model = self.placed(case)
        if case.mode != "auto":
            (tree.trainmode if case.mode == "train" else tree.testmode)(model)
        for layer in tree.layers_of(model):
            if "Dropout" in type(layer).__name__:
                tree.testmode(layer)
        return model

    def _evaluate(self, case: Case) -> Outcome:
        """As a row of the catalogue: output inside and outside a gradient, gradients, arrays
        afterwards.
        """
        return numpy_twin.evaluate(case, self.placed)


def keeps_contract(rule: Any) -> bool:
    """Whether a rule has `init(x)` and `apply(state, x, gradient)`, as those of pyimpl."""
    return hasattr(rule, "init") and hasattr(rule, "apply")


def _is_float(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"


def _put(number: int, name: str, model: Any, value: Any) -> None:
    object.__setattr__(list(tree.layers_of(model))[number], name, value)


class Pyimpl(Framework):
    """Layers, models and rules of pyimpl, and those that keep its contract."""

    name = "layers of pyimpl"
    libraries = ("pyimpl",)
    same_names = True
    shows_plain = True

    def recognises(self, subject: Any) -> bool:
        """Whether it is an instance of a dataclass with a `pullback`."""
        return (
            is_dataclass(subject) and not isinstance(subject, type) and hasattr(subject, "pullback")
        )

    def side(self, subject: Any, backward: Callable[..., Any] | None, seconds: float) -> PythonSide:
        """The layer as it is."""
        return LayerSide(subject, seconds=seconds)

    def parts(self, model: Any) -> Iterator[tuple[str, Any]]:
        """All layers in it; the path is their number in the order of the tree."""
        for number, layer in enumerate(tree.layers_of(model)):
            yield str(number) if number else "", layer

    def drops(self, side: PythonSide) -> bool:
        """Whether a layer in it is a dropout."""
        return any("Dropout" in type(layer).__name__ for layer in tree.layers_of(side.subject))

    def trace(self, side: PythonSide, case: Case) -> Trace:
        """The calls of its innermost layers."""
        if not isinstance(side, LayerSide):
            return single_call(side, case)
        found = side.shielded(
            lambda: layer_tracing.traced(
                side.prepared(case), case.all(Kind.INPUT), case.all(Kind.COTANGENT), side
            )
        )
        return ended_early(found) if isinstance(found, Outcome) else found

    def settings(self, side: PythonSide) -> Iterator[Setting]:
        """The fields of every layer; `__class__` stands for the kind of the layer itself."""
        for number, layer in enumerate(tree.layers_of(side.subject)):
            kind = type(layer).__name__
            where = f"layer {number} ({kind})" if number else f"the {kind}"
            for name, value in {**vars(layer), "__class__": type(layer)}.items():
                yield Setting(where, name, value, partial(_put, number, name))

    def expect_training(self, side: PythonSide, training: Any) -> tuple[Any, Any]:
        """A loss with a gradient. Raises TypeError for other ones."""
        return Loss(training.loss[0]), training.rule[0]

    def train(
        self,
        side: PythonSide,
        loss: Any,
        rule: Any,
        case: Case,
        batches: Sequence[tuple[np.ndarray, np.ndarray]],
    ) -> dict[Name, np.ndarray]:
        """Loss and arrays after every batch."""
        assert isinstance(side, LayerSide)
        model, rule = side.placed(case), copy.deepcopy(rule)
        found: dict[Name, np.ndarray] = {}
        if case.config.get("mode", "auto") != "auto":
            (tree.trainmode if case.config["mode"] == "train" else tree.testmode)(model)
        objective = supervised(loss)
        own = keeps_contract(rule) and setup(rule, model)
        for step, (x, target) in enumerate(batches, 1):
            value, (gradient, *_) = withgradient(objective, model, x, target)
            found |= as_arrays(Name(Kind.LOSS, step=step), value, case.dtype)
            if own:
                update(own, model, gradient)
            else:
                arrays = tree.trainables(model)
                gradients = {path: leaf for path, leaf in tree.leaves(gradient) if path in arrays}
                # As books do it: in place, or by putting others into the dict.
                rule.update(arrays, gradients)
                numpy_twin.place(model, arrays)
            found |= {
                Name(Kind.PARAMETER, path, step): leaf.copy()
                for path, leaf in tree.leaves(model)
                if _is_float(leaf)
            }
        return found

    def scaled_loss(self, loss: Any, factor: Callable[[tuple[int, ...]], float]) -> Any:
        """Value and gradient times the factor."""
        return ScaledLoss(loss, factor)

    rule_expected = "to have `init(x)` and `apply(state, x, gradient)`, as in pyimpl"
    shows_rule_state = True

    def runs_rule(self, rule: Any) -> bool:
        """Whether it keeps the contract of pyimpl's rules."""
        return keeps_contract(rule)

    def rule_steps(self, rule: Any, case: Case) -> Outcome:
        """The array and the rule's own state after every gradient."""
        return numpy_twin.steps(rule, case)

    def rule_settings(self, rule: Any) -> Iterator[RuleSetting]:
        """Its fields; `__class__` stands for the rule itself."""
        yield from attributes_of(rule)
        values = list(vars(rule).values())
        yield RuleSetting("__class__", type(rule), lambda other: other(*values))


PYIMPL = Pyimpl()
