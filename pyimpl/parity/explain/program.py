"""The user's program: its functions with their source, and what it is with some places rewritten.

The user's files and modules stay as they are. An edited function is compiled in a copy of its
module's namespace; its code takes the place of the original's for the length of one evaluation.
"""

import ast
import functools
import inspect
import re
import sysconfig
import textwrap
import threading
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..case.case import Case, Outcome
from ..sides.framework import Framework
from ..sides.frameworks import LIBRARIES
from ..sides.functions import FunctionSide
from ..sides.side import PythonSide
from ..sides.training import TrainingSide
from ..traps import operations
from ..traps.syntax import Rewriting, Scope, replaced, shown
from ..traps.table import TRAPS

NOT_THE_USERS = tuple(
    str(Path(sysconfig.get_paths()[name]).resolve()) for name in ("stdlib", "purelib", "platlib")
)
MOST_FUNCTIONS = 40
RULES = tuple(rule for trap in TRAPS.values() for rule in trap.patterns)
OPERATIONS = {  # what the operations of the toolkit do, in a line
    name: (function.__doc__ or name).splitlines()[0].rstrip(".")
    for name, function in vars(operations).items()
    if isinstance(function, types.FunctionType) and not name.startswith("_")
}


Part = tuple[Scope, Rewriting]  # a rewriting, of the function that it is one of


@dataclass
class Edited:
    """A Python side with a few functions of the user's rewritten."""

    base: PythonSide
    parts: Sequence[Part]
    subject: Any = None
    has_gradient: bool = False
    is_model: bool = False
    _codes: list[tuple[types.FunctionType, types.FunctionType]] | None = field(
        default=None, init=False
    )
    _broken: str = field(default="", init=False)

    def __post_init__(self):
        self.subject, self.has_gradient, self.is_model = (
            self.base.subject,
            self.base.has_gradient,
            self.base.is_model,
        )

    @property
    def framework(self) -> Framework:
        """That of the original."""
        return self.base.framework

    def parameters(self):
        """Those of the original."""
        return self.base.parameters()

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of a case with the rewritten functions."""
        if self._codes is None and not self._broken:
            try:
                self._codes = self._compiled()
            except Exception as error:  # an edit that makes no program is none
                self._broken = f"{type(error).__name__}: {error}"
        if self._broken:
            return Outcome(error=self._broken, lost=True)
        with _swapped(self._codes or []):
            self.framework.forget()
            try:
                return self.base.evaluate(case)
            finally:
                self.framework.forget()

    def _compiled(self) -> list[tuple[types.FunctionType, types.FunctionType]]:
        scopes = list({id(scope): scope for scope, _ in self.parts}.values())
        made = []
        for scope in scopes:
            new = {
                old: node
                for owner, rewriting in self.parts
                if owner is scope
                for old, node in rewriting.parts.items()
            }
            made.append((scope.function, compiled(scope, new)))
        return made


def compiled(scope: Scope, new: dict[ast.AST, ast.AST]) -> types.FunctionType:
    """The function of a scope with some nodes replaced.

    Raises whatever comes of an edit that makes no program.
    """
    tree, free = replaced(scope.tree, new), scope.function.__code__.co_freevars
    of_arguments = set(ast.walk(scope.tree.args))
    if not of_arguments & set(new):  # defaults may have been made of what is gone by now
        tree.args.defaults, tree.args.kw_defaults = (
            [ast.Constant(None)] * len(tree.args.defaults),
            [None] * len(tree.args.kw_defaults),
        )
    if isinstance(tree, ast.Lambda):
        body: list[ast.stmt] = [ast.Return(tree)]
    else:
        tree.decorator_list = []
        body = [tree, ast.Return(ast.Name(tree.name, ast.Load()))]
    arguments = ast.arguments([], [ast.arg(name) for name in free], None, [], [], None, [])
    if (
        isinstance(tree, ast.FunctionDef) and tree.name in free
    ):  # a local function that calls itself
        arguments.args = [arg for arg in arguments.args if arg.arg != tree.name]
    outer = ast.FunctionDef("edited", arguments, body, [])
    module = ast.fix_missing_locations(ast.Module([outer], []))
    namespace = dict(scope.function.__globals__)
    exec(compile(module, scope.function.__code__.co_filename, "exec"), namespace)
    function = namespace["edited"](*(None for _ in arguments.args))
    if function.__code__.co_freevars != free:
        raise ValueError("the edited function uses other names of its surroundings")
    if not of_arguments & set(new):
        function.__defaults__, function.__kwdefaults__ = (
            scope.function.__defaults__,
            scope.function.__kwdefaults__,
        )
    return function


@contextmanager
def _swapped(codes: list[tuple[types.FunctionType, types.FunctionType]]) -> Iterator[None]:
    before = [
        (function, function.__code__, function.__defaults__, function.__kwdefaults__)
        for function, _ in codes
    ]
    try:
        for function, new in codes:
            function.__code__ = new.__code__
            function.__defaults__, function.__kwdefaults__ = new.__defaults__, new.__kwdefaults__
        yield
    finally:
        for function, code, defaults, kwdefaults in before:
            function.__code__, function.__defaults__, function.__kwdefaults__ = (
                code,
                defaults,
                kwdefaults,
            )


def _users(module: str, file: str | None) -> bool:
    if module.split(".")[0] in LIBRARIES or file is None or file.startswith("<"):
        return False
    path = Path(file).resolve()
    return not any(str(path).startswith(f"{place}/") for place in NOT_THE_USERS)


def _functions_in(thing: Any) -> Iterator[types.FunctionType]:
    """The user's functions that a callable or an object consists of."""
    if isinstance(thing, functools.partial):
        yield from _functions_in(thing.func)
    elif isinstance(thing, types.MethodType | classmethod | staticmethod):
        yield from _functions_in(thing.__func__)
    elif isinstance(thing, property):
        yield from _functions_in(thing.fget)
    elif isinstance(thing, types.FunctionType):
        function = inspect.unwrap(thing)
        if isinstance(function, types.FunctionType) and _users(
            function.__module__ or "", function.__code__.co_filename
        ):
            yield function
    elif thing is not None and not isinstance(thing, types.ModuleType):
        kind = thing if isinstance(thing, type) else type(thing)
        for owner in kind.__mro__:
            if owner.__module__.split(".")[0] not in (*LIBRARIES, "builtins"):
                for part in vars(owner).values():
                    if isinstance(part, types.FunctionType | classmethod | staticmethod | property):
                        yield from _functions_in(part)


def _mentioned(scope: Scope) -> Iterator[Any]:
    """What the names in a function stand for, as far as it may be the user's."""
    for node in ast.walk(scope.tree):
        if isinstance(node, ast.Name | ast.Attribute):
            found = scope.resolve(node)
            if isinstance(found, types.FunctionType | functools.partial) or (
                isinstance(found, type) and found.__module__ != "builtins"
            ):
                yield found


def scopes_of(side: PythonSide) -> list[Scope]:
    """The functions of the user's that the side may call, those whose source can be read; the
    subject's own first.
    """
    subject = side.subject
    waiting: list[Any] = [subject]
    if isinstance(side, FunctionSide):
        waiting += [side.backward, getattr(subject, "pullback", None)]
    if isinstance(side, TrainingSide):
        waiting += [
            (loss := getattr(side.loss, "subject", side.loss)),
            getattr(loss, "pullback", None),
            side.rule,
        ]
    waiting += [type(part) for _, part in side.framework.parts(subject)]
    found: dict[types.FunctionType, Scope | None] = {}
    while waiting and len(found) < MOST_FUNCTIONS:
        for function in _functions_in(waiting.pop(0)):
            if function not in found:
                found[function] = scope = scope_of(function)
                if scope is not None:
                    waiting += list(_mentioned(scope))
    return [scope for scope in found.values() if scope is not None]


def scope_of(function: types.FunctionType) -> Scope | None:
    """The function with its tree, in the line numbers of its file; None where its source cannot be
    had.
    """
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    ast.increment_lineno(tree, first - 1)
    wanted = function.__code__
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            return Scope(function, node)
    lambdas = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    fitting = [
        node
        for node in lambdas
        if tuple(arg.arg for arg in node.args.args) == wanted.co_varnames[: wanted.co_argcount]
    ]
    return Scope(function, fitting[0]) if len(fitting) == 1 else None


def rescoped(scope: Scope, rewriting: Rewriting) -> Scope | None:
    """The function as it is after a rewriting, to be rewritten further; None where its defaults
    were rewritten, which live outside of its code.
    """
    if set(ast.walk(scope.tree.args)) & set(rewriting.parts):
        return None
    tree = ast.fix_missing_locations(replaced(scope.tree, rewriting.parts))
    return Scope(scope.function, tree)


def rewritings_of(scope: Scope) -> list[Rewriting]:
    """Every rewriting that a rule knows for a place in the function, each once."""
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main and any(isinstance(node, ast.While) for node in ast.walk(scope.tree)):
        return []  # nothing would stop a loop that an edit makes endless
    found: dict[tuple, Rewriting] = {}
    inner = {
        id(node)
        for decorator in getattr(scope.tree, "decorator_list", [])
        for node in ast.walk(decorator)
    }
    for node in ast.walk(scope.tree):
        if id(node) in inner:
            continue
        for rule in RULES:
            for rewriting in rule(node, scope):
                rewriting = replace(
                    rewriting, kind=f"{rule.__name__}: {rewriting.kind}" if rewriting.kind else ""
                )
                what = tuple((id(old), shown(new)) for old, new in rewriting.parts.items())
                if all(shown(old) == shown(new) for old, new in rewriting.parts.items()):
                    continue
                if what not in found or rewriting.cost < found[what].cost:
                    found[what] = rewriting
    return list(found.values())


def where(scope: Scope, rewriting: Rewriting) -> str:
    """File, line and the place as it is written."""
    node = rewriting.at
    line = getattr(node, "lineno", None) or getattr(
        scope.statement(node), "lineno", scope.tree.lineno
    )
    return (
        f"{Path(scope.function.__code__.co_filename).name}:{line}, "
        f"{_short(shown(_told(scope, node)))}"
    )


def change(scope: Scope, rewriting: Rewriting) -> str:
    """The places as they are after the change."""
    told: dict[str, None] = {}
    for node in rewriting.parts:
        told[_short(shown(replaced(_told(scope, node), rewriting.parts)))] = None
    text = "; ".join(list(told)[:4])
    return f"{text}{_glossary(scope, text)}"


def _glossary(scope: Scope, text: str) -> str:
    """What the operations of the toolkit are that an edit has brought in: the user has none of that
    name.
    """
    own = shown(scope.tree)
    used = [
        name
        for name in dict.fromkeys(re.findall(r"\b([a-z_]+)\(", text))
        if name in OPERATIONS and f"{name}(" not in own
    ]
    told = [f"{name}: {OPERATIONS[name]}" for name in used]
    return f" ({'; '.join(told)})" if told else ""


def _told(scope: Scope, node: ast.AST) -> ast.AST:
    """What is shown of a place: a name or number alone says nothing."""
    if isinstance(node, ast.Name | ast.Constant | ast.Attribute | ast.Tuple):
        statement = scope.statement(node)
        if isinstance(statement, ast.FunctionDef | ast.For | ast.While | ast.If | ast.With):
            return (
                scope.parents.get(node, node)
                if not isinstance(statement, ast.FunctionDef)
                else node
            )
        return statement
    return node


def _short(text: str, most: int = 120) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 4]} ..."
