"""Inside a stage at fault: the intermediate at which it goes wrong.

The intermediates of the reference are computed by the formulas of the twin, from Julia's inputs and
arrays. A stage that can tell its own, by a method `intermediates(x)` that gives a dict, is compared
name by name; of any other, the output is: where it is that of the same formulas with one
intermediate made in another way, that one is named. Nothing is said that was not shown so.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...functions.activations import ACTIVATIONS
from ..case.names import Kind, Name
from ..pair.pair import Evidence
from ..traps.trap import Step
from .formulas import EPS, FLUX_EPS, FORMULAS, SET, X, arrays_of, steps_otherwise
from .joints import formula_of

ENOUGH = 1e-9  # relative to the largest entry


def where_inside(stage: Any) -> str:
    """The intermediate, and how it is made there; empty where none was found."""
    evidence = [
        e
        for e in stage.evidence
        if not e.agrees and "float64" in e.julia and e.julia["float64"].output is not None
    ]
    if not evidence:
        return ""
    if shapes := _other_shapes(stage, evidence[0]):
        return shapes
    if stage.kind not in FORMULAS and not stage.matches:
        return _by_formulas(stage, evidence)
    told = _by_its_own_word(stage, evidence)
    if told:
        return told
    only_forward = [e for e in evidence if _outputs_differ(stage, e)]
    if only_forward:
        return _by_the_output(stage, only_forward)
    return _by_the_other_arrays(stage, evidence)


def _same(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    if a is None or b is None:
        return False
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return a.shape == b.shape and bool(
        np.all(np.abs(a - b) <= ENOUGH * max(1e-300, float(np.abs(b).max(initial=0))))
    )


def _outputs_differ(stage, evidence: Evidence) -> bool:
    mine = stage.pair.evaluate(evidence.case).output
    return mine is not None and not _same(mine, evidence.julia["float64"].output)


def _by_its_own_word(stage, evidence: list[Evidence]) -> str:
    ask = getattr(stage.pair.python.subject, "intermediates", None)
    if ask is None or stage.kind not in FORMULAS:
        return ""
    for each in evidence:
        mine = ask(*each.case.all(Kind.INPUT))
        settings = _settings(stage, [each])
        for name, theirs in (
            FORMULAS[stage.kind](stage, each.case, settings).items() if settings is not None else ()
        ):
            if name in mine and not _same(np.asarray(mine[name]), theirs):
                return f"{name}: its own is not that of the reference"
    return ""


def _other_shapes(stage, evidence: Evidence) -> str:
    """The shapes of an output, where they differ."""
    mine, theirs = stage.pair.evaluate(evidence.case).output, evidence.julia["float64"].output
    if mine is None or theirs is None or mine.shape == theirs.shape:
        return ""
    return f"its shape: {mine.shape} in Python, {theirs.shape} in Julia"


def _by_formulas(stage, evidence: list[Evidence]) -> str:
    """What a place without arrays computes on either side, where that is one of the known ways."""
    runs: dict[str, list] = {"Python": [], "Julia": []}
    takes = getattr(stage, "takes", ())
    names = takes if len(takes) > 1 else ["x"]
    for each in evidence:
        xs, mine = each.case.all(Kind.INPUT), stage.pair.evaluate(each.case).output
        if any(x.dtype.kind != "f" for x in xs) or mine is None:
            return ""
        runs["Python"].append((xs, mine))
        runs["Julia"].append((xs, each.julia["float64"].output))
    told = {side: formula_of(of_side, names) for side, of_side in runs.items()}
    if told["Julia"] == told["Python"]:
        return ""
    return ", ".join(f"{words} in {side}" for side, words in told.items() if words)


def _by_the_output(stage, evidence: list[Evidence]) -> str:
    if stage.kind not in FORMULAS:
        return ""
    formula = FORMULAS[stage.kind]
    settings = _settings(stage, evidence)
    if settings is None:
        return ""
    found = []
    for step in [*steps_otherwise(stage.kind), *_other_activations(settings)]:
        changes = settings | {step.name: step.change}
        if all(_reproduces(stage, formula, each, changes) for each in evidence):
            found.append(f"{'activation' if step.name == 'act' else step.name}: {step.words}")
    return " or ".join(list(dict.fromkeys(found))[:3])


def _settings(stage, evidence: list[Evidence]) -> dict[str, Any] | None:
    """The epsilon and the activation with which the formula makes what Julia gave; None where there
    are none.
    """
    tried: list[dict[str, Any]] = [{}]
    if stage.kind in SET:
        tried += [{"act": name} for name in ACTIVATIONS]
        tried += (
            [{"eps": eps, "act": name} for eps in (*EPS, FLUX_EPS**0.5) for name in ACTIVATIONS]
            if "eps" in SET[stage.kind]
            else []
        )
    for settings in tried:
        with np.errstate(all="ignore"):
            if all(
                _same(
                    FORMULAS[stage.kind](stage, each.case, settings)["y"],
                    each.julia["float64"].output,
                )
                for each in evidence
            ):
                return settings
    return None


def _other_activations(settings: dict[str, Any]) -> Iterator[Step]:
    if "act" in settings:
        own = settings["act"]
        for other in ACTIVATIONS:
            if not other.endswith("_fast") and other != own.removesuffix("_fast"):
                left_out = other == "identity"
                words = f"{own} left out" if left_out else f"{other} in place of {own}"
                yield Step("act", words, other)


def _reproduces(stage, formula, evidence: Evidence, changes) -> bool:
    mine = stage.pair.evaluate(evidence.case).output
    try:
        with np.errstate(all="ignore"):
            return mine is not None and _same(formula(stage, evidence.case, changes)["y"], mine)
    except (KeyError, ValueError):  # this layer has no such intermediate, or of another shape
        return False


def _by_the_other_arrays(stage, evidence: list[Evidence]) -> str:
    """Outputs agree: what is left is the statistics, or the backward pass."""
    named = [name.path for name in stage.differing if name is not None and name.kind is Kind.STATE]
    if named:
        how = _of_statistics(stage, evidence)
        return f"running statistics: {', '.join(named)}{f' ({how})' if how else ''}"
    gradients = [name for name in stage.differing if name is not None and name.is_gradient]
    factors = {
        str(name).removeprefix("grad."): _factor(stage, evidence, name) for name in gradients
    }
    told = ", ".join(f"{name} ({factor})" if factor else name for name, factor in factors.items())
    return f"backward pass: gradient of {told}" if gradients else ""


def _of_statistics(stage, evidence: list[Evidence]) -> str:
    """How the running statistics of a batch normalisation are made of the batch's."""
    ways = {
        name: all(_updated(stage, each, new, corrected) for each in evidence)
        for name, new, corrected in STATISTICS
    }
    found = [name for name, fits in ways.items() if fits]
    return found[0] if len(found) == 1 else ""


STATISTICS = [
    ("not updated", 0.0, True),
    ("the variance biased, divided by n", float(np.float32(0.1)), False),
    *((f"momentum {new:g}", new, True) for new in (0.9, 0.99, 0.01, 0.001, 0.5, 0.999)),
    *((f"momentum {new:g}, the variance biased", new, False) for new in (0.9, 0.99, 0.01, 0.001)),
]


def _updated(stage, evidence: Evidence, new: float, corrected: bool) -> bool:
    case, own = evidence.case, arrays_of(stage, evidence.case)
    outcome = stage.pair.evaluate(case).arrays
    after = {
        stage.julia_names.get(name.path): array
        for name, array in outcome.items()
        if name.kind is Kind.STATE
    }
    if stage.kind != "BatchNorm" or not {"mean", "var"} <= own.keys() & after.keys():
        return False
    x = case.arrays[X]
    axes = (0, *range(2, x.ndim))
    statistics = {"mean": x.mean(axes), "var": x.var(axes, ddof=int(corrected))}
    return all(
        np.allclose(after[name], (1 - new) * own[name] + new * batch, rtol=1e-6)
        for name, batch in statistics.items()
    )


def _factor(stage, evidence: list[Evidence], name: Name) -> str:
    """The number by which a gradient is too large in every case, if it is one."""
    factors, sizes = [], []
    for each in evidence:
        mine, theirs = (
            stage.pair.evaluate(each.case).arrays.get(name),
            each.julia["float64"].arrays.get(name),
        )
        if mine is None or theirs is None or mine.shape != theirs.shape or not theirs.any():
            continue
        factors.append(float(np.vdot(mine, theirs) / np.vdot(theirs, theirs)))
        if not np.allclose(
            mine, factors[-1] * theirs, rtol=1e-6, atol=1e-9 * float(np.abs(theirs).max())
        ):
            return ""
        x = each.case.arrays[X]
        sizes.append(
            {
                "the size of the batch": len(x),
                "the number of entries": x.size,
                "the rows": x.size // x.shape[-1],
            }
        )
    if not factors:
        return ""
    for what in sizes[0]:
        if len({size[what] for size in sizes} - {1}) and np.allclose(
            factors, [1 / size[what] for size in sizes]
        ):
            return f"divided by {what}"
        if len({size[what] for size in sizes} - {1}) and np.allclose(
            factors, [size[what] for size in sizes]
        ):
            return f"multiplied by {what}"
    if np.max(np.abs(factors)) < 1e-9:
        return "zero"
    return (
        f"{factors[0]:.4g} times Julia's"
        if np.allclose(factors, factors[0]) and abs(factors[0] - 1) > 1e-6
        else ""
    )
