"""Between two cuts: what both models do there, and which values of the one stand for which of the
other.

In: the traces of both models and their alignment. Out: segments in order. Every one can be tried
alone: Python is given Julia's values, and what then differs was added there. There are three
sorts: a *call* of Julia's that Python has too, perhaps in several steps; what goes *into* a call,
where a model has code of its own before it or takes another value; what comes *out* in the end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from ..pair.alignment import Alignment, Cut
from ..sides.trace import Call, Trace


class Sort(Enum):
    """What a segment is."""

    CALL = "call"
    INTO = "into"
    OUT = "out"


@dataclass(frozen=True)
class Segment:
    """A place in both models.

    `python_inputs` are given the values `julia_inputs`, in order; then `python_outputs` ought to be
    `julia_outputs`. `rewired`: the model takes another value here than the other does, and does
    nothing to it.
    """

    sort: Sort
    python_inputs: tuple[int, ...]
    julia_inputs: tuple[int, ...]
    python_outputs: tuple[int, ...]
    julia_outputs: tuple[int, ...]
    python_calls: tuple[Call, ...] = ()
    julia_calls: tuple[Call, ...] = ()
    main: tuple[Call | None, Call | None] = (None, None)  # the calls that give it its name
    backward: bool = True  # whether it is known what went back through it in Julia
    rewired: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """The same in every run of the models."""
        names = [call.label if call else "" for call in self.main]
        return self.sort.value, names[0], names[1]


@dataclass
class Known:
    """Values that stand for each other so far, Julia's by Python's."""

    julia_of: dict[int, int] = field(default_factory=dict)

    def also(self, pairs: dict[int, int]) -> "Known":
        """With these as well."""
        return Known(self.julia_of | pairs)


def segments(alignment: Alignment, python: Trace, julia: Trace) -> list[Segment]:
    """All segments, in the order of Julia's calls."""
    known = Known()
    alignment = _of_this_run(alignment, python, julia)
    aligned = {alignment.python[a.call].key for step in alignment.steps for a in step.python}
    python.hide({call.key for call in python.moving()} - aligned)
    flat = replace(julia, calls=_taken(alignment))
    found: list[Segment] = []
    for cuts in _groups(alignment.cuts):
        first = cuts[0]
        if first.python_call is None and first.julia_call is None and not found:
            if first.python in python.inputs:
                known.julia_of |= {cut.python: cut.julia for cut in cuts}
                continue
        fresh = [cut for cut in cuts if not _is_known(cut.python, cut.julia, known, julia)]
        if not fresh:
            continue
        if _is_end(fresh, python, julia, flat):
            found += _out(fresh, known, python)
        else:
            found += _call(fresh, known, alignment, python, flat)
        known.julia_of |= {cut.python: cut.julia for cut in fresh}
    return found


def _is_known(mine: int, theirs: int, known: Known, julia: Trace) -> bool:
    """Whether a value of Python's is known to stand for this one, or for one that is the same."""
    other = known.julia_of.get(mine)
    if other is None or other == theirs:
        return other is not None
    return np.array_equal(julia.values[other], julia.values[theirs], equal_nan=True)


def _of_this_run(alignment: Alignment, python: Trace, julia: Trace) -> Alignment:
    """The alignment with the calls of these traces, which may be of another precision."""
    mine = {call.key: call for call in python.moving()}
    theirs = {call.key: call for call in julia.moving()}
    return replace(
        alignment,
        python=[mine[call.key] for call in alignment.python],
        julia=[theirs[call.key] for call in alignment.julia],
    )


def _taken(alignment: Alignment) -> list[Call]:
    """Julia's calls that were aligned; one that was taken as a whole has what the calls inside of
    it have of arrays.
    """
    places = {atom.call for step in alignment.steps for atom in step.julia}
    taken = [call for place, call in enumerate(alignment.julia) if place in places]
    keys = {call.key for call in taken}
    inside: dict[tuple[str, int], list[Call]] = {}
    for call in alignment.julia:
        if call.inside is not None and call.key not in keys:
            inside.setdefault(call.inside, []).append(call)
    return [_with_inside(call, inside) for call in taken]


def _with_inside(call: Call, inside: dict[tuple[str, int], list[Call]]) -> Call:
    gradients, after = dict(call.gradients), dict(call.after)
    for inner in inside.get(call.key, ()):
        found = _with_inside(inner, inside)
        gradients |= found.gradients
        after |= found.after
    return replace(call, gradients=gradients, after=after)


def _groups(cuts: Sequence[Cut]) -> Iterator[list[Cut]]:
    """Those behind the same calls together."""
    groups: dict[tuple[int | None, int | None], list[Cut]] = {}
    for cut in cuts:
        groups.setdefault((cut.python_call, cut.julia_call), []).append(cut)
    yield from groups.values()


def _is_end(cuts: Sequence[Cut], python: Trace, julia: Trace, flat: Trace) -> bool:
    """Whether Julia's values come out of no call: the model's own code has made them in the end."""
    return cuts[0].julia_call is None or all(cut.julia not in flat.producers() for cut in cuts)


def _out(cuts: Sequence[Cut], known: Known, python: Trace) -> Iterator[Segment]:
    outputs = tuple(cut.python for cut in cuts)
    given = set(known.julia_of) - set(outputs)
    calls = python.needed(outputs, given)
    reads = python.reads(calls, given) or [n for n in outputs if n in known.julia_of]
    yield Segment(
        Sort.OUT,
        tuple(reads),
        tuple(known.julia_of[n] for n in reads),
        outputs,
        tuple(cut.julia for cut in cuts),
        tuple(calls),
        backward=False,
        rewired=not calls,
    )


def _call(
    cuts: Sequence[Cut], known: Known, alignment: Alignment, python: Trace, julia: Trace
) -> Iterator[Segment]:
    """What goes into a call, where it may be something else, and the call."""
    cut = cuts[0]
    assert cut.julia_call is not None
    theirs = alignment.julia[cut.julia_call]
    entry = _entry(alignment, cut.julia_call)
    mine = alignment.python[cut.python_call] if cut.python_call is not None else None
    core = entry or mine
    outputs = tuple(cut.python for cut in cuts)
    inner = _is_open(theirs, julia, alignment)
    into: dict[int, int] = {}
    if entry is not None and not inner:
        for segment in _into(entry, theirs, known, python, julia):
            into |= dict(zip(segment.python_outputs, segment.julia_outputs, strict=True))
            yield segment
    here = known.also(into)
    given = set(here.julia_of) - set(outputs)
    calls = python.needed(outputs, given)
    reads = python.reads(calls, given)
    if not calls:  # the value is an input or was seen before
        reads = [n for n in outputs if n in here.julia_of]
    made = {cut.julia for cut in cuts}
    theirs_given = set(here.julia_of.values()) - made
    yield Segment(
        Sort.CALL,
        tuple(reads),
        tuple(here.julia_of[n] for n in reads),
        outputs,
        tuple(cut.julia for cut in cuts),
        tuple(calls),
        tuple(julia.needed(sorted(made), theirs_given)),
        (core, theirs),
        backward=not inner,
    )


def _is_open(call: Call, julia: Trace, alignment: Alignment) -> bool:
    """Whether it calls others that were aligned in its place."""
    return any(other.inside == call.key for other in julia.calls)


def _entry(alignment: Alignment, julia_call: int) -> Call | None:
    """The call of Python's with which one of Julia's begins."""
    for step in alignment.steps:
        if step.matched and step.julia[0].call == julia_call:
            return alignment.python[step.python[0].call]
    return None


def _into(mine: Call, theirs: Call, known: Known, python: Trace, julia: Trace) -> Iterator[Segment]:
    """What goes into a call, where that is not known to be the same."""
    fixed = python.fixed()
    left = [n for n in dict.fromkeys(mine.inputs) if n not in fixed]
    ours = list(dict.fromkeys(theirs.inputs))
    if len(left) != len(ours):
        return
    for number in list(left):
        if known.julia_of.get(number) in ours:
            ours.remove(known.julia_of[number])
            left.remove(number)
    seen = set(known.julia_of.values())
    producers = julia.producers()
    for number, other in zip(left, ours, strict=True):
        one, two = python.values.get(number), julia.values.get(other)
        if one is None or two is None or one.shape != two.shape:
            continue
        if _is_known(number, other, known, julia):
            continue
        if number in known.julia_of:  # another value than the one that stands for it
            yield Segment(
                Sort.INTO,
                (number,),
                (known.julia_of[number],),
                (number,),
                (other,),
                main=(mine, theirs),
                backward=False,
                rewired=True,
            )
        elif other not in seen and other not in producers:
            given = set(known.julia_of)
            calls = python.needed([number], given)
            reads = python.reads(calls, given)
            yield Segment(
                Sort.INTO,
                tuple(reads),
                tuple(known.julia_of[n] for n in reads),
                (number,),
                (other,),
                tuple(calls),
                main=(mine, theirs),
                backward=False,
            )
