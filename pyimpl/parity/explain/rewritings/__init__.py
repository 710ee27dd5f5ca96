"""The known traps as rewritings of programs: a rule takes a node of a function and gives what may stand there instead."""

from . import arithmetic, indices, networks, precision, statistics

RULES = (*statistics.RULES, *arithmetic.RULES, *indices.RULES, *precision.RULES, *networks.RULES)
