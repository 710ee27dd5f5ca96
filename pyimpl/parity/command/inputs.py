"""The inputs that the command line asks for: shapes, a file, strategies of the user's."""

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy

from ...files.disk import Unreadable, read_arrays
from ..case.inputs import FromStrategies, arrays
from ..pair.loading import SubjectError, load_subject
from ..pair.pair import argument_names
from .console import note


def asked_inputs(
    subject: Any,
    shapes: Sequence[str] | None,
    sizes: str,
    file: Path | None,
    strategies: Sequence[str] | None,
) -> Any:
    """What `make_pair` takes for inputs.

    Raises ValueError for what cannot be read, Unreadable for a file that has not as numbers what
    the function asks for, SubjectError for a strategy that is not there.
    """
    if shapes is not None:
        between = re.fullmatch(r"(\d{1,9})\.\.(\d{1,9})", sizes.strip())
        if between is None:
            raise ValueError(f"sizes are written as LOW..HIGH, such as 2..8; got {sizes!r}")
        return arrays(*shapes, sizes=(int(between[1]), int(between[2])))
    if strategies is not None:
        return _strategies(strategies)
    assert file is not None
    return _own(file, subject)


def _strategies(texts: Sequence[str]) -> FromStrategies:
    """One strategy an argument, by place first; or one of all."""
    together = texts[0].startswith("*")
    if together and len(texts) > 1:
        raise ValueError(f"{texts[0]} draws all arguments: no further --strategy goes with it")
    found: list[SearchStrategy] = []
    keywords: list[str] = []
    for text in texts:
        named = re.fullmatch(r"([A-Za-z_]\w*)=(.*)", text)
        if keywords and not named:
            raise ValueError(f"arguments by place stand before those by keyword: {text}")
        keywords += [named[1]] if named else []
        found.append(_strategy(named[2] if named else text.removeprefix("*")))
    return FromStrategies(tuple(found), tuple(keywords), together)


def _strategy(place: str) -> SearchStrategy:
    strategy = load_subject(place)
    if callable(strategy) and not isinstance(strategy, SearchStrategy):  # one of `composite`
        strategy = strategy()
    if not isinstance(strategy, SearchStrategy):
        kind = type(strategy).__name__
        raise SubjectError(f"{place} is a {kind}: expected a strategy of Hypothesis's")
    return strategy


def _own(path: Path, subject: Any) -> Any:
    """The arrays of a file: those that the function asks for by name, or else all in order."""
    left_out: dict[str, str] = {}
    found = read_arrays(path, left_out=left_out)
    if list(found) == [""]:
        return found[""]
    names = argument_names(subject)
    asked = [name for name in names if name in found or name in left_out]
    if unfit := [name for name in asked if name in left_out]:
        raise Unreadable(f"{path}: {left_out[unfit[0]]}")
    if not asked or not _enough(subject, asked):
        if left_out:
            raise Unreadable(f"{path}: {next(iter(left_out.values()))}")
        return list(found.values())
    others = [name for name in (*found, *left_out) if name not in asked]
    if others:
        reasons = [f"{name} ({left_out[name]})" if name in left_out else name for name in others]
        note(f"{path}: the function asks for {', '.join(asked)}; left out: {', '.join(reasons)}")
    return [found[name] for name in asked]


def _enough(subject: Any, names: Sequence[str]) -> bool:
    """Whether these arguments are the first that a function has, and all that it needs."""
    parameters = inspect.signature(subject).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind < p.VAR_POSITIONAL]
    first = [p.name for p in parameters][: len(names)]
    return set(needed) <= set(names) and first == list(names)
