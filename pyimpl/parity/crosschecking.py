"""How the parts work together: a pair is made and checked, a difference explained, written down and
told.

from pyimpl.parity import arrays, crosscheck

crosscheck(my_function, "MyModule.my_function", file="my.jl", inputs=arrays("batch,5"))
"""

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..files.disk import Unwritable
from .case.dtypes import DTYPES
from .case.inputs import Given
from .explain import (
    adopt,
    adopt_ties,
    explain,
    find_patterns,
    find_proportions,
    try_freedoms,
)
from .locate.walk import locate
from .pair.checking import CASES, check_pair
from .pair.held_against import PairReference, open_reference
from .pair.layouts import try_layouts
from .pair.pair import Result, make_pair
from .pair.weights import Weights
from .reference.live import NoJulia
from .report.bundle import write_bundle
from .report.story import story
from .sides.side import SECONDS
from .sides.training import Training

WALKED = 3  # cases that models which differ are walked through on


class Disagreement(AssertionError):
    """Both sides differ: the message is the story, `result` has everything."""

    def __init__(self, message: str, result: Result):
        super().__init__(message)
        self.result = result


class Undecided(Disagreement):
    """Nothing can be said: a side gives several results for one input, or an ulp of the inputs
    moves it as far as the sides are apart.
    """


def crosscheck(
    python: Any,
    julia: str,
    inputs: Any,
    *,
    file: str | Path | None = None,
    backward: Callable[..., Any] | None = None,
    layout: str | dict[str, str] | None = None,
    mode: str | None = None,
    gradient: str = "auto",
    calls: int = 1,
    training: Training | None = None,
    dtypes: Sequence[str] | None = None,
    cases: int = CASES,
    seed: int = 0,
    name: str | None = None,
    reference: str = "auto",
    recording: str | Path | None = None,
    bundle: str | Path | None = None,
    seconds: float = SECONDS,
    up_to: str | None = None,
    exact_literals: bool = False,
    weights: str = "auto",
    raises: bool = True,
) -> Result:
    """Check that a Python subject and a Julia expression agree.

    `python` is a function of arrays (with `backward(dy, *xs)` or a `pullback` its gradients are
    checked too), a layer of `pyimpl`, or a PyTorch module. `julia` is an expression, evaluated
    after `file` has been read: the name of a function, an anonymous function, a model. `inputs` are
    `arrays(...)`, Hypothesis strategies, or arrays. `layout`: "same" (A[i, j] is A[i, j]: the
    default for functions), "reversed" (the same memory: the default for layers and models), or a
    dict from arguments and "y" to one of them. `calls`: how often the function is called in a row.
    `gradient`: "auto", "none", or "differences" (Julia's against central differences of the Python
    function). `dtypes`: float64 and float32, where a result's type in Float32 alone is a note;
    named, it counts. `training`: loss, rule and steps with which both models are trained; the
    inputs are then batch and target. `reference`: "live", "recorded" with `recording`, or "auto".
    `seconds`: how long one call may take. `exact_literals`: whether it is a difference that Julia's
    code has 0.1f0 where Python's has 0.1; else Julia's numbers are taken over, and named. `up_to`:
    what outputs are free up to by nature, such as "sign", or "y.0=sign,y.2=adjoint phase".
    `weights`: "python" (given to both models), "julia", "drawn", "as-they-are" (each keeps its own,
    and what was not carried over rightly is named), or "auto": as they are, where most are the same
    numbers in both models, else Python's.

    Models may be of any build: both are run and laid side by side, so that their arrays are matched
    layer by layer, and the matches proved by moving both.

    Returns the Result; raises Disagreement, an AssertionError, where the sides differ, and its kind
    Undecided where nothing can be said, unless `raises` is False. A `bundle` directory is written
    on disagreement. Raises NothingCompared where both sides refuse every case, NoJulia or
    NoRecording where there is no reference, ValueError and TypeError for wrong arguments.
    """

    pair = make_pair(
        python,
        julia,
        inputs,
        file=file,
        backward=backward,
        layout=layout,
        mode=mode,
        gradient=gradient,
        calls=calls,
        training=training,
        name=name,
        seconds=seconds,
        up_to=up_to,
        strict=dtypes is not None,
        weights=weights,
    )
    asked = tuple(dtypes or DTYPES)
    held_against = open_reference(pair, reference, recording, seconds, dtypes=asked)
    result = check_pair(pair, held_against, asked, cases, seed)
    conclude(result, held_against, exact_literals)
    if not result.agrees:
        if bundle is not None and result.smallest is not None:
            try:
                result.bundle = write_bundle(Path(bundle), result)
            except Unwritable as problem:  # the finding is told all the same
                warnings.warn(f"the bundle is missing: {problem}", stacklevel=2)
        if raises:
            raise (Disagreement if result.differs else Undecided)(story(result), result)
    return result


def conclude(result: Result, reference: PairReference, exact_literals: bool = False) -> None:
    """What can be found out once the sides differ: whether Float32 literals are all there is to it,
    whether arrays lie the other way round, and why they differ.
    """
    if result.differs and not exact_literals:
        adopt(result)
        adopt_ties(result)
    if result.differs:
        try_layouts(result, reference)
    if result.differs:
        try_freedoms(result)
        find_proportions(result)
    if result.differs:
        result.explanations = explain(result)
    if result.differs and not any(each.confident for each in result.explanations):
        _walk_through(result, reference, exact_literals)
        result.patterns = find_patterns(result)


def _walk_through(result: Result, reference: PairReference, exact_literals: bool) -> None:
    """Of two models that were laid side by side: where they differ, and why."""
    session, pair = getattr(reference, "session", None), result.pair
    if session is None or not pair.laid_out or pair.training is not None:
        return
    mode = pair.mode if pair.mode in ("train", "test") else "auto"
    inputs = pair.inputs
    if isinstance(inputs, Given):
        inputs = Given(inputs.cases[:WALKED])
    # What differs beside weights that each model has for itself shows with the same in both.
    of_both = pair.weighed is not None and bool(pair.weighed.wrong)
    with suppress(ValueError, NoJulia):  # then the story goes without
        result.located = locate(
            pair.python.subject,
            pair.julia.expression,
            inputs,
            file=pair.julia.file,
            mode=mode,
            cases=WALKED,
            exact_literals=exact_literals,
            weights=Weights.PYTHON if of_both else pair.weights,
            reference=session,
        )
        proofs = {
            (stage.paths.get(found.python, found.python), found.python_piece.block): found.proved
            for stage in result.located.stages
            for found in stage.matches
        }
        matches = [
            replace(match, proved=proofs.get((match.python, match.python_piece.block)))
            for match in pair.matches
        ]
        result.pair = replace(result.pair, matches=tuple(matches))
