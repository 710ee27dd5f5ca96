"""Every pair with its mistake: what is wrong, what would be right, and the known cause.

`wrong` is the place as it is written in the Python file, `right` what would agree with Julia; a
cause of "" is none of the known ones. Julia's outcomes are in `recording.npz`; with a live Julia,
`python -m tests.mistakes.table` records them anew.
"""

import importlib
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from pyimpl.parity.case.draws import generated
from pyimpl.parity.case.inputs import Drawn, arrays
from pyimpl.parity.pair.held_against import LivePair
from pyimpl.parity.pair.pair import Pair, make_pair
from pyimpl.parity.reference import recorded

HERE = Path(__file__).parent
RECORDING = HERE / "recording.npz"
CASES = 24
PACKAGE = __package__

# What `arrays` has no word for: kind -> (the kind that is drawn, what becomes of it)
KINDS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "halves": ("real", lambda x: np.round(2 * x) / 2),
    "wholes": ("real", lambda x: np.round(x / 2)),
    "big": ("index:1000", lambda x: x),
    "count": ("index:5", lambda x: np.asarray(x + 1)),
}


@dataclass(frozen=True)
class Special(Drawn):
    """Drawn arguments of which some are made of others."""

    kinds: tuple[str, ...] = ()

    def strategy(self, entrywise=True):
        """The arguments, as a list."""
        return (
            super()
            .strategy(entrywise)
            .map(
                lambda xs: [
                    KINDS[kind][1](x) if kind in KINDS else x
                    for kind, x in zip(self.kinds, xs, strict=True)
                ]
            )
        )


def inputs_of(shapes: tuple[str, ...], sizes: tuple[int, int]) -> Drawn:
    """As `arrays`, with the kinds above."""
    kinds = tuple(shape.partition(":")[2] for shape in shapes)
    drawn = arrays(
        *(
            f"{shape.partition(':')[0]}:{KINDS.get(kind, (kind,))[0] or 'real'}"
            for shape, kind in zip(shapes, kinds, strict=True)
        ),
        sizes=sizes,
    )
    return Special(drawn.shapes, drawn.sizes, kinds=kinds)


@dataclass(frozen=True, eq=False)
class Mistake:
    """A pair that differs in one place."""

    file: str
    name: str
    cause: str
    wrong: str
    right: str
    inputs: Drawn
    backward: str = ""
    julia: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self):
        return f"{self.file}-{self.name}"

    def module(self) -> types.ModuleType:
        """The user's Python file."""
        return importlib.import_module(f"{PACKAGE}.{self.file}")

    def _pair(self, namespace: dict[str, Any]) -> Pair:
        backward: Callable | None = namespace[self.backward] if self.backward else None
        return make_pair(
            namespace[self.name],
            self.julia,
            self.inputs,
            file=HERE / f"{self.file}.jl",
            backward=backward,
            name=str(self),
            **self.options,
        )

    def pair(self) -> Pair:
        """The pair as it is."""
        return self._pair(vars(self.module()))

    def corrected(self) -> Pair:
        """The pair without its mistake."""
        path = HERE / f"{self.file}.py"
        source = path.read_text()
        if source.count(self.wrong) != 1:
            raise ValueError(
                f"{self}: {self.wrong!r} stands {source.count(self.wrong)} times in {path.name}"
            )
        namespace: dict[str, Any] = {"__name__": f"{PACKAGE}.{self.file}"}
        exec(compile(source.replace(self.wrong, self.right), str(path), "exec"), namespace)
        return self._pair(namespace)

    @property
    def line(self) -> int:
        """Where the mistake is."""
        source = (HERE / f"{self.file}.py").read_text()
        return source[: source.index(self.wrong)].count("\n") + 1


def _mistake(
    file, name, cause, wrong, right, *shapes, sizes=(1, 5), backward="", julia="", **options
):
    return Mistake(
        file, name, cause, wrong, right, inputs_of(shapes, sizes), backward, julia or name, options
    )


def data(*args, **options):
    """A mistake in data.py."""
    return _mistake("data", *args, **options)


def numbers(*args, **options):
    """A mistake in numbers.py."""
    return _mistake("numbers", *args, **options)


def layouts(*args, **options):
    """A mistake in arrays.py."""
    return _mistake("arrays", *args, **options)


def networks(*args, **options):
    """A mistake in networks.py."""
    return _mistake("networks", *args, **options)


def training(*args, **options):
    """A mistake in training.py."""
    return _mistake("training", *args, **options)


def guises(*args, **options):
    """A mistake in guises.py."""
    return _mistake("guises", *args, **options)


MISTAKES = (
    data("standardise", "corrected", "np.std(x, axis=0)", "np.std(x, axis=0, ddof=1)", "n,3"),
    data(
        "covariance",
        "corrected",
        "centred / x.shape[0]",
        "centred / (x.shape[0] - 1)",
        "n,3",
        sizes=(2, 6),
    ),
    data("t_statistic", "corrected", "np.var(x)", "np.var(x, ddof=1)", "n", sizes=(2, 6)),
    data(
        "pooled_spread",
        "corrected",
        "len(a) + len(b) - 1",
        "len(a) + len(b) - 2",
        "n",
        "m",
        sizes=(2, 6),
    ),
    data(
        "moving_average",
        "ends",
        "range(len(x) - width)",
        "range(len(x) - width + 1)",
        "n",
        sizes=(4, 9),
    ),
    data(
        "smooth",
        "momentum",
        "alpha * level + (1 - alpha) * value",
        "(1 - alpha) * level + alpha * value",
        "n,2",
        sizes=(2, 6),
    ),
    data(
        "counts",
        "ties",
        "np.histogram(x, bins=8, range=(-4, 4))",
        "np.histogram(x[x < 4], bins=8, range=(-4, 4))",
        "n:halves",
        sizes=(3, 9),
    ),
    data("row_means", "keepdims", "x.mean(axis=1)", "x.mean(axis=1, keepdims=True)", "n,m"),
    data("share", "axes", "np.sum(x, axis=0)", "np.sum(x, axis=1, keepdims=True)", "n,n:positive"),
    data(
        "ranking",
        "ties",
        'np.argsort(x, kind="stable")[::-1]',
        'np.argsort(-x, kind="stable")',
        "n:int",
        sizes=(2, 9),
    ),
    data("three_best", "sorted", "ordered[:3]", "ordered[::-1][:3]", "n", sizes=(3, 8)),
    data(
        "mean_reading",
        "nan",
        "valid.mean(axis=0)",
        "np.nanmean(valid, axis=0)",
        "n,2",
        sizes=(3, 8),
    ),
    data("peak", "nan", "np.nanmax(readings)", "np.max(readings)", "n", sizes=(2, 6)),
    data("entropy", "log", "p * np.log(p)", "p * np.log2(p)", "n:positive"),
    data("decibels", "log", "np.log(ratio)", "np.log10(ratio)", "n:positive", "n:positive"),
    data(
        "categories",
        "sorted",
        "np.unique(x)",
        "x[np.sort(np.unique(x, return_index=True)[1])]",
        "n:int",
        sizes=(2, 8),
    ),
    data("mean_squared_error", "mean", "d * d) / a.shape[0]", "d * d) / a.size", "n,3", "n,3"),
    data(
        "quantise",
        "rounding",
        "np.round(x * 16)",
        "np.copysign(np.floor(np.abs(x * 16) + 0.5), x)",
        "n",
    ),
    data(
        "autocorrelation",
        "index",
        "d[lag - 1 :] * d[: len(d) - lag + 1]",
        "d[lag:] * d[: len(d) - lag]",
        "n",
        sizes=(4, 8),
    ),
    data("above", "ties", "x > t", "x >= t", "n:int", "m:int"),
    data(
        "median_deviation",
        "axes",
        "np.abs(x - centre), axis=1",
        "np.abs(x - centre), axis=0",
        "n,m",
        sizes=(1, 5),
    ),
    data(
        "winner",
        "ties",
        "int(np.argmax(votes))",
        "int(len(votes) - 1 - np.argmax(votes[::-1]))",
        "n:index:4",
        sizes=(2, 9),
    ),
    numbers("phase", "remainder", "t % 1.5", "np.fmod(t, 1.5)", "n"),
    numbers("wrap", "remainder", "np.mod(turned, 180.0)", "np.fmod(turned, 180.0)", "n"),
    numbers("bucket", "remainder", "(7 * keys + 3) % 5", "np.fmod(7 * keys + 3, 5)", "n:int"),
    numbers(
        "midpoint",
        "integer division",
        "(a + b) // 2",
        "np.trunc((a + b) / 2).astype(np.int64)",
        "n:int",
        "n:int",
    ),
    numbers("page", "integer division", "int(o / size)", "o // size", "n:int", ":count"),
    numbers(
        "string_hash",
        "overflow",
        "    return h\n",
        "    return (h + 2**63) % 2**64 - 2**63\n",
        "n:natural",
        sizes=(2, 7),
    ),
    numbers("checksum", "overflow", "octets * 37", "octets.astype(np.int64) * 37", "n:natural"),
    numbers(
        "fold",
        "overflow",
        "    return total\n\n\ndef height",
        "    return total % 2**32\n\n\ndef height",
        "n:natural",
        sizes=(2, 7),
    ),
    numbers(
        "height",
        "degrees",
        "np.tan(angle)",
        "np.tan(np.deg2rad(angle))",
        "n:positive",
        "n:positive",
    ),
    numbers("heading", "degrees", "np.arctan2(y, x) * 180 / np.pi", "np.arctan2(y, x)", "n", "n"),
    numbers("decayed", "literals", "rate = 0.1\n", "rate = np.float32(0.1)\n", "n", sizes=(2, 6)),
    numbers("euler", "literals", "STEP = 0.1\n", "STEP = float(np.float32(0.1))\n", "n", "n"),
    numbers("two_steps", "matrix", "transition**2", "transition @ transition", "n,n"),
    numbers(
        "propagate",
        "matrix",
        "np.exp(a) @ x",
        "sum(np.linalg.matrix_power(a, k) / math.factorial(k) for k in range(40)) @ x",
        "n,n:small",
        "n",
    ),
    numbers("mix", "matrix", "a * b + np", "a @ b + np", "n,n", "n,n"),
    numbers("weighted", "index", "enumerate(x)", "enumerate(x, 1)", "n"),
    numbers("strongest", "index", "np.argmax(np.abs(x))", "np.argmax(np.abs(x)) + 1", "n"),
    numbers("sample", "ends", "np.arange(0, 1, 0.25)", "np.arange(0, 1.25, 0.25)", ""),
    numbers("harmonic", "ends", "range(1, 6)", "range(1, 7)", "n"),
    numbers("distance", "norm", "np.linalg.norm(a - b, 2)", "np.linalg.norm(a - b)", "n,m", "n,m"),
    numbers("scaled_scores", "dtype", "np.sqrt(d)", "float(np.sqrt(d))", "n,3", "m,3"),
    numbers("running_total", "dtype", "np.zeros(len(x))", "np.zeros(len(x), x.dtype)", "n"),
    numbers("gain", "log", "np.exp2(level)", "10**level", "n"),
    numbers(
        "grid_cell", "rounding", "(x * 2).astype(np.int64)", "np.floor(x * 2).astype(np.int64)", "n"
    ),
    layouts(
        "flatten_images",
        "order",
        "x.reshape(len(x), -1)",
        'x.reshape(len(x), -1, order="F")',
        "n,2,3",
    ),
    layouts("serialise", "order", "out = a.ravel()", 'out = a.ravel(order="F")', "n,m"),
    layouts("blocks", "order", "np.reshape(x, (3, 4))", 'np.reshape(x, (3, 4), order="F")', "12"),
    layouts("interior", "ends", "x[1 : len(x) - 2]", "x[1 : len(x) - 1]", "n", sizes=(3, 8)),
    layouts("delayed", "padding", "np.pad(x, (0, 1))[1:]", "np.pad(x, (1, 0))[:-1]", "n"),
    layouts("echo", "padding", "before[:-1] = x[1:]", "before[1:] = x[:-1]", "n", sizes=(2, 6)),
    layouts(
        "filtered",
        "kernel",
        "np.dot(x[i : i + len(h)], h)",
        "np.dot(x[i : i + len(h)], h[::-1])",
        "6",
        "3",
    ),
    layouts(
        "conv2d", "kernel", "j : j + kw] * kernel", "j : j + kw] * kernel[::-1, ::-1]", "5,4", "3,2"
    ),
    layouts("gram", "axes", "x @ x.T", "x.T @ x", "n,n"),
    layouts("argmax_of_all", "order", "np.argmax(x)", "np.argmax(x.T)", "n,m"),
    layouts("positives", "order", "x[x > 0]", "x.T[x.T > 0]", "n,m"),
    layouts("running_sum", "order", "np.cumsum(x)", "np.cumsum(x.T)", "n,m"),
    layouts("patches", "ends", "x[i : i + size - 1]", "x[i : i + size]", "n", sizes=(2, 7)),
    layouts(
        "outer_difference", "axes", "a[:, None] - b[None, :]", "a[None, :] - b[:, None]", "n", "m"
    ),
    layouts("trace_of_shifted", "index", "x[i, i]", "x[i, i + 1]", "n,n", sizes=(2, 5)),
    layouts("causal", "ends", "dtype=bool), -1)", "dtype=bool))", "n,n"),
    layouts(
        "same_length",
        "padding",
        'np.convolve(x, h, mode="same")',
        "np.convolve(x, h)[: len(x)]",
        "6",
        "3",
    ),
    networks(
        "layer_norm",
        "eps",
        "x.var(axis=-1, keepdims=True))",
        "x.var(axis=-1, keepdims=True) + eps) - eps",
        "n,3",
        "3",
        "3",
    ),
    networks("rms_norm", "eps", "1e-8", "1e-5", "n,3", "3"),
    networks(
        "batch_norm",
        "corrected",
        "momentum * var\n    return y",
        "momentum * var * len(x) / (len(x) - 1)\n    return y",
        "n,3",
        "3",
        "3:positive",
        sizes=(2, 6),
    ),
    networks(
        "running_statistics",
        "momentum",
        "momentum * mean + (1 - momentum) * np.mean(x, axis=0)\n    new_var = momentum * var + "
        "(1 - momentum) * np",
        "(1 - momentum) * mean + momentum * np.mean(x, axis=0)\n    new_var = (1 - momentum) * "
        "var + momentum * np",
        "n,3",
        "3",
        "3:positive",
    ),
    networks(
        "gelu",
        "activation",
        "cdf = 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))",
        "cdf = 0.5 * (1 + np.vectorize(math.erf, otypes=[x.dtype])(x / math.sqrt(2)))",
        "n",
    ),
    networks("feed_forward", "activation", "0.2 * h", "0.01 * h", "n,3", "3,2", "2"),
    networks(
        "lstm_step",
        "gates",
        "i, f, o, g = np",
        "i, f, g, o = np",
        "n,3",
        "n,2",
        "n,2",
        "3,8",
        "2,8",
        "8",
    ),
    networks("peephole_free", "gates", "f, i, g, o = self", "i, f, g, o = self", "n,8", "n,2"),
    networks(
        "gru_step",
        "reset",
        "r * (gh[:, 2 * n :] + b[2 * n :])",
        "r * gh[:, 2 * n :] + b[2 * n :]",
        "n,3",
        "n,2",
        "3,6",
        "2,6",
        "6",
    ),
    networks(
        "gru_candidate",
        "reset",
        "r * (h @ u)",
        "(r * h) @ u",
        "n,3",
        "n,2",
        "n,2:probability",
        "3,2",
        "2,2",
    ),
    networks(
        "gru_update",
        "momentum",
        "gate * candidate + (1 - gate) * h",
        "(1 - gate) * candidate + gate * h",
        "n,2",
        "n,2",
        "n,2",
    ),
    networks(
        "attention",
        "axes",
        "softmax(scores, axis=0)",
        "softmax(scores, axis=-1)",
        "n,2",
        "n,2",
        "n,3",
    ),
    networks(
        "cross_entropy",
        "mean",
        "target.sum(axis=-1, keepdims=True) - target)",
        "target.sum(axis=-1, keepdims=True) - target) / len(target)",
        "n,3",
        "n,3:probability",
        backward="cross_entropy_back",
    ),
    networks("relu", "ties", "x >= 0", "x > 0", "n:wholes", backward="relu_back", julia="relu_"),
    networks(
        "huber", "half", "error**2, 2 * error - 1))", "error**2, 2 * error - 1)) / 2", "n", "n"
    ),
    networks(
        "binary_cross_entropy",
        "eps",
        "target * np.log(p) + (1 - target) * np.log(1 - p)",
        "target * np.log(p + 1e-3) + (1 - target) * np.log(1 - p + 1e-3)",
        "n:probability",
        "n:probability",
    ),
    networks(
        "triplet",
        "mean",
        "np.sum(np.maximum(d + 1, 0))",
        "np.mean(np.maximum(d + 1, 0))",
        "n,2",
        "n,2",
        "n,2",
    ),
    networks(
        "dense",
        "mean",
        "dz.mean(axis=0)",
        "dz.sum(axis=0)",
        "n,3",
        "3,2",
        "2",
        backward="dense_back",
    ),
    networks(
        "max_pool",
        "ties",
        "np.argmax(pairs, axis=1)",
        "1 - np.argmax(pairs[:, ::-1], axis=1)",
        "n:wholes",
        sizes=(2, 8),
        backward="max_pool_back",
    ),
    networks(
        "embedding", "index", "return table[index]", "return table[index - 1]", "5,2", "n:count"
    ),
    networks("focal", "log", "np.log10(p)", "np.log(p)", "n:probability"),
    training("momentum_step", "momentum", "mu * v + (1 - mu) * g", "mu * v + g", "n", "n", "n"),
    training(
        "adam_step",
        "bias correction",
        "lr * m / (np.sqrt(v) + eps), m, v",
        "lr * m / float(1 - b1**t) / (np.sqrt(v / float(1 - b2**t)) + eps), m, v",
        "n",
        "n",
        "n:positive",
        "n",
        ":count",
    ),
    training(
        "adam_counted",
        "index",
        "m_hat = m / (1 - b1 ** (t + 1))\n    v_hat = v / (1 - b2 ** (t + 1))",
        "m_hat = m / (1 - b1**t)\n    v_hat = v / (1 - b2**t)",
        "n",
        "n",
        "n:positive",
        "n",
        ":count",
    ),
    training(
        "adamw_step",
        "coupled",
        "    g = g + wd * p\n    m = b1 * m + (1 - b1) * g\n    v = b2 * v + (1 - b2) * g**2\n   "
        " return p - lr * (m / (np.sqrt(v) + eps))",
        "    m = b1 * m + (1 - b1) * g\n    v = b2 * v + (1 - b2) * g**2\n    return p - lr * (m "
        "/ (np.sqrt(v) + eps) + wd * p)",
        "n",
        "n",
        "n:positive",
        "n",
    ),
    training("sgd_with_decay", "coupled", "p - lr * g - wd * p", "p - lr * (g + wd * p)", "n", "n"),
    training(
        "rmsprop_step", "eps", "np.sqrt(s + eps)", "(np.sqrt(s) + eps)", "n", "n:positive", "n"
    ),
    training("clipped", "axes", "np.sum(g**2, axis=0)", "np.sum(g**2)", "n,3"),
    training(
        "averaged_weights",
        "momentum",
        "average += (p - average) * decay",
        "average += (p - average) * (1 - decay)",
        "n",
        "n",
    ),
    training(
        "cosine",
        "degrees",
        "np.cos(180 * t / total)",
        "np.cos(np.pi * t / total)",
        ":positive",
        ":positive",
        ":positive",
    ),
    training("unbiased_mean", "bias correction", "m / (1 - b**t)", "m", "n", "n", ":count"),
    training("clip_value", "eps", "np.maximum(np.abs(g), eps)", "(np.abs(g) + eps)", "n"),
    _mistake(
        "modules",
        "standardise",
        "corrected",
        "x.var(dim=0)",
        "x.var(dim=0, unbiased=False)",
        "n,3",
        sizes=(2, 6),
        mode="function",
    ),
    _mistake("modules", "block", "eps", "eps=1e-2", "eps=1e-3", "n,4", mode="function"),
    _mistake(
        "modules",
        "activated",
        "activation",
        "nn.GELU()",
        'nn.GELU(approximate="tanh")',
        "n,3",
        mode="function",
    ),
    guises(
        "z_scores",
        "corrected",
        "np.mean(_centre(x) ** 2, axis=0)",
        "np.var(x, axis=0, ddof=1)",
        "n,3",
        sizes=(2, 6),
    ),
    guises(
        "correlation",
        "corrected",
        "(np.std(x) * np.std(y))",
        "(np.std(x, ddof=1) * np.std(y, ddof=1))",
        "n",
        "n",
        sizes=(2, 6),
    ),
    guises("steps", "ends", "np.diff(x[:-1])", "np.diff(x)", "n", sizes=(2, 6)),
    guises("level", "log", "log=np.log2", "log=np.log", "n"),
    guises("turning_point", "ends", "len(x) - 2:", "len(x) - 1:", "n", sizes=(2, 5)),
    guises(
        "blurred",
        "dtype",
        "np.array([1.0, 2.0, 1.0])",
        "np.array([1.0, 2.0, 1.0], x.dtype)",
        "n",
        sizes=(3, 6),
    ),
    guises("cubes", "overflow", "x.astype(np.int16)", "x", "n:big"),
    guises("highest", "nan", "max(np.where(", "np.max(np.where(", "n"),
    guises("nearest", "rounding", "int(v + 0.5)", "int(np.round(v))", "n"),
    guises("middle", "index", "[len(x) // 2]", "[len(x) // 2 - 1]", "n", sizes=(2, 7)),
    guises(
        "cosine_similarity",
        "eps",
        "np.sqrt(a @ a) * np.sqrt(b @ b) + eps",
        "max(np.sqrt(a @ a) * np.sqrt(b @ b), a.dtype.type(eps))",
        "3",
        "3",
    ),
    guises("instance_norm", "axes", "axis=(0, 2, 3)", "axis=(2, 3)", "n,2,2,3", sizes=(1, 3)),
    guises("project", "axes", "np.tanh(x @ w)", "np.tanh(x @ w.T)", "n,3", "3,3"),
    guises("per_sample", "mean", ".mean(axis=1).sum()", ".mean(axis=1).mean()", "n,3", "n,3"),
    guises("latitude", "degrees", "np.radians(angle)", "angle", "n"),
    guises("minimal_gru", "gates", "r, z = np", "z, r = np", "n,3", "n,3", "3,6", "3,6"),
    guises("padded", "padding", "((0, 1), (0, 1))", "((1, 0), (1, 0))", "n,m"),
    guises("lookup", "index", "x[k]", "x[k - 1]", "5", "n:count"),
    guises("residual", "half", "0.5 * np", "1.0 * np", "n,3", "n,3"),
    guises(
        "weights_by_rank", "index", "order / len(x)", "((order + 1) / len(x)).astype(x.dtype)", "n"
    ),
    guises("triangle", "ends", "x[:i]", "x[: i + 1]", "n"),
    guises("softplus_slope", "log", "math.log(10)", "math.log(2)", "n"),
    guises("vectorised", "order", "row for row in x]", "row for row in x.T]", "n,m"),
    guises("heun", "literals", "h=0.3", "h=float(np.float32(0.3))", "n"),
    guises(
        "norm",
        "eps",
        "BatchNorm(3, eps=1e-2)",
        "BatchNorm(3, eps=float(np.float32(1e-3)))",
        "n,3",
        sizes=(2, 6),
        julia="batch_norm",
    ),
    guises(
        "conv",
        "kernel",
        "conv = Conv",
        "conv = __import__('pyimpl').CrossCor",
        "n,1,4,3",
        sizes=(1, 3),
    ),
    guises("mlp", "activation", "gelu_erf, rng", "__import__('pyimpl').gelu, rng", "n,3"),
    guises(
        "convolve", "kernel", "np.convolve, ", "lambda x, h: np.convolve(x, h[::-1]), ", "6", "3"
    ),
    guises("tail_mean", "index", "x[-2:]", "x[-3:]", "n", sizes=(3, 8)),
    guises(
        "argmax",
        "index",
        "np.argmax, np.std",
        "lambda x: np.argmax(x) + 1, np.std",
        "n",
        julia="argmax_",
    ),
    guises(
        "std",
        "corrected",
        "np.std, np.log",
        "lambda x: np.std(x, ddof=1), np.log",
        "n",
        sizes=(2, 6),
        julia="std_",
    ),
    guises("log", "log", "np.std, np.log", "np.std, np.log10", "n:positive", julia="log_"),
)


def _unknown(name, wrong, right, *shapes, **options):
    return _mistake("unknown", name, "", wrong, right, *shapes, **options)


UNKNOWN = (
    _unknown("scaled", " * 1.001", "", "n"),
    _unknown("wave", "- 0.5 * np.cos", "+ 0.5 * np.cos", "n"),
    _unknown("energy", "- np.sum(x**3)", "+ np.sum(x**3)", "n", "m"),
    _unknown("other_function", "np.arctan(x)", "np.sinh(x)", "n"),
    _unknown("distance", "np.abs(a - b) ** 3", "np.abs(a - b) ** 2", "n,2", "n,2"),
    _unknown("polynomial", "3 * x**2", "5 * x**2", "n"),
    _unknown("volume", "h / 4", "h / 3", "n:positive", "n:positive"),
    _unknown("forgotten", "x * y - y\n", "x * y - y + x**2\n", "n", "n"),
    _unknown(
        "middle", "(np.max(x) + np.min(x)) / 2", "np.mean(x) + np.median(x) / 3", "n", sizes=(2, 7)
    ),
    _unknown("swish", "-1.5 * x", "-1.25 * x", "n"),
    _unknown("line", "dy * 3 + x", "dy * 2", "n", backward="line_back"),
    _unknown("checksum", "% 11", "% 13", "n:int"),
    _unknown("lowest", "+ np.max(x)", "- np.min(x)", "n"),
    _unknown("hyperbola", "a * a - b * b", "a * a + b * b", "n", "n"),
    _unknown("norms", "np.sum(np.abs(x), axis=1)", "np.sqrt(np.sum(x * x, axis=1))", "n,2"),
    _unknown("cosine", "(b @ b) + 1)", "(b @ b) + 2)", "n", "n"),
    _unknown("sequence", "0.5 * out[-1]", "0.25 * out[-1]", "n"),
    _unknown("gate", "(1 - z) * x", "(1 - z) * np.tanh(x)", "n", "n"),
    _unknown("score", "0.1 * np.mean(x)", "0.125 * np.mean(y)", "n", "n"),
    _unknown("recount", "x > 2)", "x > 2.5)", "n", sizes=(1, 9)),
    _unknown("scheduled", "np.sign(g) * g**2", "g**3", "n", "n"),
    _unknown("rooted", "+ 0.01", "+ 0.03", "n"),
    _unknown("lagged", "x[3:] - x[:-3]", "x[1:] - x[:-1]", "n", sizes=(5, 8)),
    _unknown("blend", "0.3 * a + 0.6 * b", "0.35 * a + 0.65 * b", "n", "n"),
)


def record(path: Path) -> int:
    """Julia's outcomes on all pairs into one file."""
    from pyimpl.parity.reference.session import session

    live = LivePair(session())
    path.unlink(missing_ok=True)

    def entries():
        for mistake in (*MISTAKES, *UNKNOWN):
            pair = mistake.pair()
            cases = generated(pair.cases(), CASES, "0")
            yield from live.outcomes(pair, cases, ("float64", "float32"))

    return recorded.write(
        path, list(entries()), {"versions": live.versions, "date": date.today().isoformat()}
    )


if __name__ == "__main__":
    np.seterr(all="ignore")
    print(record(RECORDING), "cases")
