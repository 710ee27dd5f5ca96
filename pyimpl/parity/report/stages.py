"""Two models that were walked through, in words: the stage at which they differ, and why."""

from ..locate.stages import Stage
from ..locate.walk import Located
from ..pair.matching import in_pairs
from .explained import NO_EXPLANATION, explanation_lines


def arrays_in_pairs(located: Located) -> list[str]:
    """How many arrays were matched, which lie otherwise, and each that could not be proved."""
    every = [(stage, match) for stage in located.stages for match in stage.matches]
    if not every:
        return []

    named = [(stage.paths.get(match.python, match.python), match) for stage, match in every]
    doubtful = dict.fromkeys(
        f"{stage.name}: {match}" for stage, match in every if match.proved is False
    )
    return [in_pairs(named), *doubtful]


def sentence(located: Located) -> str:
    """What was found, in one."""
    if located.guilty is None:
        unproved = [
            f"{stage.name}: {m.python}"
            for stage in located.stages
            for m in stage.matches
            if m.proved is False
        ]
        doubt = f"; not proved: {', '.join(unproved)}" if unproved else ""
        notes = [
            f"stage {stage.name}, {stage.kind}: {note}"
            for stage in located.stages
            for note in stage.notes
        ]
        notes += [
            f"stage {stage.name}, {stage.kind}: {', '.join(map(str, sorted(stage.mistrusted)))} "
            "was zero or constant in every case: that proves nothing"
            for stage in located.stages
            if stage.mistrusted
        ]
        return "\n".join(
            [f"all {len(located.stages)} stages agree{doubt}", *(f"  {note}" for note in notes)]
        )
    stage = located.stages[located.guilty]
    return f"the first difference arises in {_where(stage, located.direction)}"


def _where(stage: Stage, direction: str) -> str:
    inside = f", in {stage.inside}" if stage.inside else ""
    shown = ", ".join(stage.shows)
    return f"stage {stage.name}, {stage.kind}, {direction}{inside}; it shows in {shown}"


def because(located: Located) -> list[str]:
    """The explanations of the first difference, and the further ones with theirs."""
    if located.guilty is None:
        return []
    guilty = located.stages[located.guilty]
    known = guilty.inside or guilty.explanations
    lines = explanation_lines(guilty.explanations) if known else [f"    {NO_EXPLANATION}"]
    for stage in located.stages:
        if stage is not guilty and not stage.agrees:
            direction = "forward" if stage.forward_findings else "backward"
            lines.append(f"another one in {_where(stage, direction)}")
            lines += explanation_lines(stage.explanations)
    return lines
