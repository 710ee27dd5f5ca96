"""Functions of arrays of JAX.

JAX is never imported here: only what was made with it is recognised.
"""

import sys
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import RULED, Kind, Name
from .array_functions import Untraceable, array_function, works_with
from .framework import Framework, Program
from .side import PythonSide


class JaxLibrary:
    """JAX as a library of arrays."""

    name = "jax"

    @contextmanager
    def working(self) -> Iterator[None]:
        """With Float64, which JAX takes for Float32 where nobody says otherwise."""
        jax = sys.modules["jax"]
        if hasattr(jax, "enable_x64"):
            with jax.enable_x64(True):
                yield
        else:
            from jax.experimental import enable_x64  # type: ignore[attr-defined]

            with enable_x64():
                yield

    def array(self, x: np.ndarray) -> Any:
        """An array of JAX's."""
        return sys.modules["jax"].numpy.asarray(x)

    def __init__(self) -> None:
        self._compiled: dict[Hashable, Callable[..., Any]] = {}

    def forget(self) -> None:
        """Forget what was compiled."""
        if self._compiled:
            sys.modules["jax"].clear_caches()
            self._compiled.clear()

    def run(self, key: Hashable, function: Callable[..., Any], *arrays: Any) -> Any:
        """The result of a function, which is compiled once for every key: a tenth of the time.

        A function in which a value decides what is done cannot be compiled as a whole. Raises
        Untraceable for one that JAX cannot trace at all.
        """
        jax = sys.modules["jax"]
        if len(self._compiled) > MOST_COMPILED:
            self._compiled.clear()
        compiled = self._compiled.setdefault(key, jax.jit(function))
        try:
            return compiled(*arrays)
        except _untraceable():
            self._compiled[key] = function
        try:
            return function(*arrays)
        except _untraceable() as problem:
            raise Untraceable(str(problem).partition("\n")[0]) from None

    def gradients(
        self, function: Callable[..., Any], xs: Sequence[Any], dys: Sequence[Any], key: Hashable
    ) -> list[Any]:
        """By tracing the function."""
        return self.run(key, sys.modules["jax"].grad(function), list(xs), list(dys)) if xs else []


def _untraceable() -> tuple[type[Exception], ...]:
    errors = sys.modules["jax"].errors
    return (
        errors.ConcretizationTypeError,
        errors.TracerArrayConversionError,
        errors.TracerIntegerConversionError,
        errors.NonConcreteBooleanIndexError,
    )


MOST_COMPILED = 500
LIBRARY = JaxLibrary()


class Jax(Framework):
    """Functions of arrays of JAX."""

    name = "functions of JAX"
    libraries: tuple[str, ...] = ("jax", "jaxlib")
    arrays = ("jax.numpy", "jax.nn", "jax.lax")
    called_as_numpy = True

    def recognises(self, subject: Any) -> bool:
        """Whether it is a function whose code works with JAX."""
        return callable(subject) and works_with(subject, "jax")

    def side(self, subject: Any, backward: Callable[..., Any] | None, seconds: float) -> PythonSide:
        """The function, given arrays of JAX."""
        return array_function(LIBRARY, self, subject, backward, seconds)

    def function(self, function: Callable[..., Any], seconds: float) -> PythonSide | None:
        """A function of arrays of JAX."""
        return array_function(LIBRARY, self, function, None, seconds)

    def forget(self) -> None:
        """What JAX has compiled."""
        LIBRARY.forget()

    # Rules of Optax: a pair of functions, `init` and `update`.

    rule_expected = "to have `init(parameters)` and `update(gradients, state, parameters)`"

    def runs_rule(self, rule: Any) -> bool:
        """Whether it is one of Optax's."""
        return (
            "jax" in sys.modules
            and hasattr(rule, "init")
            and type(rule).__module__
            in (
                "optax._src.base",
                "optax",
            )
        )

    def rule_steps(self, rule: Any, case: Case) -> Outcome:
        """The array after every gradient."""
        found: dict[Name, np.ndarray] = {}
        with LIBRARY.working():
            x = LIBRARY.array(case.arrays[RULED].copy())
            state = rule.init(x)
            for step, g in enumerate(case.all(Kind.GIVEN_GRADIENT), 1):
                change, state = rule.update(LIBRARY.array(g.copy()), state, x)
                x = x + change
                found[RULED.at(step)] = np.asarray(x)
        return Outcome(found)

    def program(
        self,
        inputs: Sequence[str],
        cotangents: Sequence[str],
        parameters: dict[str, str],
        case: Case,
    ) -> Program:
        """The call, with Float64 switched on."""
        lines = ["import jax", "", 'jax.config.update("jax_enable_x64", True)']
        lines += [f"{name} = jax.numpy.asarray({name})" for name in inputs]
        lines += [f"y = subject({', '.join(inputs)})"]
        return Program(call="\n".join(lines))


JAX = Jax()
