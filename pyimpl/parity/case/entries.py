"""What the entries of an argument are: `positive`, `sorted`, `labels:3`, `text:sum|mean`.

Every kind is drawn from whole numbers, so that Hypothesis can shrink it, and so that the limits
can be drawn from a seed in the same way.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .arguments import (
    ARRAY,
    DATE,
    MOMENT,
    NARROW,
    RANDOM,
    SCALAR,
    SYMBOL,
    TEXT,
    Form,
)
from .draws import ELEMENTS, GRID

WHOLE = {"int": (-8, 8), "natural": (0, 16), "bool": (0, 1)}
COMPLEX = "complex"
MOST_INDEX = 2**62  # which Julia can count from 1
WIDTHS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
CENTS = 100
RANDOM_NUMBERS = 256  # that a generator has to give out
MOST_RANDOM = 2**20
DAYS = (-36525, 36525)  # a hundred years before and after 1970
SECONDS = (-(2**31), 2**31)
FROM_REALS = ("sorted", "unique", "spd", "symmetric", "orthogonal", "decimal", COMPLEX)
WORDS = (
    f"{', '.join(ELEMENTS)}, {', '.join(WHOLE)}, complex, decimal, sorted, unique, symmetric, spd, "
    f"orthogonal, {', '.join(WIDTHS)}, float16, float32, date, datetime, index:N, labels:N, "
    "real:LOW..HIGH, int:LOW..HIGH, text:A|B, symbol:A|B, size:NAME or random"
)

Whole = Callable[[tuple[int, ...], int, int], np.ndarray]  # whole numbers of a shape, between two
Real = Callable[[tuple[int, ...], str], np.ndarray]  # multiples of 1/32 of a kind in `ELEMENTS`


@dataclass(frozen=True)
class Entries:
    """A kind of entries with what stands behind its colon.

    >>> Entries.parsed("labels:3"), Entries.parsed("int:1..6").bounds
    (Entries(kind='labels', detail='3'), (1.0, 6.0))
    """

    kind: str = "real"
    detail: str = ""

    @classmethod
    def parsed(cls, text: str) -> "Entries":
        """From `positive` or `labels:3`. Raises ValueError for anything else."""
        kind, _, detail = (part.strip() for part in text.partition(":"))
        entries = cls(kind or "real", detail)
        if not entries._is_known() or (text.strip() and not kind):
            raise ValueError(f"entries are {WORDS}, got {text!r}"[:700])
        if kind in ("index", "labels") and int(detail[:30]) > MOST_INDEX:
            raise ValueError(f"{kind}:N takes an N of at most {MOST_INDEX}, got {text!r}"[:200])
        if kind == "random" and detail and int(detail[:30]) > MOST_RANDOM:
            raise ValueError(f"random:N takes an N of at most {MOST_RANDOM}, got {text!r}"[:200])
        return entries

    def _is_known(self) -> bool:
        if self.kind in ("index", "labels"):
            return re.fullmatch(r"[1-9]\d*", self.detail) is not None
        if self.kind in ("text", "symbol"):
            return bool(self.detail)
        if self.kind == "size":
            return re.fullmatch(r"[A-Za-z_]\w*", self.detail) is not None
        if self.kind == "random":
            return re.fullmatch(r"([1-9]\d*)?", self.detail) is not None
        if self.kind in ("real", "int") and self.detail:
            low, high = self.bounds
            return low <= high and (self.kind == "real" or low == int(low) and high == int(high))
        alone = (*ELEMENTS, *WHOLE, *FROM_REALS, *WIDTHS, "float16", "float32", "date", "datetime")
        return self.kind in alone and not self.detail

    @property
    def bounds(self) -> tuple[float, float]:
        """Of `real:LOW..HIGH` and `int:LOW..HIGH`; not in order where they cannot be read."""
        number = r"-?\d{1,15}(?:\.\d{1,15})?"
        found = re.fullmatch(rf"({number})\.\.({number})", self.detail)
        return (float(found[1]), float(found[2])) if found else (math.inf, -math.inf)

    @property
    def choices(self) -> tuple[str, ...]:
        """The texts of `text:A|B`."""
        return tuple(part.strip() for part in self.detail.split("|"))

    @property
    def form(self) -> Form:
        """What becomes of the array before a function is given it."""
        if self.kind in ("text", "symbol"):
            return Form(TEXT if self.kind == "text" else SYMBOL, choices=self.choices)
        if self.kind in ("float16", "float32"):
            return Form(NARROW, called=self.kind)
        kinds = {"date": DATE, "datetime": MOMENT, "random": RANDOM}
        return Form(kinds.get(self.kind, SCALAR if self.kind in WIDTHS else ARRAY))

    def __str__(self):
        return f"{self.kind}:{self.detail}" if self.detail else self.kind

    def drawn(self, shape: tuple[int, ...], whole: Whole, real: Real) -> np.ndarray:
        """Entries of a shape. Raises ValueError for one that the kind cannot have."""
        if self.kind in ("real", "int") and self.detail:
            return self._between(shape, whole)
        if self.kind in FROM_REALS:
            return _from_reals(self.kind, shape, whole, real)
        if self.kind in ELEMENTS:
            return real(shape, self.kind)
        if self.kind == "labels":
            return _labels(int(self.detail), shape, whole)
        if self.kind == "random":
            return random_numbers(int(self.detail or RANDOM_NUMBERS), whole)
        if self.kind in WIDTHS:
            return _of_width(np.dtype(self.kind), shape, whole)
        if self.kind in ("float16", "float32"):
            return real(shape, "real")
        limits = {"date": DAYS, "datetime": SECONDS, "size": (0, 0)} | WHOLE
        if self.kind in ("text", "symbol"):
            limits[self.kind] = (0, len(self.choices) - 1)
        elif self.kind == "index":
            limits[self.kind] = (0, int(self.detail) - 1)
        numbers = whole(shape, *limits[self.kind])
        return numbers.astype(bool) if self.kind == "bool" else numbers

    def _between(self, shape: tuple[int, ...], whole: Whole) -> np.ndarray:
        low, high = self.bounds
        if self.kind == "int":
            return whole(shape, int(low), int(high))
        steps = whole(shape, 0, GRID * GRID)
        return np.asarray(low + (high - low) * (steps / (GRID * GRID)))


def _from_reals(kind: str, shape: tuple[int, ...], whole: Whole, real: Real) -> np.ndarray:
    if kind == COMPLEX:
        return np.asarray(real(shape, "real") + 1j * real(shape, "real"))
    if kind == "decimal":
        low, high = (bound * CENTS // GRID for bound in ELEMENTS["real"])
        return np.asarray(whole(shape, low, high) / CENTS)
    if kind in ("sorted", "unique"):
        if not shape:
            raise ValueError(f"a number is not {kind}: give a size")
        numbers = real(shape, "real")
        return np.sort(numbers, axis=-1) if kind == "sorted" else _distinct(numbers)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ValueError(f"a matrix that is {kind} is square: got sizes {shape}")
    A, turned = real(shape, "real"), (*range(len(shape) - 2), len(shape) - 1, len(shape) - 2)
    if kind == "symmetric":
        return np.asarray(A + A.transpose(turned))
    if kind == "spd":
        return np.asarray(A @ A.transpose(turned) + np.eye(shape[-1]))
    return np.asarray(np.linalg.qr(A + 2 * np.eye(shape[-1]))[0])


def _distinct(numbers: np.ndarray) -> np.ndarray:
    """The same order of entries, with steps between those that were equal."""
    flat = numbers.ravel()
    order = np.argsort(flat, kind="stable")
    found = np.empty_like(flat)
    found[order] = flat[order] + np.arange(flat.size) / GRID
    return found.reshape(numbers.shape)


def _labels(count: int, shape: tuple[int, ...], whole: Whole) -> np.ndarray:
    """Numbers of classes, of which every one stands somewhere, where there is room for all."""
    labels = whole(shape, 0, count - 1)
    if labels.size < count or count == 1:
        return labels
    flat, all_places = labels.ravel().copy(), np.argsort(whole((labels.size,), 0, labels.size - 1))
    flat[all_places[:count]] = np.arange(count)
    return flat.reshape(shape)


def _of_width(dtype: np.dtype, shape: tuple[int, ...], whole: Whole) -> np.ndarray:
    """Small numbers, with the limits of the type and what lies beside them among them."""
    limits = np.iinfo(dtype)
    low = max(int(limits.min), -100)
    near = [limits.max, limits.min, limits.max - 1, limits.max // 2 + 1, limits.min + 1]
    numbers = whole(shape, low, 100 + len(near))
    entries = [int(n) if n <= 100 else int(near[n - 101]) for n in numbers.ravel().tolist()]
    return np.asarray(np.array(entries, dtype).reshape(shape))


def random_numbers(count: int, whole: Whole) -> np.ndarray:
    """What a generator gives out: in its first row numbers evenly between 0 and 1, in its second
    the same as numbers of a normal distribution.
    """
    from statistics import NormalDist

    seed = int(whole((), 0, 2**31))
    even = np.random.default_rng(seed).random(count)
    normal = [NormalDist().inv_cdf(max(u, 1e-12)) for u in even.tolist()]
    return np.array([even, normal])
