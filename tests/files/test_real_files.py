"""Files that people published: the folder `real_files` beside a development checkout, if it is
there, with an index of the arrays in each as an independent reader found them.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from pyimpl import read_state
from pyimpl.core.tree import children

ROOT = Path(__file__).parents[3]
FOLDER = next(
    (
        path
        for path in (ROOT / "shared" / "real_files", ROOT.parent / "shared" / "real_files")
        if path.is_dir()
    ),
    None,
)
INDEX = json.loads((FOLDER / "index.json").read_text()) if FOLDER else []
CASES = [
    (entry["file"], name, arrays) for entry in INDEX for name, arrays in entry["top_level"].items()
]
# The index has the names that files have: W of Flux's old Dense is called weight here.
RENAMED = {"InLayer.W": "InLayer.weight", "InLayer.b": "InLayer.bias"}


def arrays_of(node, path=""):
    if isinstance(node, np.ndarray):
        yield path, node
        return
    for name, child in children(node):
        yield from arrays_of(child, f"{path}.{name}" if path else name)


@pytest.mark.skipif(FOLDER is None, reason="the folder of published files is not here")
@pytest.mark.parametrize(("file", "name", "listed"), CASES, ids=[f"{f}-{n}" for f, n, _ in CASES])
def test_a_published_file_is_read_as_its_index_says(file, name, listed):
    read = list(arrays_of(read_state(FOLDER / file, name)))
    if file.endswith(".bson") and name == "vocab":
        # a dictionary of words and numbers, of which the index has the numbers as an array
        words = read_state(FOLDER / file, name)
        assert [[len(words)], float(sum(words.values()))] == listed[0][1::2]
        return
    assert len(read) == len(listed)
    for (path, array), (their_path, shape, dtype, total) in zip(read, listed, strict=True):
        if file.endswith(".jld2"):  # the index numbers the fields of BSON's structs
            assert path == RENAMED.get(their_path, their_path)
        assert (list(array.shape), str(array.dtype)) == (shape, dtype)
        assert np.isclose(float(array.astype(np.float64).sum()), total, rtol=1e-9, atol=1e-9)
