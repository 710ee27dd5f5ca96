"""Pairs whose verdict is known: what the toolkit itself is held against."""

from .probe import PROBES, Probe

__all__ = ["PROBES", "Probe"]
