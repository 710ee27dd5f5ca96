"""Training as a pair: the same steps on both sides, with the loss and every array after each of
them.

A rule alone is a pair too: an array `x` and a gradient for every step; what it has become after
each, with the rule's own state where it shows one. In an outcome: `loss@3`,
`param.layers.0.weight@3`, of a rule `x@3`, `state.0@3`.
"""

import copy
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...core import tree
from ...core.pullback import supervised, withgradient
from ...optimise import setup, update
from ..case import twin as numpy_twin
from ..case.case import Case, Outcome
from ..case.inputs import Drawn, FromStrategies, Given, Inputs
from ..case.names import RULED, Kind, Name, numbered
from .own_objects import ObjectSide
from .pyimpl_layers import LayerSide
from .side import Guarded, PythonSide, as_arrays
from .torch_modules import TorchSide

STEPS = 5


@dataclass(frozen=True)
class Training:
    """How a pair of models is trained: (Python, Julia) of the loss and of the rule, and for how
    many steps.

    The loss is a function of output and target; in Python one with a `pullback`, or an object with
    `forward` and `backward`; for PyTorch any function of tensors. The rule is in Julia an
    expression such as "Adam(1f-3)"; in Python a rule of `pyimpl`, an object with
    `update(parameters, gradients)`, two dicts of arrays by name, or for PyTorch a function that
    makes an optimiser of a list of parameters. Neither is given where the pair is itself one of
    rules.
    """

    loss: tuple[Any, str] | None = None
    rule: tuple[Any, str] | None = None
    steps: int = STEPS
    origins: tuple[str | None, str | None] = (
        None,
        None,
    )  # file.py:name of the Python loss and rule, where they can be loaded again

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


def _expect_rule(rule: Any, what: str) -> None:
    if (
        not _is_rule(rule)
        and not hasattr(rule, "update")
        and not (callable(rule) and "torch" in sys.modules)
    ):
        raise TypeError(
            f"{what} is expected to have `init(x)` and `apply(state, x, gradient)`, as in "
            "pyimpl, or `update(parameters, gradients)`, "
            f"or to make an optimiser of PyTorch's of a list of parameters; got {_called(rule)}"
        )


def _is_rule(rule: Any) -> bool:
    return hasattr(rule, "init") and hasattr(rule, "apply")


def _called(thing: Any) -> str:
    return getattr(thing, "__name__", None) or type(thing).__name__


@dataclass
class RuleSide(Guarded):
    """A rule, on one array and a gradient for every step."""

    has_gradient: bool = False
    is_model: bool = True

    @classmethod
    def of(cls, rule: Any, seconds: float) -> "RuleSide":
        """Raises TypeError for what is no rule."""
        _expect_rule(rule, "the Python side")
        return cls(rule, seconds=seconds)

    @property
    def shows_state(self) -> bool:
        """Whether its state can be compared: those of other libraries keep other numbers."""
        return _is_rule(self.subject)

    def parameters(self) -> dict[str, np.ndarray]:
        """None of its own."""
        return {}

    def _evaluate(self, case: Case) -> Outcome:
        rule = copy.deepcopy(self.subject)
        if _is_rule(rule):
            return numpy_twin.steps(rule, case)
        x = case.arrays[RULED].copy()
        found: dict[Name, np.ndarray] = {}
        if hasattr(rule, "update"):
            parameters = {"x": x}
            for step, g in enumerate(case.all(Kind.GIVEN_GRADIENT), 1):
                rule.update(parameters, {"x": g.copy()})
                found[RULED.at(step)] = np.array(parameters["x"])
            return Outcome(found)
        torch = sys.modules["torch"]
        parameter = torch.nn.Parameter(torch.from_numpy(x))
        optimiser = rule([parameter])
        for step, g in enumerate(case.all(Kind.GIVEN_GRADIENT), 1):
            parameter.grad = torch.from_numpy(g.copy())
            optimiser.step()
            found[RULED.at(step)] = parameter.detach().numpy().copy()
        return Outcome(found)


class Loss:
    """A loss of the user's with the project's contract: `value, back = pullback(y, target)`;
    `back(dvalue)[1]` is the gradient of y.

    Raises TypeError for what has neither a `pullback` nor `forward` and `backward`.
    """

    def __init__(self, subject: Any):
        self.subject = subject
        if not hasattr(subject, "pullback") and not (
            hasattr(subject, "forward") and hasattr(subject, "backward")
        ):
            raise TypeError(
                f"the loss {_called(subject)} has no gradient: expected `forward(output, "
                "target)` and `backward(1.0)`, or `value, back = "
                "loss.pullback(output, target)`, where `back(1.0)` gives three: of the loss "
                "itself (None), the output and the target"
            )

    def pullback(self, y: np.ndarray, target: np.ndarray) -> tuple[Any, Callable[[Any], tuple]]:
        """The value, and what gives the gradients of the loss, of y and of the target."""
        if hasattr(self.subject, "pullback"):
            value, back = self.subject.pullback(y, target)
            return value, lambda dvalue: _three(back(dvalue), y)
        layer = copy.deepcopy(self.subject)

        def back_of_layer(dvalue):
            dy = layer.backward(dvalue)
            return _three((None, dy[0] if isinstance(dy, tuple) else dy, None), y)

        return layer.forward(y, target), back_of_layer


def _three(gradients: Any, y: np.ndarray) -> tuple:
    if not isinstance(gradients, tuple | list) or len(gradients) != 3:
        count = len(gradients) if isinstance(gradients, tuple | list) else 1
        raise TypeError(
            f"the loss's `back` gives {count} of the gradients, expected 3: of the loss itself, "
            "of the output, of the target"
        )
    if np.shape(gradients[1]) != y.shape:
        raise ValueError(
            f"the loss gives a gradient of shape {np.shape(gradients[1])} for an output of shape "
            f"{y.shape}"
        )
    return tuple(gradients)


@dataclass
class TrainingSide(Guarded):
    """A model in training. `base` is the side of the model alone."""

    base: PythonSide
    loss: Any
    rule: Any
    has_gradient: bool = False
    is_model: bool = True

    @classmethod
    def of(cls, side: PythonSide, training: Training, seconds: float) -> "TrainingSide":
        """The training of a model. Raises TypeError for parts that do not fit together."""
        assert training.loss is not None and training.rule is not None
        loss, rule = training.loss[0], training.rule[0]
        if isinstance(side, TorchSide) and side.is_model:
            if not callable(loss) or not callable(rule):
                raise TypeError(
                    "a module of PyTorch's is trained with a function of tensors and one that "
                    "makes an optimiser of parameters"
                )
        elif isinstance(side, LayerSide) or (isinstance(side, ObjectSide) and side.has_gradient):
            loss = Loss(loss)
            _expect_rule(rule, "the rule")
        else:
            raise TypeError(
                "what is trained must be a layer or a module with a backward pass, got "
                f"{_called(side.subject)}"
            )
        return cls(side.subject, side, loss, rule, seconds=seconds)

    def parameters(self) -> dict[str, np.ndarray]:
        """Those of the model."""
        return self.base.parameters()

    def _evaluate(self, case: Case) -> Outcome:
        batches = zip(
            map(np.copy, case.all(Kind.INPUT)), map(np.copy, case.all(Kind.TARGET)), strict=True
        )
        if isinstance(self.base, LayerSide):
            return Outcome(self._layer(self.base, case, batches))
        if isinstance(self.base, TorchSide):
            return Outcome(self._torch(self.base, case, batches))
        assert isinstance(self.base, ObjectSide)
        return Outcome(self._object(self.base, case, batches))

    def _layer(self, side: LayerSide, case: Case, batches) -> dict[Name, np.ndarray]:
        model, rule = side.placed(case), copy.deepcopy(self.rule)
        found: dict[Name, np.ndarray] = {}
        if case.config.get("mode", "auto") != "auto":
            (tree.trainmode if case.config["mode"] == "train" else tree.testmode)(model)
        objective = supervised(self.loss)
        own = _is_rule(rule) and setup(rule, model)
        for step, (x, target) in enumerate(batches, 1):
            value, (gradient, *_) = withgradient(objective, model, x, target)
            found |= as_arrays(Name(Kind.LOSS, step=step), value, case.dtype)
            if own:
                update(own, model, gradient)
            else:
                arrays = tree.trainables(model)
                gradients = {path: leaf for path, leaf in tree.leaves(gradient) if path in arrays}
                rule.update(
                    arrays, gradients
                )  # as books do it: in place, or by putting others into the dict
                numpy_twin.place(model, arrays)
            found |= {
                Name(Kind.PARAMETER, path, step): leaf.copy()
                for path, leaf in tree.leaves(model)
                if _is_float(leaf)
            }
        return found

    def _object(self, side: ObjectSide, case: Case, batches) -> dict[Name, np.ndarray]:
        model, rule = (
            side.placed(case, training=case.config.get("mode", "auto") != "test"),
            copy.deepcopy(self.rule),
        )
        found: dict[Name, np.ndarray] = {}
        names = list(side.parameters())
        states: dict[str, Any] = {}
        for step, (x, target) in enumerate(batches, 1):
            value, back = self.loss.pullback(model.forward(x), target)
            found |= as_arrays(Name(Kind.LOSS, step=step), value, case.dtype)
            model.backward(back(case.dtype.type(1))[1])
            own = {name: getattr(model, name) for name in names}
            gradients = {name: side.gradient(model, name) for name in names}
            gradients = {
                name: gradient for name, gradient in gradients.items() if gradient is not None
            }
            if _is_rule(rule):
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

    def _torch(self, side: TorchSide, case: Case, batches) -> dict[Name, np.ndarray]:
        torch = sys.modules["torch"]
        model = side.placed(case)
        found: dict[Name, np.ndarray] = {}
        model.train(case.config.get("mode", "auto") != "test")
        optimiser = self.rule(list(model.parameters()))
        for step, (x, target) in enumerate(batches, 1):
            value = self.loss(model(torch.from_numpy(x)), torch.from_numpy(target))
            found |= as_arrays(Name(Kind.LOSS, step=step), value, case.dtype)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            state = {
                name: part for name, part in model.state_dict().items() if part.is_floating_point()
            }
            found |= {
                Name(Kind.PARAMETER, name, step): part.detach().numpy().copy()
                for name, part in state.items()
            }
        return found

    def of_base(self, base: PythonSide) -> "TrainingSide":
        """The same training of another model."""
        return replace(self, subject=base.subject, base=base)


def model_of(side: PythonSide) -> PythonSide:
    """The side of the model alone."""
    return side.base if isinstance(side, TrainingSide) else side


def _is_float(leaf: Any) -> bool:
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
