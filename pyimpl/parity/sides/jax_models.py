"""What models of JAX's have in common: they are trees whose leaves are arrays, which are not
changed but made anew.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, Kind, Name, numbered
from .array_functions import Untraceable, real_parts
from .framework import Framework, Setting
from .jax_arrays import LIBRARY, Jax
from .side import Guarded, PythonSide, as_arrays


@dataclass
class JaxModelSide(Guarded):
    """A model of JAX's; gradients are JAX's. `models` knows its kind."""

    models: "JaxModels"
    has_gradient: bool = True
    is_model: bool = True

    @property
    def framework(self) -> Framework:
        """Its kind."""
        return self.models

    def parameters(self) -> dict[str, np.ndarray]:
        """Every array of real numbers, by path."""
        return {path: np.asarray(x) for path, x in self.models.leaves(self.subject).items()}

    def placed(self, case: Case, training: bool) -> Any:
        """The model with the case's parameters, in its mode."""
        arrays = {
            path: LIBRARY.array(
                case.arrays.get(Name(Kind.PARAMETER, path), np.asarray(own)).astype(case.dtype)
            )
            for path, own in self.models.leaves(self.subject).items()
        }
        return self.models.in_mode(self.models.with_leaves(self.subject, arrays), training)

    def _evaluate(self, case: Case) -> Outcome:
        """Output, gradients of inputs and parameters, all arrays afterwards."""
        with LIBRARY.working():
            return self._outcome(case)

    def _outcome(self, case: Case) -> Outcome:
        model, models = self.placed(case, case.trains), self.models
        xs = [LIBRARY.array(x.copy()) for x in case.all(Kind.INPUT)]
        own, real = models.leaves(model), [i for i, x in enumerate(xs) if x.dtype.kind == "f"]
        learnt = [path for path in own if models.is_learnt(model, path)]
        fixed = [x for i, x in enumerate(case.all(Kind.INPUT)) if i not in real]
        key = id(self), case.trains, *((x.dtype.str, x.shape, x.tobytes()) for x in fixed)

        def called(own: dict[str, Any], values: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
            given = list(xs)
            for i, x in zip(real, values, strict=True):
                given[i] = x
            # `self` stays alive as long as this does, and nothing else gets its identity.
            y, after = self.models.called(models.with_leaves(model, own), given)
            return y, models.leaves(after)

        def weighted(wanted: Any, own: dict[str, Any], dys: Sequence[Any]) -> Any:
            values, arrays = wanted
            parts = real_parts(called({**own, **arrays}, values)[0])
            return sum((dy * y).sum() for dy, y in zip(dys, parts, strict=True))

        values = [xs[i] for i in real]
        dys = [LIBRARY.array(dy) for dy in case.all(Kind.COTANGENT)]
        wanted = values, {path: own[path] for path in learnt}
        try:
            y, after = LIBRARY.run(("result", key), called, own, values)
            found = as_arrays(OUTPUT, y, case.dtype)
            if dys:
                slope = sys.modules["jax"].grad(weighted)
                of_inputs, of_arrays = LIBRARY.run(("gradient", key), slope, wanted, own, dys)
                for i, gradient in zip(real, of_inputs, strict=True):
                    found[numbered(Kind.INPUT_GRADIENT, i + 1)] = np.asarray(gradient)
                for path, gradient in of_arrays.items():
                    found[Name(Kind.PARAMETER_GRADIENT, path)] = np.asarray(gradient)
        except Untraceable as problem:
            raise TypeError(f"JAX cannot differentiate this model: {problem}") from None
        states = {Name(Kind.STATE, path): np.asarray(x) for path, x in after.items()}
        return Outcome(found | states)


class JaxModels(Jax):
    """What models of JAX's have in common. A kind of model says where its arrays are."""

    def leaves(self, model: Any) -> dict[str, Any]:
        """Every array of real numbers of a model, by path."""
        raise NotImplementedError

    def with_leaves(self, model: Any, arrays: dict[str, Any]) -> Any:
        """A copy of the model with other arrays."""
        raise NotImplementedError

    def parts(self, model: Any) -> Iterator[tuple[str, Any]]:
        """The model itself and all modules in it, by path."""
        yield from self._parts("", model)

    def _parts(self, path: str, value: Any) -> Iterator[tuple[str, Any]]:
        children: Iterable[tuple[Any, Any]] = ()
        if self.recognises(value):
            yield path, value
            children = vars(value).items()
        elif isinstance(value, Mapping):
            children = value.items()
        elif isinstance(value, Sequence) and not isinstance(value, str):
            children = enumerate(value)
        for step, child in children:
            yield from self._parts(f"{path}.{step}" if path else str(step), child)

    def settings(self, side: PythonSide) -> Iterator[Setting]:
        """The attributes of every module that are numbers, words or switches."""
        for path, part in self.parts(side.subject):
            kind = type(part).__name__
            where = f"layer {path} ({kind})" if path else f"the {kind}"
            for name, value in vars(part).items():
                if isinstance(value, bool | int | float | str) and not name.startswith("_"):
                    yield Setting(where, name, value, partial(self._put, path, name))

    def _put(self, path: str, name: str, model: Any, value: Any) -> None:
        object.__setattr__(dict(self.parts(model))[path], name, value)

    def drops(self, side: PythonSide) -> bool:
        """Whether a part of it is called dropout."""
        return any("dropout" in type(part).__name__.lower() for _, part in self.parts(side.subject))

    def is_learnt(self, model: Any, path: str) -> bool:
        """Whether an array has a gradient; running statistics have none."""
        return True

    def in_mode(self, model: Any, training: bool) -> Any:
        """A copy of the model in training or in use."""
        raise NotImplementedError

    def called(self, model: Any, xs: Sequence[Any]) -> tuple[Any, Any]:
        """The output for a batch, and the model afterwards."""
        raise NotImplementedError

    def side(self, subject: Any, backward: Callable[..., Any] | None, seconds: float) -> PythonSide:
        """The model as it is."""
        return JaxModelSide(subject, self, seconds=seconds)

    def expect_training(self, side: PythonSide, training: Any) -> tuple[Any, Any]:
        """A loss of arrays and a rule of Optax's. Raises TypeError for others."""
        loss, rule = training.loss[0], training.rule[0]
        if not callable(loss) or not self.runs_rule(rule):
            raise TypeError(
                "a model of JAX's is trained with a function of output and target and a rule of "
                "Optax's, `optax.adam(0.1)`"
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
        """Loss and arrays after every batch."""
        assert isinstance(side, JaxModelSide)
        found: dict[Name, np.ndarray] = {}
        with LIBRARY.working():
            jax = sys.modules["jax"]
            model = side.placed(case, training=case.config.get("mode", "auto") != "test")
            learnt = [path for path in self.leaves(model) if self.is_learnt(model, path)]
            own = {path: self.leaves(model)[path] for path in learnt}
            state = rule.init(own)
            for step, batch in enumerate(batches, 1):
                x, target = (LIBRARY.array(part) for part in batch)

                def objective(own, model=model, x=x, target=target):
                    every = {**self.leaves(model), **own}
                    y, after = self.called(self.with_leaves(model, every), [x])
                    return loss(y, target), self.leaves(after)

                (value, after), gradients = jax.value_and_grad(objective, has_aux=True)(own)
                changes, state = rule.update(gradients, state, own)
                own = {path: own[path] + changes[path] for path in learnt}
                model = self.with_leaves(model, {**after, **own})
                found |= as_arrays(Name(Kind.LOSS, step=step), value, case.dtype)
                found |= {
                    Name(Kind.PARAMETER, path, step): np.asarray(x)
                    for path, x in self.leaves(model).items()
                }
        return found

    def scaled_loss(self, loss: Any, factor: Callable[[tuple[int, ...]], float]) -> Any:
        """The value times the factor; JAX sees to its gradient."""
        return lambda y, target: factor(tuple(y.shape)) * loss(y, target)
