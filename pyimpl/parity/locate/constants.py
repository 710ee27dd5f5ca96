"""Constants that Julia writes in single precision: 0.1f0 is not 0.1, and 1f-5 is not 1e-5.

A stage whose whole difference vanishes when its own numbers are rounded so is no stage at fault:
that is told once and adopted, so that it does not hide what else differs.
"""

from dataclasses import replace

from ..explain.settings import changed_settings
from ..pair.checking import judged
from .judging import Compared
from .segments import Sort
from .stages import Stage

LITERALS = "literals"


def adopt(stage: Stage) -> bool:
    """Whether single precision of its constants explains all that differs in a stage; then it
    agrees, with a note.
    """
    differing = [evidence for evidence in stage.evidence if not evidence.agrees]
    if not differing or stage.sort is not Sort.CALL or not stage.pair.python.is_model:
        return False
    for trap, _, words, side in changed_settings(stage.pair.python):
        if trap.name != LITERALS:
            continue
        changed = replace(stage, pair=replace(stage.pair, python=side))
        pair = replace(changed.pair, python=Compared(changed))
        every = [*differing, *(e for e in stage.evidence if e.agrees)]
        if all(not judged(pair, evidence.case, evidence.julia) for evidence in every):
            stage.forward_findings.clear()
            stage.backward_findings.clear()
            stage.adopted = words
            return True
    return False
