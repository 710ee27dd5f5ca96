"""What the rules of rewriting are written with: names resolved, templates, calls changed in one
argument.
"""

import ast
import builtins
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeGuard

from ..sides.frameworks import FRAMEWORKS

# Modules with functions of arrays, and of these the ones of frameworks.
OF_FRAMEWORKS = tuple(dict.fromkeys(home for framework in FRAMEWORKS for home in framework.arrays))
UNLIKE_NUMPY = tuple(
    home for framework in FRAMEWORKS for home in framework.arrays if not framework.called_as_numpy
)
ARRAYS = ("numpy", *OF_FRAMEWORKS)
OPERATIONS = "pyimpl.parity.traps.operations"


@dataclass(frozen=True)
class Rewriting:
    """One place, or a few that belong together, written in the way of another cause."""

    cause: str
    parts: Mapping[Any, ast.AST]  # old node -> new node
    cost: float = 1.0
    kind: str = ""  # rewritings of one kind are also tried all at once

    @property
    def at(self) -> ast.AST:
        """The first place."""
        return next(iter(self.parts))


@dataclass
class Scope:
    """A function of the user's: its tree, and what its names stand for."""

    function: types.FunctionType
    tree: ast.FunctionDef | ast.Lambda
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def __post_init__(self):
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        closed = zip(
            self.function.__code__.co_freevars, self.function.__closure__ or (), strict=True
        )
        self.names: dict[str, Any] = {**vars(builtins), **self.function.__globals__}
        for name, cell in closed:
            try:
                self.names[name] = cell.cell_contents
            except ValueError:  # not bound yet
                continue
        self.locals = {
            node.id
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        self.locals |= set(self.arguments)

    @property
    def arguments(self) -> list[str]:
        """The names of the positional arguments, without self."""
        args = self.tree.args
        return [arg.arg for arg in [*args.posonlyargs, *args.args] if arg.arg != "self"]

    @property
    def numpy(self) -> str:
        """The expression that stands for NumPy."""
        for name, value in self.names.items():
            if (
                isinstance(value, types.ModuleType)
                and value.__name__ == "numpy"
                and name not in self.locals
            ):
                return name
        return "__import__('numpy')"

    def resolve(self, node: ast.AST) -> Any:
        """The object that a dotted name stands for; None where it is not known before the call."""
        if isinstance(node, ast.Name):
            return None if node.id in self.locals else self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.resolve(node.value)
            return getattr(owner, node.attr, None) if isinstance(owner, types.ModuleType) else None
        return None

    def callee(self, node: ast.AST) -> str:
        """`numpy.std`, `math.log`, `builtins.range`, `user.name`; `.std` of a method; "" of what is
        no call.
        """
        if not isinstance(node, ast.Call):
            return ""
        found = self.resolve(node.func)
        if found is None:
            return (
                f".{node.func.attr}"
                if isinstance(node.func, ast.Attribute)
                else f"user.{getattr(node.func, 'id', '')}"
            )
        last = (
            node.func.attr
            if isinstance(node.func, ast.Attribute)
            else getattr(found, "__name__", "")
        )
        if isinstance(node.func, ast.Attribute):
            owner = self.resolve(node.func.value).__name__
            numpys = owner.startswith("numpy") and "linalg" not in owner
            return f"{'numpy' if numpys else owner}.{last}"
        home = getattr(found, "__module__", None) or (
            "numpy" if type(found).__module__ == "numpy" else ""
        )
        home = (
            home.split(".")[0]
            if home.split(".")[0] in (*ARRAYS, "math", "builtins", "statistics")
            else "user"
        )
        return f"{home}.{last}"

    def is_call(self, node: ast.AST, *names: str, homes: tuple[str, ...] = (*ARRAYS, "")) -> str:
        """The bare name, where it is one of `names`: a function of one of the modules, or ("") a
        method of an array.
        """
        home, _, name = self.callee(node).rpartition(".")
        return name if name in names and home in homes else ""

    def of_framework(self, node: ast.AST) -> bool:
        """Whether it is a call of a framework's own function of arrays, which does not take the
        arguments of NumPy's.
        """
        return self.callee(node).rpartition(".")[0] in UNLIKE_NUMPY

    def is_method(self, node: ast.AST) -> bool:
        """Whether the array stands before the dot."""
        return self.callee(node).startswith(".")

    def number(self, node: ast.AST) -> float | int | None:
        """The value of a literal, or of a number of the module."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            positive = self.number(node.operand)
            return None if positive is None else -positive
        value: Any = node.value if isinstance(node, ast.Constant) else self.resolve(node)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, from the inside."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def statement(self, node: ast.AST) -> ast.AST:
        """The statement that a node stands in."""
        return next(
            (outer for outer in [node, *self.ancestors(node)] if isinstance(outer, ast.stmt)),
            self.tree,
        )

    def make(self, text: str, **parts: ast.AST) -> ast.expr:
        """An expression in which NP is NumPy, OPS the operations of the toolkit, and the capitals
        are the nodes given.
        """
        tree = ast.parse(
            text.replace("OPS.", f"__import__('{OPERATIONS}', fromlist=['x']).").replace(
                "NP.", f"{self.numpy}."
            ),
            mode="eval",
        )
        return Filled(parts).visit(tree).body

    def rewritten(
        self,
        cause: str,
        node: ast.AST,
        text: str,
        cost: float = 1.0,
        kind: str = "",
        **parts: ast.AST,
    ) -> Rewriting:
        """The node replaced by an expression as `make` takes it."""
        return Rewriting(cause, {node: self.make(text, **parts)}, cost, kind)

    def definition(self, name: ast.AST) -> ast.expr | None:
        """What a local name stands for, where it is assigned once and not made of itself; a part of
        a shape for `n, d = x.shape`.
        """
        if not isinstance(name, ast.Name) or name.id in self._made_of(name.id, set()):
            return None
        return self._assigned.get(name.id)

    def _made_of(self, name: str, seen: set[str]) -> set[str]:
        """The names that a local name's definition is made of, and those that they are made of."""
        value = self._assigned.get(name)
        for part in ast.walk(value) if value is not None else ():
            if isinstance(part, ast.Name) and part.id not in seen:
                seen.add(part.id)
                self._made_of(part.id, seen)
        return seen

    @cached_property
    def _assigned(self) -> dict[str, ast.expr]:
        """What is assigned to names, to which that is done once."""
        found: dict[str, list[ast.expr]] = {}
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Assign | ast.AugAssign):
                continue
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                for name in {part.id for part in parts if isinstance(part, ast.Name)}:
                    found.setdefault(name, []).append(node.value)
        return {name: values[0] for name, values in found.items() if len(values) == 1}

    def results(self, node: ast.AST) -> list[ast.expr]:
        """What a statement gives back, each by itself."""
        if not isinstance(node, ast.Return) or node.value is None:
            return []
        return list(node.value.elts) if isinstance(node.value, ast.Tuple) else [node.value]

    @cached_property
    def returned(self) -> set[str]:
        """The local names that the function gives back."""
        results = [result for node in ast.walk(self.tree) for result in self.results(node)]
        return {result.id for result in results if isinstance(result, ast.Name)}

    def is_size(self, node: ast.AST) -> bool:
        """Whether an expression counts entries: `len(x)`, `x.size`, `x.shape[0]`, a name for one of
        them.
        """
        if isinstance(node, ast.Subscript):
            return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
        if isinstance(node, ast.Attribute):
            return node.attr in ("size", "shape")
        if isinstance(node, ast.Call):
            return bool(
                self.callee(node)
                in ("builtins.len", ".size", ".numel", "numpy.size", "numpy.shape")
            )
        if is_binary(node, ast.Mult):
            return self.is_size(node.left) and self.is_size(node.right)
        definition = self.definition(node)
        return definition is not None and self.is_size(definition)


# What finds a trap in source: given a node of a function, it yields what may stand there instead.
Rule = Callable[[Any, Scope], Iterator[Rewriting]]


class Filled(ast.NodeTransformer):
    """Puts nodes in the place of names."""

    def __init__(self, parts: Mapping[str, ast.AST]):
        self._parts = parts

    def visit_Name(self, node: ast.Name):  # noqa: N802
        """The node of that name, or the name itself."""
        return self._parts.get(node.id, node)


def replaced(node: Any, new: Mapping[ast.AST, ast.AST]) -> Any:
    """A copy of a tree with some nodes replaced; a new node may contain the old ones."""
    if isinstance(node, list):
        return [replaced(part, new) for part in node]
    if not isinstance(node, ast.AST):
        return node
    if node in new:
        return replaced(new[node], {old: other for old, other in new.items() if old is not node})
    made = type(node)(**{name: replaced(value, new) for name, value in ast.iter_fields(node)})
    return ast.copy_location(made, node)


def argument(call: ast.Call, name: str, position: int | None = None) -> ast.expr | None:
    """The argument of a call by keyword or position; None where it is not given."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if (
        position is not None
        and len(call.args) > position
        and not any(isinstance(arg, ast.Starred) for arg in call.args)
    ):
        return call.args[position]
    return None


def with_argument(
    call: ast.Call, name: str, value: ast.expr | str | int | None, position: int | None = None
) -> ast.Call:
    """The call with one argument changed, added, or (None) left out."""
    if value is not None and not isinstance(value, ast.expr):
        value = ast.Constant(value)
    if (
        position is not None
        and len(call.args) > position
        and not any(keyword.arg == name for keyword in call.keywords)
    ):
        args = [
            *call.args[:position],
            *([] if value is None else [value]),
            *call.args[position + 1 :],
        ]
        return ast.Call(call.func, args, call.keywords)
    keywords = [keyword for keyword in call.keywords if keyword.arg != name]
    if value is not None:
        keywords.append(ast.keyword(name, value))
    return ast.Call(call.func, call.args, keywords)


def renamed(call: ast.Call, name: str) -> ast.Call:
    """The call of another function of the same module, or method of the same array."""
    if isinstance(call.func, ast.Attribute):
        func: ast.expr = ast.Attribute(call.func.value, name, ast.Load())
    else:
        func = ast.Name(name, ast.Load())
    return ast.Call(func, call.args, call.keywords)


def array_of(scope: Scope, call: ast.Call) -> ast.expr | None:
    """The array that a function or method is called with."""
    if scope.is_method(call) and isinstance(call.func, ast.Attribute):
        return call.func.value
    return call.args[0] if call.args else None


def with_array(scope: Scope, call: ast.Call, array: ast.expr) -> ast.Call:
    """The call with another array."""
    if scope.is_method(call) and isinstance(call.func, ast.Attribute):
        return ast.Call(ast.Attribute(array, call.func.attr, ast.Load()), call.args, call.keywords)
    return ast.Call(call.func, [array, *call.args[1:]], call.keywords)


def axis_position(scope: Scope, call: ast.Call) -> int:
    """Where `axis` stands without its name."""
    return 0 if scope.is_method(call) else 1


def axis_name(scope: Scope, call: ast.Call) -> str:
    """What the function calls an axis: `axis`, or the word of its framework."""
    home = scope.callee(call).rpartition(".")[0]
    words = {framework.axis for framework in FRAMEWORKS}
    given = [word for word in words if argument(call, word) is not None]
    own = [framework.axis for framework in FRAMEWORKS if home in framework.arrays]
    return next(iter([*given, *own]), "axis")


def same(one: ast.AST, other: ast.AST) -> bool:
    """Whether two nodes are written alike."""
    return ast.unparse(one) == ast.unparse(other)


def is_binary(node: ast.AST | None, *ops: type[ast.operator]) -> TypeGuard[ast.BinOp]:
    """Whether a node is one of these operations."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ops)


def plus(scope: Scope, node: ast.expr, step: int) -> ast.expr:
    """A whole number more or less, as one would write it: `n - 1` and one make `n`."""
    value = _whole(node)
    if value is not None:
        return ast.parse(str(value + step), mode="eval").body
    if is_binary(node, ast.Add, ast.Sub) and (given := _whole(node.right)) is not None:
        step, node = step + (given if isinstance(node.op, ast.Add) else -given), node.left
    return scope.make(f"A {'+' if step > 0 else '-'} {abs(step)}", A=node) if step else node


def _whole(node: ast.AST) -> int | None:
    """The value of a literal whole number, which may be negative."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _whole(node.operand)
        return None if value is None else -value
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


class _Told(ast.NodeTransformer):
    """Operations that have a sign are shown with it."""

    def visit_Call(self, node: ast.Call):  # noqa: N802
        """`a @ b` for the product of matrices."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "matrix_product":
            return ast.BinOp(node.args[0], ast.MatMult(), node.args[1])
        if isinstance(node.func, ast.Attribute) and node.func.attr == "variant":
            return node.args[1]
        return node


def shown(node: ast.AST) -> str:
    """The node as the user would have written it."""
    told = _Told().visit(replaced(node, {}))
    text = ast.unparse(ast.fix_missing_locations(told)).replace("__import__('numpy')", "np")
    return text.replace(f"__import__('{OPERATIONS}', fromlist=['x']).", "")
