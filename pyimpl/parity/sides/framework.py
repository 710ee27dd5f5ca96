"""What is known of a kind of Python side, in one object: how its subjects are recognised, run,
trained, varied and written down.

A new framework is one file with a `Framework` and its side, and its place in `frameworks.py`.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Name
from .side import PythonSide
from .trace import Trace, single_call

if TYPE_CHECKING:
    from .training import Training


@dataclass(frozen=True)
class Setting:
    """A setting of a part of a model: the epsilon of a layer, the variant of an activation."""

    where: str  # "layer 0 (BatchNorm1d)"
    name: str
    value: Any
    put: Callable[[Any, Any], None]  # into a copy of the model: put(model, value)


@dataclass(frozen=True)
class RuleSetting:
    """A setting of an optimiser rule, and the rule with another value in its place."""

    name: str
    value: Any
    changed: Callable[[Any], Any]


@dataclass(frozen=True)
class Program:
    """A framework's part of the program that shows a disagreement again: lines of Python, each part
    possibly empty. `subject`, the inputs, the cotangents and the parameters are names in it.
    """

    definitions: str = ""
    placing: str = ""
    call: str = ""  # leaves the output in `y`
    gradients: str = ""


class Framework:
    """A kind of Python side. What is said here holds of plain functions."""

    name = "functions"
    libraries: tuple[str, ...] = ()  # packages whose code is nobody's own
    arrays: tuple[str, ...] = ()  # modules with functions of arrays, as numpy is one
    called_as_numpy = False  # whether these take the arguments of NumPy's
    axis = "axis"  # what their functions call an axis
    correlates = False  # whether its layers called convolution do not turn their kernel over
    same_names = False  # arrays of models have Julia's own names and lie as there
    shows_plain = False  # an outcome has what comes outside a gradient as well

    def recognises(self, subject: Any) -> bool:
        """Whether a subject of the user's is of this kind."""
        raise NotImplementedError

    def side(self, subject: Any, backward: Callable[..., Any] | None, seconds: float) -> PythonSide:
        """The side that runs it; one call may take so many seconds."""
        raise NotImplementedError

    def function(self, function: Callable[..., Any], seconds: float) -> PythonSide | None:
        """The side of a function between stages of this kind; None: that of any function."""
        return None

    def with_subject(self, side: Any, subject: Any, seconds: float) -> PythonSide:
        """The side of a changed copy of its subject."""
        return replace(side, subject=subject, seconds=seconds)

    def shared(self, side: PythonSide) -> tuple[PythonSide, tuple[str, ...]]:
        """The side with zeros for the arrays that Flux's layers do not have, and their names."""
        return side, ()

    def transposed(self, side: PythonSide, name: str) -> bool:
        """Whether a square weight is multiplied by its transpose, which its shape cannot tell."""
        return False

    def parts(self, model: Any) -> Iterator[tuple[str, Any]]:
        """The model itself and all parts of it that may have settings, by path."""
        return iter(())

    def ties_as_in_julia(self, side: PythonSide) -> tuple[str, PythonSide] | None:
        """The side with what Julia makes of entries that are nearly equal, and that in words; None
        where nothing of the kind is known.
        """
        return None

    def drops(self, side: PythonSide) -> bool:
        """Whether it drops entries at random in training, which has to be switched off."""
        return "dropout" in type(side.subject).__name__.lower()

    def trace(self, side: PythonSide, case: Case) -> Trace:
        """A run of the side on a case, taken apart as far as its inside is known."""
        return single_call(side, case)

    def forget(self) -> None:
        """Forget what was compiled: the user's functions are others from now on."""

    def settings(self, side: PythonSide) -> Iterator[Setting]:
        """The settings of all parts of a model."""
        return iter(())

    # Training.

    def expect_training(self, side: PythonSide, training: "Training") -> tuple[Any, Any]:
        """Loss and rule as `train` takes them. Raises TypeError for what it cannot train with."""
        called = getattr(side.subject, "__name__", type(side.subject).__name__)
        raise TypeError(
            "what is trained must be a layer or a module with a backward pass, got " + called
        )

    def train(
        self,
        side: PythonSide,
        loss: Any,
        rule: Any,
        case: Case,
        batches: Sequence[tuple[np.ndarray, np.ndarray]],
    ) -> dict[Name, np.ndarray]:
        """Loss and arrays after every batch."""
        raise NotImplementedError

    def scaled_loss(self, loss: Any, factor: Callable[[tuple[int, ...]], float]) -> Any:
        """The loss times a factor that depends on the shape of the output."""
        raise NotImplementedError

    # Optimiser rules.

    rule_expected = ""  # what a rule of this kind is, in words
    shows_rule_state = False  # whether the numbers that a rule keeps can be compared

    def runs_rule(self, rule: Any) -> bool:
        """Whether a rule of the user's is of this kind."""
        return False

    def rule_steps(self, rule: Any, case: Case) -> Outcome:
        """What a rule makes of an array, given a gradient for every step."""
        raise NotImplementedError

    def rule_settings(self, rule: Any) -> Iterator[RuleSetting]:
        """The settings of a rule."""
        return iter(())

    # Programs that show a disagreement again.

    def program(
        self,
        inputs: Sequence[str],
        cotangents: Sequence[str],
        parameters: dict[str, str],
        case: Case,
    ) -> Program:
        """The lines for these names; `parameters` are the paths of arrays with their names."""
        call = f"y = subject({', '.join(inputs)})"
        gradients = ""
        if cotangents:
            gradients = (
                'if hasattr(subject, "pullback"):\n'
                f"    back = subject.pullback({', '.join(inputs)})[1]\n"
                f'    print("gradients:", back({one_or_all(cotangents)}), sep="\\n")'
            )
        return Program(*placing(parameters), call, gradients)


def attributes_of(rule: Any) -> Iterator[RuleSetting]:
    """The attributes of a rule as its settings."""

    def changed(name: str, value: Any) -> Any:
        other = copy.deepcopy(rule)
        object.__setattr__(other, name, value)
        return other

    for name, value in vars(rule).items():
        yield RuleSetting(name, value, partial(changed, name))


PLACE = '''
def place(model, path, array):
    """Put an array in its place in a model: names of fields, numbers of layers."""
    *before, last = path.split(".")
    for part in before:
        model = model[int(part)] if part.isdigit() else getattr(model, part)
    object.__setattr__(model, last, array)
'''.strip()


def placing(parameters: dict[str, str]) -> tuple[str, str]:
    """The function that puts arrays into objects, and its calls."""
    if not parameters:
        return "", ""
    calls = [f"place(subject, {path!r}, {name})" for path, name in parameters.items()]
    return PLACE, "\n".join(calls)


def one_or_all(names: Sequence[str]) -> str:
    """One name, or a tuple of several."""
    return names[0] if len(names) == 1 else f"({', '.join(names)})"
