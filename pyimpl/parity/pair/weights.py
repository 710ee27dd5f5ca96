"""With which weights two models are compared, and whether those that they have were carried over
rightly.

    python         Python's are given to Julia, as they ought to lie there
    julia          Julia's are given to Python
    drawn          both are given others, drawn at random
    as-they-are    each model keeps its own
    auto           as they are, where somebody has carried them over; else Python's

Weights that were carried over are those of which most are the same numbers in both models, however
they lie: a kernel that was not flipped, a matrix that was not transposed are found so.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from ..case.case import Case
from ..case.names import Kind, Name
from ..traps.trap import Way
from .crossing import joined
from .matching import AS_IT_IS, TRANSPOSED, Match, mappings

EQUAL = 1e-5  # relative to the largest entry: weights may have been kept in single precision
SPREAD = 0.5  # of what is added to weights that are drawn
POSITIVE = ("var", "running_var")  # the last words of names of arrays that are never negative


class Weights(StrEnum):
    """With which weights."""

    AUTO = "auto"
    PYTHON = "python"
    JULIA = "julia"
    DRAWN = "drawn"
    AS_THEY_ARE = "as-they-are"


@dataclass(frozen=True)
class Carried:
    """An array of both models, as they are: whether Julia's is Python's in the way in which it
    ought to be, or in which other one, or what is known of how far they are apart.
    """

    match: Match
    rightly: bool
    otherwise: Way | None = None
    apart: float = 0.0  # relative to the largest entry of Python's
    telling: bool = True  # an array of one number looks the same in every way

    def __str__(self):
        name = f"{self.match.python_piece} and {self.match.julia_piece}"
        ought = _words(self.match.mapping)
        if self.rightly:
            return f"{name}: carried over, {ought}"
        if self.otherwise is not None:
            found = _words(self.otherwise)
            return f"{name}: Julia's is Python's {found}, and ought to be {ought}"
        return f"{name}: other numbers, up to {self.apart:.2g} of the largest apart"


def _words(way: Way) -> str:
    return "as it is" if way is AS_IT_IS else way.words


def carried(
    matches: Sequence[Match], python: dict[str, np.ndarray], julia: dict[str, np.ndarray]
) -> list[Carried]:
    """How every array of Python's is found in Julia's, both as the models have them."""
    found = []
    for match in matches:
        if match.again or match.python not in python or match.julia not in julia:
            continue
        mine = np.asarray(match.python_piece.block_of(python[match.python]), np.float64)
        theirs = np.asarray(match.julia_piece.block_of(julia[match.julia]), np.float64)
        found.append(_carried(match, mine, theirs))
    return found


def _carried(match: Match, mine: np.ndarray, theirs: np.ndarray) -> Carried:
    telling = bool(mine.size > 1 and np.ptp(mine) > 0)
    right = match.mapping.forth(theirs)
    if _same(mine, right):
        return Carried(match, True, telling=telling)
    for way in _other_ways(match, mine.shape, theirs.shape):
        if _same(mine, way.forth(theirs)):
            return Carried(match, False, way, telling=telling)
    scale = float(np.abs(mine).max(initial=0)) or 1.0
    apart = float(np.abs(mine - right).max(initial=0)) / scale if right.shape == mine.shape else 1.0
    return Carried(match, False, apart=apart, telling=telling)


def _other_ways(match: Match, mine: tuple[int, ...], theirs: tuple[int, ...]) -> Iterator[Way]:
    """Ways in which an array may have been carried over otherwise."""
    ways = [AS_IT_IS, TRANSPOSED, *mappings(theirs)]
    for way in ways:
        if way.words != match.mapping.words and (way is TRANSPOSED or mine == theirs):
            yield way
    if match.mapping is TRANSPOSED:
        return
    for way in mappings(theirs):  # turned over and otherwise besides
        if way is not AS_IT_IS:
            both = f"{match.mapping.words} and {way.words}"
            yield Way(both, _after(match.mapping, way), None)


def _after(first: Way, second: Way) -> Callable[[np.ndarray], np.ndarray]:
    return lambda array: second.forth(first.forth(array))


def _same(mine: np.ndarray, theirs: np.ndarray) -> bool:
    if mine.shape != theirs.shape:
        return False
    scale = max(float(np.abs(mine).max(initial=0)), 1e-30)
    return bool(np.all(np.abs(mine - theirs) <= EQUAL * scale))


def were_carried_over(arrays: Sequence[Carried]) -> bool:
    """Whether most arrays that tell anything are the same numbers in both models."""
    telling = [each for each in arrays if each.telling]
    same = [each for each in telling if each.rightly or each.otherwise is not None]
    return bool(telling) and 2 * len(same) > len(telling)


def from_julia(matches: Sequence[Match], julia: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Python's arrays as Julia's say they ought to be, by Python's names."""
    blocks: dict[str, dict[int, np.ndarray]] = {}
    axes: dict[str, int] = {}
    for match in matches:
        if match.julia in julia and not match.again:
            block = match.mapping.forth(match.julia_piece.block_of(julia[match.julia]))
            blocks.setdefault(match.python, {})[match.python_piece.block] = block
            axes[match.python] = match.python_piece.axis
    return {name: joined(parts, axes[name]) for name, parts in blocks.items()}


def drawn(python: dict[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """Other arrays of the same shapes: each with something random added to it, so that what starts
    as zeros or ones tells something, too. Variances stay positive.
    """
    rng = np.random.default_rng(seed)
    found = {}
    for name, array in python.items():
        step = rng.integers(-16, 17, array.shape) / 16 * SPREAD
        if name.rpartition(".")[2] in POSITIVE:
            found[name] = np.abs(array) * (1 + step) + SPREAD / 16
        else:
            found[name] = array + step * max(1.0, float(np.std(array)) if array.size else 1.0)
    return found


@dataclass(frozen=True)
class Weighed:
    """The weights that two models are compared with.

    `own` are those of Python's arrays that are replaced, `theirs` those of Julia's that are not
    Python's; `arrays` says of each how it was carried over, where both models keep their own.
    """

    weights: Weights
    own: dict[str, np.ndarray] = field(default_factory=dict)
    theirs: dict[str, np.ndarray] = field(default_factory=dict)
    arrays: tuple[Carried, ...] = ()
    asked: bool = True  # whether somebody has asked for these

    @property
    def wrong(self) -> list[Carried]:
        """The arrays that were not carried over rightly."""
        return [each for each in self.arrays if not each.rightly]

    def lines(self) -> list[str]:
        """Which weights, and why; every array that was not carried over rightly."""
        if self.weights is not Weights.AS_THEY_ARE:
            return [f"weights: {SAID[self.weights]}"]
        same = [each for each in self.arrays if each.rightly or each.otherwise is not None]
        many = f"{len(same)} of {len(self.arrays)} arrays are the same numbers in both"
        why = "" if self.asked else f", for {many} (`--weights python` gives Python's to both)"
        lines = [f"weights: {SAID[self.weights]}{why}"]
        if not self.wrong:
            return [*lines, f"    all {len(self.arrays)} were carried over rightly"]
        return [*lines, *(f"    {each}" for each in self.wrong)]


SAID = {
    Weights.PYTHON: "Python's are given to Julia",
    Weights.JULIA: "Julia's are given to Python",
    Weights.DRAWN: "both models are given others, drawn at random",
    Weights.AS_THEY_ARE: "each model keeps its own",
}


def weighed(
    wanted: Weights,
    matches: Sequence[Match],
    python: dict[str, np.ndarray],
    julia: dict[str, np.ndarray],
) -> Weighed:
    """The weights that are asked for, given all arrays of both models as they are."""
    arrays = tuple(carried(matches, python, julia))
    chosen = wanted
    if wanted is Weights.AUTO:
        chosen = Weights.AS_THEY_ARE if were_carried_over(arrays) else Weights.PYTHON
    if chosen is Weights.AS_THEY_ARE:
        theirs = {m.julia: julia[m.julia] for m in matches if m.julia in julia and not m.again}
        return Weighed(chosen, {}, theirs, arrays, wanted is chosen)
    own: dict[str, np.ndarray] = {}
    if chosen is Weights.JULIA:
        own = from_julia(matches, julia)
    elif chosen is Weights.DRAWN:
        own = drawn(python, 0)
    return Weighed(chosen, own, asked=wanted is chosen)


def with_theirs(case: Case, theirs: dict[str, np.ndarray]) -> Case:
    """A case in Julia's names in which Julia has arrays of its own."""
    dtype = case.dtype
    arrays = dict(case.arrays)
    arrays |= {Name(Kind.PARAMETER, path): array.astype(dtype) for path, array in theirs.items()}
    return replace(case, arrays=arrays)
