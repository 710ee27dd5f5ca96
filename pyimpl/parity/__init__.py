"""The cross-check toolkit: cases, evaluators, verdicts, and the command `julia-parity`.

from pyimpl.parity import arrays, crosscheck
"""

from typing import Any

__all__ = ["Training", "arrays", "crosscheck"]


def __getattr__(name: str) -> Any:
    # Lazily: the pytest plugin is imported in every test run of its users, Hypothesis and the
    # catalogue are not.
    if name == "crosscheck":
        from .crosschecking import crosscheck

        return crosscheck
    if name == "Training":
        from .sides.training import Training

        return Training
    if name == "arrays":
        from .case.inputs import arrays

        return arrays
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
