"""Calls of a public name of the twin, seen while they are made: which arguments they are given, and
which are left out.
"""

import functools
import inspect
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ...core.pullback import Function
from ...functions.activations import Activation
from .options import Bound, Form, bound, call_form, forms

Notice = Callable[[tuple, dict[str, Any]], None]


@contextmanager
def watched(subject: Callable) -> Iterator[list[Bound]]:
    """The calls of a public name that are made meanwhile: of a layer, where it is made and where it
    is called.

    >>> from pyimpl import mse
    >>> import numpy as np
    >>> with watched(mse) as calls:
    ...     _ = mse(np.ones(2), np.zeros(2), agg="sum"), mse(np.ones(2), np.zeros(2))
    >>> [list(given) for _, given in calls]
    [['prediction', 'target', 'agg'], ['prediction', 'target']]
    """
    calls: list[Bound] = []

    def noticed(ways: tuple[Form, ...]) -> Notice:
        def notice(positional: tuple, named: dict[str, Any]) -> None:
            call = bound(ways, positional, named)
            if call is not None:
                calls.append(call)

        return notice

    with ExitStack() as stack:
        if isinstance(subject, type):
            stack.enter_context(_method_watched(subject, "__init__", noticed(forms(subject))))
            if called := call_form(subject):
                for name in ("pullback", "__call__"):
                    stack.enter_context(_method_watched(subject, name, noticed((called,))))
        elif isinstance(subject, Function | Activation):
            stack.enter_context(_pullback_watched(subject, noticed(forms(subject))))
        else:
            plain = inspect.unwrap(subject)
            assert isinstance(plain, types.FunctionType)
            stack.enter_context(_function_watched(plain, noticed(forms(subject))))
        yield calls


@contextmanager
def _method_watched(kind: type, name: str, notice: Notice) -> Iterator[None]:
    """In objects of this class alone, not in those of its subclasses."""
    own, method = vars(kind).get(name), getattr(kind, name)

    @functools.wraps(method)
    def watching(self, *positional, **named):
        if type(self) is kind:
            notice(positional, named)
        return method(self, *positional, **named)

    setattr(kind, name, watching)
    try:
        yield
    finally:
        if own is None:
            delattr(kind, name)
        else:
            setattr(kind, name, own)


@contextmanager
def _pullback_watched(function: Function | Activation, notice: Notice) -> Iterator[None]:
    own, method = vars(function).get("pullback"), function.pullback

    def watching(*positional, **named):
        notice(positional, named)
        return method(*positional, **named)

    function.pullback = watching  # type: ignore[method-assign]
    try:
        yield
    finally:
        if own is None:
            del function.pullback
        else:
            function.pullback = own  # type: ignore[method-assign]


def _stand_in(*positional, _instead, **named):
    return _instead(*positional, **named)


@contextmanager
def _function_watched(function: types.FunctionType, notice: Notice) -> Iterator[None]:
    """By its code, for others hold the function itself."""
    code, defaults, named_defaults = (
        function.__code__,
        function.__defaults__,
        function.__kwdefaults__,
    )
    own = types.FunctionType(code, function.__globals__, function.__name__, defaults)
    own.__kwdefaults__ = named_defaults

    def instead(*positional, **named):
        notice(positional, named)
        return own(*positional, **named)

    function.__code__ = _stand_in.__code__
    function.__defaults__, function.__kwdefaults__ = None, {"_instead": instead}
    try:
        yield
    finally:
        function.__code__ = code
        function.__defaults__, function.__kwdefaults__ = defaults, named_defaults
