"""The Python side of a user's own pair: a function, with a backward pass or without, a layer of `pyimpl` or of one's own, a PyTorch module.

Each evaluates a case to an outcome, as the NumPy twin does for a row of the catalogue. Whatever the user's code raises is an outcome.
PyTorch is never imported here: only what has been made with it is recognised.
"""

import copy
import signal
import sys
import threading
import traceback
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ...core import tree
from ..case import twin as numpy_twin
from ..case.case import Case, Outcome
from ..case.names import OUTPUT, Kind, Name, numbered

SECONDS = 60.0  # for one call
STEP = 2.0**-10  # of central differences


class PythonSide(Protocol):
    """Something that evaluates cases in Python."""

    subject: Any

    @property
    def has_gradient(self) -> bool:
        """Whether there is a gradient to compare."""
        ...

    @property
    def is_model(self) -> bool:
        """Whether it has parameters of its own."""
        ...

    def parameters(self) -> dict[str, np.ndarray]:
        """Every array of a model, by path; empty for a function."""
        ...

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of a case."""
        ...


class TooSlow(Exception):
    """A call that did not return in time."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupts Python code that runs longer; only in the main thread, and where the system has timers."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(*_):
        raise TooSlow(f"gave no answer for {seconds:g} s")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _place(error: BaseException) -> str:
    """The last line of the user's that an error came through."""
    frames = [at for at in traceback.extract_tb(error.__traceback__) if not at.filename.startswith(str(Path(__file__).parents[1]))]
    return f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""


@dataclass
class Guarded:
    """What all sides share: exceptions are outcomes, and after a call that did not return no further one is made."""

    subject: Any
    seconds: float = field(default=SECONDS, kw_only=True)
    lost: str = field(default="", init=False)

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of a case; an exception is one that says where it arose."""
        if self.lost:
            return Outcome(error=self.lost, lost=True)
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings(), time_limit(self.seconds):
                warnings.simplefilter("ignore")
                return self._evaluate(case)
        except TooSlow as slow:
            self.lost = f"Python {slow}"
            return Outcome(error=self.lost, lost=True)
        except MemoryError as error:
            return Outcome(error=f"MemoryError: {error}")
        except (Exception, SystemExit) as error:  # the user's code may raise anything
            return Outcome(error=f"{type(error).__name__}: {error}{_place(error)}")

    def _evaluate(self, case: Case) -> Outcome:
        raise NotImplementedError


def as_arrays(name: Name, value: Any, dtype: np.dtype) -> dict[Name, np.ndarray]:
    """An output as named arrays: tuples, lists and dicts by index and key, complex numbers in two parts; None gives nothing.

    A Python float has no precision of its own: it takes the case's. Raises TypeError for what is no array of numbers.
    """
    if value is None:
        return {}
    if isinstance(value, float):
        value = np.asarray(value, dtype)
    elif hasattr(value, "detach"):  # a tensor of PyTorch's
        value = value.detach().cpu().numpy()
    elif isinstance(value, list) and value and all(isinstance(part, bool | int | float) for part in value):
        value = np.asarray(value)
    if isinstance(value, tuple | list):
        return {k: v for i, part in enumerate(value) for k, v in as_arrays(name.part(i), part, dtype).items()}
    if isinstance(value, Mapping):
        return {k: v for key, part in value.items() for k, v in as_arrays(name.part(key), part, dtype).items()}
    array = np.array(value)
    if array.dtype.kind == "c":
        return {name.part("real"): array.real.copy(), name.part("imag"): array.imag.copy()}
    if array.dtype.kind == "O" and array.ndim == 0 and isinstance(value, int):
        raise TypeError(f"{name} is the integer {value}, which no machine integer can hold")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} is a {type(value).__name__} ({array.dtype}), expected arrays of numbers")
    return {name: array}


def arguments(case: Case) -> list[Any]:
    """Copies of the data arrays; those of no dimension as scalars."""
    return [array.copy()[()] for array in case.all(Kind.INPUT)]


def changed(case: Case, after: list[Any]) -> dict[Name, np.ndarray]:
    """The arguments as they are after the call."""
    return {numbered(Kind.ARGUMENT, i): np.asarray(x) for i, x in enumerate(after, 1) if np.ndim(x)}


@dataclass
class FunctionSide(Guarded):
    """A function of arrays. Its gradient comes from `backward(dy, *xs)`, which gives one array per input, or from its own `pullback`."""

    backward: Callable[..., Any] | None = None
    is_model: bool = False

    @property
    def has_gradient(self) -> bool:
        """Whether there is a gradient to compare."""
        return self.backward is not None or hasattr(self.subject, "pullback")

    def parameters(self) -> dict[str, np.ndarray]:
        """A function has none."""
        return {}

    def _evaluate(self, case: Case) -> Outcome:
        """Output after every call, arguments afterwards, and the gradients."""
        subject = copy.deepcopy(self.subject)
        found: dict[Name, np.ndarray] = {}
        none: set[Name] = set()
        xs: list[Any] = []
        for call in range(case.config.get("calls", 1)):
            xs = arguments(case)
            found |= as_arrays(OUTPUT.at(call + 1 if call else 0), subject(*xs), case.dtype)
        found |= changed(case, xs)
        dys = case.all(Kind.COTANGENT)
        if dys and self.has_gradient:
            dy = dys[0] if len(dys) == 1 else tuple(dys)
            if self.backward is not None:
                grads = self.backward(dy, *arguments(case))
                grads = grads if isinstance(grads, tuple | list) else (grads,)
            else:
                grads = subject.pullback(*arguments(case))[1](dy)[1:]
            for i, grad in enumerate(grads, 1):
                arrays = as_arrays(numbered(Kind.INPUT_GRADIENT, i), grad, case.dtype)
                found |= arrays
                none |= set() if arrays else {numbered(Kind.INPUT_GRADIENT, i)}
        return Outcome(found, frozenset(none))


@dataclass
class DifferencesSide(FunctionSide):
    """A function without a backward pass, whose gradient is measured: by central differences in Float64, extrapolated to no step at all."""

    @property
    def has_gradient(self) -> bool:
        """Always."""
        return True

    def _evaluate(self, case: Case) -> Outcome:
        cotangents = {name: array for name, array in case.arrays.items() if name.kind is Kind.COTANGENT}
        outcome = super()._evaluate(replace(case, arrays={name: x for name, x in case.arrays.items() if name not in cotangents}))
        if cotangents:
            outcome.arrays |= {name: np.asarray(found, case.dtype) for name, (found, _) in self.differences(case).items()}
        return outcome

    def differences(self, case: Case) -> dict[Name, tuple[np.ndarray, np.ndarray]]:
        """Of every gradient: its value, and by how much that may be off, by the two steps it was made of and what was rounded."""
        case = case.cast(np.float64)
        dys, found = case.all(Kind.COTANGENT), {}

        def weighted(xs) -> tuple[float, float]:
            ys = as_arrays(OUTPUT, self.subject(*(x.copy()[()] for x in xs)), case.dtype)
            floats = [y for y in ys.values() if y.dtype.kind == "f"]
            terms = [np.asarray(dy * y) for dy, y in zip(dys, floats, strict=True)]
            return sum(float(np.sum(part)) for part in terms), sum(float(np.sum(np.abs(part))) for part in terms)

        xs = case.all(Kind.INPUT)
        for i, x in enumerate(xs, 1):
            if x.dtype.kind != "f":
                continue
            value, error = np.zeros(x.shape), np.zeros(x.shape)
            for index in np.ndindex(x.shape):
                slopes, size = [], 0.0
                for step in (STEP, STEP / 2):
                    moved = [[part.copy() for part in xs] for _ in range(2)]
                    moved[0][i - 1][index] += step
                    moved[1][i - 1][index] -= step
                    (high, size), (low, _) = map(weighted, moved)
                    slopes.append((high - low) / (2 * step))
                value[index] = (4 * slopes[1] - slopes[0]) / 3
                error[index] = abs(slopes[1] - slopes[0]) + 8 * np.finfo(np.float64).eps * size / STEP
            found[numbered(Kind.INPUT_GRADIENT, i)] = value, error
        return found


@dataclass
class LayerSide(Guarded):
    """A layer or model with a `pullback`: of `pyimpl`, or a dataclass that keeps its contract."""

    has_gradient: bool = True
    is_model: bool = True

    def parameters(self) -> dict[str, np.ndarray]:
        """Every array of floating-point numbers in it, by path."""
        return {path: leaf for path, leaf in tree.leaves(self.subject) if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"}

    def placed(self, case: Case) -> Any:
        """A copy of the model with the case's parameters."""
        model = numpy_twin.place(tree.astype(copy.deepcopy(self.subject), case.dtype), case.parameters())
        if case.jitter:
            numpy_twin.jitter(model, *case.jitter)
        return model

    def _evaluate(self, case: Case) -> Outcome:
        """As a row of the catalogue: output inside and outside a gradient, gradients, arrays afterwards."""
        return numpy_twin.evaluate(case, self.placed)


def _copied(module: Any) -> Any:
    """A deep copy of a PyTorch module. Its dozen empty dicts of hooks are made anew rather than copied, which takes most of the time."""
    memo: dict[int, Any] = {}
    for part in module.modules():
        memo |= {id(value): type(value)() for value in vars(part).values() if type(value) in (dict, OrderedDict) and not value}
    return copy.deepcopy(module, memo)


GRADIENT_NAMES = ("d{}", "grad_{}", "{}_grad", "d_{}")


@dataclass
class ObjectSide(Guarded):
    """A layer of one's own: an object with arrays, `forward(x)` (or a call), and perhaps `backward(dy)`, which gives the gradient of x.

    The gradients of its arrays are looked for where such layers leave them: `dW` or `grad_W` for `W`, or in a dict `grads`.
    An attribute `training` or `train_flg` is set as the mode asks.
    """

    is_model: bool = True

    @property
    def has_gradient(self) -> bool:
        """Whether it has a backward pass."""
        return hasattr(self.subject, "backward")

    def parameters(self) -> dict[str, np.ndarray]:
        """Every array of floating-point numbers among its attributes that is not the gradient of another."""
        own = {name: part for name, part in vars(self.subject).items() if isinstance(part, np.ndarray) and part.dtype.kind == "f"}
        gradients = {form.format(name) for name in own for form in GRADIENT_NAMES}
        return {name: part for name, part in own.items() if name not in gradients}

    def placed(self, case: Case, training: bool) -> Any:
        """A copy of the object with the case's parameters."""
        subject = copy.deepcopy(self.subject)
        for name, own in self.parameters().items():
            setattr(subject, name, case.arrays.get(Name(Kind.PARAMETER, name), own).astype(case.dtype))
        for flag in ("training", "train_flg", "train"):
            if isinstance(getattr(subject, flag, None), bool):
                setattr(subject, flag, training)
        return subject

    def _evaluate(self, case: Case) -> Outcome:
        """Output, gradients of the input and of the arrays, the arrays afterwards."""
        subject = self.placed(case, case.mode == "train" or (case.mode == "auto" and "dy1" in case.arrays))
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
        return Outcome(found | {Name(Kind.STATE, name): np.array(getattr(subject, name)) for name in names}, frozenset(none))

    @staticmethod
    def gradient(subject: Any, name: str) -> np.ndarray | None:
        """What the backward pass has left for an array; None where nothing is found."""
        kept = getattr(subject, "grads", None)
        if isinstance(kept, Mapping) and name in kept:
            return kept[name]
        return next((getattr(subject, form.format(name)) for form in GRADIENT_NAMES if hasattr(subject, form.format(name))), None)


@dataclass
class TorchSide(Guarded):
    """A PyTorch module, or a function of tensors; gradients are autograd's."""

    has_gradient: bool = True

    @property
    def is_model(self) -> bool:
        """Whether it has parameters of its own."""
        return hasattr(self.subject, "state_dict")

    def parameters(self) -> dict[str, np.ndarray]:
        """Parameters and buffers of floating-point numbers, by their names in `state_dict`."""
        if not self.is_model:
            return {}
        return {name: part.detach().cpu().numpy() for name, part in self.subject.state_dict().items() if part.is_floating_point()}

    def placed(self, case: Case) -> Any:
        """A copy of the module with the case's parameters."""
        torch = sys.modules["torch"]
        subject = _copied(self.subject).to(getattr(torch, case.dtype.name))
        with torch.no_grad():
            own = subject.state_dict()
            for name, array in case.parameters().items():
                own[name].copy_(torch.from_numpy(np.array(array)))
        return subject

    def _evaluate(self, case: Case) -> Outcome:
        """Output, gradients of inputs and parameters, parameters and buffers afterwards."""
        torch = sys.modules["torch"]
        if self.is_model:
            subject = self.placed(case)
            subject.train(case.mode == "train" or (case.mode == "auto" and "dy1" in case.arrays))
        else:
            subject = copy.deepcopy(self.subject)
        xs = [torch.from_numpy(np.array(x)).requires_grad_(x.dtype.kind == "f") for x in case.all(Kind.INPUT)]
        dys = [torch.from_numpy(np.array(dy)) for dy in case.all(Kind.COTANGENT)]
        y = subject(*xs)
        found = as_arrays(OUTPUT, y, case.dtype)
        none: set[Name] = set()
        if case.mode == "function":
            found |= changed(case, [x.detach().numpy() for x in xs])
        if dys:
            outputs = [part for part in (y if isinstance(y, tuple | list) else [y]) if part.is_floating_point()]
            wanted = {numbered(Kind.INPUT_GRADIENT, i): x for i, x in enumerate(xs, 1) if x.requires_grad}
            if self.is_model:
                wanted |= {Name(Kind.PARAMETER_GRADIENT, name): part for name, part in subject.named_parameters()}
            grads = torch.autograd.grad(outputs, list(wanted.values()), dys, allow_unused=True)
            for name, grad in zip(wanted, grads, strict=True):
                if grad is None:
                    none.add(name)
                else:
                    found[name] = grad.numpy().copy()
        if self.is_model:
            found |= {
                Name(Kind.STATE, name): part.numpy().copy() for name, part in subject.state_dict().items() if part.is_floating_point()
            }
        return Outcome(found, frozenset(none))


def side_of(subject: Any, backward: Callable[..., Any] | None = None, seconds: float = SECONDS) -> PythonSide:
    """The side that `subject` calls for. Raises TypeError for what cannot be called."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(subject, torch.nn.Module):
        return TorchSide(subject, seconds=seconds)
    if isinstance(subject, type) and (hasattr(subject, "forward") or hasattr(subject, "pullback")):
        raise TypeError(f"{subject.__name__} is a class: give an instance, {subject.__name__}(...)")
    if is_dataclass(subject) and not isinstance(subject, type) and hasattr(subject, "pullback"):
        return LayerSide(subject, seconds=seconds)
    if hasattr(subject, "forward") and not isinstance(subject, type):
        return ObjectSide(subject, seconds=seconds)
    if not callable(subject):
        raise TypeError(f"the Python side must be a function, a layer or a module, got {type(subject).__name__} {subject!r}")
    return FunctionSide(subject, backward, seconds=seconds)
