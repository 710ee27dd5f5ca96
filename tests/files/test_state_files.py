"""States through files: what Julia's JLD2 wrote, what we write, and files that are broken.

Made by `../data/states/write_states.jl`.
"""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import pyimpl
from pyimpl import Chain, Dense, loadmodel, read_state, state, write_state
from pyimpl.core.tree import children, leaves

STATES = Path(__file__).parents[1] / "data" / "states"

# The twins of the models in write_states.jl.
MODELS = {
    "chain": lambda: Chain(Dense(2, 3, pyimpl.tanh), pyimpl.BatchNorm(3), Dense(3, 1, bias=False)),
    "named": lambda: Chain(
        first=pyimpl.Conv((3, 2), 1, 2, pad=(1, 2, 3, 4), stride=(2, 1)),
        flat=pyimpl.flatten,
        last=Dense(12, 1),
    ),
    "convolutions": lambda: Chain(
        pyimpl.Conv((2, 3), 2, 4, pyimpl.relu, groups=2, pad=1),
        pyimpl.MaxPool((2, 3)),
        pyimpl.ConvTranspose((2, 3), 4, 2, stride=(2, 1), outpad=(1, 0)),
        pyimpl.Upsample((2, 3)),
        pyimpl.CrossCor((1, 2), 2, 4, dilation=(1, 2)),
        pyimpl.PixelShuffle(2),
        pyimpl.AdaptiveMeanPool((1, 2)),
        pyimpl.GlobalMeanPool(),
        pyimpl.flatten,
    ),
    "norms": lambda: Chain(
        pyimpl.InstanceNorm(3, affine=True, track_stats=True),
        pyimpl.GroupNorm(3, 3),
        pyimpl.BatchNorm(3, affine=False, track_stats=False),
        pyimpl.LayerNorm((2, 3)),
        pyimpl.LayerNorm(3, affine=False),
        pyimpl.WeightNorm(Dense(3, 2)),
        pyimpl.Dropout(0.5, dims=(-1, -2)),
        pyimpl.AlphaDropout(0.1),
        pyimpl.Scale(np.ones(2, np.float32), np.zeros(2, np.float32)),
    ),
    "recurrent": lambda: Chain(
        pyimpl.RNN(2, 3), pyimpl.LSTM(3, 2), pyimpl.GRU(2, 2, bias=False), pyimpl.GRUv3(2, 3)
    ),
    "cells": lambda: pyimpl.Parallel(pyimpl.vcat, a=pyimpl.RNNCell(2, 3), b=pyimpl.LSTMCell(2, 3)),
    "joined": lambda: Chain(
        pyimpl.Parallel(pyimpl.add, Dense(2, 3), Dense(2, 3)),
        pyimpl.SkipConnection(Dense(3, 3), pyimpl.add),
        pyimpl.Maxout(Dense(3, 2), Dense(3, 2)),
        pyimpl.PairwiseFusion(pyimpl.add, Dense(2, 2), Dense(2, 2)),
        pyimpl.Bilinear((2, 2), 3),
    ),
    "attention": lambda: Chain(pyimpl.Embedding(5, 4), pyimpl.MultiHeadAttention(4, nheads=2)),
    "bag": lambda: pyimpl.EmbeddingBag(5, 3),
    "long": lambda: Chain(*(Dense(1, 1) for _ in range(12))),
    "wide": lambda: Chain(*(Dense(1, 1) if i % 2 else pyimpl.BatchNorm(1) for i in range(24))),
}
INSIDE = {"chain": "run/model_state"}
IN_TYPES = {
    "return_state",
    "mode",
    "scale",
    "size",
    "reduction",
}  # what Flux has in types or functions, so not in its state


def arrays(model):
    return {path: leaf for path, leaf in leaves(model) if isinstance(leaf, np.ndarray)}


def filled(name):
    """The twin, with every array filled with the numbers that write_states.jl put there."""
    model = MODELS[name]()
    for count, array in enumerate(arrays(model).values()):
        array[...] = count + 0.5 * np.arange(array.size).reshape(array.shape)
    return model


def differences(ours, read, path="state"):
    """The paths at which two states differ; where Flux has no field, nothing is expected."""
    if isinstance(ours, np.ndarray):
        same = (
            isinstance(read, np.ndarray) and ours.dtype == read.dtype and np.array_equal(ours, read)
        )
        return [] if same else [path]
    parts, found = dict(children(ours)), dict(children(read))
    if parts and found:
        missing = [f"{path}.{name}" for name in parts.keys() ^ found.keys() if name not in IN_TYPES]
        return missing + [
            where
            for name in parts.keys() & found.keys()
            for where in differences(parts[name], found[name], f"{path}.{name}")
        ]
    unsaid = isinstance(ours, dict) and parts.keys() <= IN_TYPES and read is None
    return [] if unsaid or ours == read or path.rpartition(".")[2] in IN_TYPES else [path]


@pytest.mark.parametrize("name", MODELS)
def test_a_state_that_julia_wrote_is_that_of_the_twin(name):
    read = read_state(STATES / f"{name}.jld2", INSIDE.get(name, "model_state"))
    expected = filled(name)
    assert not differences(state(expected), read)
    model = loadmodel(MODELS[name](), read)
    assert arrays(model)
    for path, array in arrays(expected).items():
        np.testing.assert_array_equal(arrays(model)[path], array, strict=True)


@pytest.mark.parametrize("name", MODELS)
def test_a_state_that_we_wrote_comes_back(name, tmp_path):
    model = filled(name)
    write_state(tmp_path / "model.jld2", model)
    read = read_state(tmp_path / "model.jld2")
    assert not differences(state(model), read)
    write_state(tmp_path / "again.jld2", read)
    assert not differences(read, read_state(tmp_path / "again.jld2"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.jld2", "model.jld2"]


def test_a_vector_of_layers_is_a_list():
    model = loadmodel(Chain(Dense(2, 1), Dense(2, 1)), read_state(STATES / "vector_of_layers.jld2"))
    np.testing.assert_array_equal(model[1].weight, [[2], [2]])


def test_every_kind_of_value_that_julia_writes():
    read = read_state(STATES / "kinds.jld2")
    expected = {
        "half": np.array([[1, 4], [2, 5], [3, 6]], np.float16),
        "double": np.array([[1.0], [2.0]]),
        "bytes": np.array([1, 255], np.uint8),
        "long": np.array([-1, 2], np.int64),
        "flags": np.array([[True], [False]]),
        "complex": np.array([1 + 2j], np.complex64),
        "zero_dimensional": np.array(3.5),
        "empty": np.zeros((3, 0), np.float32),
    }
    for name, array in expected.items():
        np.testing.assert_array_equal(read.pop(name), array, strict=True)
    layers = read.pop("layers")
    np.testing.assert_array_equal([layer["weight"] for layer in layers], [[1], [2]])
    assert read == {
        **{
            "single": 1.5,
            "signed": -3,
            "flag": True,
            "one_complex": 1 + 2j,
            "word": "text",
            "symbol": "weight",
            "nothing_at_all": None,
        },
        **{
            "tuple": None,
            "pair": [1, 2.5],
            "many": list(range(1, 13)),
            "words": ["a", "b"],
            "symbols": ["a", "b"],
            "nothings": [None, None],
        },
        **{"named": {"x": 1.0}, "mixed": [1, "a"], "none": []},
    }
    assert type(read["flag"]) is bool


def test_compressed_arrays_are_read():
    """JLD2 up to 0.6.5 writes them in a way that HDF5 2.0 refuses (JuliaIO/HDF5.jl#1224)."""
    np.testing.assert_array_equal(
        read_state(STATES / "compressed.jld2")["weight"],
        np.repeat([[1], [2], [3]], 40, 1).reshape(3, 40),
    )


def test_every_kind_of_value_that_we_write(tmp_path):
    values = {
        "arrays": [
            np.ones((2, 3), kind) for kind in ("f2", "f4", "f8", "i1", "i8", "u1", "u8", "?", ">f4")
        ],
        "empty": [np.zeros((3, 0), np.float32), np.zeros((0, 2), bool)],
        "strided": np.arange(12).reshape(3, 4)[::2, 1::2],
        "numbers": [
            1,
            -2.5,
            True,
            False,
            None,
            "text",
            "σ²",
            np.float32(0.5),
            np.int8(3),
            np.bool_(True),
        ],
        "nested": {"γ": [], "weight": {"a": [[1, 2], (3,)]}},
    }
    write_state(tmp_path / "kinds.jld2", values, name="run/values")
    read = read_state(tmp_path / "kinds.jld2", "run/values")
    for ours, theirs in zip(
        values["arrays"] + values["empty"], read.pop("arrays") + read.pop("empty"), strict=True
    ):
        np.testing.assert_array_equal(
            theirs, ours.astype(ours.dtype.newbyteorder("=")), strict=True
        )
    np.testing.assert_array_equal(read.pop("strided"), values["strided"], strict=True)
    assert read == {
        "numbers": [1, -2.5, True, False, None, "text", "σ²", 0.5, 3, True],
        "nested": {"scale": [], "weight": {"a": [[1, 2], [3]]}},
    }


def test_what_a_state_does_not_have_is_read_as_well():
    dense = read_state(STATES / "whole_model.jld2")["layers"][0]
    assert dense.julia_type == "Flux.Dense" and dense["weight"].shape == (1, 2)
    turned = read_state(STATES / "adjoint.jld2")["layers"][0]["weight"]
    np.testing.assert_array_equal(turned, [[1, 2], [3, 4]])
    assert read_state(STATES / "dictionary.jld2") == {"layers": [{"a": 1}]}


def test_a_name_that_is_not_there():
    with pytest.raises(ValueError, match=r"chain.jld2: no 'model_state' .* epoch, run/model_state"):
        read_state(STATES / "chain.jld2")
    with pytest.raises(ValueError, match=r"bag.jld2: no 'epoch' in it, only model_state"):
        read_state(STATES / "bag.jld2", "epoch")


def test_a_file_that_is_no_hdf5_or_not_there(tmp_path):
    for content in (b"", b"{}", b"HDF5-based Julia Data Format, version 0.2.0\0" + bytes(2000)):
        (tmp_path / "model.jld2").write_bytes(content)
        with pytest.raises(ValueError, match="model.jld2 is not a JLD2 file"):
            read_state(tmp_path / "model.jld2")
    with pytest.raises(FileNotFoundError):
        read_state(tmp_path / "missing.jld2")
    with h5py.File(tmp_path / "images.h5", "w") as file:
        file["pictures/red"] = np.array(["a picture"], "S9")
    with pytest.raises(ValueError, match="images.h5: no 'model_state' in it, only pictures/red"):
        read_state(tmp_path / "images.h5", "model_state")
    assert read_state(tmp_path / "images.h5") == ["a picture"]


def test_arrays_in_chunks_as_other_writers_of_hdf5_make_them(tmp_path):
    array = np.arange(5 * 7 * 3, dtype=np.int32).reshape(5, 7, 3)
    with h5py.File(tmp_path / "chunks.h5", "w") as file:
        options = {"chunks": (2, 3, 3), "compression": "gzip", "shuffle": True, "fletcher32": True}
        file.create_dataset("packed", data=array, **options)
        file.create_dataset("big_endian", data=array.astype(">f8"), chunks=(4, 4, 1))
    for name, expected in ("packed", array), ("big_endian", array.astype(float)):
        np.testing.assert_array_equal(
            read_state(tmp_path / "chunks.h5", name), expected, strict=True
        )
    with h5py.File(tmp_path / "new.h5", "w", libver=("v110", "v114")) as file:
        file.create_dataset("indexed", data=array, chunks=(2, 3, 3))
        file.create_dataset("only", data=array, chunks=array.shape, compression="gzip")
    np.testing.assert_array_equal(read_state(tmp_path / "new.h5", "only"), array, strict=True)
    with pytest.raises(ValueError, match="indexed is stored in chunks whose index is not read"):
        read_state(tmp_path / "new.h5", "indexed")


@pytest.fixture(params=["julia", "python"])
def whole(request, tmp_path):
    """The bytes of a good file, and the path for the bad one."""
    path = tmp_path / "model.jld2"
    write_state(path, filled("attention"))
    return (STATES / "attention.jld2" if request.param == "julia" else path).read_bytes(), path


def test_a_truncated_file_is_never_read(whole):
    content, path = whole
    model = MODELS["attention"]()
    before = [array.copy() for array in arrays(model).values()]
    for length in [*range(0, len(content), 509), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="truncated or damaged|not a JLD2 file|is damaged"):
            loadmodel(model, read_state(path))
    for array, old in zip(arrays(model).values(), before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_a_damaged_file_is_a_clear_error_or_other_numbers(whole):
    content, path = whole
    rng = random.Random(0)
    errors = 0
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 3, 16))):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            read_state(path)
        except ValueError as error:
            errors += 1
            assert str(path) in str(error)
    assert errors > 20


def test_a_broken_list_of_strings_does_not_run_for_ever(tmp_path):
    """HDF5 walks it by the lengths of its entries, and one of length 0 kept it there."""
    content = bytearray((STATES / "attention.jld2").read_bytes())
    entry = content.index(b"GCOL\1\0\0\0") + 16
    content[entry : entry + 16] = bytes(16)
    (tmp_path / "model.jld2").write_bytes(content)
    with pytest.raises(
        ValueError,
        match="is damaged: nothing is at [0-9]+ of heap",
    ):
        read_state(tmp_path / "model.jld2")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            lambda: Chain(Dense(2, 3), pyimpl.BatchNorm(3), Dense(3, 2, bias=False)),
            r"model.layers.2.weight has shape \(3, 2\), .* \(3, 1\)",
        ),
        (
            lambda: Chain(Dense(2, 3), pyimpl.BatchNorm(3, affine=False), Dense(3, 1, bias=False)),
            "model.layers.1.shift has no array",
        ),
        (
            lambda: Chain(Dense(2, 3), pyimpl.BatchNorm(3)),
            r"model.layers has the fields \['0', '1'\], the source has \['0', '1', '2'\]",
        ),
        (
            lambda: Chain(Dense(2, 3), pyimpl.GRU(3, 3), Dense(3, 1, bias=False)),
            r"model.layers.1 has the fields \['cell'\], .*'mean'",
        ),
        (
            lambda: Chain(Dense(2, 3), pyimpl.relu, Dense(3, 1, bias=False)),
            r"model.layers.1 has no array, .* of shape \(3,\)",
        ),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(model, message):
    model = model()
    before = [array.copy() for array in arrays(model).values()]
    with pytest.raises(ValueError, match=message):
        loadmodel(model, read_state(STATES / "chain.jld2", "run/model_state") | {})
    for array, old in zip(arrays(model).values(), before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"weight": np.ones(2, complex)}, "got complex128 at model_state.weight"),
        ({"layers": [1, object()]}, "got object at model_state.layers.2"),
        (
            {"layers": {"a/b": 1}},
            "names that can be fields in Julia, got 'a/b' at model_state.layers",
        ),
        ({1: 2}, "got 1 at model_state"),
        ({"weight": 2**70}, "got object at model_state.weight"),
    ],
)
def test_a_state_that_cannot_be_written_leaves_the_old_file(bad, message, tmp_path):
    write_state(tmp_path / "model.jld2", {"weight": np.ones(2)})
    with pytest.raises(ValueError, match=message):
        write_state(tmp_path / "model.jld2", bad)
    np.testing.assert_array_equal(read_state(tmp_path / "model.jld2")["weight"], [1, 1])
    assert [path.name for path in tmp_path.iterdir()] == ["model.jld2"]


def test_without_h5py_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"pip install 'julia-parity\[files\]'"):
        read_state(STATES / "bag.jld2")
    with pytest.raises(ImportError, match="h5py"):
        write_state(tmp_path / "model.jld2", {})


def julia_with_jld2(way):
    """The command that starts the Julia of a live check, if it has JLD2."""
    if way is None:
        pytest.skip("no live Julia here")
    julia = way.environment.get("PYTHON_JULIACALL_EXE") or shutil.which("julia")
    command = [
        julia,
        "--startup-file=no",
        f"--project={way.environment.get('PYTHON_JULIACALL_PROJECT', '')}",
    ]
    if (
        julia is None
        or subprocess.run(
            [*command, "-e", "using JLD2"], capture_output=True, timeout=300
        ).returncode
    ):
        pytest.skip("the live Julia has no JLD2")
    return command


def test_live_julia_reads_what_we_write_and_writes_what_we_read(pytestconfig, tmp_path):
    julia = julia_with_jld2(pytestconfig.live_way)
    for name in MODELS:
        write_state(tmp_path / f"{name}.jld2", filled(name))
    done = subprocess.run(
        [*julia, str(STATES / "write_states.jl"), "load", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Warning" not in done.stderr
    for name in MODELS:
        assert not differences(state(filled(name)), read_state(tmp_path / f"back-{name}.jld2"))
    done = subprocess.run(
        [*julia, str(STATES / "write_states.jl"), "write", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    for name in MODELS:
        assert not differences(
            state(filled(name)),
            read_state(tmp_path / f"{name}.jld2", INSIDE.get(name, "model_state")),
        )
