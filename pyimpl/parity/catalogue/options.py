"""What a public name of the twin can be told: the forms in which it is called, the options of each,
and the values that an option can have.

All of it is read off signatures and annotations.
"""

import inspect
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_overloads

import numpy as np

from ...functions.activations import Activation

Form = inspect.Signature
Bound = tuple[Form, dict[str, Any]]  # the form of a call, and its arguments by name
MANY: tuple[Any, ...] = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
# What else an annotation says. NumPy's whole numbers are numbers of every kind.
ALSO: dict[type, tuple[type, ...]] = {
    int: (np.integer,),
    float: (np.floating, int, np.integer),
    tuple: (list,),
}


@dataclass(frozen=True)
class Value:
    """What an option can be beside its default: one value, or any of a type."""

    text: str
    fits: Callable[[Any], bool]


@dataclass(frozen=True)
class Option:
    """An argument that may be left out: its name, what it is then, and what else it can be, as its
    annotation says it (`bool`, `Literal`, one type or another) - or just something else.
    """

    name: str
    default: Any
    others: tuple[Value, ...]

    def value(self, given: Any) -> Value | None:
        """What an argument is a value of; None for the default."""
        if is_same(given, self.default):
            return None
        return next((value for value in self.others if value.fits(given)), None)


def is_same(one: Any, other: Any) -> bool:
    """Whether two arguments are the same value; True is not 1."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return type(one) is type(other) and np.array_equal(one, other)
    return one is other or (type(one) is type(other) and bool(np.all(one == other)))


def forms(subject: Callable) -> tuple[Form, ...]:
    """The ways in which a public name is called: its overloads, or its signature.

    >>> from pyimpl import Dense, softmax
    >>> for form in (*forms(Dense), *forms(softmax)):
    ...     print(*form.parameters)
    weight bias act
    n_in n_out act bias init rng
    x dims
    """
    if isinstance(subject, Activation):
        return (inspect.signature(subject.value),)
    if not isinstance(subject, type):
        overloads = get_overloads(inspect.unwrap(subject))
        return tuple(map(inspect.signature, overloads or [subject]))
    overloads = get_overloads(subject.__init__)  # type: ignore[misc]
    return tuple(_method(inspect.signature(one)) for one in overloads) or (_made(subject),)


def _method(form: Form) -> Form:
    """Without `self`."""
    return form.replace(parameters=list(form.parameters.values())[1:])


def _made(kind: type) -> Form:
    """How an object is made: where `__init__` has `**options`, they are those of the `__init__`
    that it extends.
    """
    taken: dict[str, inspect.Parameter] = {}
    for base in kind.__mro__:
        if "__init__" in vars(base):
            own = _method(inspect.signature(base.__init__)).parameters  # type: ignore[misc]
            taken |= {name: own[name] for name in own if name not in {*taken, "options"}}
            if "options" not in own:
                break
    return Form(sorted(taken.values(), key=lambda parameter: parameter.kind))


def call_form(subject: Callable) -> Form | None:
    """How a layer is called once it is made; None for what is no layer."""
    is_layer = isinstance(subject, type) and hasattr(subject, "pullback")
    return _method(inspect.signature(subject.pullback)) if is_layer else None  # type: ignore


def is_opaque(subject: Callable) -> bool:
    """Whether nobody can read off what a public name takes: `*arguments`, `**options`."""
    return any({"arguments", "options"} & set(form.parameters) for form in forms(subject))


def options(subject: Callable) -> dict[str, Option]:
    """The options of a public name, of all its forms and, of a layer, of its call.

    >>> from pyimpl import Dense
    >>> [f"{name}: {', '.join(v.text for v in o.others)}" for name, o in options(Dense).items()]
    ['bias: False, ndarray', 'act: another', 'init: another', 'rng: another']
    """
    called = call_form(subject)
    by_name: dict[str, Option] = {}
    for form in (*forms(subject), *([called] if called else [])):
        for parameter in form.parameters.values():
            if parameter.kind in MANY:
                default: Any = () if parameter.kind == MANY[0] else {}
            elif parameter.default is inspect.Parameter.empty:
                continue
            else:
                default = _default(parameter, subject)
            option = Option(parameter.name, default, tuple(_others(parameter, default)))
            by_name.setdefault(parameter.name, option)
    return by_name


def _default(parameter: inspect.Parameter, subject: Callable) -> Any:
    field = getattr(subject, "__dataclass_fields__", {}).get(parameter.name)
    factory = getattr(field, "default_factory", None)
    return factory() if callable(factory) else parameter.default


def _others(parameter: inspect.Parameter, default: Any) -> Iterator[Value]:
    kind = parameter.annotation
    if kind is inspect.Parameter.empty and isinstance(default, bool):
        kind = bool
    if kind is inspect.Parameter.empty or parameter.kind in MANY:
        kind = Any
    for part in get_args(kind) if get_origin(kind) in (types.UnionType, Union) else (kind,):
        if part is bool or get_origin(part) is Literal:
            values = (False, True) if part is bool else get_args(part)
            for value in values:
                if not is_same(value, default):
                    yield Value(repr(value), _same_as(value))
        elif part is types.NoneType:
            if default is not None:
                yield Value("None", _same_as(None))
        else:
            kept = get_origin(part) or part
            is_class = isinstance(kept, type) and kept not in (Any, Callable)
            yield Value(kept.__name__, _of_type(kept)) if is_class else Value("another", _any)


def _same_as(value: Any) -> Callable[[Any], bool]:
    return lambda given: is_same(given, value)


def _of_type(kind: type) -> Callable[[Any], bool]:
    kinds = (kind, *ALSO.get(kind, ()))
    return lambda given: isinstance(given, kinds) and not isinstance(given, bool)


def _any(given: Any) -> bool:
    return True


def bound(ways: tuple[Form, ...], positional: tuple, named: dict[str, Any]) -> Bound | None:
    """The form that a call has, and its arguments by name, those left out missing. Of several forms
    it is the first that can be meant: no array where a number is wanted, no word but one of some.

    >>> from pyimpl import Dense
    >>> bound(forms(Dense), (3, 2), {"bias": False})[1]
    {'n_in': 3, 'n_out': 2, 'bias': False}
    """
    for form in ways:
        try:
            arguments = form.bind(*positional, **named).arguments
        except TypeError:
            continue
        if len(ways) == 1 or all(
            _may_be(form.parameters[name], arguments[name]) for name in arguments
        ):
            return form, dict(arguments)
    return None


def _may_be(parameter: inspect.Parameter, given: Any) -> bool:
    several = parameter.kind == MANY[0]
    return all(_is(parameter.annotation, one) for one in (given if several else (given,)))


def _is(kind: Any, given: Any) -> bool:
    if get_origin(kind) in (types.UnionType, Union):
        return any(_is(part, given) for part in get_args(kind))
    if get_origin(kind) is Literal:
        return given in get_args(kind)
    kind = get_origin(kind) or kind
    if kind in (inspect.Parameter.empty, Any) or not isinstance(kind, type):
        return True
    return isinstance(given, (kind, *ALSO.get(kind, ())))
