"""What every kind of Python side has: it evaluates a case to an outcome, and whatever the user's
code raises is an outcome.
"""

import datetime
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..case.case import Case, Outcome
from ..case.names import TEXT, Kind, Name, numbered
from ..case.values import EPOCH, START
from .guard import Ended, guarded, words_of
from .results import unfolded
from .time_limit import TooSlow, time_limit

if TYPE_CHECKING:
    from .framework import Framework

SECONDS = 60.0  # for one call


class PythonSide(Protocol):
    """Something that evaluates cases in Python."""

    subject: Any

    @property
    def framework(self) -> "Framework":
        """What is known of its kind."""
        ...

    @property
    def has_gradient(self) -> bool:
        """Whether there is a gradient to compare."""
        ...

    @property
    def is_model(self) -> bool:
        """Whether it has parameters of its own."""
        ...

    def parameters(self) -> dict[str, np.ndarray]:
        """Every array of a model, by path; empty for a function."""
        ...

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of a case."""
        ...


TOOLKIT = str(Path(__file__).parents[1])


def _place(error: BaseException) -> str:
    """The last line of the user's that an error came through."""
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if not file.startswith(TOOLKIT):
            place = f" ({file}:{line})"
    return place


@dataclass
class Guarded:
    """What all sides share: exceptions are outcomes, and after a call that did not return no
    further one is made.
    """

    subject: Any
    seconds: float = field(default=SECONDS, kw_only=True)
    lost: str = field(default="", init=False)

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of a case; an exception is one that says where it arose."""
        return self.shielded(lambda: self._evaluate(case))

    def shielded(self, run: Callable[[], Any]) -> Any:
        """What `run` gives, which calls the user's code; or the outcome that says why not."""
        if self.lost:
            return Outcome(error=self.lost, lost=True)
        try:
            with (
                guarded(),
                np.errstate(all="ignore"),
                warnings.catch_warnings(),
                time_limit(self.seconds),
            ):
                warnings.simplefilter("ignore")
                return run()
        except TooSlow as slow:
            self.lost = f"Python {slow}"
            return Outcome(error=self.lost, lost=True)
        except KeyboardInterrupt:  # somebody has pressed Ctrl-C: see `guarded`
            raise
        except Ended as error:
            return Outcome(error=f"{error}{_place(error)}", lost=True)
        except MemoryError as error:
            return Outcome(error=f"MemoryError: {error}")
        except BaseException as error:  # the user's code may raise anything
            return Outcome(error=f"{words_of(error)}{_place(error)}")

    def _evaluate(self, case: Case) -> Outcome:
        raise NotImplementedError


def as_arrays(name: Name, value: Any, dtype: np.dtype) -> dict[Name, np.ndarray]:
    """An output as named arrays: tuples, lists and dicts by index and key, dataclasses by field,
    complex numbers in two parts, texts as code points; None gives nothing.

    Python floats, and lists of them, have no precision of their own: they take the case's. Raises
    TypeError for what is no array of numbers.
    """
    if value is None:
        return {}
    if isinstance(value, float):
        value = np.asarray(value, dtype)
    elif hasattr(value, "detach"):  # a tensor of PyTorch's
        value = value.detach().cpu().numpy()
    else:
        value = unfolded(value, dtype)
    if isinstance(value, tuple | list):
        return {
            k: v
            for i, part in enumerate(value)
            for k, v in as_arrays(name.part(i), part, dtype).items()
        }
    if isinstance(value, Mapping):
        return {
            k: v
            for key, part in value.items()
            for k, v in as_arrays(name.part(key), part, dtype).items()
        }
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        return as_arrays(name, value.tolist(), dtype)
    if isinstance(value, str):
        points = np.frombuffer(value.encode("utf-32-le", "surrogatepass"), "<u4")
        return {name.part(TEXT): points.astype(np.int64)}
    if isinstance(value, datetime.date):  # a datetime is one, too
        is_moment = isinstance(value, datetime.datetime)
        since = (value - START).total_seconds() if is_moment else (value - EPOCH).days
        return {name.part("datetime" if is_moment else "date"): np.asarray(round(since))}
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array: its mask would be lost; give the values, `x.filled(...)`"
        )
    array = np.array(value)
    if array.dtype.kind == "M":
        days = np.datetime_data(array.dtype)[0] in ("D", "W", "M", "Y")
        unit, part = ("D", "date") if days else ("s", "datetime")
        return {name.part(part): array.astype(f"datetime64[{unit}]").astype(np.int64)}
    if array.dtype.kind == "c":
        if isinstance(value, complex):
            array = array.astype(np.result_type(dtype, np.complex64))
        return {name.part("real"): array.real.copy(), name.part("imag"): array.imag.copy()}
    if array.dtype.kind == "O" and array.ndim == 0 and isinstance(value, int):
        raise TypeError(
            f"{name} is a whole number of {value.bit_length()} bits, which no machine integer holds"
        )
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} is a {type(value).__name__} ({array.dtype}), expected arrays of numbers"
        )
    return {name: array}


def arguments(case: Case) -> list[Any]:
    """Copies of the data arrays; those of no dimension as scalars."""
    return [array.copy()[()] for array in case.all(Kind.INPUT)]


def changed(case: Case, after: Mapping[int, Any]) -> dict[Name, np.ndarray]:
    """The arguments as they are after the call, by the number of the input that each was."""
    before = case.all(Kind.INPUT)
    return {
        numbered(Kind.ARGUMENT, i + 1): _as_before(x, before[i].dtype) for i, x in after.items()
    }


def _as_before(x: Any, dtype: np.dtype) -> np.ndarray:
    """An argument as an array; the floats of a list have the type that they were given with."""
    found = np.asarray(x)
    as_given = isinstance(x, list) and (not found.size or found.dtype.kind == dtype.kind)
    return found.astype(dtype) if as_given else found
