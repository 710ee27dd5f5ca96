"""The walk over the syntax tree of an expression."""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from reference_folder.callables import BUILDERS, MODULES, TYPE_PARAMETERS, VALUES
from reference_folder.conversions import FIELDS, Untranslatable, is_number, reverse, spelled
from reference_folder.functions import ARITHMETIC
from reference_folder.syntax import BLOCK, DOT, PLUS
from reference_folder.tracing import Traced, apply, call, closure, is_traced, is_twin, value_of

import pyimpl
from pyimpl import ACTIVATIONS
from pyimpl.functions.activations import Activation


@dataclass(frozen=True)
class Option:
    """An argument that a builder was given, or a default that it has."""

    name: str
    value: Any
    text: str = ""  # as it was written


class Named:
    """A name of `BUILDERS` in an expression: it can be called, or handed to a layer as a
    function.
    """

    def __init__(self, name: str, reader: "Reader", fixed: dict[str, Any] | None = None):
        self.__name__, self._reader, self.fixed = name, reader, fixed or {}

    def __call__(self, *arguments, **options):
        return self._reader.build(self.__name__, arguments, self.fixed | options, {})


class Parameters(dict):
    """`p`, the arrays by name; a layer gets copies of them, for what it changes is its own."""


def fitted(builder, arguments, options) -> inspect.BoundArguments | None:
    """The arguments as the builder names them; None where it has not these arguments, or wants them
    of another type.
    """
    signature = inspect.signature(builder)
    try:
        bound = signature.bind(*arguments, **options)
    except TypeError:
        return None
    wanted = {key: signature.parameters[key].annotation for key in bound.arguments}
    wanted = {
        key: kind
        for key, kind in wanted.items()
        if isinstance(kind, type) and kind is not inspect.Parameter.empty
    }
    return (
        bound
        if all(isinstance(bound.arguments[key], kind) for key, kind in wanted.items())
        else None
    )


def settings_of(made) -> Iterator[Option]:
    """The settings of a layer or a rule, defaults included: numbers, names, activations; sizes only
    where their order is Julia's.
    """
    kinds = int | float | np.floating | str | type(pyimpl.identity)
    for name, value in ((field.name, getattr(made, field.name)) for field in fields(made)):
        if isinstance(value, kinds) or (
            isinstance(value, tuple) and hasattr(made, "apply")
        ):  # the pairs of a rule
            yield Option(name, value)
        if name == "weight" and np.ndim(value) > 2:
            yield Option("k", reverse(value.shape[2:]))


class Reader:
    """Makes the twin of one expression, and keeps every option that was read on the way in
    `options`.
    """

    def __init__(self, row: str):
        self.row = row
        self.options: list[Option] = []

    def refuse(self, what: str):
        raise Untranslatable(f"cannot be translated: {what} of row {self.row}")

    def read(self, node: ast.expr, scope: dict[str, Any]) -> Any:
        """The value of an expression, `scope` being the local names."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            self.refuse(f"the syntax of {ast.unparse(node)}")
        return method(node, scope)

    def name(self, name: str):
        """What a name stands for everywhere."""
        if name in BUILDERS:
            return Named(name, self)
        return VALUES[name] if name in VALUES else self.refuse(f"the name {name}")

    def build(self, name: str, arguments, options: dict[str, Any], texts: dict):
        """What Flux's `name` makes of its arguments; all of them are remembered as options.

        `texts` says how they were written, by place or by keyword.
        """
        for builder in BUILDERS[name]:
            bound = fitted(builder, arguments, options)
            if bound is not None:
                break
        else:
            known = {
                key for builder in BUILDERS[name] for key in inspect.signature(builder).parameters
            }
            unknown = [f"option {key.rstrip('_')}" for key in options if key not in known]
            self.refuse(", ".join(unknown) or f"the arguments of {name}: {describe(arguments)}")
        made = builder(*bound.args, **bound.kwargs)
        bound.apply_defaults()
        for key, value in bound.arguments.items():
            if key == "size_act":  # LayerNorm(4, 3, tanh)
                key, value = "size", tuple(part for part in value if is_number(part))
            text = texts.get(key) or next(
                (texts.get(i, "") for i, argument in enumerate(arguments) if argument is value), ""
            )
            if value is not ...:
                self.options.append(Option(key.rstrip("_"), value, text))
        if is_twin(made):
            self.options += settings_of(made)
        return made

    # One method for every kind of syntax that is understood.

    def _constant(self, node, scope):
        return node.value

    def _name(self, node, scope):
        return (
            pyimpl.add
            if node.id == PLUS
            else scope[node.id]
            if node.id in scope
            else self.name(node.id)
        )

    def _attribute(self, node, scope):
        if (
            isinstance(node.value, ast.Name | ast.Attribute)
            and ast.unparse(node.value).split(".")[-1] in MODULES
        ):
            return self.name(node.attr)
        owner = self.read(node.value, scope)
        if (
            node.attr == DOT
        ):  # f.(x): what our functions of numbers do anyway, and no other function
            entrywise = (
                isinstance(owner, type | Activation) or getattr(owner, "__name__", "") == "function"
            )
            return (
                owner
                if entrywise
                else self.refuse(f"the syntax of {ast.unparse(node.value)}.(...)")
            )
        if isinstance(owner, Parameters):
            return (
                owner[node.attr].copy()
                if node.attr in owner
                else self.refuse(f"the array p.{node.attr}, which is not there,")
            )
        field = FIELDS.get(node.attr, node.attr)
        return (
            getattr(owner, field)
            if hasattr(owner, field)
            else self.refuse(f"the field {node.attr} of {type(owner).__name__}")
        )

    def _call(self, node, scope):
        if isinstance(node.func, ast.Name) and node.func.id == BLOCK:
            scope = dict(scope)
            return [self.read(part, scope) for part in node.args][-1]
        function = self.read(node.func, scope)
        arguments = [self.read(argument, scope) for argument in node.args]
        options = {option.arg: self.read(option.value, scope) for option in node.keywords}
        if isinstance(function, Named):
            texts = {i: ast.unparse(argument) for i, argument in enumerate(node.args)}
            texts |= {option.arg: ast.unparse(option.value) for option in node.keywords}
            return self.build(function.__name__, arguments, function.fixed | options, texts)
        if isinstance(function, type):  # Float32(0.1)
            return function(*map(value_of, arguments))
        if hasattr(function, "pullback"):
            self.options += [
                Option("arg", value) for value in arguments[1:] if function in ACTIVATIONS.values()
            ]
            self.options += [
                Option(key, value, ast.unparse(node)) for key, value in options.items()
            ]
            return apply(function, *arguments, **options)
        return (
            call(function, *arguments)
            if callable(function) and not options
            else self.refuse(f"a call of {ast.unparse(node.func)}")
        )

    def _lambda(self, node, scope):
        names = [argument.arg for argument in node.args.args]

        def function(*values):
            return self.read(node.body, scope | dict(zip(names, values, strict=True)))

        used = {part.id for part in ast.walk(node.body) if isinstance(part, ast.Name)} - set(names)
        function.uses_traced = any(
            is_traced(value) for name, value in scope.items() if name in used
        )
        captured = {name: value for name, value in scope.items() if name in used and is_twin(value)}
        return closure(function, captured) if captured else function

    def _tuple(self, node, scope):
        if any(isinstance(part, ast.NamedExpr) for part in node.elts):
            return {part.target.id: self.read(part.value, scope) for part in node.elts}
        return tuple(self.read(part, scope) for part in node.elts)

    def _list(self, node, scope):
        return [self.read(part, scope) for part in node.elts]

    def _namedexpr(self, node, scope):
        scope[node.target.id] = self.read(node.value, scope)
        return scope[node.target.id]

    def _compare(self, node, scope):
        """`x .= y`: y is copied into x, which is a field of a layer."""
        target, value = node.left, self.read(node.comparators[0], scope)
        owner = self.read(target.value, scope) if isinstance(target, ast.Attribute) else None
        if not isinstance(node.ops[0], ast.Eq) or not is_twin(owner):
            self.refuse(f"the syntax of {ast.unparse(node)}")
        name = FIELDS.get(target.attr, target.attr)
        setattr(
            owner,
            name,
            np.broadcast_to(value, np.shape(getattr(owner, name))).astype(
                getattr(owner, name).dtype
            ),
        )

    def _subscript(self, node, scope):
        owner, index = self.read(node.value, scope), self.read(node.slice, scope)
        if isinstance(owner, Named) and owner.__name__ in TYPE_PARAMETERS:
            return Named(
                owner.__name__,
                self,
                {TYPE_PARAMETERS[owner.__name__]: index[0] if isinstance(index, tuple) else index},
            )
        if isinstance(index, int) and isinstance(owner, Traced | tuple | list):
            return owner[index - 1]
        return self.refuse(f"the syntax of {ast.unparse(node)}")

    def _unaryop(self, node, scope):
        value = self.read(node.operand, scope)
        if not isinstance(node.op, ast.USub):
            self.refuse(f"the syntax of {ast.unparse(node)}")
        return -value if is_number(value) else apply(ARITHMETIC[ast.Mod], -1, value)

    def _binop(self, node, scope):
        left, right = self.read(node.left, scope), self.read(node.right, scope)
        kind, numbers = type(node.op), is_number(left) + is_number(right)
        if kind is ast.BitOr:
            return right(left)
        if kind is ast.LShift and numbers == 2:
            return tuple(range(left, right + 1))
        if kind is ast.Pow and numbers == 2:
            return left**right
        if kind is ast.Mult and numbers:  # of two arrays Julia makes the product of matrices
            kind = ast.Mod
        if kind is ast.Div and is_number(right):
            kind = ast.FloorDiv
        if kind not in ARITHMETIC or not all(
            is_number(side) or isinstance(value_of(side), np.ndarray) for side in (left, right)
        ):
            self.refuse(f"the syntax of {ast.unparse(node)}")
        return apply(ARITHMETIC[kind], left, right)


def describe(arguments) -> str:
    """Arguments for a message."""
    return (
        ", ".join(
            f"an array {a.shape}" if isinstance(a, np.ndarray) else spelled(a) or repr(a)
            for a in arguments
        )
        or "none"
    )
