"""Two models laid side by side: which call of one is which of the other, however they are cut.

In: the traces of both. Out: the calls in pairs, and the *cuts*: values that are the same place in
both models, so that between two cuts both can be compared. It is a sequence alignment, as of two
strands of DNA: calls keep their order, each pair scores by what speaks for it (equal arrays, kinds,
shapes, values), and a call without a counterpart costs the more, the less it is a matter of taste
where it stands. A layer with an activation in it counts as two:

    python   Conv2d  ReLU  MaxPool2d  Flatten  Linear  ReLU
               |      |       |          |        |      |
    julia    Conv(relu)    MaxPool    flatten   Dense(relu)

Nothing here runs a model or knows a library.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..sides.trace import Call, Piece, Shape, Trace, Unit
from .kinds import FUNCTION, OTHER, family_of, kind_of

SAME_ARRAY, AS_MANY_ENTRIES = 5.0, 4.0  # for every array of the side that has more of them
SAME_VALUES, SAME_SHAPE, OTHER_SHAPE = 5.0, 1.0, -1.0
SAME_KIND, SAME_FAMILY, ANY = 4.0, 2.0, 1.0
IMPOSSIBLE = -np.inf
# What it costs to leave out a call; one with arrays of its own costs most.
WITHOUT_COUNTERPART = {
    "activation": 1.0,
    "join": 1.0,
    "pool": 2.0,
    "reshape": 0.1,
    "drop": 0.1,
    "identity": 0.1,
}
WITH_ARRAYS, UNKNOWN = 4.0, 0.8
MERGED = (2, 3, 4)  # so many layers of one side may be one of the other, their arrays packed
EQUAL = 1e-5  # relative to the largest entry: two values that are taken for the same
MOST_FLIPS = 24  # branches that are tried the other way round


@dataclass(frozen=True)
class Atom:
    """A step of a model that is aligned: a call, or a layer or activation within one."""

    call: int  # its position among the calls
    kind: str
    arrays: Unit
    shapes: dict[str, Shape]
    outputs: tuple[int, ...] = ()  # of the last one of a call
    last: bool = True
    splits: tuple[tuple[Unit, ...], ...] = ()  # ways in which the arrays may be taken apart

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many entries its arrays have, in order of size."""
        return tuple(sorted(int(np.prod(shape)) for shape in self.shapes.values()))

    @property
    def family(self) -> str:
        """What it is."""
        return family_of(self.kind)


@dataclass(frozen=True)
class Step:
    """Atoms that stand at the same place: one of both sides, or several of one that are packed in
    one of the other, or none of a side.
    """

    python: tuple[Atom, ...]
    julia: tuple[Atom, ...]

    @property
    def matched(self) -> bool:
        """Whether both sides have something here."""
        return bool(self.python and self.julia)


@dataclass(frozen=True)
class Cut:
    """A value of both models at the same place, and the calls that it comes out of: None for an
    input of the models.
    """

    python: int
    julia: int
    python_call: int | None = None
    julia_call: int | None = None


@dataclass
class Alignment:
    """How two traces lie side by side: `python` and `julia` are the calls that were aligned, in the
    order in which they were.
    """

    python: list[Call]
    julia: list[Call]
    steps: list[Step]
    cuts: list[Cut]
    score: float

    @property
    def fits(self) -> bool:
        """Whether everything with arrays of its own has a counterpart with arrays as large."""
        return all(
            step.matched and _sizes(step.python) == _sizes(step.julia)
            for step in self.steps
            if any(atom.sizes for atom in (*step.python, *step.julia))
        )


OPEN, WHOLE = -2, -1
Choice = dict[str, int]  # by the kind of a call: open, whole, or which of its splits is taken


def align(python: Trace, julia: Trace) -> Alignment:
    """The best alignment: calls in the order of execution, or with branches the other way round;
    layers that consist of layers whole or taken apart.
    """
    equal = _Equal(python, julia)
    mine, theirs = _usable(python.moving()), _usable(julia.moving())
    best = _chosen(mine, theirs, equal)
    for flipped in _flips(python, mine):
        if best.fits:
            break
        other = _chosen(flipped, theirs, equal)
        if other.score > best.score:
            best = other
    best.cuts = [
        *(Cut(a, b) for a, b in zip(python.inputs, julia.inputs, strict=False)),
        *_cuts(best, equal),
        *_ends(python, julia, best),
    ]
    return best


def _usable(calls: Sequence[Call]) -> list[Call]:
    """Those with an output."""
    return [call for call in calls if call.outputs]


def _chosen(mine: Sequence[Call], theirs: Sequence[Call], equal: "_Equal") -> Alignment:
    """The best over the ways in which layers of layers can be taken, kind by kind."""
    choices: tuple[Choice, Choice] = ({}, {})
    best = _aligned(mine, theirs, choices, equal)
    for side, calls in enumerate((mine, theirs)):
        for kind, ways in _ways(calls).items():
            for way in ways:
                tried: tuple[Choice, Choice] = (dict(choices[0]), dict(choices[1]))
                tried[side][kind] = way
                other = _aligned(mine, theirs, tried, equal)
                if other.score > best.score:
                    best, choices = other, tried
    return best


def _ways(calls: Sequence[Call]) -> dict[str, set[int]]:
    """By the kind of a call, the ways in which it can be taken."""
    found: dict[str, set[int]] = {}
    larger = {call.inside for call in calls}
    for call in calls:
        ways = {OPEN, WHOLE} if call.key in larger else set()
        if call.splits:
            ways |= {WHOLE, *range(len(call.splits))}
        if ways:
            found.setdefault(call.kind, set()).update(ways)
    return found


def _aligned(
    mine: Sequence[Call], theirs: Sequence[Call], choices: tuple[Choice, Choice], equal: "_Equal"
) -> Alignment:
    atoms = list(_atoms(mine, choices[0])), list(_atoms(theirs, choices[1]))
    steps, score = _path(*atoms, equal)
    return Alignment(list(mine), list(theirs), steps, [], score)


def _atoms(calls: Sequence[Call], choice: Choice) -> Iterator[Atom]:
    """The atoms of calls in order; of a call with others inside it, itself or these."""
    larger = {call.inside for call in calls}
    by_key = {call.key: call for call in calls}

    def way_of(call: Call) -> int:
        if call.key not in larger:
            return max(choice.get(call.kind, WHOLE), WHOLE)
        return choice.get(call.kind, WHOLE if family_of(call.kind) == "attention" else OPEN)

    def hidden(call: Call) -> bool:
        outer = by_key.get(call.inside) if call.inside else None
        return outer is not None and (way_of(outer) != OPEN or hidden(outer))

    inner = {number for call in calls if call.inside for number in call.outputs}
    for place, call in enumerate(calls):
        way = way_of(call)
        if hidden(call):
            continue
        if way == OPEN:  # what it makes itself of what the calls inside of it gave
            if not inner.issuperset(call.outputs):
                yield Atom(place, call.kind, {}, {}, call.outputs)
        elif way < len(call.splits) and way != WHOLE:
            yield from _units(place, call, call.splits[way])
        else:
            yield from _as_a_whole(place, call)


def _units(place: int, call: Call, units: Sequence[Unit]) -> Iterator[Atom]:
    for number, unit in enumerate(units, 1):
        shapes = {
            name: piece.shape_of(call.arrays[piece.name])
            for name, piece in unit.items()
            if piece.name in call.arrays
        }
        last = number == len(units)
        yield Atom(place, call.kind, unit, shapes, call.outputs if last else (), last)


def _as_a_whole(place: int, call: Call) -> Iterator[Atom]:
    """The call, and the activation in it."""
    own = {name: Piece(name) for name in call.arrays}
    acts = kind_of(call.act) not in ("", "identity")
    outputs = () if acts else call.outputs
    yield Atom(place, call.kind, own, call.arrays, outputs, not acts, call.splits)
    if acts:
        yield Atom(place, call.act, {}, {}, call.outputs)


def _path(
    mine: Sequence[Atom], theirs: Sequence[Atom], equal: "_Equal"
) -> tuple[list[Step], float]:
    """The steps of the best alignment, and its score. Of equally good ones that in which calls are
    paired as late as possible: what was done before them belongs to them.
    """
    n, m = len(mine), len(theirs)
    best = np.full((n + 1, m + 1), IMPOSSIBLE)
    moves: dict[tuple[int, int], tuple[int, int]] = {}
    best[0, 0] = 0.0
    for i in range(n + 1):
        for j in range(m + 1):
            for di, dj, score in _moves(mine, theirs, i, j, equal):
                reached = best[i - di, j - dj] + score
                if reached > best[i, j]:
                    best[i, j], moves[i, j] = reached, (di, dj)
    steps, i, j = [], n, m
    while i or j:
        di, dj = moves[i, j]
        steps.append(Step(tuple(mine[i - di : i]), tuple(theirs[j - dj : j])))
        i, j = i - di, j - dj
    return steps[::-1], float(best[n, m])


def _moves(
    mine: Sequence[Atom], theirs: Sequence[Atom], i: int, j: int, equal: "_Equal"
) -> Iterator[tuple[int, int, float]]:
    """How a place can be reached: so many atoms of each side, and what that scores. Pairs come
    first: of equal scores the first counts.
    """
    if i and j:
        yield 1, 1, _likeness(mine[i - 1], theirs[j - 1], equal)
        for count in MERGED:
            if i >= count and _packed(mine[i - count : i], theirs[j - 1]):
                yield count, 1, count * len(theirs[j - 1].sizes) * AS_MANY_ENTRIES
            if j >= count and _packed(theirs[j - count : j], mine[i - 1]):
                yield 1, count, count * len(mine[i - 1].sizes) * AS_MANY_ENTRIES
            if i >= count and _written_out(mine[i - count : i], theirs[j - 1]):
                yield count, 1, len(theirs[j - 1].sizes) * AS_MANY_ENTRIES
            if j >= count and _written_out(theirs[j - count : j], mine[i - 1]):
                yield 1, count, len(mine[i - 1].sizes) * AS_MANY_ENTRIES
    if i:
        yield 1, 0, -_cost(mine[i - 1])
    if j:
        yield 0, 1, -_cost(theirs[j - 1])


def _sizes(atoms: Sequence[Atom]) -> int:
    return sum(size for atom in atoms for size in atom.sizes)


def _cost(atom: Atom) -> float:
    if atom.sizes:
        return WITH_ARRAYS
    return WITHOUT_COUNTERPART.get(atom.family, UNKNOWN)


def _packed(several: Sequence[Atom], one: Atom) -> bool:
    """Whether the arrays of several alike layers may be the blocks of those of one."""
    sizes = several[0].sizes
    if not sizes or any(atom.sizes != sizes for atom in several[1:]):
        return False
    return one.sizes == tuple(len(several) * size for size in sizes)


def _written_out(several: Sequence[Atom], one: Atom) -> bool:
    """Whether they are one layer as a function writes it: the arrays of `x @ W` and `y + b` are
    those of a dense layer.
    """
    return (
        all(atom.sizes for atom in several)
        and any(atom.family in ("join", OTHER) for atom in several)
        and tuple(sorted(size for atom in several for size in atom.sizes)) == one.sizes
    )


def _likeness(one: Atom, other: Atom, equal: "_Equal") -> float:
    """What speaks for two atoms being the same step."""
    families = one.family, other.family
    same_kind = kind_of(one.kind) == kind_of(other.kind)
    nameless = OTHER in families or FUNCTION in families
    if bool(one.sizes) != bool(other.sizes) and not (
        families[0] == families[1] != OTHER or (nameless and OTHER in families)
    ):
        return IMPOSSIBLE
    score = 0.0
    if one.sizes and other.sizes:
        count = max(len(one.sizes), len(other.sizes))
        if one.sizes == other.sizes:
            score = count * SAME_ARRAY
        elif sum(one.sizes) == sum(other.sizes):
            score = count * AS_MANY_ENTRIES
        elif families[0] != families[1] and not nameless:
            return IMPOSSIBLE
    if same_kind:
        score += SAME_KIND
    elif families[0] == families[1] != OTHER:
        score += SAME_FAMILY
    elif nameless:
        score += ANY
    elif not one.sizes:
        return IMPOSSIBLE
    if one.outputs and other.outputs:
        score += equal.score(one.outputs, other.outputs)
    return score


class _Equal:
    """Which values of two traces are equal, asked once."""

    def __init__(self, python: Trace, julia: Trace):
        self._values = python.values, julia.values
        self._known: dict[tuple[int, int], bool] = {}

    def shapes(self, one: int, other: int) -> bool:
        """Whether they have one shape."""
        mine, theirs = self._values[0].get(one), self._values[1].get(other)
        return mine is not None and theirs is not None and mine.shape == theirs.shape

    def values(self, one: int, other: int) -> bool:
        """Whether they have one shape and the same entries, which are not all one number."""
        if (one, other) not in self._known:
            self._known[one, other] = self.shapes(one, other) and _same(
                self._values[0][one], self._values[1][other]
            )
        return self._known[one, other]

    def score(self, mine: Sequence[int], theirs: Sequence[int]) -> float:
        """For outputs: of the best pair."""
        pairs = [(a, b) for a in mine for b in theirs]
        if any(self.values(*pair) for pair in pairs):
            return SAME_VALUES + SAME_SHAPE
        return SAME_SHAPE if any(self.shapes(*pair) for pair in pairs) else OTHER_SHAPE


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    if not one.size or one.dtype.kind != "f" or other.dtype.kind != "f":
        return bool(one.size) and np.array_equal(one, other)
    with np.errstate(all="ignore"):
        largest = float(np.nanmax(np.abs(other), initial=0))
        return np.ptp(other) > 0 and bool(np.all(np.abs(one - other) <= EQUAL * largest))


def _cuts(found: Alignment, equal: _Equal) -> Iterator[Cut]:
    """Where both models can be cut: behind every pair of calls that are through, at outputs of one
    shape, or where there are none of one shape, at what ought to be the same.
    """
    matched = [number for number, step in enumerate(found.steps) if step.matched]
    ended: set[int] = set()
    for place, number in enumerate(matched):
        step = found.steps[number]
        later = [found.steps[other] for other in matched[place + 1 :]]
        mine, theirs = step.python[-1].call, step.julia[-1].call
        if any(a.call == mine for s in later for a in s.python) or any(
            a.call == theirs for s in later for a in s.julia
        ):
            continue  # a part of a call: the rest of it is paired later
        end = matched[place + 1] if place + 1 < len(matched) else len(found.steps)
        between = found.steps[number + 1 : end]
        mines = [mine, *(a.call for s in between for a in s.python if a.last)]
        ours = [theirs, *(a.call for s in between for a in s.julia if a.last)]
        for cut in _best_cuts(found, list(dict.fromkeys(mines)), list(dict.fromkeys(ours)), equal):
            if cut.julia not in ended:
                ended.add(cut.julia)
                yield cut


def _best_cuts(
    found: Alignment, mines: Sequence[int], theirs: Sequence[int], equal: _Equal
) -> list[Cut]:
    """At the outputs of the first of these calls or, where only later ones have the same, of
    those.
    """
    pairs = sorted(
        ((a, b) for a in range(len(mines)) for b in range(len(theirs))), key=lambda p: (sum(p), p)
    )
    for same in (equal.values, equal.shapes):
        for a, b in pairs:
            cuts = _outputs_in_pairs(found, mines[a], theirs[b], same)
            if cuts:
                return cuts
    one, other = found.python[mines[0]].outputs, found.julia[theirs[0]].outputs
    return [Cut(one[0], other[0], mines[0], theirs[0])]


def _outputs_in_pairs(found: Alignment, mine: int, theirs: int, same) -> list[Cut]:
    left = list(found.julia[theirs].outputs)
    cuts = []
    for number in found.python[mine].outputs:
        other = next((b for b in left if same(number, b)), None)
        if other is not None:
            left.remove(other)
            cuts.append(Cut(number, other, mine, theirs))
    return cuts


def _ends(python: Trace, julia: Trace, found: Alignment) -> Iterator[Cut]:
    """The outputs of the models."""
    producers = [
        {number: place for place, call in enumerate(calls) for number in call.outputs}
        for calls in (found.python, found.julia)
    ]
    for a, b in zip(python.outputs, julia.outputs, strict=False):
        yield Cut(a, b, producers[0].get(a), producers[1].get(b))


def _flips(trace: Trace, calls: Sequence[Call]) -> Iterator[list[Call]]:
    """The calls in other orders in which they could have been made: with the branches of one join
    the other way round, and of all.
    """
    producers = {n: place for place, call in enumerate(calls) for n in call.outputs}
    joins = [
        place
        for place, call in enumerate(calls)
        if len({producers[n] for n in call.inputs if n in producers}) > 1
    ][:MOST_FLIPS]
    for flipped in ([joins] if len(joins) > 1 else []) + [[place] for place in joins]:
        order: dict[int, None] = {}

        def visit(place: int, flipped: list[int] = flipped, order: dict = order) -> None:
            waiting = [(place, False)]
            while waiting:
                at, ready = waiting.pop()
                if at in order:
                    continue
                if ready:
                    order[at] = None
                    continue
                waiting.append((at, True))
                before = sorted({producers[n] for n in calls[at].inputs if n in producers})
                waiting += [(p, False) for p in (before if at in flipped else before[::-1])]

        for number in trace.outputs:
            if number in producers:
                visit(producers[number])
        rest = [place for place in range(len(calls)) if place not in order]
        yield [calls[place] for place in [*order, *rest]]
