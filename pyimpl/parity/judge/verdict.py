"""One case judged: the tolerance that its own numbers call for, and every array held against it.

Nothing here is tuned to an operation. An entry y may be off by

    FACTOR * eps * (|y| + S) + slack * eps * scale

where y is Julia's entry (nothing at all where `case.exact`), and S its sensitivity: by how much it
moves, per unit of relative change, when every input, and every number that passes between layers,
is nudged at random (in Float64, so that the measurement itself has no rounding to speak of).
|y| + S is the size of the terms that the entry is made of, however they cancel: `(a - b)` for large
a and b has a large S. Where the outcome jumps (at a kink or a tie) it has no sensitivity, and none
is granted. `slack` is what a row claims for
itself, or a model of the user's is given, in ulps of `scale`, the largest number that the outcome
is made of; a row must give its reason. For a user's pair S also holds what Float32 loses on either
side, in that very case: `Pair.responses`.

A difference is *blunt* where most entries may be off by as much as the largest of them is. An array
is *blind* in a case where its agreement proves nothing: it is blunt, zero, constant or not finite.
It is *mistrusted* where it is blind in every case.

An *ulp* in reports is a FACTOR-th of the tolerance: without slack eps * (|y| + S), one unit of
rounding at the scale of the terms. What agrees is below FACTOR ulp.
"""

import math
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import OUTPUT, TEXT, Arrays, Kind, Name

FACTOR = 32.0
PROBES = 5
NUDGE = 2.0**-24
ROUNDINGS = 4
NOISES = 4
WIDE_NUDGE = 2.0**-12
SMALL = 2.0**-10  # beside the inputs
# times the size of the terms: a loss of more than that in Float32 is to be seen, not allowed,
MOST_ROUNDING = 16.0
OF_JULIA = 4.0  # unless Julia loses as much itself, up to this factor


class Reason(Enum):
    """In what way an array, or a whole case, differs."""

    VALUE = "value"
    NOT_FINITE = "not finite"  # one side has a number where the other has NaN or infinity
    SHAPE = "shape"
    DTYPE = "dtype"
    ONE_SIDE = "one side only"  # one side gives an array that the other does not
    REFUSAL = "refusal"  # one side raised an error and the other did not


@dataclass(frozen=True)
class Allowance:
    """What a subject claims beyond the derived tolerance: ulps of the largest number that its
    outcome is made of, which is an input, or no more than `bound` however large these are.
    """

    ulps: float = 0.0
    bound: float = math.inf
    # The least unit of rounding of a result: that of the inputs, where a result of a higher
    # precision was made of them.
    eps: float = 0.0


NOTHING_MORE = Allowance()


@dataclass(frozen=True)
class Difference:
    """The worst entry of one array, or why the arrays cannot be compared entry by entry; `agrees`
    says whether it is within tolerance.
    """

    array: Name | None  # None of a case that was refused
    agrees: bool
    ulps: float  # error in ulps at the scale of the terms
    index: tuple[int, ...] = ()
    python: float | None = None
    julia: float | None = None
    tolerance: float | None = None
    reason: Reason = Reason.VALUE
    words: str = ""  # of what cannot be compared entry by entry
    blunt: bool = False  # the tolerance reaches the largest entry: agreement proves nothing

    @property
    def what(self) -> str:
        """The array's name as it is written, or that it is a refusal."""
        return "refusal" if self.array is None else str(self.array)

    @property
    def at(self) -> str:
        """The index as it is written behind the array's name; nothing for a number."""
        return f"[{', '.join(map(str, self.index))}]" if self.index else ""

    def __str__(self):
        if self.words:
            return f"{self.what}: {self.words}"
        return (
            f"{self.what}{self.at or '[]'}: python {self.python!r}, julia {self.julia!r}, off by "
            f"{self.ulps:.3g} ulp "
            f"(allowed: {self.tolerance:.3g} absolute)"
        )


@dataclass(frozen=True)
class Verdict:
    """All arrays of one case in one dtype. `blind` names those whose agreement proves nothing."""

    case: Case
    differences: tuple[Difference, ...]
    blind: frozenset[Name] = frozenset()
    lost: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether every array agrees and none was lost."""
        return self.lost is None and all(difference.agrees for difference in self.differences)

    @property
    def worst(self) -> Difference | None:
        """The array that disagrees most, or agrees least closely."""
        return max(self.differences, key=lambda d: (not d.agrees, d.ulps), default=None)


def nudged(case: Case, probe: int, step: float) -> Case:
    """Every floating-point entry times (1 ± step). The sign is a hash of the value, so equal
    entries stay equal: ties remain ties.

    In two of three probes they part, for what is the same for all of them may cancel: it goes into
    the hash where an entry stands. In those, what passes between layers is nudged as well: no
    change of the inputs shows how a division by a small spread, say, magnifies what the layer
    before it rounded.
    """
    arrays = {}
    for name, array in case.arrays.items():
        if array.dtype.kind == "c":
            parts = np.stack([array.real, array.imag])
            real, imag = _nudged(name, parts, probe, step)
            array = real + 1j * imag
        elif array.dtype.kind == "f":
            array = _nudged(name, array, probe, step)
        arrays[name] = array
    return replace(case, arrays=arrays, jitter=(probe, step) if probe % 3 else None)


def _nudged(name: Name, array: np.ndarray, probe: int, step: float) -> np.ndarray:
    bits = array.reshape(-1).view(np.uint64) + np.uint64(probe)
    if probe % 3:
        bits ^= _mixed(
            np.arange(array.size, dtype=np.uint64) + np.uint64(zlib.crc32(str(name).encode()) << 8)
        )
    sign = np.where(_mixed(bits) & np.uint64(1), 1.0, -1.0)
    return array * (1 + step * sign.reshape(array.shape))


def _mixed(bits: np.ndarray) -> np.ndarray:
    """A hash of which every bit depends on all bits of the number: the finaliser of MurmurHash3."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        bits = (bits ^ (bits >> np.uint64(33))) * np.uint64(factor)
    return bits ^ (bits >> np.uint64(33))


def sensitivity(evaluate: Callable[[Case], Outcome], case: Case) -> dict[Name, np.ndarray]:
    """S of every array of the outcome: the largest response over a few random nudges of all inputs,
    per unit of relative change.
    """
    case = case.cast(np.float64)
    base = evaluate(case).arrays
    response = {
        name: np.zeros(array.shape) for name, array in base.items() if array.dtype.kind == "f"
    }
    if not response:  # it was refused, or nothing of it can be measured
        return response
    for probe in range(PROBES):
        coarse = evaluate(nudged(case, probe, NUDGE)).arrays
        fine = evaluate(nudged(case, probe, NUDGE / 8)).arrays
        for name, found in response.items():
            if (
                coarse.get(name, base[name]).shape != found.shape
                or fine.get(name, base[name]).shape != found.shape
            ):
                continue
            with np.errstate(invalid="ignore"):
                far, near = (
                    np.abs(moved.get(name, base[name]) - base[name]) for moved in (coarse, fine)
                )
                smooth = near <= far / 2
                # The smaller of two slopes: what parts at the large nudge alone is a jump. A result
                # in a lower precision does not show the small nudge.
                exact = np.finfo(base[name].dtype).eps < NUDGE
                slope = (np.minimum(far, 8 * near) if exact else far) / NUDGE
            np.maximum(found, np.where(smooth, slope, 0), out=found)
    # The probes can by chance miss an entry that the others show to move.
    return Arrays(
        {name: np.maximum(found, _root_mean_square(found) / 8) for name, found in response.items()}
    )


def _root_mean_square(array: np.ndarray) -> float:
    """0 of an empty array; of numbers whose squares overflow as of all others."""
    largest = np.max(np.abs(array), initial=0, where=np.isfinite(array))
    if not largest:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        return float(largest * np.sqrt(np.mean((array / largest) ** 2)))


def own_loss(julia: dict[str, Outcome]) -> dict[Name, float]:
    """What Float32 costs Julia itself in this case, at most over the entries of an array, per unit
    of rounding.
    """
    if not {"float32", "float64"} <= julia.keys():
        return {}
    found, eps = {}, float(np.finfo(np.float32).eps)
    for name, truth in julia["float64"].arrays.items():
        rounded = julia["float32"].arrays.get(name)
        if truth.dtype.kind == "f" and rounded is not None and rounded.shape == truth.shape:
            error = absolute_errors(rounded, truth)
            found[name] = float(np.max(error, initial=0, where=np.isfinite(error))) / eps
    return found


def rounding(
    evaluate: Callable[[Case], Outcome], case: Case, julia: dict[str, Outcome]
) -> dict[Name, np.ndarray]:
    """What Float32 does to every entry of the outcome, per unit of rounding: the largest of either
    side's errors, measured against Float64.

    For code whose inner steps are not known: where these cancel, no nudge of the inputs shows it.
    """
    eps = float(np.finfo(np.float32).eps)
    errors: dict[Name, list[np.ndarray]] = {}
    pairs = [(julia["float32"], julia["float64"])] if {"float32", "float64"} <= julia.keys() else []
    for probe in range(ROUNDINGS):
        moved = (nudged(case, probe, WIDE_NUDGE) if probe else case).cast(np.float32)
        pairs.append((evaluate(moved), evaluate(moved.cast(np.float64))))
    for rounded, exact in pairs:
        for name, truth in exact.arrays.items():
            found = rounded.arrays.get(name)
            if (
                truth.dtype.kind == "f"
                and found is not None
                and found.shape == truth.shape
                and found.dtype.kind == "f"
            ):
                with np.errstate(invalid="ignore"):
                    error = np.abs(found.astype(np.float64) - truth)
                errors.setdefault(name, []).append(np.where(np.isfinite(error), error, 0) / eps)
    largest = {
        name: np.max([part for part in parts if part.shape == parts[0].shape], axis=0)
        for name, parts in errors.items()
    }
    return {name: np.maximum(found, _root_mean_square(found)) for name, found in largest.items()}


def noise(evaluate: Callable[[Case], Outcome], case: Case, dtype: str) -> dict[Name, np.ndarray]:
    """How far every entry moves in a precision when all that goes in is off by an ulp: what
    training makes of rounding.

    A parameter whose gradient is nothing but rounding (a bias before a batch normalisation) moves
    under rules that divide by the gradient's size: at random, on both sides.
    """
    base = evaluate(case.cast(dtype)).arrays
    found = {name: np.zeros(array.shape) for name, array in base.items() if array.dtype.kind == "f"}
    for probe in range(NOISES):
        moved = evaluate(nudged(case, probe, float(np.finfo(dtype).eps)).cast(dtype)).arrays
        for name, largest in found.items():
            if name in moved and moved[name].shape == largest.shape:
                with np.errstate(invalid="ignore"):
                    np.fmax(
                        largest, np.abs(moved[name].astype(np.float64) - base[name]), out=largest
                    )
    return {
        name: np.maximum(largest, _root_mean_square(largest)) for name, largest in found.items()
    }


def compare(
    case: Case,
    python: Outcome,
    julia: Outcome,
    response: dict[Name, np.ndarray],
    allowance: Allowance = NOTHING_MORE,
) -> Verdict:
    """Hold the twin's outcome against the reference's."""
    if julia.lost or python.lost:
        return Verdict(
            case, (), lost="; ".join(side.error or "" for side in (python, julia) if side.lost)
        )
    if case.refused and not python.error and not julia.error:
        return Verdict(
            case,
            (
                Difference(
                    None,
                    False,
                    np.inf,
                    reason=Reason.REFUSAL,
                    words="neither side refused what both must refuse",
                ),
            ),
        )
    if python.error or julia.error:
        if python.error and julia.error:
            return Verdict(case, (Difference(None, True, 0.0, reason=Reason.REFUSAL),))
        one, other = ("python", "julia") if python.error else ("julia", "python")
        words = f"{one} raised «{python.error or julia.error}», {other} did not"
        return Verdict(case, (Difference(None, False, np.inf, reason=Reason.REFUSAL, words=words),))
    python, julia = _in_parts(python), _in_parts(julia)
    differences: list[Difference] = []
    blind: set[Name] = set()
    scales = _slack_scales(case, allowance.bound)
    is_idle = _is_idle(case, python) and _is_idle(case, julia)
    if is_idle:
        blind.add(OUTPUT)
    for name in sorted(set(python.arrays) | set(julia.arrays)):
        mine, theirs = python.arrays.get(name), julia.arrays.get(name)
        if mine is None or theirs is None:
            differences.append(_one_sided(name, mine, theirs))
            continue
        scale = scales[name.is_gradient]
        if case.extreme:
            mine = _forgiven(mine, theirs)
        difference = _entries(name, mine, theirs, response.get(name), scale, allowance, case.exact)
        differences.append(difference)
        expected = name.kind in (Kind.STATE, Kind.ARGUMENT) or name.last == TEXT
        if difference.blunt or (_proves_nothing(theirs) and not expected) or is_idle:
            blind.add(name)
    # Of complex numbers either part may be constant.
    alone = {
        name for name in blind if name.other_part in (None, *blind) or julia.arrays[name].size == 0
    }
    return Verdict(case, tuple(differences), frozenset(alone))


def _is_idle(case: Case, outcome: Outcome) -> bool:
    """Whether a side gives nothing and leaves its arguments as they were."""
    return all(case.left_alone(name, array) for name, array in outcome.arrays.items())


def _in_parts(outcome: Outcome) -> Outcome:
    """With the two parts of every array of complex numbers in its place."""
    if all(array.dtype.kind != "c" for array in outcome.arrays.values()):
        return outcome
    arrays: dict[Name, np.ndarray] = {}
    for name, array in outcome.arrays.items():
        if array.dtype.kind == "c":
            arrays |= {name.part("real"): array.real, name.part("imag"): array.imag}
        else:
            arrays[name] = array
    return replace(outcome, arrays=arrays)


def _forgiven(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Python's array, with Julia's entries where neither is a number: of what infinities become
    in an intermediate, NaN or infinity, only the order of the steps decides.
    """
    if mine.shape != theirs.shape or not mine.dtype.kind == theirs.dtype.kind == "f":
        return mine
    return np.where(np.isfinite(mine) | np.isfinite(theirs), mine, theirs).astype(mine.dtype)


def _one_sided(name: Name, mine, theirs) -> Difference:
    present, side = (mine, "python") if theirs is None else (theirs, "julia")
    if name.is_gradient and not np.any(present):
        return Difference(name, True, 0.0)
    other = "julia" if side == "python" else "python"
    words = f"{side} gives an array of shape {np.shape(present)}, {other} gives nothing"
    return Difference(name, False, np.inf, reason=Reason.ONE_SIDE, words=words)


def _slack_scales(case: Case, bound: float) -> tuple[float, float]:
    """The size of the numbers that results and gradients are made from, however small they turn
    out: inputs, up to the bound, and for gradients times cotangents.
    """
    inputs = _largest(
        array for key, array in case.arrays.items() if key.kind in (Kind.INPUT, Kind.PARAMETER)
    )
    inputs = min(inputs, bound)
    return inputs, _largest(case.all(Kind.COTANGENT)) * max(1.0, inputs)


def _largest(arrays: Iterable[np.ndarray]) -> float:
    return max(
        (float(np.max(np.abs(array), initial=0, where=np.isfinite(array))) for array in arrays),
        default=0.0,
    )


def _entries(
    name: Name, mine, theirs, response, size: float, allowance: Allowance, exact: bool
) -> Difference:
    if mine.shape != theirs.shape:
        return Difference(
            name,
            False,
            np.inf,
            reason=Reason.SHAPE,
            words=f"python has shape {mine.shape}, julia {theirs.shape}",
        )
    if mine.size == 0:  # of any type: an empty list has none
        return Difference(name, True, 0.0)
    if mine.dtype != theirs.dtype:
        words = f"python has dtype {mine.dtype}, julia {theirs.dtype}"
        if mine.dtype.kind == theirs.dtype.kind == "f":
            coarser = min(mine.dtype, theirs.dtype, key=lambda dtype: dtype.itemsize)
            with np.errstate(over="ignore"):
                same = mine.astype(coarser), theirs.astype(coarser)
            value = _entries(name, *same, response, size, allowance, exact)
            if not value.agrees:
                return value
            return replace(value, agrees=False, reason=Reason.DTYPE, words=words)
        return Difference(name, False, np.inf, reason=Reason.DTYPE, words=words)
    if mine.dtype.kind != "f":
        wrong = mine != theirs
        index = tuple(map(int, np.unravel_index(np.argmax(wrong), mine.shape)))
        return Difference(
            name,
            not wrong.any(),
            np.inf if wrong.any() else 0.0,
            index,
            mine[index].item(),
            theirs[index].item(),
            0.0,
        )
    error, unit, terms = _errors(mine, theirs, response, allowance.eps)
    scale = (np.max(np.where(np.isfinite(terms), terms, 0), initial=0) + size) * allowance.ulps
    eps = max(float(np.finfo(mine.dtype).eps), allowance.eps)
    tolerance = np.zeros_like(unit) if exact else FACTOR * unit + eps * scale
    with np.errstate(over="ignore"):
        ratio = error / (unit if exact else tolerance / FACTOR)
    index = tuple(map(int, np.unravel_index(np.argmax(ratio), error.shape)))
    finite = np.isfinite(mine[index]) and np.isfinite(theirs[index])
    return Difference(
        name,
        bool(np.all(error <= tolerance)),
        float(ratio[index]),
        index,
        mine[index].item(),
        theirs[index].item(),
        float(tolerance[index]),
        Reason.VALUE if finite else Reason.NOT_FINITE,
        blunt=_blunt(theirs, tolerance, size),
    )


def _blunt(array: np.ndarray, tolerance: np.ndarray, size: float) -> bool:
    """Whether most entries may be off by as much as the largest of them is. What vanishes because
    its terms cancel is another matter: a wrong program would not leave it that small beside the
    `size` of the inputs.
    """
    known = np.isfinite(array)
    if not known.any():
        return False  # which is told apart: nothing is finite
    largest = np.max(np.abs(array.astype(np.float64)), where=known, initial=0)
    enough = max(largest, SMALL * size)
    return bool(largest > 0 and np.mean(tolerance[known] >= enough) > 0.5)


def absolute_errors(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Entry by entry, in Float64: 0 for equal NaN and equal infinities, infinite where only one
    side has a number.
    """
    a, b = one.astype(np.float64), other.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    return np.where(np.isnan(error), np.inf, error)


def _errors(
    mine, theirs, response, least_eps: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every entry: the error, one ulp, and the size of the terms that the ulp is measured at."""
    info = np.finfo(mine.dtype)
    a, b = mine.astype(np.float64), theirs.astype(np.float64)
    if response is not None and response.shape != b.shape:  # of a result that was turned
        response = response.T if response.T.shape == b.shape else None
    terms = np.abs(b) + (0 if response is None else response)
    terms = np.where(np.isfinite(terms), terms, np.abs(b))
    error = absolute_errors(a, b)
    unit = (
        max(float(info.eps), least_eps) * np.where(np.isfinite(terms), terms, 0)
        + info.smallest_normal / info.eps
    )  # below that, something underflowed
    return error, unit, terms


def errors_in_ulp(
    python: Outcome, julia: Outcome, response: dict[Name, np.ndarray]
) -> dict[Name, np.ndarray]:
    """The error of every entry of every array of floating-point numbers that can be compared entry
    by entry.
    """
    found = {}
    for name, mine in python.arrays.items():
        theirs = julia.arrays.get(name)
        if (
            theirs is not None
            and mine.dtype == theirs.dtype
            and mine.dtype.kind == "f"
            and mine.shape == theirs.shape
        ):
            error, unit, _ = _errors(mine, theirs, response.get(name))
            with np.errstate(over="ignore"):
                found[name] = error / unit
    return found


def _proves_nothing(array: np.ndarray) -> bool:
    """All zero, all one number, or nothing finite: any number of wrong programs would agree."""
    if array.dtype.kind != "f" or array.size == 0:
        return array.size == 0
    if array.size == 1:
        return not np.isfinite(array).all() or not array.any()
    return not np.isfinite(array).any() or bool(np.all(array == array.flat[0]))
