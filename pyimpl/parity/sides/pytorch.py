"""Modules of PyTorch, and functions of tensors.

PyTorch is never imported here: only what was made with it is recognised.
"""

import copy
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, RULED, Kind, Name, numbered
from .framework import Framework, Program, RuleSetting, Setting
from .side import Guarded, PythonSide, as_arrays, changed
from .trace import Trace, ended_early, single_call


def _copied(module: Any) -> Any:
    """A deep copy of a PyTorch module.

    Its dozen empty dicts of hooks are made anew rather than copied, which takes most of the time.
    """
    memo: dict[int, Any] = {}
    for part in module.modules():
        memo |= {
            id(value): type(value)()
            for value in vars(part).values()
            if type(value) in (dict, OrderedDict) and not value
        }
    return copy.deepcopy(module, memo)


@contextmanager
def one_thread() -> Iterator[None]:
    """Several threads wait longer for each other than arrays as small as ours take."""
    torch = sys.modules["torch"]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@dataclass
class TorchSide(Guarded):
    """A PyTorch module, or a function of tensors; gradients are autograd's."""

    has_gradient: bool = True

    @property
    def is_model(self) -> bool:
        """Whether it has parameters of its own."""
        return hasattr(self.subject, "state_dict")

    @property
    def framework(self) -> Framework:
        """Its kind."""
        return PYTORCH

    def parameters(self) -> dict[str, np.ndarray]:
        """Parameters and buffers of floating-point numbers, by their names in `state_dict`; one
        that has several by the first.
        """
        if not self.is_model:
            return {}
        return {name: part.detach().cpu().numpy() for name, part in self._own(self.subject)}

    @staticmethod
    def _own(module: Any) -> list[tuple[str, Any]]:
        every = module.state_dict(keep_vars=True)
        first = {id(part): name for name, part in reversed(every.items())}
        return [
            (name, part)
            for name, part in every.items()
            if part.is_floating_point() and first[id(part)] == name
        ]

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
        with one_thread():
            return self._outcome(case)

    def _outcome(self, case: Case) -> Outcome:
        torch = sys.modules["torch"]
        if self.is_model:
            subject = self.placed(case)
            subject.train(case.trains)
        else:
            subject = copy.deepcopy(self.subject)
        xs = [
            torch.from_numpy(np.array(x)).requires_grad_(x.dtype.kind == "f")
            for x in case.all(Kind.INPUT)
        ]
        dys = [torch.from_numpy(np.array(dy)) for dy in case.all(Kind.COTANGENT)]
        # A module may work in place on what it is given, which a leaf of autograd's does not allow.
        y = subject(*(x.clone() for x in xs)) if self.is_model else subject(*xs)
        found = as_arrays(OUTPUT, y, case.dtype)
        none: set[Name] = set()
        if case.mode == "function":
            found |= changed(case, {i: x.detach().numpy() for i, x in enumerate(xs) if x.ndim})
        if dys:
            outputs = [
                part
                for part in (y if isinstance(y, tuple | list) else [y])
                if part.is_floating_point()
            ]
            wanted = {
                numbered(Kind.INPUT_GRADIENT, i): x for i, x in enumerate(xs, 1) if x.requires_grad
            }
            if self.is_model:
                wanted |= {
                    Name(Kind.PARAMETER_GRADIENT, name): part
                    for name, part in subject.named_parameters()
                }
            grads = torch.autograd.grad(outputs, list(wanted.values()), dys, allow_unused=True)
            for name, grad in zip(wanted, grads, strict=True):
                if grad is None:
                    none.add(name)
                else:
                    found[name] = grad.numpy().copy()
        if self.is_model:
            found |= {
                Name(Kind.STATE, name): part.detach().numpy().copy()
                for name, part in self._own(subject)
            }
        return Outcome(found, frozenset(none))


def _is_module(subject: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(subject, torch.nn.Module)


def _of_the_library(module: Any) -> bool:
    return type(module).__module__.startswith("torch.")


def _owner(module: Any, name: str) -> Any:
    return module.get_submodule(name.rpartition(".")[0])


def _put(path: str, name: str, model: Any, value: Any) -> None:
    object.__setattr__(model.get_submodule(path), name, value)


class PyTorch(Framework):
    """Modules of PyTorch, functions of tensors, and functions that make an optimiser."""

    name = "modules of PyTorch"
    libraries = ("torch",)
    arrays = ("torch", "torch.nn.functional")
    axis = "dim"
    correlates = True

    def recognises(self, subject: Any) -> bool:
        """Whether it is a module."""
        return _is_module(subject)

    def side(self, subject: Any, backward: Callable[..., Any] | None, seconds: float) -> PythonSide:
        """The module as it is."""
        return TorchSide(subject, seconds=seconds)

    def function(self, function: Callable[..., Any], seconds: float) -> PythonSide | None:
        """A function of tensors."""
        return TorchSide(function, seconds=seconds)

    def shared(self, side: PythonSide) -> tuple[PythonSide, tuple[str, ...]]:
        """Of the two biases of PyTorch's recurrent layers Flux has the first.

        Such a layer alone gives its output without the last states.
        """
        if not isinstance(side, TorchSide) or not side.is_model:
            return side, ()
        alone = tuple(
            name
            for name in side.subject.state_dict()
            if name.rpartition(".")[2].startswith("bias_hh")
            and _of_the_library(_owner(side.subject, name))
        )
        if not alone:
            return side, ()
        module = copy.deepcopy(side.subject)
        if _of_the_library(module) and hasattr(module, "all_weights"):
            module.register_forward_hook(lambda module, xs, result: result[0])
        for name in alone:
            module.state_dict()[name].zero_()
        return replace(side, subject=module), alone

    def transposed(self, side: PythonSide, name: str) -> bool:
        """PyTorch's own modules multiply by the transpose, all but embeddings."""
        if not isinstance(side, TorchSide) or not side.is_model:
            return False
        owner = _owner(side.subject, name)
        tables = ("Embedding", "EmbeddingBag")
        return _of_the_library(owner) and type(owner).__name__ not in tables

    def parts(self, model: Any) -> Iterator[tuple[str, Any]]:
        """All modules in it, by path."""
        if _is_module(model):
            yield from model.named_modules()

    def ties_as_in_julia(self, side: PythonSide) -> tuple[str, PythonSide] | None:
        """With max pooling as NNlib differentiates it."""
        if type(side) is not TorchSide or not side.is_model:
            return None
        from .torch_ties import TiesAsInJulia

        words = (
            "of a window, the gradient goes to the first entry that is nearly the largest "
            "(within sqrt(eps), as in NNlib), not to the largest"
        )
        return words, TiesAsInJulia(side.subject, seconds=side.seconds)

    def drops(self, side: PythonSide) -> bool:
        """Whether a module of it does; an excerpt of a model sees to that itself."""
        if not _is_module(side.subject):
            return False
        from .torch_tracing import Excerpt, drops

        return not isinstance(side.subject, Excerpt) and any(map(drops, side.subject.modules()))

    def trace(self, side: PythonSide, case: Case) -> Trace:
        """The calls of its innermost modules, and of functions of tensors between them."""
        if not isinstance(side, TorchSide) or not side.is_model:
            return single_call(side, case)
        from .torch_tracing import traced

        with one_thread():
            found = side.shielded(
                lambda: traced(side.placed(case), case.all(Kind.INPUT), case.trains, side)
            )
        return ended_early(found) if isinstance(found, Outcome) else found

    def settings(self, side: PythonSide) -> Iterator[Setting]:
        """The attributes of every module that are numbers, words or switches, or the sizes of
        something along several axes.
        """
        for path, module in self.parts(side.subject):
            kind = type(module).__name__
            where = f"layer {path} ({kind})" if path else f"the {kind}"
            for name, value in vars(module).items():
                sizes = isinstance(value, tuple) and all(type(size) is int for size in value)
                plain = isinstance(value, bool | int | float | str) and name != "training"
                if plain or (sizes and value):
                    yield Setting(where, name, value, partial(_put, path, name))

    def expect_training(self, side: PythonSide, training: Any) -> tuple[Any, Any]:
        """A function of tensors and one that makes an optimiser. Raises TypeError for others."""
        if not side.is_model:
            return super().expect_training(side, training)
        loss, rule = training.loss[0], training.rule[0]
        if not callable(loss) or not callable(rule):
            raise TypeError(
                "a module of PyTorch's is trained with a function of tensors and one that makes an "
                "optimiser of parameters"
            )
        return loss, rule

    def train(
        self,
        side: PythonSide,
        loss: Any,
        rule: Any,
        case: Case,
        batches: Sequence[tuple[np.ndarray, np.ndarray]],
    ) -> dict[Name, np.ndarray]:
        """Loss, parameters and buffers after every batch."""
        assert isinstance(side, TorchSide)
        torch = sys.modules["torch"]
        model = side.placed(case)
        found: dict[Name, np.ndarray] = {}
        model.train(case.config.get("mode", "auto") != "test")
        optimiser = rule(list(model.parameters()))
        for step, (x, target) in enumerate(batches, 1):
            value = loss(model(torch.from_numpy(x)), torch.from_numpy(target))
            found |= as_arrays(Name(Kind.LOSS, step=step), value, case.dtype)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            for name, part in model.state_dict().items():
                if part.is_floating_point():
                    found[Name(Kind.PARAMETER, name, step)] = part.detach().numpy().copy()
        return found

    def scaled_loss(self, loss: Any, factor: Callable[[tuple[int, ...]], float]) -> Any:
        """The value times the factor; autograd sees to its gradient."""
        return lambda y, target: factor(tuple(y.shape)) * loss(y, target)

    rule_expected = "to make an optimiser of PyTorch's of a list of parameters"

    def runs_rule(self, rule: Any) -> bool:
        """Whether it can be called, where PyTorch has been imported."""
        return callable(rule) and "torch" in sys.modules

    def rule_steps(self, rule: Any, case: Case) -> Outcome:
        """The array after every gradient."""
        torch = sys.modules["torch"]
        parameter = torch.nn.Parameter(torch.from_numpy(case.arrays[RULED].copy()))
        optimiser = rule([parameter])
        found: dict[Name, np.ndarray] = {}
        for step, g in enumerate(case.all(Kind.GIVEN_GRADIENT), 1):
            parameter.grad = torch.from_numpy(g.copy())
            optimiser.step()
            found[RULED.at(step)] = parameter.detach().numpy().copy()
        return Outcome(found)

    def rule_settings(self, rule: Any) -> Iterator[RuleSetting]:
        """What the optimiser's groups of parameters have."""
        torch = sys.modules["torch"]
        try:
            (group, *_) = rule([torch.nn.Parameter(torch.zeros(1))]).param_groups
        except Exception:  # the user's function may expect other parameters
            return
        for name, value in group.items():
            if name != "params":
                yield RuleSetting(name, value, partial(_with_setting, rule, name))

    def program(
        self,
        inputs: Sequence[str],
        cotangents: Sequence[str],
        parameters: dict[str, str],
        case: Case,
    ) -> Program:
        """Parameters into `state_dict`, inputs as tensors."""
        place = [
            "import torch",
            "",
            f"subject = subject.to(torch.{case.dtype.name})",
            f"subject.train({case.config.get('mode', case.mode) != 'test'})",
            "with torch.no_grad():",
            "    own = subject.state_dict()",
            *(
                f"    own[{path!r}].copy_(torch.from_numpy({name}))"
                for path, name in parameters.items()
            ),
        ]
        call = ["import torch", ""] if not parameters else []
        call += [f"{name} = torch.from_numpy({name})" for name in inputs]
        call += [f"y = subject({', '.join(inputs)})"]
        return Program("", "\n".join(place) if parameters else "", "\n".join(call))


def _with_setting(rule: Callable[[Any], Any], name: str, value: Any) -> Callable[[Any], Any]:
    def adjusted(parameters):
        optimiser = rule(parameters)
        for group in optimiser.param_groups:
            group[name] = value
        return optimiser

    return adjusted


PYTORCH = PyTorch()
