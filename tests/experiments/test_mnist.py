"""MNIST: getting the files, from a server on this machine, and reading their format.

No test uses the network.
"""

import gzip
import hashlib
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from pyimpl.parity.experiments import images, mnist
from pyimpl.parity.experiments.images import NoImages

pytest.importorskip("pooch", reason="pooch comes with the extra `comparisons`")

NAMES = tuple(mnist.FILES)
NOWHERE = "http://127.0.0.1:9/"  # the port of `discard`: nobody listens


def idx(array):
    """An array in the idx format."""
    code = {"u1": 0x08, "i4": 0x0C, "f4": 0x0D}[array.dtype.str[1:]]
    return (
        bytes([0, 0, code, array.ndim])
        + np.array(array.shape, ">u4").tobytes()
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


@pytest.fixture
def arrays():
    """Contents of the four files: 70 and 5 images; the noise in them is what no gzip makes smaller
    than a few chunks.
    """
    rng = np.random.default_rng(0)
    shapes = ((70, 28, 28), (70,), (5, 28, 28), (5,))
    return {
        name: rng.integers(0, 256 if len(shape) == 3 else 10, shape, np.uint8)
        for name, shape in zip(NAMES, shapes, strict=True)
    }


@pytest.fixture
def packed(arrays):
    return {name: gzip.compress(idx(array), mtime=0) for name, array in arrays.items()}


@pytest.fixture
def folder(tmp_path, monkeypatch, packed):
    """Where the files go; nothing is there.

    The files of `packed` are the right ones, and no mirror is known.
    """
    monkeypatch.setenv("JULIA_PARITY_DATA", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(
        mnist,
        "FILES",
        {name: hashlib.sha256(content).hexdigest() for name, content in packed.items()},
    )
    monkeypatch.setattr(mnist, "MIRRORS", ())
    monkeypatch.setattr(mnist, "CHUNK", 1000)
    return tmp_path / "mnist"


def fill(folder, contents):
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


class Mirror(BaseHTTPRequestHandler):
    """Serves `files`; breaks off after `breaks_after` bytes of a body; with `ranges`, goes on in
    the middle; keeps a list of requests.
    """

    files, breaks_after, ranges, status = {}, None, True, None

    def do_GET(self):
        asked = self.headers["Range"]
        self.requests.append((self.path.lstrip("/"), asked))
        content = self.files.get(self.path.lstrip("/"))
        if content is None or self.status:
            return self.send_error(self.status or 404)
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and self.ranges else 0
        if start >= len(content):
            return self.send_error(416)
        self.send_response(206 if asked and self.ranges else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][: self.breaks_after])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def serve():
    """Starts mirrors; gives the address and the list of requests (file, Range) of each."""
    servers = []

    def start(files, **settings):
        handler = type("ThisMirror", (Mirror,), {"files": files, "requests": [], **settings})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/", handler.requests

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def mirrors(monkeypatch, serve):
    """Makes mirrors of what `serve` takes; gives their addresses and requests."""

    def set_mirrors(*settings):
        started = [serve(**some) for some in settings]
        monkeypatch.setattr(mnist, "MIRRORS", tuple(address for address, _ in started))
        return started

    return set_mirrors


def refused(call, *arguments) -> str:
    with pytest.raises(NoImages) as refusal:
        call(*arguments)
    return str(refusal.value)


# Getting the files


def test_download_and_then_the_cache(folder, arrays, packed, mirrors):
    ((_, requests),) = mirrors({"files": packed})
    first = images.load("mnist")
    np.testing.assert_array_equal(first.x, np.concatenate([arrays[NAMES[0]], arrays[NAMES[2]]]))
    np.testing.assert_array_equal(
        first.labels, np.concatenate([arrays[NAMES[1]], arrays[NAMES[3]]])
    )
    assert (first.name, first.white, first.x.dtype, first.labels.dtype) == (
        "mnist",
        255,
        np.uint8,
        np.int64,
    )
    assert requests == [(name, None) for name in NAMES]
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)
    images.load("mnist")
    assert len(requests) == 4


def test_a_mirror_that_failed_is_not_asked_again(folder, packed, mirrors):
    (_, failing), (_, working) = mirrors({"files": packed, "status": 403}, {"files": packed})
    assert len(mnist.load().x) == 75
    assert failing == [(NAMES[0], None)]
    assert working == [(name, None) for name in NAMES]


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_goes_on(folder, packed, mirrors, ranges):
    (breaking, _), (_, _) = mirrors({"files": packed, "breaks_after": 5000}, {"files": {}})
    message = refused(mnist.load)
    assert breaking in message and "Connection broken" in message
    kept = (folder / f"{NAMES[0]}.part").stat().st_size
    assert 4000 <= kept <= 5000
    ((_, requests),) = mirrors({"files": packed, "ranges": ranges})
    assert len(mnist.load().x) == 75
    assert requests[0] == (NAMES[0], f"bytes={kept}-")
    assert not list(folder.glob("*.part"))


def test_the_next_mirror_goes_on_where_one_broke_off(folder, packed, mirrors):
    (_, _), (_, requests) = mirrors({"files": packed, "breaks_after": 5000}, {"files": packed})
    assert len(mnist.load().x) == 75
    assert requests[0][1].startswith("bytes=4") or requests[0][1] == "bytes=5000-"


def test_a_partial_file_that_is_whole_already(folder, packed, mirrors):
    fill(folder, {f"{NAMES[0]}.part": packed[NAMES[0]]})
    ((_, requests),) = mirrors({"files": packed})
    assert len(mnist.load().x) == 75
    assert requests[:2] == [(NAMES[0], f"bytes={len(packed[NAMES[0]])}-"), (NAMES[1], None)]


@pytest.mark.parametrize("rubbish", [b"<html>log in first</html>", b"too long" * 20000])
def test_a_partial_file_of_something_else_is_thrown_away(folder, packed, mirrors, rubbish):
    fill(folder, {f"{NAMES[0]}.part": rubbish})
    ((_, requests),) = mirrors({"files": packed})
    assert len(mnist.load().x) == 75
    assert [request for request in requests if request[0] == NAMES[0]] == [
        (NAMES[0], f"bytes={len(rubbish)}-"),
        (NAMES[0], None),
    ]


def test_wrong_checksum(folder, packed, mirrors):
    other = packed | {NAMES[2]: gzip.compress(idx(np.zeros((5, 28, 28), np.uint8)))}
    (wrong, _), (_, right) = mirrors({"files": other}, {"files": packed})
    assert len(mnist.load().x) == 75
    assert right == [(NAMES[2], None), (NAMES[3], None)]
    (folder / NAMES[2]).unlink()
    ((wrong, _),) = mirrors({"files": other})
    message = refused(mnist.load)
    assert (
        wrong in message
        and f"does not match the known hash: expected sha256:{mnist.FILES[NAMES[2]]} but got"
        in message
    )
    assert sorted(path.name for path in folder.iterdir()) == sorted({*NAMES} - {NAMES[2]})


def test_a_spoilt_file_in_the_cache_is_downloaded_again(folder, packed, mirrors):
    fill(folder, packed | {NAMES[1]: packed[NAMES[1]][:-3]})
    ((_, requests),) = mirrors({"files": packed})
    assert len(mnist.load().x) == 75
    assert requests == [(NAMES[1], None)]


def test_offline(folder, packed, monkeypatch, serve):
    closed, _ = serve(packed, status=503)
    monkeypatch.setattr(mnist, "MIRRORS", (NOWHERE, closed))
    fill(folder, {NAMES[0]: b"spoilt", NAMES[3]: packed[NAMES[3]]})
    lines = refused(mnist.load).splitlines()
    assert lines[0] == "MNIST could not be downloaded:"
    assert (
        lines[1].strip() == NOWHERE
        and lines[2].strip().startswith(f"{NAMES[0]}: ")
        and "Connection refused" in lines[2]
    )
    assert lines[3].strip() == closed and "503 Server Error" in lines[4]
    assert str(folder) in lines[5] and "four files" in lines[5]
    assert [line.split()[0] for line in lines[6:10]] == list(NAMES)
    assert f"expected {mnist.FILES[NAMES[0]]}" in lines[6] and lines[9].endswith("(is there)")
    assert lines[10:] == ["or take the digits of scikit-learn: --data digits"]


def test_files_put_there_by_hand_need_neither_network_nor_pooch(
    folder, arrays, packed, monkeypatch
):
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert "pip install 'julia-parity[comparisons]'" in refused(mnist.load)
    unpacked = {name.removesuffix(".gz"): idx(array) for name, array in arrays.items()}
    fill(folder, dict(list(unpacked.items())[:3]) | {NAMES[3]: packed[NAMES[3]]})
    assert len(mnist.load().x) == 75


def test_a_directory_that_cannot_be_made(folder, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("JULIA_PARITY_DATA", str(tmp_path / "file"))
    assert f"cannot be kept in {tmp_path / 'file' / 'mnist'}" in refused(mnist.load)


def test_where_the_files_are(monkeypatch, tmp_path):
    monkeypatch.setenv("JULIA_PARITY_DATA", "~/data")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert mnist.directory() == tmp_path / "data" / "mnist"
    monkeypatch.delenv("JULIA_PARITY_DATA")
    assert mnist.directory().parts[-2:] == ("julia-parity", "mnist")


# Reading them

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
GOOD = idx(IMAGES)
PACKED = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize("array", [IMAGES, IMAGES[:0], IMAGES[0, 0]])
@pytest.mark.parametrize("name", ["some-idx", "some-idx.gz"])
def test_round_trip(tmp_path, array, name):
    content = idx(array)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    np.testing.assert_array_equal(mnist.read_idx(tmp_path / name, array.ndim), array)


@pytest.mark.parametrize(
    ("name", "content", "expected", "found"),
    [
        ("cut.gz", PACKED[:-12], "a whole gzip file", "end-of-stream marker"),
        (
            "crc.gz",
            PACKED[:-8] + bytes([PACKED[-8] ^ 1]) + PACKED[-7:],
            "a whole gzip file",
            "CRC check failed",
        ),
        ("deflate.gz", PACKED[:10] + b"\xff" * 20 + PACKED[30:], "a whole gzip file", "Error -3"),
        ("unpacked.gz", GOOD, "a whole gzip file", r"Not a gzipped file \(b'\\x00\\x00'\)"),
        ("page.idx", b"<html>", "an idx file, which begins with two zero bytes", "3c 68 74 6d"),
        ("packed.idx", PACKED, "two zero bytes", "1f 8b 08 00"),
        ("empty.idx", b"", "two zero bytes", "no bytes at all"),
        ("empty.gz", gzip.compress(b"", mtime=0), "two zero bytes", "no bytes at all"),
        (
            "float.idx",
            idx(IMAGES.astype(np.float32)),
            r"unsigned bytes \(type 0x08\)",
            r"float32 \(type 0x0d\)",
        ),
        ("int.idx", idx(IMAGES.astype(np.int32)), "unsigned bytes", "int32"),
        ("type.idx", b"\0\0\x07" + GOOD[3:], "unsigned bytes", "an unknown type"),
        ("labels.idx", idx(IMAGES[0, 0]), "3 axes", "1"),
        ("header.idx", GOOD[:10], "a header of 16 bytes", "10"),
        ("short.idx", GOOD[:-1], "2 x 3 x 4 = 24 entries", "23"),
        ("long.idx", GOOD + b"\0", "2 x 3 x 4 = 24 entries", "25"),
        ("huge.idx", b"\0\0\x08\x03" + b"\xff" * 12, f"= {(2**32 - 1) ** 3} entries", "0"),
    ],
)
def test_what_is_no_idx_file_is_refused_by_name(tmp_path, name, content, expected, found):
    (tmp_path / name).write_bytes(content)
    message = refused(mnist.read_idx, tmp_path / name, 3)
    assert re.fullmatch(
        rf"{re.escape(str(tmp_path / name))}: expected .*{expected}.*, found .*{found}.*; remove "
        r"the file.*",
        message,
    ), message


@pytest.mark.parametrize(
    ("changed", "array", "message"),
    [
        (
            1,
            np.zeros(69, np.uint8),
            r"as many labels as images, found 69 in \S+train-labels-idx1-ubyte and 70 in "
            r"\S+train-images-idx3-ubyte",
        ),
        (
            2,
            np.zeros((6, 28, 28), np.uint8),
            r"found 5 in \S+t10k-labels-idx1-ubyte and 6 in \S+t10k-images",
        ),
        (
            2,
            np.zeros((5, 14, 28), np.uint8),
            r"images of one size, found \(28, 28\) in \S+ and \(14, 28\) in \S+t10k-images",
        ),
        (
            3,
            np.full(5, 10, np.uint8),
            r"t10k-labels-idx1-ubyte: expected labels from 0 to 9, found 10",
        ),
        (0, np.zeros(70, np.uint8), r"train-images-idx3-ubyte: expected 3 axes, found 1"),
    ],
)
def test_files_that_do_not_belong_together(folder, arrays, changed, array, message):
    fill(
        folder,
        {
            name.removesuffix(".gz"): idx(content)
            for name, content in (arrays | {NAMES[changed]: array}).items()
        },
    )
    assert re.search(message, refused(mnist.load))
