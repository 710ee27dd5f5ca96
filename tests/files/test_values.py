"""Every kind of value that Julia people keep in files, in each format that has it: the same.

Written by `data/write_values.jl`; the files called old_ with JLD2 0.4, which has another format.
"""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pyimpl import read_state
from pyimpl.files.bounds import StateFileError
from pyimpl.files.opening import opened

DATA = Path(__file__).parent / "data"


def date(text, unit="D"):
    return np.datetime64(text, unit)


NUMBERS = {
    "f16": np.array([[1, 4], [2, 5], [3, 6]], np.float16),
    "f32": np.arange(1, 25, dtype=np.float32).reshape(4, 3, 2),
    "complex": np.array([[1 + 2j, 4], [3, 5j]]),
    "int128": 2**100,
    "int128s": [1, -2],
    "bool": np.array([[True, False], [False, True]]),
    "big": 2**200,
    "negative_big": -(3**50),
    "bigfloat": Decimal("1.5"),
    "rational": Fraction(2, 3),
    "char": "σ",
    "chars": ["a", "é"],
    "enum": 2,
    "enums": np.array([1, 2], np.int32),
    "symbol": "weight",
    "symbols": ["a", "b"],
    "string": "text, σ²",
    "strings": [["a", "c"], ["b", "d"]],
    "missing": None,
    "nothing": None,
    "missings": np.ma.MaskedArray([1.5, 0.0, 3.0], [False, True, False]),
    "nothings": np.ma.MaskedArray([1, 0], [False, True]),
    "date": date("2026-11-26"),
    "dates": np.array(["1999-12-31", "2000-01-01"], "datetime64[D]"),
    "moment": date("2026-11-26T08:30", "ms"),
    "moments": np.array(["1970-01-01T00", "1969-12-31T23"], "datetime64[ms]"),
    "time": np.timedelta64(3_723_000_000_000, "ns"),
    "day": np.timedelta64(3, "D"),
    "days": np.array([1, 2], "timedelta64[D]"),
    "version": {"major": 1, "minor": 2, "patch": 3, "prerelease": None, "build": None},
}
PARENT = np.arange(1.0, 21).reshape(5, 4)  # Julia's reshape(1.0:20, 4, 5)
ARRAYS = {
    "range": range(2, 6),
    "steps": range(10, 0, -3),
    "floats": np.array([0.1, 0.2, 0.3, 0.4, 0.5]),
    "linear": np.array([0, 0.25, 0.5, 0.75, 1]),
    "adjoint": np.array([[1 - 1j, 2], [3, 4], [5, 6]]),
    "transpose": np.array([[1.0, 2, 3], [4, 5, 6]]),
    "row": np.array([[1.0], [2], [3]]),
    "permuted": np.arange(1.0, 25).reshape(4, 3, 2).transpose(1, 2, 0),
    "view": PARENT[[0, 2, 4], 1:3],
    "column": PARENT[1],
    "row_view": PARENT[:, 2],
    "reshaped": np.arange(1.0, 13).reshape(4, 3),
    "bits": np.array([[True, False], [False, False], [True, True]]),
    "bit_vector": np.arange(1, 71) % 2 == 1,
    "sparse": {
        "m": 3,
        "n": 2,
        "colptr": np.array([1, 2, 3]),
        "rowval": np.array([3, 1]),
        "nzval": np.array([2.5, 1.5]),
    },
    "diagonal": {"diag": np.array([1.0, 2])},
    "symmetric": np.array([[1.0, 2], [2, 3]]),
    "lower": np.array([[1.0, 3], [0, 4]]),
    "nested": [np.array([1.0, 2]), np.array([3.0])],
    "matrix_of_any": [[1, "b"], ["a", None]],
    "empty": np.zeros((3, 0), np.float32),
    "zero_dimensional": np.array(3.5),
    "none": [],
}
CONTAINERS = {
    "dict": {"a": np.ones(1, np.float32), "b": np.full(1, 2, np.float32)},
    "symbol_dict": {"x": 1},
    "int_dict": {1: "one", 2: "two"},
    "tuple_dict": [{"first": [1, 2], "second": np.ones(1)}],
    "array_dict": [{"first": np.ones(1), "second": 2}],
    "set": [3],
    "named": {"a": 1, "b": {"c": np.ones(1)}},
    "tuple": [1, "a", np.array([2.0])],
    "long_tuple": [float(i) for i in range(1, 13)],
    "empty_tuple": None,
    "empty_named": None,
    "pair": {"first": "a", "second": 1},
    "pairs": [{"first": 1, "second": 2.5}, {"first": 3, "second": 4.5}],
    "ref": {"x": np.ones(1)},
    "type": "Core.Float32",
    "parametric": "Core.Array{Core.Float32, 1}",
    "types": ["Core.Int64", "Core.String"],
    "function": "Base.sin",
    "functions": ["Base.sin", "Base.cos"],
    "module": "LinearAlgebra",
    "empty_struct": {},
    "tuples": [[1, 2.0], [3, 4.0]],
    "named_tuples": [{"a": 1, "b": 2.0}, {"a": 3, "b": 4.0}],
}
STATIC = {
    "vector": np.array([1.0, 2]),
    "matrix": np.arange(1, 7, dtype=np.float32).reshape(3, 2),
    "long": np.arange(1.0, 21),
}
VALUES = {"numbers": NUMBERS, "arrays": ARRAYS, "containers": CONTAINERS, "static": STATIC}
# BSON.jl writes the address of a big number, not its digits; an array in which something is missing
# as a list; and it refuses tuples with gaps in memory.
IN_BSON = {
    "missings": [1.5, None, 3.0],
    "nothings": [1, None],
}
NOT_IN = {"bson": {"big", "negative_big", "bigfloat", "tuples"}, "jld2": set(), "old": {"module"}}
FILES = {"jld2": "{}.jld2", "bson": "{}.bson", "old": "old_{}.jld2"}
CASES = [
    (kind, group, name)
    for kind in FILES
    for group, values in VALUES.items()
    if (kind, group) != ("old", "static")
    for name in values
    if name not in NOT_IN[kind]
]


def same(ours, read):
    """Equal in type, shape and every entry, at any depth."""
    if isinstance(ours, np.ndarray):
        if type(ours) is not type(read) or ours.dtype != read.dtype or ours.shape != read.shape:
            return False
        if isinstance(ours, np.ma.MaskedArray):
            return ours.tolist() == read.tolist()
        return np.array_equal(ours, read)
    if isinstance(ours, dict):
        return (
            isinstance(read, dict)
            and ours.keys() == read.keys()
            and all(same(ours[name], read[name]) for name in ours)
        )
    if isinstance(ours, list):
        return isinstance(read, list) and len(ours) == len(read) and all(map(same, ours, read))
    return type(ours) is type(read) and ours == read


@pytest.mark.parametrize(("kind", "group", "name"), CASES)
def test_a_value_that_julia_wrote(kind, group, name):
    expected = VALUES[group][name]
    if kind == "bson":
        expected = IN_BSON.get(name, expected)
    read = read_state(DATA / FILES[kind].format(group), name)
    assert same(expected, read), read


@pytest.mark.parametrize("group", VALUES)
def test_nothing_else_is_in_the_files(group):
    for kind, pattern in FILES.items():
        if (kind, group) != ("old", "static"):
            names = set(opened(DATA / pattern.format(group)).names)
            refused = {"tuples"} if kind == "bson" else NOT_IN[kind]
            assert names == set(VALUES[group]) - refused


SHARED = np.array([[1, 3], [2, 4]], np.float32)


@pytest.mark.parametrize("file", ["structs.jld2", "old_structs.jld2"])
def test_structs_of_the_user_have_their_fields_by_name(file):
    model = read_state(DATA / file, "model")
    assert model.julia_type == "Main.Users.Model"
    assert model["inner"].julia_type == "Main.Users.Inner"
    assert same(
        {
            "name": "one",
            "inner": {"W": SHARED, "σ": "Base.tanh"},
            "rates": [1.0, 2.0, 3.0],
            "extra": [SHARED, "x"],
            "cycle": None,
        },
        model,
    )
    assert model["inner"]["W"] is model["extra"][0]  # what is shared in Julia is shared here
    closure = read_state(DATA / file, "closure")
    assert same({"k": np.array([2.0])}, closure) and closure.julia_type.startswith("Main.#")


@pytest.mark.parametrize("file", ["structs.jld2", "old_structs.jld2", "structs.bson"])
def test_a_cycle_ends_where_it_begins(file):
    circle = read_state(DATA / file, "circle")
    parts = list(circle.values()) if isinstance(circle, dict) else circle
    assert parts[0] == "circle" and parts[-1] is None


def test_bson_has_no_names_of_fields_of_the_user():
    model = read_state(DATA / "structs.bson", "model")
    assert model.julia_type == "Main.Users.Model"
    assert same(["one", [SHARED, "Base.tanh"], [1.0, 2.0, 3.0], [SHARED, "x"], None], list(model))
    both = read_state(DATA / "structs.bson", "all")
    assert both[0] is both[1]  # a back reference


def test_a_function_without_a_name_is_named_and_not_run():
    closure = read_state(DATA / "closure.bson")
    assert same({"k": np.array([2.0])}, closure) and closure.julia_type.startswith("Main.#")


@pytest.mark.parametrize("file", ["compressed", "shuffled", "zstd"])
def test_compressed_arrays(file):
    pytest.importorskip("zstandard") if file == "zstd" else None
    names = {"a": np.repeat(np.float32([[1], [2], [3]]), 400, axis=1)}
    if file == "compressed":
        names["b"] = np.arange(1, 1001)
        assert read_state(DATA / f"{file}.jld2", "c") == [[1, 2.0]] * 500
    for name, expected in names.items():
        np.testing.assert_array_equal(
            read_state(DATA / f"{file}.jld2", name), expected, strict=True
        )


def test_the_name_of_the_only_value_need_not_be_given():
    assert same(
        np.repeat(np.float32([[1], [2], [3]]), 400, axis=1), read_state(DATA / "shuffled.jld2")
    )
    with pytest.raises(StateFileError, match="no 'model_state' in it, only .*model"):
        read_state(DATA / "structs.jld2")


def test_values_in_groups():
    assert list(opened(DATA / "groups.jld2").names) == ["run/first/x", "run/first/z", "run/second"]
    assert read_state(DATA / "groups.jld2", "run/second") == {"y": 2}
