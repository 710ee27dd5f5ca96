"""PyTorch modules, traced: hooks see the innermost modules, a mode of PyTorch's sees every function
of tensors that the `forward` of the others calls.

Imported only where PyTorch is already: by what was made with it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from .trace import Call, Part, Piece, Trace, Unit, with_turns

# Modules of the library that call others, which are traced in their place.
TAKEN_APART = (
    "Sequential",
    "ModuleList",
    "ModuleDict",
    "Transformer",
    "TransformerEncoder",
    "TransformerDecoder",
    "TransformerEncoderLayer",
    "TransformerDecoderLayer",
)
DROPS = (
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "alpha_dropout",
    "feature_dropout",
    "feature_alpha_dropout",
)
ATTENTION = "scaled_dot_product_attention"
WRITES = "__setitem__"  # returns nothing, and changes what it is given


@dataclass(frozen=True)
class Value:
    """Stands for a value of the trace in the arguments of a call."""

    number: int


@dataclass(frozen=True)
class Own:
    """Stands for a parameter or buffer of the model in the arguments of a call."""

    name: str


@dataclass(frozen=True, eq=False)
class Node:
    """How a call is made again: a module by its path, or a function, and its arguments."""

    run: str | Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[int, ...]
    writes: bool = False


def is_innermost(module: nn.Module) -> bool:
    """Whether it is traced as a whole."""
    kind = type(module)
    return isinstance(module, torch.jit.ScriptModule) or (
        kind.__module__.startswith("torch.") and kind.__name__ not in TAKEN_APART
    )


def drops(module: nn.Module) -> bool:
    """Whether it drops entries at random in training: a dropout, or a layer with one in it."""
    within = getattr(module, "dropout", 0.0)
    return "Dropout" in type(module).__name__ or (isinstance(within, float) and within > 0)


def set_mode(model: nn.Module, training: bool) -> None:
    """In training or not; but nothing is dropped, for random numbers are not shared."""
    nn.Module.train(model, training)
    for module in model.modules():
        if drops(module):
            nn.Module.train(module, False)


def splits_of(module: nn.Module, path: str) -> tuple[tuple[Unit, ...], ...]:
    """The layers that a stack of recurrent layers and attention consist of."""
    prefix = f"{path}." if path else ""

    def whole(name: str) -> Piece:
        return Piece(f"{prefix}{name}")

    if isinstance(module, nn.RNNBase):
        ends = [
            f"_l{layer}{direction}"
            for layer in range(module.num_layers)
            for direction in (("", "_reverse") if module.bidirectional else ("",))
        ]
        return (
            tuple(
                {
                    name.replace(end, "_l0"): whole(name)
                    for name, _ in module.named_parameters()
                    if name.endswith(end)
                }
                for end in ends
            ),
        )
    if isinstance(module, nn.MultiheadAttention) and module.in_proj_weight is not None:
        kinds = ["weight", "bias"] if module.in_proj_bias is not None else ["weight"]
        out = {f"out_proj.{kind}": whole(f"out_proj.{kind}") for kind in kinds}
        single = [
            {f"{q}_proj.{kind}": Piece(f"{prefix}in_proj_{kind}", i, 3) for kind in kinds}
            for i, q in enumerate("qkv")
        ]
        packed = {kind: whole(f"in_proj_{kind}") for kind in kinds}
        return (*single, out), (packed, out)
    return ()


def _mapped(structure: Any, change: Callable[[Any], Any]) -> Any:
    """Every leaf of nested tuples, lists, dicts and slices changed."""
    if isinstance(structure, tuple | list):
        parts = [_mapped(part, change) for part in structure]
        return tuple(parts) if isinstance(structure, tuple) else parts
    if isinstance(structure, dict):
        return {key: _mapped(part, change) for key, part in structure.items()}
    if isinstance(structure, slice):
        ends = (structure.start, structure.stop, structure.step)
        return slice(*(_mapped(end, change) for end in ends))
    return change(structure)


def tensors_in(result: Any) -> list[torch.Tensor]:
    """All tensors of a result, in order."""
    found: list[torch.Tensor] = []

    def note(part: Any) -> None:
        if isinstance(part, torch.Tensor):
            found.append(part)

    _mapped(dict(result) if hasattr(result, "keys") else result, note)
    return found


def name_of(function: Callable[..., Any]) -> str:
    """What a function of tensors is called: add of `x + y`, T of `x.T`."""
    name = getattr(function, "__name__", type(function).__name__)
    if name == "__get__":  # of an attribute
        name = getattr(getattr(function, "__self__", None), "__name__", name)
    return name.strip("_")


class Tracer(TorchFunctionMode):
    """Notes every call that a model makes while it is active."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model
        self.nodes: list[Node] = []
        self.calls: list[Call] = []
        self.values: dict[int, np.ndarray] = {}
        self.numbers: dict[int, int] = {}
        self._kept: list[torch.Tensor] = []  # an identity is one as long as the tensor lives
        named = [*model.named_parameters(), *model.named_buffers()]
        self._names = {id(part): name for name, part in reversed(named)}
        self._shapes = {name: tuple(part.shape) for name, part in named if part.is_floating_point()}
        self._within = 0  # an innermost module, or what we do ourselves
        self._callers: list[str] = []

    def number(self, tensor: torch.Tensor) -> int:
        """A new number for a tensor that has just been made."""
        number = len(self._kept)
        self._kept.append(tensor)
        self.numbers[id(tensor)] = number
        self.values[number] = tensor.detach().cpu().numpy().copy()
        return number

    def _template(self, argument: Any) -> Any:
        if not isinstance(argument, torch.Tensor):
            return argument
        if id(argument) in self.numbers:
            return Value(self.numbers[id(argument)])
        if id(argument) in self._names:
            return Own(self._names[id(argument)])
        return argument.detach().clone()

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        self._within += 1
        try:
            yield
        finally:
            self._within -= 1

    def _enter(
        self,
        run: str | Callable[..., Any],
        path: str,
        kind: str,
        args: Any,
        kwargs: Any,
        results: Sequence[torch.Tensor],
        writes: bool = False,
    ) -> None:
        read: list[int] = []
        owned: list[str] = []

        def note(part: Any) -> None:
            if isinstance(part, Value):
                read.append(part.number)
            elif isinstance(part, Own):
                owned.append(part.name)

        _mapped((args, kwargs), note)
        if isinstance(run, str):
            prefix = f"{run}." if run else ""
            owned += [name for name in self._shapes if name.startswith(prefix)]
        arrays = {name: self._shapes[name] for name in dict.fromkeys(owned) if name in self._shapes}
        outputs = tuple(self.number(result) for result in results)
        inputs = tuple(dict.fromkeys(read))
        place = self._callers[-1] if self._callers else ""
        splits = splits_of(self.model.get_submodule(run), run) if isinstance(run, str) else ()
        self.calls.append(Call(path, kind, inputs, outputs, arrays, splits=splits, place=place))
        self.nodes.append(Node(run, args, kwargs, outputs, writes))

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if self._within:
            return func(*args, **kwargs)
        kind = name_of(func)
        if kind in DROPS:
            args, kwargs = _undropped(args, kwargs)
        elif kind == ATTENTION:
            args, kwargs = _undropped_attention(args, kwargs)
        given = _mapped((tuple(args), dict(kwargs)), self._template)
        result = func(*args, **kwargs)
        writes = getattr(func, "__name__", "") == WRITES
        with self._quietly():
            results = [args[0]] if writes else tensors_in(result)
            if results and not all(id(part) in self._names for part in results):
                caller = self._callers[-1] if self._callers else ""
                path = f"{caller}.{kind}" if caller else kind
                args, kwargs = given
                self._enter(func, path, kind, args, kwargs, results, writes)
        return result

    @contextmanager
    def watching(self) -> Iterator["Tracer"]:
        """Hooks on every module, for as long as this is active."""
        handles = []
        for path, module in self.model.named_modules():
            hooks = (
                self._hooks_of_innermost(path)
                if is_innermost(module)
                else self._hooks_of_caller(path)
            )
            handles.append(module.register_forward_pre_hook(hooks[0], with_kwargs=True))
            handles.append(module.register_forward_hook(hooks[1], with_kwargs=True))
        try:
            with self:
                yield self
        finally:
            for handle in handles:
                handle.remove()

    def _hooks_of_caller(self, path: str) -> tuple[Callable[..., None], Callable[..., None]]:
        def before(module, args, kwargs):
            self._callers.append(path)

        def after(module, args, kwargs, result):
            self._callers.pop()

        return before, after

    def _hooks_of_innermost(self, path: str) -> tuple[Callable[..., None], Callable[..., None]]:
        given: list[tuple[Any, Any]] = []

        def before(module, args, kwargs):
            self._within += 1
            if self._within == 1:
                given.append(_mapped((tuple(args), dict(kwargs)), self._template))

        def after(module, args, kwargs, result):
            if self._within == 1:
                args, kwargs = given.pop()
                self._enter(path, path, type(module).__name__, args, kwargs, tensors_in(result))
            self._within -= 1

        return before, after


def _undropped(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], Any]:
    """The arguments of a dropout (input, p, training, inplace) outside of training."""
    if len(args) > 2:
        return (*args[:2], False, *args[3:]), kwargs
    return args, kwargs | {"training": False}


def _undropped_attention(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The arguments (query, key, value, mask, dropout_p, ...) with nothing dropped."""
    if len(args) > 4:
        return (*args[:4], 0.0, *args[5:]), kwargs
    return args, kwargs | {"dropout_p": 0.0}


@dataclass(eq=False)
class Program:
    """Calls to be made again with other values."""

    nodes: list[Node]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def __deepcopy__(self, memo: Any) -> "Program":
        """Itself: it is never changed, and some functions of tensors cannot be copied."""
        return self


class Excerpt(nn.Module):
    """A part of a model that runs alone: its innermost modules and its own arrays, by their paths
    in the model, and the calls between some of its values.

    A run may depend on the shapes and the precision of the inputs, so there is a program for each
    that was seen.
    """

    def __init__(self, model: nn.Module, nodes: Sequence[Node]):
        super().__init__()
        self._programs: dict[Any, Program] = {}
        for node in nodes:
            if isinstance(node.run, str):
                owner, last = self._owner(node.run or "model")
                owner.add_module(last, model.get_submodule(node.run))
        named = dict(model.named_parameters(remove_duplicate=False)) | dict(model.named_buffers())
        for node in nodes:
            _mapped((node.args, node.kwargs), lambda part: self._adopt(part, named))

    def _owner(self, path: str) -> tuple[nn.Module, str]:
        *before, last = path.split(".")
        owner: nn.Module = self
        for name in before:
            if not hasattr(owner, name):
                owner.add_module(name, nn.Module())
            owner = getattr(owner, name)
        return owner, last

    def _adopt(self, part: Any, named: dict[str, torch.Tensor]) -> None:
        if isinstance(part, Own):
            owner, last = self._owner(part.name)
            if not hasattr(owner, last):
                own = named[part.name]
                if isinstance(own, nn.Parameter):
                    owner.register_parameter(last, own)
                else:
                    owner.register_buffer(last, own)

    def learn(self, shapes: Sequence[Sequence[int]], dtype: str, program: Program) -> None:
        """The program for inputs of these shapes in a precision."""
        self._programs[dtype, tuple(map(tuple, shapes))] = program

    def train(self, mode: bool = True) -> "Excerpt":
        """In training, but nothing is dropped."""
        set_mode(self, mode)
        return self

    def forward(self, *xs):
        """The outputs of the program for inputs like these."""
        floats = [x for x in (*xs, *self.parameters()) if x.is_floating_point()]
        dtype = str(floats[0].dtype).removeprefix("torch.") if floats else ""
        sort = dtype, tuple(tuple(x.shape) for x in xs)
        program = self._programs.get(sort) or next(reversed(self._programs.values()))
        values = {n: x.clone() for n, x in zip(program.inputs, xs, strict=True)}

        def filled(part: Any) -> Any:
            if isinstance(part, Value):
                return values[part.number]
            if isinstance(part, Own):
                owner, last = self._owner(part.name)
                return getattr(owner, last)
            if isinstance(part, torch.Tensor):
                cast = floats and part.is_floating_point()
                return part.to(floats[0].dtype, copy=True) if cast else part.clone()
            return part

        for node in program.nodes:
            args, kwargs = _mapped((node.args, node.kwargs), filled)
            run = self.get_submodule(node.run or "model") if isinstance(node.run, str) else node.run
            result = run(*args, **kwargs)
            results = [args[0]] if node.writes else tensors_in(result)
            values |= dict(zip(node.outputs, results, strict=False))
        ys = tuple(values[number] for number in program.outputs)
        return ys[0] if len(ys) == 1 else ys


@dataclass(eq=False)
class TorchTrace(Trace):
    """A trace of a module, any part of which can be run alone."""

    side: Any = None  # of the module as the user has it
    nodes: list[Node] = field(default_factory=list)
    dtype: str = ""

    def _program(self, inputs: Sequence[int], outputs: Sequence[int]) -> Program:
        needed = set(map(id, self.needed(outputs, set(inputs))))
        nodes = [n for c, n in zip(self.calls, self.nodes, strict=True) if id(c) in needed]
        return Program(nodes, tuple(inputs), tuple(outputs))

    def between(self, inputs: Sequence[int], outputs: Sequence[int]) -> Part:
        """A module of the user's where it is a single one, or an excerpt of the model."""
        program, model = self._program(inputs, outputs), self.side.subject
        if len(program.nodes) == 1:
            (node,) = program.nodes
            plain = node.args == tuple(map(Value, inputs)) and not node.kwargs
            if isinstance(node.run, str) and plain and node.outputs == program.outputs:
                side = replace(self.side, subject=model.get_submodule(node.run))
                prefix = f"{node.run}." if node.run else ""
                return Part(side, {name: f"{prefix}{name}" for name in side.parameters()})
        excerpt = Excerpt(model, program.nodes)
        side = replace(self.side, subject=excerpt)
        part = Part(side, {name: name for name in side.parameters()})
        self.teach(part, inputs, outputs)
        return part

    def teach(self, part: Part, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """How this run went between these values."""
        if isinstance(part.side.subject, Excerpt):
            shapes = [self.values[number].shape for number in inputs]
            part.side.subject.learn(shapes, self.dtype, self._program(inputs, outputs))


def traced(model: nn.Module, xs: Sequence[np.ndarray], training: bool, side: Any) -> TorchTrace:
    """The run of a copy of a side's module on these inputs; of one that raises, what came
    before.
    """
    set_mode(model, training)
    tracer = Tracer(model)
    tensors = [
        torch.from_numpy(np.array(x)).requires_grad_(x.dtype.kind == "f").clone() for x in xs
    ]
    inputs = tuple(tracer.number(x) for x in tensors)
    outputs: tuple[int, ...] = ()
    error = ""
    try:
        with tracer.watching():
            result = model(*tensors)
        made = tensors_in(result)
        outputs = tuple(tracer.numbers[id(y)] for y in made if id(y) in tracer.numbers)
    except Exception as problem:  # of the user's module: told where the trace is used
        error = f"{type(problem).__name__}: {problem}"
    calls = with_turns(tracer.calls)
    floats = [x for x in (*tensors, *model.parameters()) if x.is_floating_point()]
    dtype = str(floats[0].dtype).removeprefix("torch.") if floats else ""
    return TorchTrace(inputs, outputs, calls, tracer.values, error, side, tracer.nodes, dtype)
