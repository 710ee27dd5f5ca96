"""The table of all traps: what `explain`, `locate` and `matching` know of is an entry of it."""

from . import (
    arithmetic,
    averages,
    broadcasting,
    epsilons,
    indices,
    networks,
    ordering,
    precision,
    products,
    reductions,
    statistics,
)
from .trap import Trap

TOPICS = (
    statistics,
    reductions,
    ordering,
    arithmetic,
    indices,
    precision,
    epsilons,
    averages,
    broadcasting,
    products,
    networks,
)
TRAPS: dict[str, Trap] = {trap.name: trap for topic in TOPICS for trap in topic.TRAPS}
