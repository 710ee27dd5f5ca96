"""Training as a pair: the same steps on both sides, with the loss and every array after each of
them.

A rule alone is a pair too: an array `x` and a gradient for every step; what it has become after
each, with the rule's own state where it shows one. In an outcome: `loss@3`,
`param.layers.0.weight@3`, of a rule `x@3`, `state.0@3`.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.inputs import Drawn, FromStrategies, Given, Inputs
from ..case.names import RULED, Kind, Name, numbered
from .framework import Framework
from .frameworks import RULES, framework_of_rule
from .losses import called
from .side import Guarded, PythonSide

STEPS = 5


@dataclass(frozen=True)
class Training:
    """How a pair of models is trained: (Python, Julia) of the loss and of the rule, and for how
    many steps.

    The loss is a function of output and target; in Python one with a `pullback`, or an object with
    `forward` and `backward`; for PyTorch any function of tensors. The rule is in Julia an
    expression such as "Adam(1f-3)"; in Python a rule of `pyimpl`, an object with
    `update(parameters, gradients)`, two dicts of arrays by name, for PyTorch a function that makes
    an optimiser of a list of parameters, or for JAX one of Optax's. Neither is given where the pair
    is itself one of rules.

        >>> from pyimpl import Adam, mse
        >>> Training(loss=(mse, "Flux.mse"), rule=(Adam(1e-3), "Adam(1f-3)"), steps=3).steps
        3
    """

    loss: tuple[Any, str] | None = None
    rule: tuple[Any, str] | None = None
    steps: int = STEPS
    # file.py:name of the Python loss and rule, where they can be loaded again
    origins: tuple[str | None, str | None] = (None, None)

    def __post_init__(self):
        if self.steps < 1:
            raise ValueError(f"training takes at least 1 step, got {self.steps}")
        if (self.loss is None) != (self.rule is None):
            raise ValueError(
                "training a model takes a loss and a rule, got the "
                f"{'rule' if self.loss is None else 'loss'} alone "
                "(neither where the pair is one of rules)"
            )
        for name, both in (("loss", self.loss), ("rule", self.rule)):
            if both is not None and not (
                isinstance(both, tuple) and len(both) == 2 and isinstance(both[1], str)
            ):
                raise TypeError(
                    f'the {name} is given for both sides: (Python object, "Julia expression"), '
                    f"got {both!r}"
                )

    @property
    def of_rule(self) -> bool:
        """Whether the pair is one of rules, without a model."""
        return self.rule is None

    @property
    def config(self) -> dict[str, str]:
        """What the Julia side is told in every case."""
        return {"loss": self.loss[1], "rule": self.rule[1]} if self.loss and self.rule else {}

    def expect(self, inputs: Inputs) -> None:
        """Raises ValueError where the inputs are not batch and target, or for a rule one array."""
        wanted = 1 if self.of_rule else 2
        counts = (
            {len(case) for case in inputs.cases}
            if isinstance(inputs, Given)
            else {len(_parts(inputs))}
        )
        if counts - {wanted}:
            what = "the array that a rule changes" if self.of_rule else "batch and target"
            raise ValueError(
                f"training takes {wanted} input{'s' * (wanted > 1)}, {what}, got "
                f"{min(counts - {wanted})}"
            )

    def arrays(
        self,
        batches: Sequence[Sequence[np.ndarray]],
        fill: Callable[[tuple[int, ...], str], np.ndarray],
    ) -> dict[Name, np.ndarray]:
        """The data of a case: batches and targets x1, t1, x2, ...; of a rule x, and a gradient g1,
        g2, ... for every step.
        """
        if self.of_rule:
            x = np.asarray(batches[0][0], np.float64)
            return {RULED: x} | {
                numbered(Kind.GIVEN_GRADIENT, step): fill(x.shape, "real")
                for step in range(1, self.steps + 1)
            }
        found = {}
        for step in range(1, self.steps + 1):
            for kind, array in zip(
                (Kind.INPUT, Kind.TARGET), batches[(step - 1) % len(batches)], strict=True
            ):
                found[numbered(kind, step)] = np.asarray(
                    array, np.float64 if array.dtype.kind == "f" else None
                )
        return found


def _parts(inputs: Drawn | FromStrategies) -> tuple:
    return inputs.shapes if isinstance(inputs, Drawn) else inputs.strategies


def expect_rule(rule: Any, what: str) -> Framework:
    """The framework of a rule. Raises TypeError for what is no rule."""
    framework = framework_of_rule(rule)
    if framework is None:
        expected = ", or ".join(framework.rule_expected for framework in RULES)
        raise TypeError(f"{what} is expected {expected}; got {called(rule)}")
    return framework


@dataclass
class RuleSide(Guarded):
    """A rule, on one array and a gradient for every step.

    Raises TypeError for what is no rule.
    """

    has_gradient: bool = False
    is_model: bool = True

    def __post_init__(self):
        expect_rule(self.subject, "the Python side")

    @property
    def framework(self) -> Framework:
        """That of the rule."""
        return expect_rule(self.subject, "the Python side")

    @property
    def shows_state(self) -> bool:
        """Whether its state can be compared: those of other libraries keep other numbers."""
        return self.framework.shows_rule_state

    def parameters(self) -> dict[str, np.ndarray]:
        """None of its own."""
        return {}

    def _evaluate(self, case: Case) -> Outcome:
        return self.framework.rule_steps(copy.deepcopy(self.subject), case)


@dataclass
class TrainingSide(Guarded):
    """A model in training. `base` is the side of the model alone."""

    base: PythonSide
    loss: Any
    rule: Any
    has_gradient: bool = False
    is_model: bool = True

    @property
    def framework(self) -> Framework:
        """That of the model."""
        return self.base.framework

    def parameters(self) -> dict[str, np.ndarray]:
        """Those of the model."""
        return self.base.parameters()

    def _evaluate(self, case: Case) -> Outcome:
        inputs, targets = case.all(Kind.INPUT), case.all(Kind.TARGET)
        batches = [(x.copy(), target.copy()) for x, target in zip(inputs, targets, strict=True)]
        return Outcome(self.framework.train(self.base, self.loss, self.rule, case, batches))

    def with_base(self, base: PythonSide) -> "TrainingSide":
        """The same training of another model."""
        return replace(self, subject=base.subject, base=base)


def training_side(side: PythonSide, training: Training, seconds: float) -> TrainingSide:
    """The training of a model. Raises TypeError for parts that do not fit together."""
    loss, rule = side.framework.expect_training(side, training)
    expect_rule(rule, "the rule")
    return TrainingSide(side.subject, side, loss, rule, seconds=seconds)


def model_of(side: PythonSide) -> PythonSide:
    """The side of the model alone."""
    return side.base if isinstance(side, TrainingSide) else side
