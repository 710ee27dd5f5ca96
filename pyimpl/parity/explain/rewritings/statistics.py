"""Corrected or not, mean or sum, kept dimensions and axes, NaN, ties, sorted order."""

import ast
from collections.abc import Iterator

from .syntax import (
    Rewriting,
    Scope,
    argument,
    array_of,
    axis_name,
    axis_position,
    is_binary,
    renamed,
    with_argument,
    with_array,
)

REDUCTIONS: tuple[str, ...] = (
    "sum",
    "mean",
    "std",
    "var",
    "max",
    "min",
    "amax",
    "amin",
    "prod",
    "median",
    "norm",
    "any",
    "all",
    "ptp",
    "logsumexp",
)
REDUCTIONS += ("nansum", "nanmean", "nanstd", "nanvar", "nanmax", "nanmin")
ALONG: tuple[str, ...] = (
    *REDUCTIONS,
    "argmax",
    "argmin",
    "cumsum",
    "cumprod",
    "sort",
    "argsort",
    "softmax",
    "log_softmax",
    "flip",
    "diff",
    "concatenate",
    "average",
)
ALONG += ("stack", "roll", "repeat", "count_nonzero", "split", "cat", "expand_dims", "take", "take_along_axis", "quantile", "percentile")
SEVERAL = ((0,), (1,), (2,), (3,), (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3))
SPREADS = ("std", "var", "nanstd", "nanvar")
NAN_AWARE = ("sum", "mean", "std", "var", "max", "min", "argmax", "argmin", "median", "prod", "cumsum", "cumprod", "quantile", "percentile")
OF_STATISTICS = {"stdev": "pstdev", "pstdev": "stdev", "variance": "pvariance", "pvariance": "variance"}
MIRRORED = {ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt}


def corrected(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """n or n - 1."""
    if at.is_call(node, *SPREADS):
        assert isinstance(node, ast.Call)
        if not at.callee(node).startswith("torch."):
            given = argument(node, "ddof")
            new = with_argument(node, "ddof", 1 if given is None or at.number(given) == 0 else None)
            yield Rewriting("corrected", {node: new}, kind="ddof")
        if not at.callee(node).startswith("numpy."):
            biased = [keyword for keyword in node.keywords if keyword.arg in ("unbiased", "correction")]
            new = with_argument(with_argument(node, "unbiased", None), "correction", None if biased else 0)
            yield Rewriting("corrected", {node: new}, kind="correction")
    elif at.is_call(node, "cov"):
        assert isinstance(node, ast.Call)
        given = argument(node, "ddof")
        toggled = None if argument(node, "bias") is not None or (given is not None and at.number(given) == 0) else 0
        yield Rewriting("corrected", {node: with_argument(with_argument(node, "bias", None), "ddof", toggled)}, kind="ddof")
    elif at.callee(node) in [f"statistics.{name}" for name in OF_STATISTICS]:
        assert isinstance(node, ast.Call)
        yield Rewriting("corrected", {node: renamed(node, OF_STATISTICS[at.callee(node)[11:]])}, kind="ddof")
    elif is_binary(node, ast.Div):
        assert isinstance(node, ast.BinOp)
        size = node.right
        if at.is_size(size) or isinstance(size, ast.Name):
            yield at.rewritten("corrected", node, "A / (N - 1)", kind="divisor", A=node.left, N=size)
        if is_binary(size, ast.Sub) and at.number(size.right) == 1:
            yield at.rewritten("corrected", node, "A / N", kind="divisor", A=node.left, N=size.left)
        elif is_binary(defined := at.definition(size), ast.Sub, ast.Add) and at.number(defined.right) == 1:
            yield at.rewritten("corrected", node, "A / (N + 1)", kind="divisor", A=node.left, N=size)
    elif at.is_call(node, "mean") and any(_squares(part) for part in ast.walk(node)):
        assert isinstance(node, ast.Call)
        array = array_of(at, node)
        if array is not None:
            rest = node.args if at.is_method(node) else node.args[1:]
            call = at.make("OPS.corrected_mean(A)", A=array)
            assert isinstance(call, ast.Call)
            yield Rewriting("corrected", {node: ast.Call(call.func, [array, *rest], node.keywords)}, kind="mean of squares")


def _squares(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "square":
        return True
    return is_binary(node, ast.Pow, ast.Mult)


def corrected_running(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """A variance that goes into a moving average."""
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or "var" not in node.id.lower() and node.id not in ("v", "s2"):
        return
    if any(isinstance(outer, ast.Call) for outer in at.ancestors(node)):
        return
    for name in at.arguments[:1] if at.arguments else []:
        yield at.rewritten("corrected", node, "OPS.corrected(V, X)", 1.5, "running", V=node, X=ast.Name(name, ast.Load()))


def mean_or_sum(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """Which divisor, if any."""
    if name := at.is_call(node, "mean", "sum", "nanmean", "nansum"):
        assert isinstance(node, ast.Call)
        other = {"mean": "sum", "sum": "mean", "nanmean": "nansum", "nansum": "nanmean"}[name]
        yield Rewriting("mean", {node: renamed(node, other)}, kind=name)
        array = array_of(at, node)
        if array is not None and argument(node, axis_name(at, node), axis_position(at, node)) is None:
            for size in ("len(A)", "NP.shape(A)[-1]", "NP.size(A)"):
                yield at.rewritten("mean", node, f"NP.sum(A) / {size}", 1.5, A=array)
    elif is_binary(node, ast.Div):
        assert isinstance(node, ast.BinOp)
        if at.is_size(node.right):
            yield Rewriting("mean", {node: node.left}, kind="divisor")
            array = next(
                (part.value for part in ast.walk(node.right) if isinstance(part, ast.Attribute) and part.attr in ("shape", "size")), None
            )
            array = array or next((part.args[0] for part in ast.walk(node.right) if isinstance(part, ast.Call) and part.args), None)
            for size in ("len(A)", "A.shape[-1]", "A.size") if array is not None else ():
                yield at.rewritten("mean", node, f"L / {size}", 1.5, L=node.left, A=array)
    for result in at.results(node):
        for name in at.arguments:
            for size in ("len(A)", "NP.size(A)", "NP.shape(A)[-1]"):
                yield Rewriting("mean", {result: at.make(f"R / {size}", R=result, A=ast.Name(name, ast.Load()))}, 2)


def halves(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """A factor of two left out."""
    if is_binary(node, ast.Mult, ast.Div):
        assert isinstance(node, ast.BinOp)
        if at.number(node.right) in (2, 0.5):
            yield Rewriting("half", {node: node.left}, 1.5)
        if at.number(node.left) in (2, 0.5) and isinstance(node.op, ast.Mult):
            yield Rewriting("half", {node: node.right}, 1.5)


def kept_dimensions(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """`keepdims`, the other way."""
    if at.is_call(node, *REDUCTIONS, "argmax", "argmin", homes=("numpy", "numpy.linalg", "torch", "")):
        assert isinstance(node, ast.Call)
        name = "keepdim" if axis_name(at, node) == "dim" else "keepdims"
        given = argument(node, name)
        yield Rewriting("keepdims", {node: with_argument(node, name, True if given is None or at.number(given) else None)}, kind="keepdims")
        if given is not None:
            yield Rewriting("keepdims", {node: with_argument(node, name, None)}, kind="keepdims")


def other_axes(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """Another axis, or all."""
    if at.is_call(node, *ALONG, homes=("numpy", "numpy.linalg", "torch", "torch.nn.functional", "user", "")):
        assert isinstance(node, ast.Call)
        name, position = axis_name(at, node), 2 if at.is_call(node, "norm", homes=("numpy.linalg",)) else axis_position(at, node)
        given = argument(node, name, position)
        numeric = given is not None and isinstance(at.number(given), int)
        for axis in (-2, -1, 0, 1, 2) if given is None or numeric else ():
            if given is None or at.number(given) != axis:
                yield Rewriting("axes", {node: with_argument(node, name, axis, position)}, 1.2 if axis >= 0 else 1.4, kind=f"axis {axis}")
        for axes in SEVERAL if isinstance(given, ast.Tuple) else ():
            several = ast.Tuple([ast.Constant(axis) for axis in axes], ast.Load())
            yield Rewriting("axes", {node: with_argument(node, name, several, position)}, 1.3, kind=f"axes {axes}")
        if given is not None:
            yield Rewriting("axes", {node: with_argument(node, name, None, position)}, 1.3, kind="no axis")
            yield Rewriting("axes", {node: with_argument(with_argument(node, name, None, position), "keepdims", None)}, 1.3, kind="no axis")
        if numeric and at.is_call(node, *REDUCTIONS):
            for axis in (0, 1):
                if at.number(given) not in (axis, axis - 2):
                    kept = with_argument(with_argument(node, name, axis, position), "keepdim" if name == "dim" else "keepdims", True)
                    yield Rewriting("axes", {node: kept}, 1.5, kind=f"axis {axis} kept")
    if at.is_call(node, "cov", "corrcoef"):
        assert isinstance(node, ast.Call)
        yield Rewriting("axes", {node: with_argument(node, "rowvar", False if argument(node, "rowvar") is None else None)})
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
        for axis in (0, 1, 2, -1):
            if at.number(node.slice) is not None and at.number(node.slice) != axis:
                yield Rewriting("axes", {node: ast.Subscript(node.value, ast.Constant(axis), ast.Load())}, 1.5)


def transposed(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """A transposition left out or put in."""
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield Rewriting("axes", {node: node.value}, 1.2, kind="T")
    if at.is_call(node, "transpose", "permute", "swapaxes", "moveaxis"):
        assert isinstance(node, ast.Call)
        array = array_of(at, node)
        if array is not None:
            yield Rewriting("axes", {node: array}, 1.2)
            yield at.rewritten("axes", node, "NP.transpose(A)", 1.4, A=array)
    if is_binary(node, ast.MatMult):
        assert isinstance(node, ast.BinOp)
        yield at.rewritten("axes", node, "L @ R.T", 1.4, L=node.left, R=node.right)
        yield at.rewritten("axes", node, "L.T @ R", 1.4, L=node.left, R=node.right)
        yield at.rewritten("axes", node, "R @ L", 1.6, L=node.left, R=node.right)


def nan_or_not(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """Skipped or spread."""
    if name := at.is_call(node, *NAN_AWARE):
        assert isinstance(node, ast.Call)
        if at.is_method(node):
            call = at.make(f"NP.nan{name}(A)", A=array_of(at, node))
            assert isinstance(call, ast.Call)
            yield Rewriting("nan", {node: ast.Call(call.func, [*call.args, *node.args], node.keywords)}, kind="nan")
        else:
            yield Rewriting("nan", {node: renamed(node, f"nan{name}")}, kind="nan")
    elif name := at.is_call(node, *(f"nan{name}" for name in NAN_AWARE)):
        yield Rewriting("nan", {node: renamed(node, name[3:])}, kind="not nan")  # type: ignore[arg-type]
    elif name := at.is_call(node, "maximum", "minimum", "fmax", "fmin"):
        other = {"maximum": "fmax", "minimum": "fmin", "fmax": "maximum", "fmin": "minimum"}[name]
        yield Rewriting("nan", {node: renamed(node, other)}, kind=other)  # type: ignore[arg-type]
    elif at.callee(node) in ("builtins.max", "builtins.min"):
        assert isinstance(node, ast.Call)
        short = at.callee(node)[9:]
        if len(node.args) == 1:
            yield at.rewritten("nan", node, f"NP.{short}(A)", A=node.args[0])
            yield at.rewritten("nan", node, f"NP.nan{short}(A)", A=node.args[0])
        elif len(node.args) == 2:
            for word in (f"{short}imum", f"f{short}"):
                yield at.rewritten("nan", node, f"NP.{word}(A, B)", A=node.args[0], B=node.args[1])
            yield at.rewritten("nan", node, f"{short}(B, A)", A=node.args[0], B=node.args[1])
    elif at.is_call(node, "nan_to_num"):
        assert isinstance(node, ast.Call)
        yield Rewriting("nan", {node: node.args[0]})
    elif isinstance(node, ast.Subscript) and "isnan" in ast.unparse(node.slice):
        yield Rewriting("nan", {node: node.value})


def ties(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """Which of equal entries, and on which side of a bound."""
    if name := at.is_call(node, "argmax", "argmin"):
        assert isinstance(node, ast.Call)
        call = at.make(f"OPS.last_{name}(A)", A=array_of(at, node))
        assert isinstance(call, ast.Call)
        rest = node.args if at.is_method(node) else node.args[1:]
        yield Rewriting("ties", {node: ast.Call(call.func, [*call.args, *rest], node.keywords)})
    elif at.is_call(node, "argsort"):
        assert isinstance(node, ast.Call)
        yield Rewriting("ties", {node: with_argument(node, "kind", "stable")}, kind="stable")
        array = array_of(at, node)
        if isinstance(array, ast.UnaryOp) and isinstance(array.op, ast.USub):
            yield at.rewritten("ties", node, "OPS.unstable_descending(A)", A=array.operand)
        elif array is not None:
            yield at.rewritten("ties", node, "OPS.stable_descending(A)[::-1]", A=array)
    elif name := at.is_call(node, "searchsorted", "digitize"):
        assert isinstance(node, ast.Call)
        if name == "searchsorted":
            given = argument(node, "side", 2)
            new = "left" if isinstance(given, ast.Constant) and given.value == "right" else "right"
            yield Rewriting("ties", {node: with_argument(node, "side", new, 2)})
        else:
            given = argument(node, "right", 2)
            yield Rewriting(
                "ties", {node: with_argument(node, "right", not (given is not None and at.number(given) != 0 or given is not None), 2)}
            )
    elif at.is_call(node, "histogram"):
        assert isinstance(node, ast.Call)
        for word in ("histogram_half_open", "histogram_right_closed"):
            call = at.make(f"OPS.{word}(A)", A=node.args[0])
            assert isinstance(call, ast.Call)
            yield Rewriting("ties", {node: ast.Call(call.func, node.args, node.keywords)})
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in MIRRORED:
        cause = "ends" if any(isinstance(outer, ast.While) and node in ast.walk(outer.test) for outer in at.ancestors(node)) else "ties"
        yield Rewriting(cause, {node: ast.Compare(node.left, [MIRRORED[type(node.ops[0])]()], node.comparators)}, kind="comparison")


def sorted_order(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """Ascending, descending, or in order of appearance."""
    if name := at.is_call(node, "sort", "argsort", homes=("numpy", "")):
        assert isinstance(node, ast.Call)
        array = array_of(at, node)
        if array is None or (name == "sort" and at.is_method(node)):
            return
        rest = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg == "axis"}
        axis = argument(node, "axis", axis_position(at, node)) or ast.Constant(-1)
        del rest
        yield at.rewritten("sorted", node, "NP.flip(S, A)", S=node, A=axis)
        if name == "argsort":
            yield at.rewritten("sorted", node, "OPS.stable_descending(X, A)", X=array, A=axis)
            if isinstance(array, ast.UnaryOp):
                yield Rewriting("sorted", {node: with_argument(with_array(at, node, array.operand), "kind", "stable")})
    elif at.callee(node) == "builtins.sorted":
        assert isinstance(node, ast.Call)
        yield Rewriting("sorted", {node: with_argument(node, "reverse", True if argument(node, "reverse") is None else None)})
    elif at.is_call(node, "unique", homes=("numpy",)):
        assert isinstance(node, ast.Call)
        yield at.rewritten("sorted", node, "OPS.unique_in_order(A)", A=node.args[0])
    elif at.is_call(node, "eigvals", "eigvalsh", "svd", homes=("numpy.linalg",)):
        yield at.rewritten("sorted", node, "NP.sort(A)", A=node)
        yield at.rewritten("sorted", node, "NP.sort(A)[::-1]", A=node)
    elif (
        isinstance(node, ast.Subscript)
        and _reverses(node.slice)
        and any(word in ast.unparse(node.value) for word in ("sort", "eig", "svd"))
    ):
        yield Rewriting("sorted", {node: node.value})


def _reverses(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Slice)
        and node.lower is None
        and node.upper is None
        and node.step is not None
        and ast.unparse(node.step) == "-1"
    )


def norms(node: ast.AST, at: Scope) -> Iterator[Rewriting]:
    """Of the entries or of the operator."""
    if at.is_call(node, "norm", homes=("numpy.linalg",)):
        assert isinstance(node, ast.Call)
        if argument(node, "axis", 2) is None:
            array, given = node.args[0], argument(node, "ord", 1)
            if given is None:
                yield at.rewritten("norm", node, "NP.linalg.norm(A, 2)", A=array)
            else:
                yield at.rewritten("norm", node, "NP.linalg.norm(NP.ravel(A), P)", A=array, P=given)


RULES = (corrected, corrected_running, mean_or_sum, halves, kept_dimensions, other_axes, transposed, nan_or_not, ties, sorted_order, norms)
