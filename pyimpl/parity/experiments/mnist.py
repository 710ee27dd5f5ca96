"""MNIST: its four files from one of several mirrors, kept in the user's cache, and their format,
idx.

An idx file is two zero bytes, the type of the entries, the number of axes, the length of every axis
(big-endian), the entries. Files that someone put into the directory by hand are as good, packed by
gzip or not.
"""

import gzip
import hashlib
import io
import math
import os
import zlib
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from ...files.disk import Unreadable, read_bytes
from .images import Images, NoImages

FILES = {  # SHA-256; the training images and their labels come first
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
    "http://yann.lecun.com/exdb/mnist/",  # the original; it has answered 403 since 2024
)
TIMEOUT = (10, 30)  # seconds until connected, seconds without a byte
CHUNK = 1 << 14
MOST = 1 << 26  # bytes of an unpacked file; the largest of the four has 47 million
BYTE = 0x08
IDX_TYPES = {
    BYTE: "unsigned bytes",
    0x09: "signed bytes",
    0x0B: "int16",
    0x0C: "int32",
    0x0D: "float32",
    0x0E: "float64",
}


def load() -> Images:
    """The 60000 training images, then the 10000 test images.

    Raises NoImages for everything that goes wrong.
    """
    try:
        return read(files(directory()))
    except OSError as error:
        raise NoImages(f"MNIST cannot be kept in {directory()}: {error}") from None


def directory() -> Path:
    """Where the files are: `mnist` inside JULIA_PARITY_DATA, or inside the user's cache."""
    chosen = os.environ.get("JULIA_PARITY_DATA")
    return (Path(chosen).expanduser() if chosen else user_cache_path("julia-parity")) / "mnist"


# Downloading


def files(folder: Path) -> list[Path]:
    """The four files, in the order of FILES; those that `folder` does not have are downloaded into
    it.
    """
    missing = [name for name in FILES if present(folder, name) is None]
    if missing:
        download(folder, missing)
    return [path for name in FILES if (path := present(folder, name)) is not None]


def present(folder: Path, name: str) -> Path | None:
    """The packed file if it is the published one, or else the unpacked one."""
    packed, unpacked = folder / name, folder / name.removesuffix(".gz")
    if packed.is_file() and checksum(packed) == FILES[name]:
        return packed
    return unpacked if unpacked.is_file() else None


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Resuming:
    """A downloader for pooch that keeps what has come so far in `part`, and goes on from there
    where the server can.
    """

    part: Path
    bar: Progress
    task: TaskID

    def __call__(self, url: str, output_file, pooch, check_only: bool = False) -> None:
        import requests

        have = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if (
                not have or response.status_code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            ):  # else all of it is here already
                response.raise_for_status()
                self._store(
                    response, have if response.status_code == HTTPStatus.PARTIAL_CONTENT else 0
                )
        os.replace(self.part, output_file)

    def _store(self, response, start: int) -> None:
        length = response.headers.get("Content-Length")
        with self.part.open("ab" if start else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                self.bar.update(
                    self.task, completed=file.tell(), total=start + int(length) if length else None
                )


def download(folder: Path, names: list[str]) -> None:
    """Get the files from the first mirror that has them.

    A mirror that failed once is not asked again. Raises NoImages if all failed.
    """
    try:
        import pooch
    except ImportError:
        raise NoImages(
            "MNIST is downloaded with pooch: pip install "
            f"'julia-parity[comparisons]'\n{_by_hand(folder)}"
        ) from None
    pooch.get_logger().setLevel("WARNING")
    folder.mkdir(parents=True, exist_ok=True)
    failures: dict[str, str] = {}
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        for name in names:
            downloader = Resuming(folder / f"{name}.part", bar, bar.add_task(name, total=None))
            for mirror in [mirror for mirror in MIRRORS if mirror not in failures]:
                try:
                    _retrieve(pooch, mirror, name, folder, downloader)
                    break
                except (OSError, ValueError) as error:  # what requests raises is an OSError
                    failures[mirror] = f"{name}: {_why(error)}"
            else:
                tried = "\n".join(
                    f"  {mirror}\n    {failure}" for mirror, failure in failures.items()
                )
                raise NoImages(f"MNIST could not be downloaded:\n{tried}\n{_by_hand(folder)}")


def _retrieve(pooch, mirror: str, name: str, folder: Path, downloader: Resuming) -> None:
    resumed = downloader.part.exists()
    try:
        pooch.retrieve(mirror + name, f"sha256:{FILES[name]}", name, folder, downloader=downloader)
    except ValueError:  # the checksum; what had come earlier may be to blame, and is gone now
        if not resumed:
            raise
        pooch.retrieve(mirror + name, f"sha256:{FILES[name]}", name, folder, downloader=downloader)


def _why(error: Exception) -> str:
    """What happened, out of the wrappings of requests, without the advice of pooch."""
    inner = error.args[0] if error.args else error
    return str(getattr(inner, "reason", None) or error).partition(". ")[0]


def _by_hand(folder: Path) -> str:
    lines = [
        f"without a network, put these four files into {folder}, packed or unpacked (then "
        "without .gz):"
    ]
    for name in FILES:
        there = "" if present(folder, name) is None else "  (is there)"
        if not there and (folder / name).is_file():
            there = (
                f"  (what is there has SHA-256 {checksum(folder / name)}, expected {FILES[name]})"
            )
        lines.append(f"  {name}{there}")
    return "\n".join(lines + ["or take the digits of scikit-learn: --data digits"])


# Reading


def read(paths: list[Path]) -> Images:
    """The images of the four files. Raises NoImages for files that do not belong together."""
    sets = []
    for images_path, labels_path in (paths[:2], paths[2:]):
        x, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
        if len(x) != len(labels):
            raise NoImages(
                f"expected as many labels as images, found {len(labels)} in {labels_path} and "
                f"{len(x)} in {images_path}"
            )
        if labels.max(initial=0) > 9:
            raise NoImages(f"{labels_path}: expected labels from 0 to 9, found {labels.max()}")
        sets.append((x, labels.astype(np.int64)))
    (x, labels), (test_x, test_labels) = sets
    if x.shape[1:] != test_x.shape[1:]:
        raise NoImages(
            f"expected images of one size, found {x.shape[1:]} in {paths[0]} and "
            f"{test_x.shape[1:]} in {paths[2]}"
        )
    return Images("mnist", np.concatenate([x, test_x]), np.concatenate([labels, test_labels]), 255)


def read_idx(path: Path, axes: int) -> np.ndarray:
    """The bytes in an idx file, which has that many axes.

    Raises NoImages, naming the file, what was expected and what was found.
    """

    def wrong(expected, found):
        return NoImages(
            f"{path}: expected {expected}, found {found}; remove the file, and it is downloaded "
            "again"
        )

    try:
        content = read_bytes(path, MOST)
    except Unreadable as problem:
        raise NoImages(str(problem)) from None
    if path.suffix == ".gz":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                content = file.read(MOST + 1)  # a small file may unpack to a large one
            if len(content) > MOST:
                raise wrong(f"at most {MOST} bytes", "a file that unpacks to more")
        except (OSError, EOFError, zlib.error) as error:
            raise wrong(
                "a whole gzip file", f"{len(content)} bytes that cannot be unpacked ({error})"
            ) from None
    if len(content) < 4 or content[:2] != b"\0\0":
        raise wrong(
            "an idx file, which begins with two zero bytes",
            content[:4].hex(" ") or "no bytes at all",
        )
    if content[2] != BYTE:
        raise wrong(
            f"{IDX_TYPES[BYTE]} (type 0x08)",
            f"{IDX_TYPES.get(content[2], 'an unknown type')} (type {content[2]:#04x})",
        )
    if content[3] != axes:
        raise wrong(f"{axes} axes", content[3])
    start = 4 + 4 * axes
    if len(content) < start:
        raise wrong(f"a header of {start} bytes", len(content))
    shape = tuple(int(length) for length in np.frombuffer(content, ">u4", axes, offset=4))
    if len(content) - start != math.prod(shape):
        raise wrong(
            f"{' x '.join(map(str, shape))} = {math.prod(shape)} entries, as the header says",
            len(content) - start,
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
