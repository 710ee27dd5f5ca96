"""Arrays put together, taken apart and given axes. Source: MLUtils.jl `src/batch.jl`,
`src/utils.jl`, which Flux makes reachable.

`dims` is an axis of the larger array, counted as NumPy counts: Julia's `dims = d` is the axis -d
here, its last axis is 0.
"""

import numpy as np

from ..core.pullback import differentiable
from .padding import rpad_constant

__all__ = [
    "batch",
    "batch_sequence",
    "batchseq",
    "chunk",
    "stack",
    "unbatch",
    "unsqueeze",
    "unstack",
]


def _axis(who: str, dims: int, ndim: int, shape) -> int:
    if not -ndim <= dims < ndim:
        raise ValueError(
            f"{who} expects dims from {-ndim} to {ndim - 1}, got {dims} for an array of shape "
            f"{shape}"
        )
    return dims % ndim


@differentiable
def stack(xs, dims=0):
    """Arrays of one shape side by side along a new axis `dims`, an axis of the result. Flux:
    `stack`.

    Raises ValueError for no arrays and for different shapes.
    """
    xs = [np.asarray(x) for x in xs]
    if not xs or any(x.shape != xs[0].shape for x in xs):
        raise ValueError(
            "stack expects arrays of one shape, got shapes "
            f"{', '.join(str(x.shape) for x in xs) or 'of none'}"
        )
    axis = _axis("stack", dims, xs[0].ndim + 1, xs[0].shape)
    return np.stack(xs, axis), lambda dy: (None, tuple(np.moveaxis(dy, axis, 0)))


@differentiable
def unstack(x, dims):
    """The slices of x along the axis `dims`, as a tuple of copies.

    The inverse of `stack`. Flux: `unstack`.
    """
    x = np.asarray(x)
    axis = _axis("unstack", dims, x.ndim, x.shape)
    return tuple(part.copy() for part in np.moveaxis(x, axis, 0)), lambda dys: (
        None,
        np.stack(dys, axis),
    )


@differentiable
def batch(xs):
    """Observations as one array: (len(xs), *shape). Of tuples or dicts, the tuple or dict of such
    arrays. Flux: `batch`.

    Raises ValueError for no observations, and for such of different shapes.
    """
    xs = list(xs)
    if xs and isinstance(xs[0], tuple | dict):
        if any(type(x) is not type(xs[0]) or _names(x) != _names(xs[0]) for x in xs):
            raise ValueError(
                "batch expects tuples of one length, or dicts with the same keys, got "
                f"{', '.join(str(sorted(_names(x), key=str)) for x in xs)}"
            )
        names = list(xs[0]) if isinstance(xs[0], dict) else list(range(len(xs[0])))
        parts = {name: batch.pullback([x[name] for x in xs]) for name in names}

        def alike(found):
            return found if isinstance(xs[0], dict) else tuple(found.values())

        def batch_back(dy):
            columns = {name: back(dy[name])[1] for name, (_, back) in parts.items()}
            return None, tuple(
                alike({name: column[i] for name, column in columns.items()}) for i in range(len(xs))
            )

        return alike({name: y for name, (y, _) in parts.items()}), batch_back
    if not xs or any(np.shape(x) != np.shape(xs[0]) for x in xs):
        raise ValueError(
            "batch expects observations of one shape, got shapes "
            f"{', '.join(str(np.shape(x)) for x in xs) or 'of none'}"
        )
    return stack.pullback(xs)


def _names(x) -> set:
    """The keys of a dict, the numbers of the parts of a tuple."""
    return set(x) if isinstance(x, dict) else set(range(len(x))) if isinstance(x, tuple) else set()


@differentiable
def batch_sequence(xs, pad=0):
    """Sequences (time, ...) of different lengths as one array (len(xs), longest, ...), the short
    ones padded by `pad`. MLUtils: `batch_sequence`.

    >>> batch_sequence([np.array([1, 2, 3]), np.array([10, 20])])
    array([[ 1,  2,  3],
           [10, 20,  0]])
    """
    xs = [np.asarray(x) for x in xs]
    if not xs or any(x.ndim == 0 or x.shape[1:] != xs[0].shape[1:] for x in xs):
        raise ValueError(
            "batch_sequence expects arrays that differ on the first axis only, got shapes "
            f"{', '.join(str(x.shape) for x in xs) or 'of none'}"
        )
    longest = max(map(len, xs))
    padded, backs = zip(*(rpad_constant.pullback(x, longest, pad, dims=0) for x in xs), strict=True)

    def batch_sequence_back(dy):
        return None, tuple(back(part)[1] for back, part in zip(backs, dy, strict=True))

    return np.stack(padded), batch_sequence_back


@differentiable
def batchseq(xs, value=0):
    """Sequences (time, ...) of different lengths as a tuple with one array (len(xs), ...) for every
    time, the short ones padded by `value`. MLUtils: `batchseq`.
    """
    y, back = batch_sequence.pullback(xs, value)
    steps = tuple(np.moveaxis(y, 1, 0))
    return steps, lambda dys: back(np.stack(dys, axis=1))


@differentiable
def unbatch(x):
    """The observations of a batch, along the first axis, as a tuple.

    The inverse of `batch`. Flux: `unbatch`.
    """
    return unstack.pullback(x, 0)


@differentiable
def unsqueeze(x, dims):
    """x with a new axis of size 1 that is the axis `dims` of the result. Flux: `unsqueeze`."""
    x = np.asarray(x)
    axis = _axis("unsqueeze", dims, x.ndim + 1, x.shape)
    return np.expand_dims(x, axis), lambda dy: (None, dy.reshape(x.shape))


@differentiable
def chunk(x, n=None, *, size=None, dims=0, npartitions=None):
    """x cut along the axis `dims`, as a tuple of views: into n parts, into parts of `size`, or of
    the sizes in a list. Flux: `chunk`.

    n may be a list with the number of the part, from 0, for each entry, in order, of `npartitions`
    parts. n parts are of `ceil(length / n)` entries, the last of what is left: 5 entries give three
    parts for n = 4. Raises ValueError for neither or both of n and size, a number below 1, and a
    list of sizes that does not add up to the length.
    """
    x = np.asarray(x)
    axis = _axis("chunk", dims, x.ndim, x.shape)
    if n is not None and np.ndim(n):
        n, size = None, _sizes_of_parts(np.asarray(n), x.shape[axis], npartitions)
    ends = _ends(n, size, x.shape[axis])
    return tuple(np.split(x, ends, axis)), lambda dys: (None, np.concatenate(dys, axis))


def _sizes_of_parts(numbers: np.ndarray, length: int, npartitions: int | None) -> list[int]:
    """How often every number of a part occurs."""
    if (
        numbers.shape != (length,)
        or numbers.dtype.kind not in "iu"
        or np.any(np.diff(numbers) < 0)
        or np.any(numbers < 0)
        or (npartitions is not None and np.any(numbers >= npartitions))
    ):
        raise ValueError(
            f"chunk expects for each of {length} entries the number of its part, from 0 in order, "
            f"got {numbers.tolist()}"
        )
    return np.bincount(numbers, minlength=npartitions or 0).tolist()


def _ends(n, size, length) -> list[int]:
    """Where parts end, without the last of them."""
    if (n is None) == (size is None):
        raise ValueError(
            f"chunk expects either a number of parts or a size, got n={n} and size={size}"
        )
    if size is not None and not isinstance(size, int | np.integer):
        if sum(size) != length or min(size) < 0:
            raise ValueError(f"chunk expects sizes that add up to {length}, got {list(size)}")
        return list(np.cumsum(size[:-1], dtype=int))
    if (n if size is None else size) < 1:
        raise ValueError(
            f"chunk expects at least one part and a size of at least 1, got n={n}, size={size}"
        )
    step = max(-(-length // n), 1) if size is None else size
    return list(range(step, length, step))
