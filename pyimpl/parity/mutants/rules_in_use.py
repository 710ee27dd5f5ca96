"""The rules by which people compare arrays today, as a measure beside the verdict.

Each says of two arrays whether they are the same. A rule that calls the right program wrong finds
every mutant: so what counts is a case that it calls right without the mutant and wrong with it.
"""

from collections.abc import Callable, Iterator

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import Kind, Name

Same = Callable[[np.ndarray, np.ndarray], bool]
# torch.testing.assert_close, by its documentation: (relative, absolute) of every dtype; others
# must be equal.
TORCH = {
    "float16": (1e-3, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
QUARTER = 0.25
OUTPUTS = (Kind.OUTPUT, Kind.PLAIN)


def as_numpy_does(mine: np.ndarray, theirs: np.ndarray) -> bool:
    """`numpy.testing.assert_allclose(mine, theirs)`."""
    try:
        np.testing.assert_allclose(mine, theirs)
    except (AssertionError, TypeError):
        return False
    return True


def as_torch_does(mine: np.ndarray, theirs: np.ndarray) -> bool:
    """`torch.testing.assert_close(mine, theirs)`, which wants shapes and dtypes to be the same.

    >>> as_torch_does(np.float32([1.0]), np.float32([1.00001]))
    True
    >>> as_torch_does(np.float64([1.0]), np.float64([1.00001]))
    False
    """
    if mine.shape != theirs.shape or mine.dtype != theirs.dtype:
        return False
    relative, absolute = TORCH.get(mine.dtype.name, (0.0, 0.0))
    if mine.dtype.kind == "b":
        return bool(np.array_equal(mine, theirs))
    return bool(np.all(np.isclose(mine, theirs, relative, absolute)))


def same_means(mine: np.ndarray, theirs: np.ndarray) -> bool:
    """The means are close, as `numpy.isclose` has it.

    >>> same_means(np.array([1.0, 3.0]), np.array([3.0, 1.0]))
    True
    """
    if not mine.size or not theirs.size:
        return mine.size == theirs.size
    return bool(np.isclose(np.mean(mine), np.mean(theirs), equal_nan=True))


def within_a_quarter(mine: np.ndarray, theirs: np.ndarray) -> bool:
    """No entry is off by more than a quarter of the largest one.

    >>> within_a_quarter(np.array([1.2, 4.0]), np.array([1.0, 4.0]))
    True
    """
    if mine.shape != theirs.shape:
        return False
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(mine.astype(np.complex128) - theirs.astype(np.complex128))
        most = QUARTER * np.max(np.abs(theirs.astype(np.complex128)), initial=0)
    return bool(np.all((error <= most) | (np.isnan(mine) & np.isnan(theirs)) | (mine == theirs)))


RULES: dict[str, Same] = {
    "numpy.testing.assert_allclose": as_numpy_does,
    "torch.testing.assert_close": as_torch_does,
    "equal means": same_means,
    "within 25 %": within_a_quarter,
}
SCOPES = ("outputs", "outputs and gradients")


def named_rules() -> list[str]:
    """Every rule in every scope, as `called_wrong` names them."""
    return [f"{rule}, {scope}" for rule in RULES for scope in SCOPES]


def called_wrong(case: Case, python: Outcome, julia: Outcome) -> Iterator[str]:
    """The rules that call an outcome wrong: on its outputs alone, and with the gradients.

    Where Julia refuses, or where it is known to differ, nobody compares.
    """
    if julia.error or case.known or case.refused:
        return
    for rule, same in RULES.items():
        for scope in SCOPES:
            names = [name for name in julia.arrays if _is_compared(name, scope)]
            with np.errstate(all="ignore"):
                if python.error or not all(_agree(same, name, python, julia) for name in names):
                    yield f"{rule}, {scope}"


def _is_compared(name: Name, scope: str) -> bool:
    """Of rules and training, where there is no output, what has become of the parameters."""
    is_output = name.kind in OUTPUTS or name.kind in (Kind.INPUT, Kind.LOSS, Kind.PARAMETER)
    return is_output or (scope != SCOPES[0] and name.is_gradient)


def _agree(same: Same, name: Name, python: Outcome, julia: Outcome) -> bool:
    mine, theirs = python.arrays.get(name), julia.arrays[name]
    if mine is None:
        return name.is_gradient and not np.any(theirs)
    return same(mine, theirs)
