"""What Julia does otherwise and is no matter of meaning: constants in single precision (0.1f0 is
not 0.1), and which of several entries that are nearly equal counts as the largest.

A stage whose whole difference vanishes when Python does the same is no stage at fault: that is told
once and adopted, so that it does not hide what else differs.
"""

from collections.abc import Iterator
from dataclasses import replace

from ..explain.settings import changed_settings
from ..pair.checking import judged
from ..sides.side import PythonSide
from .judging import Compared
from .segments import Sort
from .stages import Stage

LITERALS = "literals"


def _as_in_julia(side: PythonSide) -> Iterator[tuple[str, PythonSide]]:
    """What Julia does otherwise and is no matter of meaning, in words, and the side with it."""
    for trap, _, words, changed in changed_settings(side):
        if trap.name == LITERALS:
            yield f"constants in single precision, {words}", changed
    if ties := side.framework.ties_as_in_julia(side):
        yield ties


def adopt(stage: Stage) -> bool:
    """Whether that explains all that differs in a stage; then it agrees, with a note."""
    differing = [evidence for evidence in stage.evidence if not evidence.agrees]
    if not differing or stage.sort is not Sort.CALL or not stage.pair.python.is_model:
        return False
    for words, side in _as_in_julia(stage.pair.python):
        changed = replace(stage, pair=replace(stage.pair, python=side))
        pair = replace(changed.pair, python=Compared(changed))
        every = [*differing, *(e for e in stage.evidence if e.agrees)]
        if all(not judged(pair, evidence.case, evidence.julia) for evidence in every):
            stage.forward_findings.clear()
            stage.backward_findings.clear()
            stage.adopted = words
            return True
    return False
