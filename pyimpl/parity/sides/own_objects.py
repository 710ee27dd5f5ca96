"""Layers of one's own, as one writes them: objects with arrays, `forward` and `backward`."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, RULED, Kind, Name, numbered
from .copying import copied
from .framework import Framework, Program, RuleSetting, attributes_of, one_or_all, placing
from .losses import Loss, ScaledLoss
from .pyimpl_layers import keeps_contract
from .side import Guarded, PythonSide, arguments, as_arrays

GRADIENT_NAMES = ("d{}", "grad_{}", "{}_grad", "d_{}")


@dataclass
class ObjectSide(Guarded):
    """A layer of one's own: an object with arrays, `forward(x)` (or a call), and perhaps
    `backward(dy)`, which gives the gradient of x.

    The gradients of its arrays are looked for where such layers leave them: `dW` or `grad_W` for
    `W`, or in a dict `grads`. An attribute `training` or `train_flg` is set as the mode asks.
    """

    is_model: bool = True

    @property
    def has_gradient(self) -> bool:
        """Whether it has a backward pass."""
        return hasattr(self.subject, "backward")

    @property
    def framework(self) -> Framework:
        """Its kind."""
        return OWN_OBJECTS

    def parameters(self) -> dict[str, np.ndarray]:
        """Every array of floating-point numbers among its attributes that is not the gradient of
        another.
        """
        own = {
            name: part
            for name, part in vars(self.subject).items()
            if isinstance(part, np.ndarray) and part.dtype.kind == "f"
        }
        gradients = {form.format(name) for name in own for form in GRADIENT_NAMES}
        return {name: part for name, part in own.items() if name not in gradients}

    def placed(self, case: Case, training: bool) -> Any:
        """A copy of the object with the case's parameters."""
        subject = copied(self.subject)
        for name, own in self.parameters().items():
            setattr(
                subject, name, case.arrays.get(Name(Kind.PARAMETER, name), own).astype(case.dtype)
            )
        for flag in ("training", "train_flg", "train"):
            if isinstance(getattr(subject, flag, None), bool):
                setattr(subject, flag, training)
        return subject

    def _evaluate(self, case: Case) -> Outcome:
        """Output, gradients of the input and of the arrays, the arrays afterwards."""
        subject = self.placed(case, case.trains)
        names = list(self.parameters())
        found = as_arrays(OUTPUT, subject.forward(*arguments(case)), case.dtype)
        none: set[Name] = set()
        dys = case.all(Kind.COTANGENT)
        if dys and self.has_gradient:
            dxs = subject.backward(dys[0] if len(dys) == 1 else tuple(dys))
            for i, dx in enumerate(dxs if isinstance(dxs, tuple) else (dxs,), 1):
                found |= as_arrays(numbered(Kind.INPUT_GRADIENT, i), dx, case.dtype)
            for name in names:
                gradient = self.gradient(subject, name)
                if gradient is None:
                    none.add(Name(Kind.PARAMETER_GRADIENT, name))
                else:
                    found |= as_arrays(Name(Kind.PARAMETER_GRADIENT, name), gradient, case.dtype)
        return Outcome(
            found | {Name(Kind.STATE, name): np.array(getattr(subject, name)) for name in names},
            frozenset(none),
        )

    @staticmethod
    def gradient(subject: Any, name: str) -> np.ndarray | None:
        """What the backward pass has left for an array; None where nothing is found."""
        kept = getattr(subject, "grads", None)
        if isinstance(kept, Mapping) and name in kept:
            return kept[name]
        return next(
            (
                getattr(subject, form.format(name))
                for form in GRADIENT_NAMES
                if hasattr(subject, form.format(name))
            ),
            None,
        )


class OwnObjects(Framework):
    """Layers as books write them, and rules with `update(parameters, gradients)`, two dicts."""

    name = "objects with forward and backward"

    def recognises(self, subject: Any) -> bool:
        """Whether it is an instance with `forward`."""
        return hasattr(subject, "forward") and not isinstance(subject, type)

    def side(self, subject: Any, backward: Callable[..., Any] | None, seconds: float) -> PythonSide:
        """The object as it is."""
        return ObjectSide(subject, seconds=seconds)

    def expect_training(self, side: PythonSide, training: Any) -> tuple[Any, Any]:
        """A loss with a gradient. Raises TypeError for other ones, and for a model without one."""
        if not side.has_gradient:
            return super().expect_training(side, training)
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
        assert isinstance(side, ObjectSide)
        model = side.placed(case, training=case.config.get("mode", "auto") != "test")
        rule = copy.deepcopy(rule)
        found: dict[Name, np.ndarray] = {}
        names = list(side.parameters())
        states: dict[str, Any] = {}
        for step, (x, target) in enumerate(batches, 1):
            value, back = loss.pullback(model.forward(x), target)
            found |= as_arrays(Name(Kind.LOSS, step=step), value, case.dtype)
            model.backward(back(case.dtype.type(1))[1])
            own = {name: getattr(model, name) for name in names}
            every = {name: side.gradient(model, name) for name in names}
            gradients = {name: gradient for name, gradient in every.items() if gradient is not None}
            if keeps_contract(rule):
                for name, gradient in gradients.items():
                    state = states[name] if name in states else rule.init(own[name])
                    states[name], change = rule.apply(state, own[name], gradient)
                    if change is not None:
                        own[name] -= change
            else:
                learnt = {name: own[name] for name in gradients}
                rule.update(learnt, gradients)
                for name, array in learnt.items():
                    setattr(model, name, array)
            found |= {
                Name(Kind.PARAMETER, name, step): np.array(getattr(model, name)) for name in names
            }
        return found

    def scaled_loss(self, loss: Any, factor: Callable[[tuple[int, ...]], float]) -> Any:
        """Value and gradient times the factor."""
        return ScaledLoss(loss, factor)

    rule_expected = "to have `update(parameters, gradients)`"

    def runs_rule(self, rule: Any) -> bool:
        """Whether it updates a dict of arrays, given that of their gradients."""
        return hasattr(rule, "update")

    def rule_steps(self, rule: Any, case: Case) -> Outcome:
        """The array after every gradient."""
        parameters = {"x": case.arrays[RULED].copy()}
        found: dict[Name, np.ndarray] = {}
        for step, g in enumerate(case.all(Kind.GIVEN_GRADIENT), 1):
            rule.update(parameters, {"x": g.copy()})
            found[RULED.at(step)] = np.array(parameters["x"])
        return Outcome(found)

    def rule_settings(self, rule: Any) -> Iterator[RuleSetting]:
        """Its attributes."""
        return attributes_of(rule)

    def program(
        self,
        inputs: Sequence[str],
        cotangents: Sequence[str],
        parameters: dict[str, str],
        case: Case,
    ) -> Program:
        """`forward`, and `backward` where there is one."""
        gradients = ""
        if cotangents:
            gradients = (
                'if hasattr(subject, "backward"):\n'
                f'    print("gradients:", subject.backward({one_or_all(cotangents)}), sep="\\n")'
            )
        return Program(*placing(parameters), f"y = subject.forward({', '.join(inputs)})", gradients)


OWN_OBJECTS = OwnObjects()
