"""Damaged files: whatever is read from disk may be cut off, changed, of another kind, or a bomb.

One reader for all (`pyimpl/files/disk.py`), one sort of error, one exit code, 3. Nothing is
unpickled, nothing larger than it says is unpacked, nothing that is no plain file is waited for.
"""

import io
import json
import os
import random
import struct
import zipfile
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from faults.trials import crosscheck

from pyimpl.files.disk import Unreadable, read_arrays, read_json
from pyimpl.parity.experiments import mnist, trajectories
from pyimpl.parity.experiments.images import NoImages
from pyimpl.parity.reference.recorded import NoRecording, Recorded, RecordedRows, newest, shipped
from pyimpl.parity.report.bundle import BundleError, load_bundle, read_array


def flipped(content: bytes, number: int) -> bytes:
    """The content with one bit another, or cut off, or with a stretch of it gone or doubled."""
    rng = random.Random(number)
    at = rng.randrange(len(content))
    if number % 4 == 0:
        return content[:at]
    if number % 4 == 1:
        return content[:at] + content[at + rng.randrange(1, 50) :]
    if number % 4 == 2:
        return content[:at] + content[at : at + 40] + content[at:]
    return content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]


def read_whole(path: Path) -> list:
    """Everything in a recording."""
    found = Recorded(path)
    return [
        pair
        for row in found.rows()
        for pair in found.pairs(SimpleNamespace(key=row), ("float64", "float32"), None, 0)
    ]


def same(one: list, other: list) -> bool:
    """Whether two recordings hold the same cases and outcomes."""
    return [
        (
            case.fingerprint,
            {d: {str(n): a.tobytes() for n, a in o.arrays.items()} for d, o in os.items()},
        )
        for case, os in one
    ] == [
        (
            case.fingerprint,
            {d: {str(n): a.tobytes() for n, a in o.arrays.items()} for d, o in os.items()},
        )
        for case, os in other
    ]


@pytest.mark.parametrize("seed", range(4))
def test_a_recording_with_bits_changed(doubled, seed):
    """A recording cut off, or with bytes changed, gone or doubled: 400 ways; it is refused, or
    nothing in it has changed.
    """
    path = doubled.folder / "julia.npz"
    content, whole = path.read_bytes(), read_whole(path)
    for number in range(100 * seed, 100 * seed + 100):
        path.write_bytes(flipped(content, number))
        try:
            found = read_whole(path)
        except NoRecording as refusal:
            assert str(path) in str(refusal)
            continue
        assert same(found, whole), f"change {number} went unseen"


def index_of(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """The index of a recording and its flat arrays."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return json.loads(bytes(arrays.pop("index"))), arrays


def with_index(path: Path, index, arrays) -> None:
    """A recording with another index, well packed."""
    text = index if isinstance(index, bytes) else json.dumps(index).encode()
    with path.open("wb") as file:
        np.savez(file, index=np.frombuffer(text, np.uint8), **arrays)


def places(node, path=()):
    """Every place in nested JSON."""
    yield path
    if isinstance(node, dict | list):
        for key in node if isinstance(node, dict) else range(len(node)):
            yield from places(node[key], (*path, key))


def put(node, path, value):
    """The JSON with another value at a place."""
    node = json.loads(json.dumps(node))
    if not path:
        return value
    at = node
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return node


ODD = [None, True, -1, 2**80, 1e300, "", "x", [], {}, [[]], [None], {"": 0}, [2**62, 2**62]]


def test_an_index_of_another_shape(doubled):
    """The index of a recording with any part of it replaced by something of another type."""
    path = doubled.folder / "julia.npz"
    index, arrays = index_of(path)
    index["cases"] = index["cases"][:1]
    rng = random.Random(0)
    every = list(places(index))
    assert len(every) > 40
    for place in every:
        for value in rng.sample(ODD, 4):
            with_index(path, put(index, place, value), arrays)
            try:
                read_whole(path)
            except NoRecording as refusal:
                assert str(path) in str(refusal)


@pytest.mark.parametrize(
    "index",
    [b"", b"[]", b"null", b"{", b"[" * 100_000, b"\xff\xfe", b'{"format": NaN}', b"1" * 50_000],
)
def test_an_index_that_is_none(doubled, index):
    """JSON that is none, too deep, too long a number, or not UTF-8."""
    path = doubled.folder / "julia.npz"
    with_index(path, index, index_of(path)[1])
    doubled.run(*crosscheck(), code=3, says="julia.npz")
    doubled.run("check", "Dense", "--recording", "julia.npz", code=3, says="julia.npz")


@pytest.mark.parametrize(
    "place",
    [
        ["float64", 0, [2**32, 2**32]],
        ["float64", 0, [2**63, 2]],
        ["float64", -5, [1]],
        ["float64", 0, [-1]],
        ["float64", 10**9, [3]],
        ["nothing", 0, [3]],
        ["float64", 0.5, [3]],
        ["float64", 0, [1] * 100],
        ["float64", 0, [True]],
    ],
)
def test_an_array_that_is_not_there(doubled, place):
    """An index that speaks of arrays beyond the end, of negative or of overflowing size."""
    path = doubled.folder / "julia.npz"
    index, arrays = index_of(path)
    index["cases"][0]["in"]["x1"] = place
    with_index(path, index, arrays)
    doubled.run(*crosscheck(), code=3, says="julia.npz")


def test_outcomes_that_are_not_there(doubled):
    """A recording whose outcomes were taken out: nothing can be compared, so nothing agrees."""
    path = doubled.folder / "julia.npz"
    index, arrays = index_of(path)
    for emptied in ({}, {"float64": index["cases"][0]["out"]["float64"]}):
        changed = json.loads(json.dumps(index))
        for case in changed["cases"]:
            case["out"] = emptied
        with_index(path, changed, arrays)
        came = doubled.run(*crosscheck(), code=3)
        assert "agrees" not in came.out
    with_index(path, index | {"cases": []}, arrays)
    doubled.run(*crosscheck(), code=3, says="double")


def npy(dtype, shape, content=b"", version=(1, 0)) -> bytes:
    """A .npy file with any header."""
    head = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(head)) + head + content


def zipped(members: dict[str, bytes], path: Path, how=zipfile.ZIP_DEFLATED) -> Path:
    """A .zip file of these."""
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


INPUTS = {
    "empty": b"",
    "text": b"1.0, 2.0\n",
    "a pickle": npy("|O", (1,), b"\x80\x04cos\nsystem\n(S'echo executed'\ntR."),
    "cut off": npy("<f8", (100,), b"\0" * 80),
    "enormous": npy("<f8", (2**40,)),
    "overflowing": npy("<f8", (2**32, 2**32)),
    "negative": npy("<f8", (-1, 3), b"\0" * 24),
    "of objects": npy("|O", (2,)),
    "of records": npy([("a", "<f8")], (1,), b"\0" * 8),
    "of texts": npy("<U3", (1,), b"\0" * 12),
    "of dates": npy("<M8[D]", (1,), b"\0" * 8),
    "a header that is none": b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f8' \n",
    "a header of code": b"\x93NUMPY\x01\x00\x1e\x00__import__('os').abort()\x20\x20\x20\x20\x20\n",
    "an unknown version": npy("<f8", (1,), b"\0" * 8, (9, 9)),
    "too many axes": npy("<f8", (1,) * 70, b"\0" * 8),
}


@pytest.mark.parametrize("what", INPUTS)
@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_inputs_that_are_none(doubled, what, kind):
    """`--inputs` truncated, enormous, of objects, with a header of code, ..."""
    path = doubled.folder / f"in.{kind}"
    if kind == "npy":
        path.write_bytes(INPUTS[what])
    else:
        zipped({"x.npy": INPUTS[what]}, path)
    came = doubled.run(
        *crosscheck("double.py:double", "x -> 2x", "--inputs", path.name),
        code=(2, 3),
        says=path.name,
    )
    assert "executed" not in came.out and "unpickle" not in came.err
    if what != "of texts" and what != "of dates":
        assert came.code == 3, str(came)


def bomb(path: Path) -> Path:
    """A few kB that unpack to 4 GB."""
    content = npy("<f8", (2**29,))
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = b"\0" * 2**20
    data = pack.compress(content) + b"".join(pack.compress(block) for _ in range(64)) + pack.flush()
    name, size = b"x.npy", 2**32 - 2
    local = struct.pack(
        "<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(data), size, len(name), 0
    )
    central = struct.pack(
        "<4sHHHHHHIIIHHHHHII",
        b"PK\1\2",
        20,
        20,
        0,
        8,
        0,
        0,
        0,
        len(data),
        size,
        len(name),
        0,
        0,
        0,
        0,
        0,
        0,
    )
    start = len(local) + len(name) + len(data)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(central) + len(name), start, 0)
    path.write_bytes(local + name + data + central + name + end)
    return path


def test_a_bomb(doubled):
    """A .zip of kilobytes that unpacks to gigabytes, or says that it is small and is not."""
    path = bomb(doubled.folder / "bomb.npz")
    assert path.stat().st_size < 200_000
    with pytest.raises(Unreadable, match="bomb.npz"):
        read_arrays(path)
    doubled.run(*crosscheck("double.py:double", "x -> 2x", "--inputs", "bomb.npz"), code=3)
    lying = bytearray(zipped({"x.npy": npy("<f8", (2**20,), b"\0" * 2**23)}, path).read_bytes())
    at = lying.index(b"PK\1\2")
    lying[at + 24 : at + 28] = struct.pack("<I", 256)  # the size that it says it has
    path.write_bytes(bytes(lying))
    with pytest.raises(Unreadable, match="bomb.npz"):
        read_arrays(path)


def test_archives_of_odd_members(tmp_path):
    """Members that are no arrays, paths outside, two of one name, a hundred thousand, encrypted."""
    good = npy("<f8", (1,), b"\0" * 8)
    for members in ({"../../x.npy": b"no"}, {"a": b"no array"}, {"x.npy": b""}):
        with pytest.raises(Unreadable):
            read_arrays(zipped(members, tmp_path / "a.npz"))
    assert not (tmp_path.parent / "x.npy").exists()
    path = tmp_path / "twice.npz"
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", good)
        archive.writestr("x.npy", good)
    with pytest.raises(Unreadable, match="twice"):
        read_arrays(path)
    content = bytearray(zipped({"x.npy": good}, path).read_bytes())
    content[6] |= 1
    at = content.index(b"PK\1\2")
    content[at + 8] |= 1  # encrypted, it says
    path.write_bytes(bytes(content))
    with pytest.raises(Unreadable, match="twice.npz"):
        read_arrays(path)
    content = bytearray(zipped({"x.npy": good}, path).read_bytes())
    content[content.index(b"PK\1\2") + 10] = content[8] = 77  # a way to pack that nobody knows
    path.write_bytes(bytes(content))
    with pytest.raises(Unreadable, match="twice.npz"):
        read_arrays(path)


@pytest.mark.parametrize("kind", ["fifo", "directory", "endless", "missing", "loop", "socket"])
@pytest.mark.parametrize("option", ["--inputs", "--recording"])
def test_what_is_no_plain_file(doubled, kind, option):
    """A FIFO, a directory, an endless device, a link to itself or a socket in the place of a file
    is refused at once.
    """
    import socket

    path = doubled.folder / "odd.npz"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "socket":
        there = os.getcwd()
        os.chdir(doubled.folder)  # a socket's path must be short
        try:
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind("odd.npz")
        finally:
            os.chdir(there)
    arguments = crosscheck("double.py:double", "x -> 2x", "--inputs", "odd.npz")
    if option == "--recording":
        arguments = [part if part != "julia.npz" else "odd.npz" for part in crosscheck()]
    doubled.run(*arguments, code=(2, 3) if kind == "directory" else 3, says="odd.npz")


@pytest.mark.parametrize("role", ["python", "julia", "state"])
def test_a_fifo_for_a_program(doubled, role):
    """A FIFO in the place of the Python file, the Julia file, or a state."""
    os.mkfifo(doubled.folder / "odd")
    for suffix in (".py", ".jl", ".jld2"):
        os.mkfifo(doubled.folder / f"odd{suffix}")
    if role == "python":
        doubled.run(*crosscheck("odd.py:double"), code=2, says="odd.py")
    elif role == "julia":
        doubled.run(*crosscheck(julia="odd.jl:double"), code=2, says="odd.jl")
    else:
        doubled.run(
            "locate",
            "double.py:double",
            "x -> x",
            "--shape",
            "n",
            "--state",
            "odd.jld2",
            code=(2, 3),
            says="odd.jld2",
        )


def disagreement(desk) -> Path:
    """A bundle."""
    desk.file("triple.py", "def triple(x):\n    return 3 * x\n")
    desk.recorded("triple.py:triple", "x -> 2x", "n,3", answers=lambda x: 2 * x)
    desk.run(*crosscheck("triple.py:triple"), code=1, says="replay:")
    (bundle,) = (desk.folder / "parity-bundles").iterdir()
    return bundle


def test_a_bundle_with_parts_changed(desk):
    """`bundle.json` with any part of it replaced, its evidence damaged, its files gone."""
    bundle = disagreement(desk)
    about = json.loads((bundle / "bundle.json").read_text())
    rng = random.Random(1)
    for place in places(about):
        for value in rng.sample(ODD, 3):
            (bundle / "bundle.json").write_text(json.dumps(put(about, place, value)))
            with pytest.raises(BundleError):
                load_bundle(bundle, trust=False)
            try:
                load_bundle(bundle, trust=True)
            except BundleError:
                pass
    for odd in ("", "[]", "{", "null", "[" * 100_000):
        (bundle / "bundle.json").write_text(odd)
        desk.run("explain", bundle, code=3, says="bundle.json")
    (bundle / "bundle.json").write_text(json.dumps(about))
    evidence = (bundle / "evidence.npz").read_bytes()
    (bundle / "evidence.npz").write_bytes(evidence[:200])
    desk.run("explain", bundle, code=3, says="evidence.npz")
    (bundle / "evidence.npz").unlink()
    desk.run("explain", bundle, code=3, says="evidence.npz")
    desk.run("explain", desk.folder / "home", code=3, says="bundle.json")
    os.mkfifo(bundle / "evidence.npz")
    desk.run("explain", bundle, code=3, says="evidence.npz")


@pytest.mark.parametrize(
    "text", ["", "# float64", "# float64 2\n1.0\n", "# object 1\n1\n", "# float64 -1\n1.0\n", "x"]
)
def test_an_array_of_a_bundle(tmp_path, text):
    """An array of a bundle, written as text, with a line gone or another type."""
    (tmp_path / "x.txt").write_text(text)
    with pytest.raises(Unreadable, match="x.txt"):
        read_array(tmp_path / "x.txt")


def test_a_damaged_recording_among_the_shipped(tmp_path, monkeypatch):
    """A damaged recording that is the newest is named and passed over; so is an unfinished one."""
    from pyimpl.parity.reference import recorded

    whole = shipped()[-1]
    (tmp_path / whole.name).symlink_to(whole)
    broken = tmp_path / "flux-9.9.9" / "layer"
    broken.mkdir(parents=True)
    (broken / "Conv.npz").write_bytes(b"PK\3\4 no more")
    (tmp_path / "flux-9.9.10").mkdir()
    monkeypatch.setattr(recorded, "SHIPPED", tmp_path)
    newest.cache_clear()
    try:
        with pytest.warns(UserWarning, match=r"flux-9\.9\.\d+.* passed over"):
            found = newest()
        assert found.versions["Flux"] == whole.name.removeprefix("flux-")
    finally:
        newest.cache_clear()


def test_a_folder_of_recordings_with_one_damaged(doubled):
    """`check`, `list --markdown` and `drift` with a folder in which one row is cut off."""
    folder = doubled.folder / "rows"
    (folder / "layer").mkdir(parents=True)
    for name in ("Dense.npz", "Scale.npz"):
        content = (shipped()[-1] / "layer" / name).read_bytes()
        (folder / "layer" / name).write_bytes(content if name != "Scale.npz" else content[:999])
    doubled.run("check", "Dense", "--recording", "rows", code=0, says="1 row")
    doubled.run("check", "Dense", "Scale", "--recording", "rows", code=3, says="Scale.npz")
    doubled.run("drift", "rows", "0.16.9", "--row", "Scale", code=3, says="Scale.npz")
    with pytest.raises(NoRecording, match="Scale.npz"):
        RecordedRows(folder).of_row("Scale")


def test_a_recorded_run_of_a_walk_through(tmp_path):
    """A recorded run of `compare` cut off, without its provenance, or with another."""
    from pyimpl.parity.experiments.experiment import scripts

    whole = sorted((scripts() / "recorded").glob("*.npz"))[0].read_bytes()
    path = tmp_path / "sine-quick-digits-seed1.npz"
    for number in range(60):
        path.write_bytes(flipped(whole, number))
        with pytest.raises(trajectories.NoTrajectory, match=path.stem):
            trajectories.load(path, {"nothing of it": np.zeros(3)})
    for provenance in ("", "[]", "{}", '{"versions": 3, "date": 0, "seconds": 0, "lines": 0}'):
        np.savez(path, provenance=np.array(provenance), curve=np.ones(3))
        with pytest.raises(trajectories.NoTrajectory, match=path.stem):
            trajectories.load(path, {})


def test_images_that_are_a_bomb(tmp_path):
    """A file of MNIST that unpacks to more than its header says, or is cut off."""
    import gzip

    path = tmp_path / "train-images-idx3-ubyte.gz"
    head = struct.pack(">BBBBIII", 0, 0, 8, 3, 1, 2, 2)
    path.write_bytes(gzip.compress(head + b"\0" * 2**28))
    with pytest.raises(NoImages, match="train-images"):
        mnist.read_idx(path, 3)
    path.write_bytes(gzip.compress(head + b"\0" * 4)[:-9])
    with pytest.raises(NoImages, match="train-images"):
        mnist.read_idx(path, 3)
    path.write_bytes(gzip.compress(struct.pack(">BBBBIII", 0, 0, 8, 3, *[2**32 - 1] * 3)))
    with pytest.raises(NoImages, match="train-images"):
        mnist.read_idx(path, 3)


def test_files_of_the_system(tmp_path):
    """A file of the system's that tells no size, and an ordinary one in little memory."""
    import tracemalloc

    from pyimpl.files.disk import read_bytes

    assert b"Name:" in read_bytes("/proc/self/status")
    with pytest.raises(Unreadable, match="more than 10 bytes"):
        read_bytes("/proc/self/status", 10)
    (tmp_path / "a").write_bytes(b"x" * 1000)
    tracemalloc.start()
    assert len(read_bytes(tmp_path / "a")) == 1000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20


def test_json_beyond_its_limits(tmp_path):
    """JSON with a number of 10^5 digits, NaN, a name twice, or deeper than can be read."""
    path = tmp_path / "a.json"
    for text in ("1" * 100_000, "[" * 100_000, '{"a": 1, "a": 2}', "NaN", "\ud800", ""):
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with pytest.raises(Unreadable, match="a.json"):
            read_json(path)
    path.write_text('{"a": [1, 2.5, null, true]}')
    assert read_json(path) == {"a": [1, 2.5, None, True]}


def test_arrays_come_back_as_they_were(tmp_path):
    """The reader gives what NumPy gives: every type, order and size, from .npy and .npz."""
    rng = np.random.default_rng(0)
    for dtype in ("f2", "f4", ">f8", "i1", ">i4", "u8", "?", "c16", "U3"):
        for shape in ((), (0,), (3,), (2, 0, 3), (2, 3)):
            array = np.asfortranarray((rng.random(shape) * 9).astype(dtype))
            np.savez_compressed(tmp_path / "a.npz", a=array, b=array)
            found = read_arrays(tmp_path / "a.npz", texts=True)
            assert list(found) == ["a", "b"] and found["a"].dtype == array.dtype
            np.testing.assert_array_equal(found["a"], array)
    stream = io.BytesIO()
    np.save(stream, np.arange(3.0))
    (tmp_path / "a.npy").write_bytes(stream.getvalue())
    np.testing.assert_array_equal(read_arrays(tmp_path / "a.npy")[""], np.arange(3.0))
