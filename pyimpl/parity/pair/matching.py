"""Which array of one model is which of the other: by name and shape, and proved by moving both.

A match says how the Python array is made of Julia's twin of it: as it is, transposed, flipped, or
with its gates in another order. It is proved when a small change of the one, made in the other in
that way, moves both outputs alike. Where the plain match is not proved, the others are tried, so a
square matrix that ought to be transposed is told from one that ought not.
"""

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name
from ..sides.trace import Piece
from ..traps.table import TRAPS
from ..traps.trap import Way

STEP = 2.0**-10  # of a change that proves a match, relative to the size of the array
NOTHING = 1e-9  # a movement of the output that is nothing, relative to the change
ALIKE = 0.01  # by how much two movements may differ, relative to them

# What arrays are called in other libraries and books, in the last words of our paths; of several,
# whichever the layer has.
WORDS = {
    "gamma": ("scale",),
    "beta": ("shift", "bias"),
    "g": ("scale",),
    "running_mean": ("mean",),
    "moving_mean": ("mean",),
    "mu": ("mean",),
    "running_var": ("var",),
    "moving_var": ("var",),
    "sigma2": ("var",),
    "W": ("weight", "Wi"),
    "w": ("weight",),
    "kernel": ("weight",),
    "weights": ("weight",),
    "weight": ("weight", "scale"),
    "b": ("bias", "b", "shift"),
    "bias": ("bias", "b", "shift"),
    "shift": ("shift", "bias"),
    "Wx": ("Wi",),
    "U": ("Wh",),
    **dict.fromkeys(("weight_ih_l0", "weight_ih"), ("Wi",)),
    **dict.fromkeys(("weight_hh_l0", "weight_hh"), ("Wh",)),
    **dict.fromkeys(("bias_ih_l0", "bias_ih"), ("bias", "b")),
    **{
        f"{form}{letter}": (f"{letter}_proj.weight",)
        for letter in "qkv"
        for form in ("W", "W_", "w", "w_")
    },
    **dict.fromkeys(("Wo", "W_o", "wo", "w_o"), ("out_proj.weight",)),
}
PARTS = {
    **{name: f"{name[0]}_proj" for name in ("q", "k", "v", "query", "key", "value")},
    **dict.fromkeys(("o", "out", "output", "proj"), "out_proj"),
}


NUMBERED = re.compile(r"([A-Za-z_]*?[A-Za-z])_?(\d+)")


class NoMatch(ValueError):
    """The arrays of two models cannot be matched; the message has both lists."""


AS_IT_IS = Way("as it is", lambda a: a, lambda a: a)
TRANSPOSED = Way("transposed", np.transpose, np.transpose)


@dataclass(frozen=True)
class Match:
    """A pair of arrays, how one follows from the other, and whether that was proved.

    >>> Match("0.weight", "layers.0.weight").python_piece
    Piece(name='0.weight', block=0, blocks=1, axis=0)
    """

    python: str
    julia: str
    mapping: Way = AS_IT_IS
    proved: bool | None = None  # None: not tried, or it moves nothing
    instead: str = (
        ""  # the mapping, or another array, that moves the output alike where this one does not
    )
    mine: Piece | None = None  # the block of Python's array that it is of, where not all of it
    theirs: Piece | None = None  # the block of Julia's
    again: bool = False  # another view of an array that Julia has already: it is not sent

    @property
    def python_piece(self) -> Piece:
        """The part of Python's array."""
        return self.mine or Piece(self.python)

    @property
    def julia_piece(self) -> Piece:
        """The part of Julia's array."""
        return self.theirs or Piece(self.julia)

    @property
    def pair(self) -> str:
        """Which array is which, and how one follows from the other."""
        how = "" if self.mapping is AS_IT_IS else f", {self.mapping.words}"
        return f"{self.python_piece} = {self.julia_piece}{how}"

    def __str__(self):
        if self.instead:
            return f"{self.pair}: does not move the output alike; {self.instead} does"
        said = {
            True: "proved",
            False: "does not move the output alike, nor does any other way: what is made of it "
            "differs",
            None: "moves nothing that could prove it",
        }
        return f"{self.pair}: {said[self.proved]}"


def in_pairs(matches: Sequence[tuple[str, Match]]) -> str:
    """How many arrays were matched and proved, and which lie otherwise, in a line; each match comes
    with what its array is called.

    >>> in_pairs([("W", Match("W", "weight", TRANSPOSED, True)), ("b", Match("b", "bias"))])
    '2 arrays in pairs, 1 proved by moving it; transposed: W'
    """
    names = {name for name, _ in matches}
    proved = {name for name, match in matches if match.proved}
    moved = "it" if len(proved) == 1 else "them"
    parts = [f"{len(names)} arrays in pairs, {len(proved)} proved by moving {moved}"]
    by_way: dict[str, list[str]] = {}
    for name, found in matches:
        if found.mapping is not AS_IT_IS:
            by_way.setdefault(found.mapping.words, []).append(name)
    parts += [f"{way}: {', '.join(dict.fromkeys(those))}" for way, those in by_way.items()]
    places: dict[tuple[str, int], list[str]] = {}
    for name, found in matches:
        places.setdefault((name, found.python_piece.block), []).append(found.julia)
    parts += [
        f"{name} stands in several places in Julia, whose gradients are added: "
        + ", ".join(dict.fromkeys(several))
        for (name, _), several in places.items()
        if len(set(several)) > 1
    ]
    return "; ".join(parts)


def match(
    python: dict[str, tuple[int, ...]],
    julia: dict[str, tuple[int, ...]],
    transposed: Callable[[str], bool] = lambda name: False,
) -> list[Match]:
    """Pairs of arrays, given the shapes of both sides, in Python's orientation.

    `transposed` says of a square one, by its name in Python, what its shape cannot say. Raises
    NoMatch where one is left over or could be several.
    """
    left = dict(julia)
    found = []
    for name, shape in python.items():
        fitting = [other for other, its in left.items() if shape in (its, its[::-1])]
        if not fitting:
            raise NoMatch(
                _lists(f"{name} of shape {shape} fits no array of the Julia side", python, julia)
            )
        chosen = next(
            (other for word in _candidates(name) if (other := _only(word, fitting))), None
        )
        if chosen is None and len(fitting) > 1:
            raise NoMatch(_lists(f"{name} could be {' or '.join(fitting)}", python, julia))
        chosen = chosen or fitting[0]
        square = len(shape) == 2 and shape == shape[::-1]
        as_it_is = left.pop(chosen) == shape and not (square and transposed(name))
        found.append(Match(name, chosen, AS_IT_IS if as_it_is else TRANSPOSED))
    if left:
        raise NoMatch(_lists(f"the Julia side has {', '.join(left)} besides", python, julia))
    return found


def match_models(
    python: dict[str, tuple[int, ...]],
    julia: dict[str, tuple[int, ...]],
    transposed: Callable[[str], bool] = lambda name: False,
) -> list[Match]:
    """As `match`, for whole models, whose arrays are in the order of their layers: layer by layer
    where both have as many.
    """
    mine, theirs = by_layer(python), by_layer(julia)
    if len(mine) == len(theirs):
        try:
            found = [
                m
                for one, other in zip(mine, theirs, strict=True)
                for m in match(one, other, transposed)
            ]
        except NoMatch:
            return match(python, julia, transposed)
        return by_the_others(
            found, [python[m.python] for m in found], [_stem(m.python) for m in found]
        )
    return match(python, julia, transposed)


def by_layer(shapes: dict[str, tuple[int, ...]]) -> list[dict[str, tuple[int, ...]]]:
    """Arrays of the same owner together; W1 and b1 are of one, W2 and b2 of the next."""
    found: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        owner, _, last = name.rpartition(".")
        numbered = NUMBERED.fullmatch(last)
        found.setdefault(f"{owner}.{numbered[2]}" if numbered and last not in WORDS else owner, {})[
            name
        ] = shape
    return list(found.values())


def by_the_others(
    matches: Sequence[Match], shapes: Sequence[tuple[int, ...]], kinds: Sequence[Hashable]
) -> list[Match]:
    """A square array lies as those of its kind do, where their shapes tell."""
    known: dict[Hashable, set[Way]] = {}
    for found, shape, kind in zip(matches, shapes, kinds, strict=True):
        if len(shape) == 2 and shape[0] != shape[1]:
            known.setdefault(kind, set()).add(found.mapping)
    return [
        replace(found, mapping=TRANSPOSED)
        if len(shape) == 2 and shape[0] == shape[1] and known.get(kind) == {TRANSPOSED}
        else found
        for found, shape, kind in zip(matches, shapes, kinds, strict=True)
    ]


def _stem(name: str) -> str:
    last = name.rpartition(".")[2]
    numbered = NUMBERED.fullmatch(last)
    return numbered[1] if numbered and last not in WORDS else last


def _candidates(name: str) -> Iterator[str]:
    yield name
    before, last = name.split(".")[:-1], _stem(name)
    words = WORDS.get(last, (last,))
    if before:
        yield from (f"{PARTS.get(before[-1], before[-1])}.{word}" for word in words)
    yield from words


def _only(word: str, names: list[str]) -> str | None:
    """The name that is the word, or else the only one that ends with it."""
    ending = [name for name in names if name.endswith(f".{word}")]
    return word if word in names else ending[0] if len(ending) == 1 else None


def _lists(problem: str, python, julia) -> str:
    def listed(shapes):
        return ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "none"

    return f"{problem}\n  python: {listed(python)}\n  julia: {listed(julia)}"


def mappings(shape: tuple[int, ...], gated: bool = True) -> Iterator[Way]:
    """All ways that keep the shape; `gated`: whether it may consist of the blocks of gates."""
    yield AS_IT_IS
    for trap in TRAPS.values():
        if gated or trap.name != "gates":
            yield from trap.mappings(shape)


def prove(
    matches: list[Match],
    case: Case,
    python: Callable[[Case], Outcome],
    julia: Callable[[list[Case]], Iterator[Outcome]],
) -> list[Match]:
    """Every match with its proof.

    `case` has arrays in Python's names, `julia` takes such cases in Float64 and gives outcomes.
    """
    rng = np.random.default_rng(0)
    base_case = case.cast(np.float64)
    changes = []
    for found in matches:
        array = base_case.arrays[Name(Kind.PARAMETER, found.python)]
        size = STEP * max(1.0, float(np.abs(array).max(initial=0)))
        changes.append(
            size * rng.choice((-1.0, 1.0), array.shape) * rng.uniform(0.5, 1, array.shape)
        )
    cases = [
        base_case,
        *(
            _changed(base_case, found.python, change)
            for found, change in zip(matches, changes, strict=True)
        ),
    ]
    base, *moved = julia(cases)
    mine = python(base_case)
    proofs = []
    for found, change, theirs in zip(matches, changes, moved, strict=True):
        wanted = _movement(theirs, base)
        if wanted is None or not np.abs(wanted).max(initial=0) > NOTHING * np.abs(change).max(
            initial=0
        ):
            proofs.append(replace(found, proved=None))
            continue

        def alike(name, direction, start=base_case, wanted=wanted):
            before = mine if start is base_case else python(start)
            got = _movement(python(_changed(start, name, direction)), before)
            return (
                got is not None
                and got.shape == wanted.shape
                and np.linalg.norm(got - wanted) <= ALIKE * np.linalg.norm(wanted)
            )

        if alike(found.python, change):
            proofs.append(replace(found, proved=True))
            continue
        ways = [
            mapping
            for mapping in mappings(change.shape, is_of_gates(found, matches))
            if mapping is not AS_IT_IS
        ]
        others = [
            mapping.words
            for mapping in ways
            if any(
                alike(found.python, mapping.forth(change), start)
                for start in _starts(base_case, found.python, mapping, matches)
            )
        ]
        equal = [
            o.python
            for o in matches
            if o is not found
            and base_case.arrays[Name(Kind.PARAMETER, o.python)].shape == change.shape
        ]
        exchanged = [f"{name} in its place" for name in equal if alike(name, change)]
        instead = next(iter([*exchanged, *others]), "")
        proofs.append(replace(found, proved=False, instead=instead))
    return proofs


def is_of_gates(found: Match, matches: Sequence[Match]) -> bool:
    """Whether the array belongs to a recurrent cell: those have weights of their input, Wi, in
    blocks for each gate.
    """
    owner = found.julia.rpartition(".")[0]
    return any(
        other.julia.rpartition(".")[0] == owner and other.julia.rpartition(".")[2] == "Wi"
        for other in matches
    )


def _starts(case: Case, name: str, mapping: Way, matches: list[Match]) -> Iterator[Case]:
    """Where a change is made from: the arrays as they are, with this one mapped, and with all that
    can be mapped so.

    An output that is not linear in an array moves alike only where it stands alike.
    """
    yield case
    yield _mapped(case, {name: mapping})
    alike = {
        other.python: _same_way(case.arrays[Name(Kind.PARAMETER, other.python)].shape, mapping)
        for other in matches
    }
    yield _mapped(
        case, {other: way for other, way in alike.items() if way is not None} | {name: mapping}
    )


def _same_way(shape: tuple[int, ...], mapping: Way) -> Way | None:
    """The mapping of that name for another array; of gates, along its last axis."""
    every = reversed(list(mappings(shape)))
    return next((way for way in every if way.words == mapping.words), None)


def _mapped(case: Case, ways: dict[str, Way]) -> Case:
    arrays = case.arrays | {
        Name(Kind.PARAMETER, name): way.forth(case.arrays[Name(Kind.PARAMETER, name)])
        for name, way in ways.items()
    }
    return Case(case.row, case.config, arrays, case.mode)


def _changed(case: Case, name: str, change: np.ndarray) -> Case:
    arrays = dict(case.arrays)
    arrays[Name(Kind.PARAMETER, name)] = arrays[Name(Kind.PARAMETER, name)] + change
    return Case(case.row, case.config, arrays, case.mode)


def _movement(outcome: Outcome, base: Outcome) -> np.ndarray | None:
    """How far the output has moved, all entries in a row; None where there is none."""
    names = [name for name, array in base.outputs().items() if array.dtype.kind == "f"]
    if not names or any(
        name not in outcome.arrays or outcome.arrays[name].shape != base.arrays[name].shape
        for name in names
    ):
        return None
    found = np.concatenate([(outcome.arrays[name] - base.arrays[name]).ravel() for name in names])
    return found if np.isfinite(found).all() else None
