"""Explanations, in words."""

from collections.abc import Sequence
from typing import Any

TOLD = 3  # explanations
NO_EXPLANATION = (
    "none of the known ways in which two correct programs differ makes this difference vanish"
)


def explanation_lines(explanations: Sequence[Any]) -> list[str]:
    """The likeliest of them: what it is, where, and what speaks for it."""
    lines = []
    for explanation in explanations[:TOLD]:
        sure = "" if explanation.confident else "possibly: "
        lines += [
            f"    {sure}{explanation.cause}",
            f"        at {explanation.where}: {explanation.change}",
            f"        {explanation.evidence}",
        ]
    return lines
