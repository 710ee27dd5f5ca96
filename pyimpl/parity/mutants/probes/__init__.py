"""Pairs whose verdict is known: what the toolkit itself is held against.

The modules are in the order in which they are asked: what takes long comes last.
"""

from . import (  # isort: skip
    judging,
    measuring,
    findings,
    freedoms,
    borders,
    matches,
    sides,
    layers,
    objects,
    wholes,
    twins,
    modules,
)
from .probe import PROBES, Probe

__all__ = ["PROBES", "Probe"]
