"""What MLUtils makes of data: arrays like another one, sequences, parts, folds, views, batches.

The outputs are the data that comes of it, so that indices, which count from 0 on one side and from
1 on the other, are seen by what they pick.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

import pyimpl

from ...core.pullback import differentiable
from .row import Config, Example, Row
from .settings import as_axes, chosen


def data_row(
    name: str,
    outputs: Callable[..., Any],
    structures: tuple[Config, ...],
    shapes: Callable[[Config], dict[str, Any]],
    covers: str,
    **special,
) -> Row:
    """A row for a function of data; `outputs(config, *xs)` is what is looked at."""
    defaults: dict[str, Any] = {"sizes": COUNTS, "differentiable": False}

    def twin(c: Config):
        return differentiable(lambda *xs: (outputs(c, *xs), None))

    return Row(
        name,
        "flux",
        special.pop("kind", "data"),
        twin=twin,
        structures=structures,
        shapes=shapes,
        exact=lambda c: True,
        covers=covers,
        **defaults | special,
    )


COUNTS = {"count": st.integers(4, 8), "width": st.integers(1, 3)}


def _table(c: Config) -> dict[str, Any]:
    return {"x1": (c["count"], c["width"])}


def _with_classes(c: Config) -> dict[str, Any]:
    """Two observations of each class at least, so that folds and shares are there."""
    return {"x1": (c["count"],), "x2": ((c["count"],), "index:2")}


def single(parts) -> tuple:
    """The parts as arrays."""
    return tuple(np.asarray(part) for part in parts)


# Arrays like another one.


def _form(c: Config) -> tuple:
    given: list[Any] = []
    if "dtype" in c:
        given.append(np.dtype(c["dtype"]))
    if "shape" in c:
        given.append(tuple(c["shape"]) if isinstance(c["shape"], list) else c["shape"])
    return tuple(given)


def _filled(name: str, structures: tuple[Config, ...]) -> Row:
    function = getattr(pyimpl, name)
    return data_row(
        name,
        lambda c, x: function(x, *_form(c)),
        structures,
        lambda c: {"x1": (c["count"], c["width"])},
        "the shape of the array, another one, Booleans",
        constant=True,
    )


SHAPES: tuple[Config, ...] = ({}, {"shape": [2, 3]}, {"shape": 4})
TYPES: tuple[Config, ...] = ({"dtype": "bool"}, {"dtype": "bool", "shape": [2, 3]})


def _fill_like(c: Config):
    if "number" in c:  # of Python's
        return differentiable(
            lambda x, v: (pyimpl.fill_like(x, c["number"], *_form(c)), lambda dy: (None,) * 3)
        )
    return differentiable(lambda x, v: pyimpl.fill_like.pullback(x, v[()], *_form(c)))


FILL_LIKE = Row(
    "fill_like",
    "flux",
    "function",
    twin=_fill_like,
    structures=({}, {"shape": [2, 3]}),
    examples=(
        Example("a whole number", {"number": 3, "count": 4, "width": 1}),
        Example("a number of another type", {"number": 0.1, "count": 4, "width": 1}),
        Example("Booleans", {"number": 1, "dtype": "bool", "count": 4, "width": 1}),
    ),
    sizes=COUNTS,
    shapes=lambda c: {"x1": (c["count"], c["width"]), "x2": ()},
    exact=lambda c: True,
    constant=True,
    covers="a number everywhere, the gradient of the number, numbers of another type",
)


def _random(name: str, noise: str) -> Row:
    function = getattr(pyimpl, name)
    return Row(
        name,
        "flux",
        "initialiser",
        twin=lambda c: (
            lambda rng: function(np.zeros(tuple(c["sizes"]), np.float32), *_form(c), rng=rng)
        ),
        structures=({}, {"shape": [2, 3]}),
        sizes={"sizes": st.tuples(st.integers(1, 4), st.integers(1, 3))},
        shapes=lambda c: {"noise": (tuple(c["shape" if "shape" in c else "sizes"]), noise)},
        modes=("draw",),
        covers="the same random numbers, in the shape of an array or another one",
    )


# Groups.


def _counts(c: Config, labels) -> np.ndarray:
    counts = pyimpl.group_counts(labels)
    return np.array([counts[label] for label in sorted(counts)], np.float32)


def _places(c: Config, labels) -> tuple:
    places = pyimpl.group_indices(labels)
    return tuple(np.array(places[label]) for label in sorted(places))


def _labels(c: Config) -> dict[str, Any]:
    return {"x1": ((c["count"],), "index:3")}


# Sequences.

SEQUENCES = {
    "lengths": st.tuples(*(st.integers(1, 4) for _ in range(3))),
    "width": st.integers(1, 3),
}


def _sequences(c: Config) -> dict[str, Any]:
    width = (c["width"],) if c["rank"] == 2 else ()
    return {f"x{i}": (length, *width) for i, length in enumerate(c["lengths"], 1)}


def _of_sequences(name: str, option: str, **special) -> Row:
    function = getattr(pyimpl, name)

    def twin(c: Config):
        options = {option: c["pad"]} if "pad" in c else {}

        def join(*xs):
            y, back = function.pullback(xs, **options)
            return y, lambda dy: (None, *back(dy)[1])

        return differentiable(join)

    return Row(
        name,
        "flux",
        "data",
        twin=twin,
        structures=({"rank": 1}, {"rank": 2}, {"rank": 2, "pad": -1.0}),
        sizes=SEQUENCES,
        shapes=_sequences,
        exact=lambda c: True,
        **special,
        covers="three sequences of different lengths, numbers and vectors, padded by other values",
    )


def _padded_right(c: Config):
    n = tuple(c["n"]) if isinstance(c["n"], list) else c["n"]
    options = as_axes(chosen(c, "value", "dims"))
    return differentiable(lambda x: pyimpl.rpad_constant.pullback(x, n, **options))


RPAD_CONSTANT = Row(
    "rpad_constant",
    "flux",
    "function",
    twin=_padded_right,
    structures=(
        {"rank": 1, "n": 4},
        {"rank": 2, "n": 3, "value": 0.5},
        {"rank": 3, "n": [3, 5], "dims": [2, 0]},
        {"rank": 3, "n": [3, 5], "dims": [2, 0], "value": 0.5},
    ),
    sizes={"sizes": st.tuples(*(st.integers(1, 4) for _ in range(3)))},
    shapes=lambda c: {"x1": c["sizes"][: c["rank"]]},
    exact=lambda c: True,
    covers="one length or several, all axes or some, what is longer",
)


# Parts.


def _split(c: Config, x, labels) -> tuple:
    at = tuple(c["at"]) if isinstance(c["at"], list) else c["at"]
    if c.get("stratified"):
        return tuple(np.sort(part) for part in pyimpl.splitobs(x, at, stratified=labels))
    return tuple(part for pair in pyimpl.splitobs((x, labels), at) for part in pair)


def _folds(c: Config, x, labels) -> tuple:
    stratified = {"stratified": labels} if c.get("stratified") else {}
    folds = pyimpl.kfolds(x, **chosen(c, "k"), **stratified)
    return tuple(part for fold in folds for part in fold)


def _left_out(c: Config, x) -> tuple:
    return tuple(part for fold in pyimpl.leavepout(x, **chosen(c, "p")) for part in fold)


TOO_MANY = Example(
    "more folds than observations",
    {"k": 9, "count": 4, "width": 1},
    {"x2": np.array([0, 1, 0, 1])},
    refused=True,
)


def _balanced(sample, c: Config, x, labels):
    options = {"shuffle": False, **chosen(c, "fraction")}
    return sample((x, labels), **options) if c.get("tuple") else sample(x, labels, **options)


# Views.


def _viewed(c: Config, x) -> np.ndarray:
    options = chosen(c, "dims")
    if "index" in c:
        options["indices"] = list(c["index"])
    return pyimpl.getobs(pyimpl.obsview(x, **options))


def _picked(c: Config, x, y):
    index = chosen(c, "index")
    data = {"x": x, "y": (y,)} if c.get("form") == "dict" else (x, (y,))
    if c.get("buffer"):
        count = len(c["index"])
        buffer = (np.zeros_like(x[:count]), (np.zeros_like(y[:count]),))
        pyimpl.getobs(data, **index, buffer=buffer)
        found: Any = buffer
    else:
        found = pyimpl.getobs(data, **index)
    parts = (found["x"], *found["y"]) if isinstance(found, dict) else (found[0], *found[1])
    return single(parts)


def both(c: Config) -> dict[str, Any]:
    """A table and a vector with as many observations."""
    return {"x1": ((c["count"], c["width"]), "moderate"), "x2": ((c["count"],), "moderate")}


def _view_of_view(c: Config, x) -> tuple:
    if c.get("all"):
        return pyimpl.getobs(pyimpl.ObsView(x)), *pyimpl.ObsView(x)
    view = pyimpl.ObsView(pyimpl.ObsView(x, [3, 1, 2, 0]), [2, 0, 1])
    return pyimpl.getobs(view), pyimpl.getobs(view[[1, 2]]), *view


# Derived data.


def _mapped(c: Config, x) -> tuple:
    mapped = pyimpl.mapobs(lambda part: 2 * part, x, batched=c["batched"])
    some = pyimpl.getobs(mapped, [2, 0])
    return single((pyimpl.getobs(mapped, 1), *(some if isinstance(some, list) else (some,))))


def _columns(c: Config, x) -> tuple:
    named = pyimpl.mapobs({"double": lambda part: 2 * part, "sum": np.sum}, x)
    one = pyimpl.getobs(named, 1)
    return single((one["double"], one["sum"], pyimpl.getobs(named["sum"], 2)))


def _grouped(c: Config, x) -> tuple:
    groups = pyimpl.groupobs(lambda part: bool(np.sum(part) > 0), x)
    return tuple(groups[key] for key in sorted(groups))


def _joined(c: Config, x, y) -> tuple:
    joined = pyimpl.joinobs(x, y, y) if c.get("once") else pyimpl.joinobs(pyimpl.joinobs(x, y), x)
    return *joined, *pyimpl.getobs(joined, [len(x), 0])


def _windows(c: Config, x) -> tuple:
    options = {name: c[name] for name in ("stride", "obsdim") if name in c}
    windows = pyimpl.slidingwindow(x, c["size"], **options)
    return *windows, *windows[[1, 0]]


ROWS = (
    _filled("zeros_like", (*SHAPES, *TYPES)),
    _filled("ones_like", (*SHAPES, *TYPES)),
    _filled("trues_like", SHAPES),
    _filled("falses_like", SHAPES),
    FILL_LIKE,
    _random("rand_like", "uniform"),
    _random("randn_like", "real"),
    data_row("group_counts", _counts, ({},), _labels, "labels, in order of the labels"),
    data_row("group_indices", _places, ({},), _labels, "labels, in order of the labels"),
    RPAD_CONSTANT,
    # Zygote cannot differentiate it: "Mutating arrays is not supported"
    _of_sequences("batchseq", "value", differentiable=False),
    _of_sequences("batch_sequence", "pad"),
    data_row(
        "splitobs",
        _split,
        (
            {"at": 0.7},
            {"at": 3},
            {"at": [0.25, 0.5]},
            {"at": [1, 2]},
            {"at": [0.5, 0.25], "stratified": True},
        ),
        _with_classes,
        "shares and numbers, two and three parts, classes in every part",
        examples=(
            Example(
                "more than all",
                {"at": [0.5, 0.75], "count": 4, "width": 1},
                {"x2": np.array([0, 1, 0, 1])},
                refused=True,
            ),
        ),
    ),
    data_row(
        "kfolds",
        _folds,
        ({"k": 2}, {"k": 3}),
        _with_classes,
        "folds of one size and of two, classes in every fold",
        examples=(
            TOO_MANY,
            Example(
                "the default",
                {"count": 7, "width": 1},
                {"x2": np.array([0, 1, 1, 0, 1, 0, 0])},
            ),
            Example(
                "stratified",
                {"k": 2, "stratified": True, "count": 7, "width": 1},
                {"x2": np.array([0, 1, 1, 0, 1, 0, 0])},
            ),
        ),
    ),
    data_row(
        "leavepout",
        _left_out,
        ({"p": 1}, {"p": 2}, {}),
        _table,
        "one left out and two",
        examples=(Example("too many", {"p": 3, "count": 4, "width": 1}, refused=True),),
    ),
    data_row(
        "oversample",
        lambda c, x, y: single(_balanced(pyimpl.oversample, c, x, y)),
        ({"fraction": 1.0}, {"fraction": 0.5}, {"tuple": True}, {"tuple": True, "fraction": 0.5}),
        _with_classes,
        "two classes, as many of each or half, in order; classes in the data",
    ),
    data_row(
        "undersample",
        lambda c, x, y: single(_balanced(pyimpl.undersample, c, x, y)),
        ({}, {"tuple": True}),
        _with_classes,
        "two classes, in order; classes in the data",
    ),
    data_row(
        "obsview",
        _viewed,
        ({"index": [2, 0, 1]}, {"index": [0, 0], "dims": 1}, {}),
        _table,
        "scattered indices, along another axis",
    ),
    data_row(
        "getobs",
        _picked,
        (
            {"index": [2, 0]},
            {"index": 1},
            {"index": [3, 3], "form": "dict"},
            {},
            {"index": [2, 0], "buffer": True},
        ),
        both,
        "one observation, several and all, of tuples and dicts in tuples, into a buffer",
        examples=(
            Example(
                "parts that differ",
                {"index": 1, "count": 4, "width": 1},
                {"x2": np.ones(3)},
                refused=True,
            ),
        ),
    ),
    data_row(
        "numobs",
        lambda c, x, y: np.array([pyimpl.numobs(x), pyimpl.numobs({"x": x, "y": y})], np.float32),
        ({},),
        both,
        "of an array and of a dict",
        constant=True,
        examples=(
            Example(
                "parts that differ", {"count": 4, "width": 1}, {"x2": np.ones(3)}, refused=True
            ),
        ),
    ),
    data_row(
        "ObsView",
        _view_of_view,
        ({}, {"all": True}),
        _table,
        "a view of a view, some of it, one by one, of all",
        kind="function",  # its recording may not stand beside that of obsview
    ),
    data_row(
        "batchsize",
        lambda c, x: np.array([pyimpl.batchsize(pyimpl.BatchView(x, 3))], np.float32),
        ({},),
        _table,
        "of a view",
        constant=True,
    ),
    data_row(
        "mapobs",
        lambda c, x: _columns(c, x) if c.get("named") else _mapped(c, x),
        (
            {"batched": "auto"},
            {"batched": "never"},
            {"batched": "always"},
            {"batched": "auto", "named": True},
        ),
        _table,
        "one observation and several, in every manner of batches, columns by name",
    ),
    data_row(
        "filterobs",
        lambda c, x: pyimpl.filterobs(lambda part: np.sum(part) > 0, x),
        ({},),
        _table,
        "those whose sum is positive",
    ),
    data_row("groupobs", _grouped, ({},), _table, "by the sign of their sum"),
    data_row(
        "joinobs",
        _joined,
        ({}, {"once": True}),
        lambda c: {"x1": (c["count"], c["width"]), "x2": (2, c["width"])},
        "three data, joined at once or in twos",
    ),
    data_row(
        "slidingwindow",
        _windows,
        (
            {"size": 2},
            {"size": 3, "stride": 1},
            {"size": 2, "obsdim": 1, "wide": 2},
            {"size": 2, "stride": 2, "obsdim": 1, "wide": 3},
        ),
        lambda c: {"x1": (c["count"], c["width"] + c.get("wide", 0))},
        "all whole windows, some of them, along another axis",
        examples=(
            Example("too large", {"size": 5, "count": 4, "width": 1}, refused=True),
            Example("a stride", {"size": 2, "stride": 3, "count": 7, "width": 1}),
        ),
    ),
)
