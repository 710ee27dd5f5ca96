"""The table of all traps: what `explain`, `locate` and `matching` know of is an entry of it."""

from . import (
    arithmetic,
    averages,
    broadcasting,
    clipping,
    epsilons,
    indices,
    library_calls,
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
    library_calls,
    products,
    clipping,
    networks,
)
TRAPS: dict[str, Trap] = {trap.name: trap for topic in TOPICS for trap in topic.TRAPS}
