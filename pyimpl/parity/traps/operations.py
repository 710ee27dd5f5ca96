"""What edited programs call, where NumPy has no word for what Julia does."""

import importlib
import math

import numpy as np


def _as(result, like):
    dtype = np.asarray(like).dtype
    return np.asarray(result, dtype if dtype.kind == "f" else np.float64)


def matrix_exp(a):
    """The exponential of a matrix, by scaling and squaring a Taylor series in extended
    precision.
    """
    x: np.ndarray = np.asarray(a, np.longdouble)
    if x.ndim != 2 or x.shape[0] != x.shape[1]:
        raise ValueError("a matrix must be square")
    squarings = max(
        0, int(np.ceil(np.log2(max(float(np.abs(x).sum(0).max(initial=0)), 1e-30)))) + 2
    )
    x = x / np.longdouble(2) ** squarings
    term: np.ndarray = np.eye(len(x), dtype=np.longdouble)
    found = term
    for k in range(1, 24):
        term = term @ x / k
        found = found + term
    for _ in range(squarings):
        found = found @ found
    return _as(found, a)


def _by_eigenvalues(f, a):
    x = np.asarray(a, np.float64)
    values, vectors = np.linalg.eig(x.astype(complex))
    found = vectors @ np.diag(f(values)) @ np.linalg.inv(vectors)
    return (
        _as(found.real, a)
        if np.abs(found.imag).max(initial=0) < 1e-9 * max(1.0, np.abs(found).max(initial=0))
        else found
    )


def matrix_sqrt(a):
    """The square root of a matrix."""
    return _by_eigenvalues(np.sqrt, a)


def matrix_log(a):
    """The logarithm of a matrix."""
    return _by_eigenvalues(np.log, a)


def matrix_product(a, b):
    """`a * b` as Julia has it, which knows no product of two vectors."""
    if np.ndim(a) == np.ndim(b) == 1:
        raise ValueError("Julia does not multiply vectors")
    return a @ b


def over(a, b):
    """`a / b` of matrices: a times the inverse of b."""
    return np.linalg.solve(np.asarray(b).T, np.asarray(a).T).T


def per_sample(x):
    """`x / len(x)`."""
    return x / x.shape[0]


def divide_towards_zero(a, b):
    """Julia's `div`."""
    return (a - np.fmod(a, b)) // b


def half_away(x, digits=0):
    """Rounded, halves away from zero."""
    scale = 10**digits
    return np.copysign(np.floor(np.abs(x) * scale + 0.5), x) / scale


def half_up(x):
    """Rounded, halves up."""
    return np.floor(x + 0.5)


def corrected_mean(x, axis=None, **kept):
    """The sum over one less than the number of entries."""
    total = np.sum(x, axis=axis, **kept)
    return total / (np.asarray(x).size // max(np.asarray(total).size, 1) - 1)


def corrected(v, x):
    """The variance v of x times n / (n - 1)."""
    n = np.asarray(x).size // max(np.asarray(v).size, 1)
    return v * (n / (n - 1)) if n > 1 else v * np.inf


def last_argmax(x, axis=None):
    """The last of the largest."""
    flipped = np.flip(x, axis)
    count = np.size(x) if axis is None else np.shape(x)[axis]
    return count - 1 - np.argmax(flipped, axis)


def last_argmin(x, axis=None):
    """The last of the smallest."""
    return last_argmax(-np.asarray(x), axis)


def stable_descending(x, axis=-1):
    """The indices that sort in descending order and keep that of equal entries."""
    return np.flip(
        np.shape(x)[axis] - 1 - np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis
    )


def unstable_descending(x, axis=-1):
    """The indices that sort in descending order and turn that of equal entries round."""
    return np.flip(np.argsort(x, axis=axis, kind="stable"), axis)


def unique_in_order(x):
    """Every number once, in order of appearance."""
    x = np.ravel(x)
    return x[np.sort(np.unique(x, return_index=True)[1])]


def histogram_half_open(x, *args, **kept):
    """`np.histogram` without the upper end of the last bin."""
    edges = np.histogram_bin_edges(x, *args, **kept)
    return np.histogram(np.asarray(x)[np.asarray(x) < edges[-1]], edges)[0], edges


def histogram_right_closed(x, *args, **kept):
    """`np.histogram` with bins that contain their upper end and not their lower one."""
    edges = np.histogram_bin_edges(x, *args, **kept)
    counts, _ = np.histogram(-np.asarray(x)[np.asarray(x) > edges[0]], -edges[::-1])
    return counts[::-1].copy(), edges


def wrapped(x, bits=64, signed=True):
    """Whole numbers as a machine integer of so many bits holds them."""
    half = 1 << (bits - 1) if signed else 0
    if np.asarray(x).dtype.kind not in "iuO":
        raise TypeError("only whole numbers wrap")

    def wrap(value):
        return (int(value) + half) % (1 << bits) - half

    if isinstance(x, int | np.integer):
        return (
            np.uint64(wrap(x))
            if bits == 64 and not signed
            else np.int64(wrap(x))
            if isinstance(x, np.integer)
            else wrap(x)
        )
    dtype = np.uint64 if bits == 64 and not signed else np.int64
    return np.asarray([wrap(value) for value in np.ravel(x).astype(object)], dtype).reshape(
        np.shape(x)
    )


def wide(x):
    """Small integers as those of 64 bits."""
    if isinstance(x, int):
        return x  # Python's own are as wide as need be
    return np.asarray(x).astype(np.int64)[()] if np.asarray(x).dtype.kind in "iub" else x


def led(x, other):
    """With axes of length 1 at the end, up to those of the other: matched from the left."""
    missing = max(np.ndim(other) - np.ndim(x), 0) if np.ndim(x) else 0
    return np.reshape(x, np.shape(x) + (1,) * missing) if missing else x


def weak(x):
    """A number without a precision of its own."""
    return float(x) if np.ndim(x) == 0 and not isinstance(x, int) else x


def column_major(f, x, **kept):
    """f of an array whose entries are read down the columns."""
    return f(np.asarray(x).T, **kept)


def _erf(x):
    return np.vectorize(math.erf, otypes=[np.float64])(x)


def variant(given, other):
    """The other variant of an activation, where what is given is one at all: all of them are close
    to each other.
    """
    if np.shape(given) != np.shape(other) or np.any(np.abs(np.subtract(given, other)) > 0.05):
        raise ValueError("not a variant of it")
    return other


def gelu_erf(x):
    """gelu by the error function."""
    return _as(x * 0.5 * (1 + _erf(np.asarray(x, np.float64) / math.sqrt(2))), x)


def gelu_tanh(x):
    """gelu by tanh."""
    wide = np.asarray(x, np.float64)
    return _as(wide / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3))), x)


def gelu_sigmoid(x):
    """gelu by the logistic function."""
    wide = np.asarray(x, np.float64)
    return _as(wide / (1 + np.exp(-1.702 * wide)), x)


def centred(x, k, later=0):
    """`np.convolve(x, k, "same")`, by so many places later, and as long as x."""
    start = (len(k) - 1) // 2 + later
    return np.convolve(x, k)[start : start + len(x)]


def clip_each(parameters, most):
    """Every gradient scaled down by its own norm."""
    for parameter in _listed(parameters):
        if parameter.grad is not None:
            size = float((parameter.grad.double() ** 2).sum()) ** 0.5
            if size > most:
                parameter.grad.mul_(most / size)


def clip_together(parameters, most):
    """All gradients scaled down by their common norm, with nothing added to it."""
    grads = [one.grad for one in _listed(parameters) if one.grad is not None]
    size = norm_of_all(grads)
    for grad in grads if size > most else ():
        grad.mul_(most / size)


def _listed(parameters):
    return [parameters] if hasattr(parameters, "grad") else list(parameters)


def norm_of_all(arrays):
    """The norm of all entries of several arrays."""
    return float(sum(float((array**2).sum()) for array in arrays)) ** 0.5


def crossed(a, b):
    """The first as a column, to meet every entry of the second: of two vectors of one length."""
    if np.ndim(a) != 1 or np.ndim(b) != 1 or len(a) != len(b):
        raise ValueError("not two vectors of one length")
    return a[:, None]


def symmetric_window(kind, n):
    """SciPy's window with n - 1 in its denominator."""
    return importlib.import_module("scipy.signal").get_window(kind, n, fftbins=False)


def periodic_window(kind, n):
    """SciPy's window with n in its denominator."""
    return importlib.import_module("scipy.signal").get_window(kind, n)
