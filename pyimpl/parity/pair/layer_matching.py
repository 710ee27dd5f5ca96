"""Which array is which, layer by layer: from two models laid side by side.

What lies otherwise in a library is taken as it is known to lie there, for all layers of a kind at
once: the kernel of a convolution of PyTorch's, which correlates, is turned over for Flux's Conv,
which convolves; weights that are multiplied from the other side are transposed; the projections of
attention that are packed in one array are taken apart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..sides.trace import Piece, Shape, Unit
from ..traps.table import TRAPS
from ..traps.trap import Way
from .alignment import Alignment, Atom
from .julia_trace import JuliaTrace
from .kinds import family_of
from .matching import AS_IT_IS, Match, NoMatch, match

CONVOLUTIONS = ("conv", "convtranspose")
CORRELATES = ("CrossCor",)  # in Julia


@dataclass(frozen=True)
class Convention:
    """What is known of the Python model's library: whether its convolutions correlate, and of an
    array, whether it is multiplied by its transpose.
    """

    correlates: bool = False
    transposed: Callable[[str], bool] = lambda name: False


@dataclass
class Matched:
    """The arrays of two models in pairs, and what is left over."""

    matches: list[Match]
    python_alone: list[str] = field(default_factory=list)
    julia_alone: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # layers whose arrays do not fit


def flipped(shape: Shape) -> Way:
    """A kernel turned over, along all axes but those of the channels."""
    return next(iter(TRAPS["kernel"].mappings(shape)), AS_IT_IS)


def matched(
    alignment: Alignment, julia: JuliaTrace, arrays: dict[str, Shape], convention: Convention
) -> Matched:
    """The arrays of all pairs of layers; `arrays` are all that the Python model has."""
    found: dict[tuple[Piece, Piece], Match] = {}
    problems: list[str] = []
    for step in alignment.steps:
        if not step.matched or not (step.python[0].sizes and step.julia[0].sizes):
            continue
        labels = (
            alignment.python[step.python[0].call].label,
            alignment.julia[step.julia[0].call].label,
        )
        try:
            pairs = _of_step(step.python, step.julia, convention)
        except NoMatch as problem:
            problems.append(f"{labels[0]} and {labels[1]}: {problem}")
            continue
        for pair in pairs:
            found.setdefault((pair.python_piece, pair.julia_piece), pair)
    owner = {tie.path: tie.first for tie in julia.ties}
    matches = [replace(pair, again=pair.julia in owner) for pair in found.values()]
    mine = {pair.python for pair in matches}
    theirs = {owner.get(pair.julia, pair.julia) for pair in matches}
    return Matched(
        matches,
        [name for name in arrays if name not in mine],
        [name for name in julia.arrays if owner.get(name, name) not in theirs],
        problems,
    )


def _of_step(mine: Sequence[Atom], theirs: Sequence[Atom], convention: Convention) -> list[Match]:
    """The arrays of a pair of layers, of which several of one side may be one of the other."""
    pairs: list[Match] = []
    if _entries(mine) == _entries(theirs) and not _packed(mine, theirs):
        one, other = _as_one(mine), _as_one(theirs)
        return _of_pair(one, other.arrays, other.shapes, theirs[0].kind, convention)
    if len(theirs) == 1:
        for block, atom in enumerate(mine):
            parts = _blocks(theirs[0], block, len(mine), atom)
            pairs += _of_pair(atom, *parts, theirs[0].kind, convention)
        return pairs
    for block, atom in enumerate(theirs):
        arrays, shapes = _blocks(mine[0], block, len(theirs), atom)
        part = replace(mine[0], arrays=arrays, shapes=shapes)
        pairs += _of_pair(part, atom.arrays, atom.shapes, atom.kind, convention)
    return pairs


def _entries(atoms: Sequence[Atom]) -> int:
    return sum(len(atom.shapes) for atom in atoms)


def _packed(mine: Sequence[Atom], theirs: Sequence[Atom]) -> bool:
    return len(mine) != len(theirs) and len({atom.sizes for atom in (*mine, *theirs)}) == 2


def _as_one(atoms: Sequence[Atom]) -> Atom:
    """Several steps as one, with the arrays of all."""
    arrays = {name: piece for atom in atoms for name, piece in atom.arrays.items()}
    shapes = {name: shape for atom in atoms for name, shape in atom.shapes.items()}
    return replace(atoms[0], arrays=arrays, shapes=shapes)


def _blocks(packed: Atom, block: int, blocks: int, single: Atom) -> tuple[Unit, dict[str, Shape]]:
    """One of the blocks of every array of a layer, along the axis that makes them as large as those
    of a single one.
    """
    wanted = {shape for shape in single.shapes.values()}
    wanted |= {shape[::-1] for shape in wanted}
    arrays: Unit = {}
    shapes: dict[str, Shape] = {}
    for name, piece in packed.arrays.items():
        for axis in (0, len(packed.shapes[name]) - 1):
            part = Piece(piece.name, block, blocks, axis)
            shape = part.shape_of(packed.shapes[name])
            if shape in wanted and packed.shapes[name][axis] % blocks == 0:
                arrays[name], shapes[name] = part, shape
                break
        else:
            raise NoMatch(f"{name} does not fall into {blocks} blocks")
    return arrays, shapes


def _of_pair(
    mine: Atom, names: Unit, shapes: dict[str, Shape], kind: str, convention: Convention
) -> list[Match]:
    theirs = _short(names)
    own, found = _fitting(mine, {short: shapes[name] for short, name in theirs.items()}, convention)
    pairs = []
    for pair in found:
        one, other = own.arrays[pair.python], names[theirs[pair.julia]]
        shape = own.shapes[pair.python]
        mapping = pair.mapping
        correlates = convention.correlates and family_of(kind) in CONVOLUTIONS
        if correlates and kind not in CORRELATES and len(shape) > 2:
            if mapping is AS_IT_IS:
                mapping = flipped(shape)
        pairs.append(
            Match(
                one.name,
                other.name,
                mapping,
                mine=one if one.blocks > 1 else None,
                theirs=other if other.blocks > 1 else None,
            )
        )
    return pairs


def _fitting(
    mine: Atom, theirs: dict[str, Shape], convention: Convention
) -> tuple[Atom, list[Match]]:
    """The arrays of a layer in pairs; where they do not fit as they are, taken apart."""

    def pairs(atom: Atom) -> list[Match]:
        return match(
            atom.shapes, theirs, lambda name: convention.transposed(atom.arrays[name].name)
        )

    try:
        return mine, pairs(mine)
    except NoMatch:
        for way in mine.splits:
            apart = {name: piece for unit in way for name, piece in unit.items()}
            shapes = {
                name: piece.shape_of(mine.shapes[piece.name])
                for name, piece in apart.items()
                if piece.name in mine.shapes
            }
            atom = replace(mine, arrays=apart, shapes=shapes)
            if sum(map(len, way)) == len(apart):  # no two layers have arrays of one name
                try:
                    return atom, pairs(atom)
                except NoMatch:
                    continue
        raise


def _short(names: Unit) -> dict[str, str]:
    """Names by what they are below the part that all have in common."""
    parts = [name.split(".") for name in names]
    shared = 0
    while parts and all(
        len(part) > shared + 1 and part[shared] == parts[0][shared] for part in parts
    ):
        shared += 1
    return {".".join(name.split(".")[shared:]): name for name in names}
