"""Entries of a folder, in our names and indices."""

import json

import numpy as np
import pytest
from reference_folder.conversions import (
    Untranslatable,
)
from reference_folder.entries import read

import pyimpl


def folder(tmp_path, entry, arrays):
    """A folder with one case."""
    case = {"group": "layers", "case": "0001", "dtype": "float64", "nothing": [], **entry}
    (tmp_path / "index.json").write_text(
        json.dumps({"versions": {"Flux": "0.16.9"}, "cases": [case]}), encoding="utf-8"
    )
    np.savez(tmp_path / "layers.npz", **{f"0001/{name}": array for name, array in arrays.items()})
    return next(iter(read(tmp_path)))


def test_an_entry_has_our_names_and_indices(tmp_path):
    entry = {
        "row": "Chain",
        "julia": "p -> Chain(Embedding(p.w), BatchNorm(2))",
        "config": {},
        "mode": "train",
    }
    arrays = {
        "in/param.w": np.ones((3, 2)),
        "in/x1": np.array([1, 3]),
        "in/dy1": np.ones((2, 2)),
        "out/after.layers.2.μ": np.ones(2),
    }
    made = folder(tmp_path, entry, arrays)
    assert made.case.arrays["x1"].tolist() == [0, 2]
    assert [str(name) for name in made.flux.arrays] == ["state.layers.1.mean"]
    assert isinstance(made.build(made.case)[0], pyimpl.Embedding)


def test_the_cotangents_of_a_nested_output_are_handed_back_in_its_form(tmp_path):
    arrays = {
        "in/param.wi": np.ones((3, 8)),
        "in/param.wh": np.ones((2, 8)),
        "in/x1": np.ones((1, 3)),
    }
    entry = {
        "row": "LSTMCell",
        "julia": "p -> Flux.LSTMCell(p.wi, p.wh, false)",
        "config": {"bias": False},
        "mode": "train",
    }
    made = folder(tmp_path, entry, arrays)
    y, back = made.build(made.case).pullback(made.case.arrays["x1"])
    assert y[0] is y[1][0]
    assert back((np.ones((1, 2)),) * 3)[1].shape == (1, 3)


def test_an_entry_that_cannot_be_translated_is_an_entry_whose_twin_says_so(tmp_path):
    entry = {"row": "Conv", "julia": "p -> Conv(p.w; twist=2)", "config": {}, "mode": "train"}
    made = folder(tmp_path, entry, {"in/param.w": np.ones((3, 2, 2)), "in/x1": np.ones((1, 2, 4))})
    with pytest.raises(Untranslatable, match="cannot be translated: option twist of row Conv"):
        made.build(made.case)
