"""Vectors looked up by index.

Flux: `src/layers/basic.jl`. Indices count from 0 here and from 1 in Flux.
"""

from dataclasses import dataclass
from typing import Literal, overload

import numpy as np

from ..core.expect import as_float, fitting
from ..core.pullback import Gradient
from ..initialise import randn32
from .layer import Layer

__all__ = ["Embedding", "EmbeddingBag"]


def _as_index(who: str, x, count: int) -> np.ndarray:
    x = np.asarray(x)
    if x.dtype.kind not in "iub":
        raise ValueError(
            f"{who} expects integers or a one-hot array of booleans, got an array of {x.dtype}"
        )
    if x.dtype.kind == "b":
        if x.ndim == 0 or x.shape[-1] != count:
            raise ValueError(
                f"{who} expects a one-hot array with {count} entries on the last axis, got x of "
                f"shape {x.shape}"
            )
    elif x.size and (x.min() < 0 or x.max() >= count):  # NumPy would count -1 from the end
        raise ValueError(f"{who} expects indices from 0 to {count - 1}, got {x.min()} to {x.max()}")
    return x


@dataclass(eq=False, init=False, repr=False)
class Embedding(Layer):
    """`weight[x]`: one vector for each index in x, an array of any shape. Flux: `Embedding`.

    `Embedding(n_in, n_out, *, init=randn32, rng=None)` draws the weight, `Embedding(weight)` takes
    it. A Boolean x is one-hot on its last axis: `x @ weight`. The gradient of a vector is the sum
    over all its uses. Raises ValueError for an index out of range.
    """

    weight: np.ndarray  # (n_in, n_out)

    @overload
    def __init__(self, weight: np.ndarray): ...

    @overload
    def __init__(self, n_in, n_out, *, init=randn32, rng=None): ...

    def __init__(self, *arguments, init=randn32, rng=None):
        given = arguments and isinstance(arguments[0], np.ndarray)
        form = "Embedding(n_in, n_out) or Embedding(weight)"
        rule = (lambda weight: weight) if given else (lambda n_in, n_out: (n_in, n_out))
        weight = fitting("Embedding", form, rule, arguments, {})
        self.weight = as_float("Embedding", weight if given else init(weight, rng=rng))
        if self.weight.ndim != 2:
            raise ValueError(
                f"Embedding expects a weight of shape (n_in, n_out), got {self.weight.shape}"
            )

    def pullback(self, x):  # x: (...) of indices, or (..., n_in) of booleans
        n_in, n_out = self.weight.shape
        x = _as_index(f"Embedding({n_in} => {n_out})", x, n_in)
        hot = x.dtype.kind == "b"
        y = x @ self.weight if hot else self.weight[x]

        def embedding_back(dy):
            if hot:
                return Gradient(weight=x.reshape(-1, n_in).T @ dy.reshape(-1, n_out)), None
            dweight = np.zeros(self.weight.shape, dy.dtype)
            np.add.at(dweight, x, dy)
            return Gradient(weight=dweight), None

        return y, embedding_back


def _sum(vectors):
    return vectors.sum(-2), lambda dy: np.broadcast_to(dy[..., None, :], vectors.shape)


def _mean(vectors):
    y, back = _sum(vectors)
    return y / vectors.shape[-2], lambda dy: back(dy / vectors.shape[-2])


def _maximum(vectors):
    first = vectors.argmax(-2)[..., None, :]  # of equal entries, the first takes the gradient

    def maximum_back(dy):
        dvectors = np.zeros(vectors.shape, dy.dtype)
        np.put_along_axis(dvectors, first, dy[..., None, :], -2)
        return dvectors

    return np.take_along_axis(vectors, first, -2)[..., 0, :], maximum_back


REDUCTIONS = {"mean": _mean, "sum": _sum, "maximum": _maximum}


@dataclass(eq=False, init=False, repr=False)
class EmbeddingBag(Layer):
    """The mean, sum or maximum of the vectors of each bag of indices. Flux: `EmbeddingBag`.

    `EmbeddingBag(n_in, n_out, reduction="mean", *, init=randn32, rng=None)` or
    `EmbeddingBag(weight, reduction="mean")`. Bags are the last axis of an array of indices (of a
    one-hot array: the last but one), a list of vectors of any length, or `bag(data, offsets)`: one
    vector and where each bag begins, strictly increasing from 0. Raises ValueError for offsets or
    indices out of range.
    """

    weight: np.ndarray  # (n_in, n_out)
    reduction: str

    @overload
    def __init__(
        self, weight: np.ndarray, reduction: Literal["mean", "sum", "maximum"] = "mean", /
    ): ...

    @overload
    def __init__(
        self,
        n_in,
        n_out,
        reduction: Literal["mean", "sum", "maximum"] = "mean",
        /,
        *,
        init=randn32,
        rng=None,
    ): ...

    def __init__(self, *arguments, init=randn32, rng=None):
        count = 1 if arguments and isinstance(arguments[0], np.ndarray) else 2
        self.weight = Embedding(*arguments[:count], init=init, rng=rng).weight
        self.reduction = arguments[count] if len(arguments) > count else "mean"
        if self.reduction not in REDUCTIONS:
            raise ValueError(
                f"EmbeddingBag expects the reduction {', '.join(REDUCTIONS)}, got "
                f"{self.reduction!r}"
            )

    def pullback(
        self, x, offsets=None
    ):  # x: (..., bag), one-hot (..., bag, n_in), a list of bags, or a vector with offsets
        if offsets is not None:
            y, back = self._bags(_split_at(np.asarray(x), np.asarray(offsets)))
            return y, lambda dy: (*back(dy), None)
        if isinstance(x, list | tuple):
            return self._bags(x)
        x = np.asarray(x)
        if x.ndim < 1 + (x.dtype.kind == "b"):
            raise ValueError(
                f"EmbeddingBag expects an array of indices (..., bag), got x of shape {x.shape}"
            )
        vectors, embedding_back = Embedding(self.weight).pullback(x)
        y, reduction_back = REDUCTIONS[self.reduction](vectors)
        return y, lambda dy: (
            Gradient(weight=embedding_back(reduction_back(dy))[0].weight, reduction=None),
            None,
        )

    def _bags(self, bags):
        ys, backs = zip(*map(self.pullback, map(np.asarray, bags)), strict=True)

        def bags_back(dy):
            dweight = sum(back(part)[0].weight for back, part in zip(backs, dy, strict=True))
            return Gradient(weight=dweight, reduction=None), None

        return np.stack(ys), bags_back


def _split_at(data, offsets):
    increasing = (
        offsets.ndim == 1 and offsets.size and offsets[0] == 0 and np.all(np.diff(offsets) > 0)
    )
    if data.ndim != 1 or not increasing or offsets[-1] >= data.size:
        raise ValueError(
            f"EmbeddingBag expects offsets that increase from 0 to below {data.size}, got "
            f"{offsets.tolist()}"
        )
    return np.split(data, offsets[1:])
