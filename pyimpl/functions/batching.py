"""Arrays put together, taken apart and given axes. Source: MLUtils.jl `src/batch.jl`,
`src/utils.jl`, which Flux makes reachable.

`dims` is an axis of the larger array, counted as NumPy counts: Julia's `dims = d` is the axis -d
here, its last axis is 0.
"""

import numpy as np

from ..core.pullback import differentiable

__all__ = ["batch", "chunk", "stack", "unbatch", "unsqueeze", "unstack"]


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
def chunk(x, n=None, *, size=None, dims=0):
    """x cut along the axis `dims`, as a tuple of views: into n parts, into parts of `size`, or of
    the sizes in a list. Flux: `chunk`.

    n parts are of `ceil(length / n)` entries, the last of what is left: 5 entries give three parts
    for n = 4. Raises ValueError for neither or both of n and size, a number below 1, and a list of
    sizes that does not add up to the length.
    """
    x = np.asarray(x)
    axis = _axis("chunk", dims, x.ndim, x.shape)
    ends = _ends(n, size, x.shape[axis])
    return tuple(np.split(x, ends, axis)), lambda dys: (None, np.concatenate(dys, axis))


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
