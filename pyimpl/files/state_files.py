"""States of models in files that Julia and Python both read.

    jldsave("model.jld2"; model_state = Flux.state(model))            # Julia
    loadmodel(model, read_state("model.jld2"))                        # Python

    write_state("model.jld2", model)                                  # Python
    Flux.loadmodel!(model, JLD2.load("model.jld2", "model_state"))    # Julia, after `using Flux,
    JLD2`

Arrays are the same bytes on both sides, their axes reversed. JLD2 needs h5py: `pip install
'julia-parity[files]'`. Each format has a file of its own here; `opening.py` tells them apart.
"""

from pathlib import Path
from typing import Any

from .opening import read

__all__ = ["read_state", "write_state"]

USUAL = "model_state"


def read_state(path, name: str | None = None) -> Any:
    """The value in a file as nested dicts and lists of arrays, numbers, strings and None.

    Of JLD2 (JLD2.jl 0.1 to 0.6), BSON (BSON.jl), npz, npy, safetensors and PyTorch's .pt, told
    apart by their content. `name` is that of the value, in JLD2 through groups, "run/model_state";
    without it "model_state" is read, or the only value there is. npz, safetensors and .pt are one
    dict, nested by the dots in its names; `name` is one of these.

    A Julia array of size (a, b) is a NumPy array of shape (b, a). States, whole models and the
    user's structs are dicts of their fields, `Struct`s with the name of their type, `julia_type`;
    Flux's layers have our names and order whatever release of Flux wrote them: `W` is `weight`,
    `Recur` the `cell` it went over, a bias `false` None, sizes are in our order. BSON stores no
    names of fields: where neither the type nor the tables of `old_flux.py` say them, a struct is a
    list. Data frames give their columns by name (`frame["x"]`), ComponentArrays their parts
    (`theta["layer_1"]["weight"]`). What Julia wraps (transposes, views, BitArrays) is an array;
    missing numbers are masked; dictionaries whose keys are not plain are lists of pairs. Functions
    and types are names, None in Flux's state. What Flux's state does not have is not there:
    `return_state` and Upsample's fields are missing; Dropout's `dims` count from the last axis, as
    -1. `loadmodel` needs none of these.

    Nothing in a file is executed, and no size is believed before it was held against the file's
    length. Raises FileNotFoundError, ImportError without h5py for JLD2, and StateFileError, a
    ValueError, with the path in the file: for a file of no known format, truncated or damaged, and
    for a name that it has not (with those that it has). Damage to the numbers themselves cannot be
    seen where the format keeps no checksum of them, as JLD2.
    """
    return read(Path(path), name, USUAL)


def write_state(path, model, name: str = USUAL) -> None:
    """Write a model, or a `state`, to a JLD2 file for `read_state` and for Julia.

    There `Flux.loadmodel!(model, JLD2.load(path, "model_state"))` copies it into a Flux model of
    the same structure; fields have Flux's names and order, sizes Julia's order. What `JLD2.load`
    gives differs from `Flux.state` where `loadmodel!` does not look: tuples are Vectors, None is
    the string "nothing", a bias None is `false`, a 0-d array is a number. Model-free HDF5 readers
    find every array under `_parts`. Of a Flux model with a generator of its own in a Dropout, or
    with functions that hold numbers, `loadmodel!` refuses the state: it looks for their fields. The
    file appears at once and complete, or not at all. Raises ImportError without h5py, OSError where
    it cannot write, and ValueError with the path of a part that is neither dict, list, tuple,
    string, None nor a number or array of float16 to float64, integers or bool.
    """
    from .jld2_writing import write_jld2

    write_jld2(Path(path), model, name)
