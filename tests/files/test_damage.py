"""Damaged files of every format: an error of one class that names the file, or a value; never
another error, much memory or much time.

What a format has no checksum of (the numbers of JLD2, all of BSON) may come as other numbers or
names: that cannot be seen.
"""

import json
import random
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from pyimpl.files import hdf5
from pyimpl.files.bounds import StateFileError
from pyimpl.files.opening import opened, read
from pyimpl.files.our_names import our_names

DATA = Path(__file__).parent / "data"
STATES = Path(__file__).parents[1] / "data" / "states"
FILES = sorted([*DATA.glob("*.jld2"), *DATA.glob("*.bson"), *STATES.glob("*.jld2")])
PUBLISHED = Path(__file__).parents[3].parent / "shared" / "real_files"
FILES += sorted([*PUBLISHED.glob("*.jld2"), *PUBLISHED.glob("*.bson")])
TIMES = 6
SECONDS, BYTES = 10, 100 << 20  # for one damaged file; measured: below 2 s and 58 MiB, all included


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Some bytes changed: at random, a bit, or eight that make a size absurd; or the end cut."""
    new = bytearray(content)
    how = rng.random()
    for _ in range(rng.choice((1, 1, 3, 16))):
        at = rng.randrange(len(new))
        if how < 0.4:
            new[at] = rng.randrange(256)
        elif how < 0.7:
            new[at] ^= 1 << rng.randrange(8)
        else:
            new[at : at + 8] = rng.choice((b"\xff" * 8, bytes(8), b"\xff\xff\xff\x7f" * 2))
    return bytes(new[: rng.randrange(len(new))] if rng.random() < 0.1 else new)


def check(content: bytes, path: Path) -> int:
    """Reads all that a damaged file has; how many errors came. Only StateFileError may."""
    path.write_bytes(content)
    errors, since = 0, time.monotonic()
    try:
        source = opened(path)
        names = [""] if "" in source.names else list(source.names)
    except StateFileError:
        return 1
    for name in names:
        try:
            our_names(source.value(name))
        except StateFileError:
            errors += 1
    assert time.monotonic() - since < SECONDS
    return errors


def hold(path: Path, tmp_path: Path, times: int = TIMES) -> None:
    content, errors = path.read_bytes(), 0
    tracemalloc.start()
    try:
        for i in range(times):
            errors += check(
                damaged(content, random.Random(f"{path.name} {i}")), tmp_path / path.name
            )
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()
    assert errors


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_damaged_file_of_julia(path, tmp_path):
    hold(path, tmp_path)


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.suffix == ".jld2"], ids=lambda p: f"{p.parent.name}-{p.name}"
)
def test_damage_that_the_checksums_would_have_stopped(path, tmp_path, monkeypatch):
    class Right(int):
        def __ne__(self, other):
            return False

    monkeypatch.setattr(hdf5, "_lookup3", lambda content: Right())
    hold(path, tmp_path)


@pytest.fixture
def made(tmp_path):
    """Small files of the formats that Python writes."""
    weight = np.arange(600, dtype=np.float32).reshape(20, 30)
    folder = tmp_path / "made"
    folder.mkdir()
    np.savez(folder / "plain.npz", **{"a.weight": weight, "b": np.ones(3)})
    np.savez_compressed(folder / "packed.npz", a=weight)
    np.save(folder / "one.npy", weight)
    entry = {"dtype": "F32", "shape": [20, 30], "data_offsets": [0, 2400]}
    header = json.dumps({"a.weight": entry}).encode()
    content = struct.pack("<Q", len(header)) + header + weight.tobytes()
    (folder / "net.safetensors").write_bytes(content)
    try:
        import torch
    except ImportError:
        return folder
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    torch.save(net.state_dict(), folder / "weights.pt")
    torch.save(net, folder / "module.pt")
    torch.save(net, folder / "old.pt", _use_new_zipfile_serialization=False)
    return folder


def test_a_damaged_file_of_python(made, tmp_path):
    for path in sorted(made.iterdir()):
        hold(path, tmp_path, times=60)


def test_the_error_names_the_file(tmp_path):
    for path in FILES:
        (tmp_path / path.name).write_bytes(path.read_bytes()[:-20])
        with pytest.raises(StateFileError, match=f"{path.name}.*(truncated|damaged|cut off|not a)"):
            read(tmp_path / path.name, None, "model_state")


def test_parts_that_multiply_in_each_other_are_counted(tmp_path):
    """Thirty lists, each of which has the next one ten times: a short file and 10^30 values."""

    def document(*items):
        body = b"".join(bytes([kind]) + name + b"\0" + value for kind, name, value in items)
        return struct.pack("<i", len(body) + 5) + body + b"\0"

    def back(number):
        tag = struct.pack("<i", 8) + b"backref\0"
        return document((2, b"tag", tag), (18, b"ref", struct.pack("<q", number)))

    shared = [document(*((3, b"%d" % i, back(n + 2)) for i in range(10))) for n in range(29)]
    shared.append(document((18, b"0", struct.pack("<q", 1))))
    content = document(
        (3, b"a", back(1)),
        (4, b"_backrefs", document(*((4, b"%d" % i, part) for i, part in enumerate(shared)))),
    )
    (tmp_path / "many.bson").write_bytes(content)
    with pytest.raises(StateFileError, match="its parts occur [0-9]+ times in each other"):
        read(tmp_path / "many.bson", None, "a")


def test_levels_without_an_end_are_an_error(tmp_path):
    content = b"\5\0\0\0\0"
    for _ in range(5000):
        content = struct.pack("<i", len(content) + 8) + b"\3a\0" + content + b"\0"
    (tmp_path / "deep.bson").write_bytes(content)
    with pytest.raises(StateFileError, match="is more than [0-9]+ levels deep"):
        read(tmp_path / "deep.bson", None, "a")
