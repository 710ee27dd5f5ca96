"""Arguments of library calls: a default that differs in the other language, an argument that is
passed on one side and ignored on the other.

What a library allows is taken from what it says of itself: its Booleans from the signature, its
words from the choices that its documentation lists (`mode : {'full', 'valid', 'same'}`).
"""

import ast
import functools
import inspect
import re
from collections.abc import Iterator
from typing import Any

from .syntax import Rewriting, Scope, argument, with_argument
from .trap import Trap

LIBRARIES = ("numpy", "scipy", "torch", "sklearn", "pandas", "statistics", "jax", "skimage")
# Layers and rules, whose settings are tried as such.
ASKED_THEMSELVES = ("torch.optim", "torch.nn", "pyimpl")
# Arguments that say how a result is computed or stored, and those of which other traps know more.
OF_NO_MEANING = {
    *("out", "dtype", "copy", "overwrite_x", "overwrite_a", "overwrite_b", "overwrite_input"),
    *("overwrite_data", "check_finite", "workers", "device", "layout", "pin_memory", "inplace"),
    *("requires_grad", "subok", "order", "where", "casting", "like", "driver", "lapack_driver"),
    *("disp", "full_output", "callback", "nan_policy", "keepdims", "keepdim", "axis", "dim"),
    *("ddof", "unbiased", "correction", "rowvar", "approximate", "side", "stable", "sorted"),
}
# Numbers that have usual values: the plotting positions of quantiles, edges of differences.
NUMBERS: dict[str, tuple[Any, ...]] = {
    "alphap": (0.0, 0.375, 0.4, 0.5, 1.0),
    "betap": (0.0, 0.375, 0.4, 0.5, 1.0),
    "edge_order": (1, 2),
    "noverlap": (0,),
    "align_corners": (True, False),
    "detrend": (False,),
}
# Words for one thing, where a library's documentation does not list them in braces: of an argument
# that is one of them the others are tried.
WORDS: tuple[tuple[str, ...], ...] = (
    (
        *("linear", "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "hazen"),
        *("interpolated_inverted_cdf", "weibull", "median_unbiased", "normal_unbiased"),
        *("lower", "higher", "midpoint", "nearest"),
    ),
    ("reflect", "constant", "nearest", "mirror", "wrap", "interp"),
    ("constant", "edge", "reflect", "symmetric", "wrap"),
    ("not-a-knot", "natural", "clamped"),
    ("linear", "nearest", "previous", "next", "quadratic", "cubic"),
    ("nearest", "bilinear", "bicubic", "area", "linear"),
    ("zeros", "border", "reflection"),
    ("euclidean", "sqeuclidean", "cityblock", "chebyshev", "cosine", "correlation"),
    ("mean", "sum", "none", "batchmean"),
)
# Of which trap an argument is, where it is one with a name of its own.
OF_TRAPS = {
    "norm": "transform",
    "normalized": "transform",
    "sym": "window",
    "fftbins": "window",
    "periodic": "window",
    "window": "window",
    "alphap": "quantile",
    "betap": "quantile",
    "detrend": "trend",
    "bias": "corrected",
    "mode": "edges",
    "pad_mode": "edges",
    "padding_mode": "edges",
    "boundary": "edges",
    "bc_type": "edges",
    "reflect_type": "edges",
}
QUANTILES = ("quantile", "percentile", "nanquantile", "nanpercentile", "mquantiles")
CONVOLUTIONS = ("convolve", "correlate", "convolve2d", "correlate2d", "fftconvolve", "qr")
WINDOWS = ("hanning", "hamming", "blackman", "bartlett")  # NumPy's, which are symmetric
PLACES = {  # of the window of a spectrum, and of its length
    "welch": ("window", "nperseg"),
    "csd": ("window", "nperseg"),
    "coherence": ("window", "nperseg"),
    "spectrogram": ("window", "nperseg"),
    "stft": ("window", "nperseg"),
}
LENGTH = 256  # of a segment, where none is given


def _library(call: ast.Call, at: Scope) -> tuple[str, Any]:
    """The name and function of a library that is called; "" of any other."""
    function = at.resolve(call.func)
    home = str(getattr(function, "__module__", None) or type(function).__module__)
    if home == "builtins" and isinstance(call.func, ast.Attribute):
        home = getattr(at.resolve(call.func.value), "__name__", "")
    if not callable(function) or home.partition(".")[0].lstrip("_") not in LIBRARIES:
        return "", None
    if home.startswith(ASKED_THEMSELVES) and isinstance(function, type):
        return "", None
    return str(getattr(function, "__name__", "")), function


def _parameters(function: Any) -> dict[str, tuple[int, Any]]:
    """The position and default of every argument."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {
        each.name: (number if each.kind is not each.KEYWORD_ONLY else -1, each.default)
        for number, each in enumerate(found)
    }


_CHOICES = re.compile(r"^\s*(\w+)\s*:.*?\{([^{}]*)\}", re.MULTILINE)
_QUOTED = re.compile(r"""['"‘’“”]+([A-Za-z_][\w-]*)['"‘’“”]+""")


@functools.lru_cache(maxsize=256)
def _documented(function: Any) -> dict[str, tuple[str, ...]]:
    """The words that an argument may be, as the documentation lists them in braces."""
    text = inspect.getdoc(function) or ""
    return {
        name: tuple(dict.fromkeys(_QUOTED.findall(choices)))
        for name, choices in _CHOICES.findall(text)
    }


def _others(function: Any, name: str, default: Any, given: ast.expr | None) -> Iterator[Any]:
    """Other values of an argument."""
    value = given.value if isinstance(given, ast.Constant) else default
    if isinstance(value, bool) and isinstance(default, bool):
        yield not value
        return
    words = _documented(function).get(name, ())
    alike = [word for family in WORDS if value in family for word in family]
    for other in dict.fromkeys((*(words or alike), *NUMBERS.get(name, ()))):
        if (
            other is not value
            and other != value
            or isinstance(other, bool) != isinstance(value, bool)
        ):
            yield other


def _trap_of(called: str, name: str) -> str:
    if called in QUANTILES:
        return "quantile"
    if called in CONVOLUTIONS:
        return "argument"
    return OF_TRAPS.get(name, "argument")


def _cost(trap: str) -> float:
    return 1.2 if trap == "argument" else 1.0


def _changed(node: Any, at: Scope, wanted: str) -> Iterator[Rewriting]:
    """Arguments of this trap with another value, with that of another argument, or left out."""
    if not isinstance(node, ast.Call):
        return
    called, function = _library(node, at)
    if not called or any(isinstance(one, ast.Starred) for one in node.args):
        return
    for name, (number, default) in _parameters(function).items():
        position = number if number >= 0 else None
        if name in OF_NO_MEANING or _trap_of(called, name) != wanted:
            continue
        given = argument(node, name, position)
        for value in _others(function, name, default, given):
            changed = with_argument(node, name, ast.Constant(value), position)
            yield Rewriting(wanted, {node: changed}, _cost(wanted), kind=f"{name} {value}")
    for rewriting in _passed_on(node, called, _parameters(function)):
        if rewriting.cause == wanted:
            yield rewriting


def _passed_on(
    node: ast.Call, called: str, parameters: dict[str, tuple[int, Any]]
) -> Iterator[Rewriting]:
    """Keywords that the other side ignores, or takes from another one."""
    named = [k for k in node.keywords if k.arg and k.arg not in OF_NO_MEANING]
    for keyword in named:
        assert keyword.arg is not None
        trap = _trap_of(called, keyword.arg)
        if keyword.arg in parameters and parameters[keyword.arg][1] is not inspect.Parameter.empty:
            without = with_argument(node, keyword.arg, None)
            yield Rewriting(trap, {node: without}, _cost(trap) + 0.1)
        for other in named:
            if other is not keyword and ast.dump(other.value) != ast.dump(keyword.value):
                changed = with_argument(node, keyword.arg, other.value)
                yield Rewriting(trap, {node: changed}, _cost(trap) + 0.2)


def windows(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Periodic (n in the denominator) or symmetric (n - 1)."""
    if not isinstance(node, ast.Call):
        return
    called, function = _library(node, at)
    if called in WINDOWS and len(node.args) == 1 and not node.keywords:
        kind = called.replace("hanning", "hann")
        new = at.make(f"OPS.periodic_window('{kind}', N)", N=node.args[0])
        yield Rewriting("window", {node: new})
    if called in PLACES and function.__module__.startswith("scipy"):
        name, length = PLACES[called]
        parameters = _parameters(function)
        given = argument(node, name, parameters[name][0])
        size = argument(node, length, parameters[length][0])
        default = parameters[name][1]
        value = default if given is None else getattr(given, "value", None)
        if isinstance(value, str):
            window = ast.Constant(value.removesuffix("_periodic"))
            length_ = ast.Constant(LENGTH) if size is None else size
            made = at.make("OPS.symmetric_window(W, N)", W=window, N=length_)
            changed = with_argument(node, name, made, parameters[name][0])
            yield Rewriting("window", {node: changed}, kind="symmetric")


def quantiles(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Another definition."""
    return _changed(node, at, "quantile")


def transforms(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Divided in another direction."""
    return _changed(node, at, "transform")


def other_windows(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Periodic or symmetric, where a call can be told so."""
    return _changed(node, at, "window")


def beyond_edges(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Other values beyond the edge."""
    return _changed(node, at, "edges")


def trends(node: Any, at: Scope) -> Iterator[Rewriting]:
    """The mean taken off or not."""
    return _changed(node, at, "trend")


def moments(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Corrected or not."""
    return _changed(node, at, "corrected")


def arguments(node: Any, at: Scope) -> Iterator[Rewriting]:
    """Any other argument."""
    return _changed(node, at, "argument")


TRAPS = (
    Trap(
        "quantile",
        "a quantile has another definition: how it lies between two entries (Julia's quantile "
        "takes alpha and beta, NumPy's a method, SciPy's mquantiles alphap and betap)",
        patterns=(quantiles,),
    ),
    Trap(
        "transform",
        "a Fourier transform is divided by the number of entries, or by its root, in one "
        "direction on one side and in another on the other",
        patterns=(transforms,),
    ),
    Trap(
        "window",
        "a window is periodic on one side (n in its denominator) and symmetric on the other "
        "(n - 1), or is another one",
        patterns=(other_windows, windows),
    ),
    Trap(
        "edges",
        "what lies beyond the edge is taken for something else: zeros, the last entry, a mirror "
        "image, the other end; of a spline the condition at its ends",
        patterns=(beyond_edges,),
    ),
    Trap(
        "trend",
        "the mean or a line is taken off every segment on one side only: SciPy's spectra take "
        "off the mean by default",
        patterns=(trends,),
    ),
    Trap(
        "argument",
        "an argument of a library's function has another value on the other side: a default "
        "that differs, or an argument that is not passed on there",
        patterns=(arguments, moments),
    ),
)
