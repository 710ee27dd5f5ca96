"""The known traps as rewritings of programs: a rule takes a node of a function and gives what may
stand there instead.
"""

from . import (
    arithmetic,
    averages,
    epsilons,
    indices,
    networks,
    ordering,
    precision,
    products,
    reductions,
    statistics,
)

TOPICS = (
    statistics,
    reductions,
    ordering,
    arithmetic,
    indices,
    precision,
    epsilons,
    averages,
    products,
    networks,
)
RULES = tuple(rule for topic in TOPICS for rule in topic.RULES)
