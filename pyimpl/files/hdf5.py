"""Objects of HDF5 files as raw bytes with their types: what JLD2 builds Julia's values of.

h5py opens the file and walks its groups; the objects in them are read here, because h5py cannot
read all that JLD2 writes. HDF5 2.0 refuses the arrays that JLD2 up to 0.6.5 compresses
(JuliaIO/HDF5.jl#1224); lists of references, where JLD2 keeps the parameters of a type, have no
NumPy kind; and HDF5 believes the sizes that a damaged header claims.

Source: HDF5 File Format Specification, version 3.0 (superblocks 0 to 3, object headers 1 and 2).
What is not here raises StateFileError: dense attributes, virtual and external layouts, chunks
indexed by anything but one chunk or a version 1 B-tree, files with addresses of other than 8 bytes.
"""

import bz2
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from math import prod

import numpy as np

from .bounds import Budget, StateFileError, count, inside

SIGNATURE = b"\x89HDF\r\n\x1a\n"
STARTS = (0, 512, 1024, 2048, 4096)
UNDEFINED = (1 << 64) - 1
MOST_MESSAGES = 65536


class Kind(IntEnum):
    """Classes of HDF5 types."""

    INTEGER, FLOAT, TIME, STRING, BITS, OPAQUE, COMPOUND, REFERENCE, ENUM, LIST, ARRAY = range(11)


@dataclass(frozen=True)
class Type:
    """An HDF5 type; `address` where it stands in the file on its own, with attributes."""

    kind: Kind
    size: int
    dtype: np.dtype | None = None  # of numbers
    members: tuple[tuple[str, int, "Type"], ...] = ()  # of compounds: name, offset, type
    entry: "Type | None" = None  # of lists, arrays and enumerations
    shape: tuple[int, ...] = ()  # of arrays
    text: bool = False  # a list that is a string
    signed: bool = False  # of integers of 16 bytes, which NumPy has not
    address: int | None = None

    @property
    def names(self) -> dict[str, tuple[int, "Type"]]:
        """Member -> offset and type."""
        return {name: (offset, kind) for name, offset, kind in self.members}


@dataclass
class Attribute:
    """A named value at an object."""

    type: Type
    shape: tuple[int, ...] | None  # None: nothing there
    data: memoryview


@dataclass
class Object:
    """A dataset (`layout` is there), a type that stands on its own (only `type`), or a group."""

    type: Type | None = None
    shape: tuple[int, ...] | None = None  # None: nothing there, (): a single value
    layout: memoryview | None = None
    filters: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    attributes: dict[str, Attribute] = field(default_factory=dict)


class Cursor:
    """Reads little-endian numbers one after the other, never past the end."""

    def __init__(self, content: memoryview, where: str, start: int = 0):
        self.content, self.where, self.at = content, where, start

    def take(self, size: int) -> memoryview:
        """The next `size` bytes."""
        inside(self.content, self.at, size, self.where)
        self.at += size
        return self.content[self.at - size : self.at]

    def number(self, size: int) -> int:
        """The next `size` bytes as a number."""
        return int.from_bytes(self.take(size), "little")

    def skip(self, size: int) -> None:
        """Passes over `size` bytes."""
        self.take(size)

    def word(self) -> str:
        """The text up to the next zero byte, which is passed over."""
        end = self.at
        while end < len(self.content) and self.content[end]:
            end += 1
        text = _text(self.take(end - self.at), self.where)
        self.skip(1)
        return text

    def __len__(self):
        return len(self.content) - self.at


def _text(raw, where: str) -> str:
    try:
        return bytes(raw).decode()
    except UnicodeDecodeError:
        raise StateFileError(f"{where} is damaged: a name in it is not UTF-8") from None


class Hdf5:
    """An HDF5 file in memory; addresses are those of the file, relative to its superblock."""

    def __init__(self, content, budget: Budget):
        whole = memoryview(content)
        found = [at for at in STARTS if bytes(whole[at : at + 8]) == SIGNATURE]
        if not found:
            raise StateFileError(
                "is not a JLD2 file, or was cut off at its start: it has no HDF5 signature"
            )
        self.start = found[0]
        self.budget = budget
        self._check_superblock(whole[self.start :])
        self.content = whole[self.start :]
        self._objects: dict[int, Object] = {}
        self._types: dict[int, Type] = {}
        self._heaps: dict[int, dict[int, tuple[int, int]]] = {}

    def _check_superblock(self, content: memoryview) -> None:
        cursor = Cursor(content, "the superblock", 8)
        version = cursor.number(1)
        if version in (0, 1):
            cursor.skip(4)
            sizes = cursor.number(1), cursor.number(1)
        elif version in (2, 3):
            sizes = cursor.number(1), cursor.number(1)
        else:
            raise StateFileError(f"has an HDF5 superblock of version {version}, 0 to 3 are known")
        if sizes != (8, 8):
            raise StateFileError(f"has HDF5 addresses and lengths of {sizes} bytes, not of 8 and 8")

    def at(self, address: int, where: str) -> Cursor:
        """A cursor at an address."""
        inside(self.content, address, 1, where)
        return Cursor(self.content, where, address)

    # -- objects ------------------------------------------------------------------------------

    def object(self, address: int, where: str) -> Object:
        """The object at an address. Raises StateFileError where there is none."""
        if address not in self._objects:
            found = Object()
            self._objects[address] = found
            for kind, flags, body in self._messages(address, where):
                self._note(found, kind, flags, body, where)
        return self._objects[address]

    def _note(self, found: Object, kind: int, flags: int, body: Cursor, where: str) -> None:
        shared = flags & 2
        if kind == 1:
            if shared:
                raise StateFileError(f"{where} shares its size with another, which is not read")
            found.shape = self._shape(body)
        elif kind == 3:
            found.type = self.shared_type(body) if shared else self._type(body)
        elif kind == 8:
            found.layout = body.take(len(body))
        elif kind == 11:
            found.filters = _filters(body)
        elif kind == 12 and not shared:
            name, attribute = self._attribute(body)
            found.attributes[name] = attribute
        elif kind == 21:
            body.skip(1)
            if body.number(1) & 1:
                body.skip(2)
            if body.number(8) != UNDEFINED:
                raise StateFileError(f"{where} has more attributes than its header holds")

    def _messages(self, address: int, where: str) -> Iterator[tuple[int, int, Cursor]]:
        header = self.at(address, where)
        new = bytes(self.content[address : address + 4]) == b"OHDR"
        flags = 0
        if new:
            header.skip(4)
            if header.number(1) != 2:
                raise StateFileError(f"{where} is damaged: its header is of no known version")
            flags = header.number(1)
            header.skip((16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0))
            size = header.number(1 << (flags & 3))
            pieces = [(header.at, size, address)]
        else:
            if header.number(1) != 1:
                raise StateFileError(f"{where} is damaged: there is no object at {address}")
            header.skip(7)
            size = header.number(4)
            header.skip(4)
            pieces = [(header.at, size, address)]
        seen, left = {address}, MOST_MESSAGES
        while pieces:
            start, size, checked = pieces.pop(0)
            inside(self.content, start, size + (4 if new else 0), where)
            if new and _lookup3(self.content[checked : start + size]) != int.from_bytes(
                self.content[start + size : start + size + 4], "little"
            ):
                raise StateFileError(
                    f"{where} is damaged: the checksum of its header at {checked} is wrong"
                )
            body = Cursor(self.content[start : start + size], where)
            head = (4 + (2 if flags & 4 else 0)) if new else 8
            while len(body) >= head:
                left -= 1
                if left < 0:
                    raise StateFileError(f"{where} has more than {MOST_MESSAGES} messages")
                kind, length = body.number(1 if new else 2), body.number(2)
                message_flags = body.number(1)
                body.skip(head - 4 if new else 3)
                content = Cursor(body.take(length), where)
                if kind == 16:
                    target, length = content.number(8), content.number(8)
                    if target in seen or length < 8:
                        raise StateFileError(f"{where} is damaged: its header runs in a circle")
                    seen.add(target)
                    inside(self.content, target, length, where)
                    if not new:
                        pieces.append((target, length, target))
                    elif bytes(self.content[target : target + 4]) != b"OCHK":
                        raise StateFileError(f"{where} is damaged: its header has no second part")
                    else:
                        pieces.append((target + 4, length - 8, target))
                    continue
                yield kind, message_flags, content

    def _shape(self, body: Cursor) -> tuple[int, ...] | None:
        version, rank, _ = body.number(1), body.number(1), body.number(1)
        if version == 1:
            body.skip(5)
        elif version == 2:
            if body.number(1) == 2:
                return None
        else:
            raise StateFileError(f"{body.where} is damaged: its size is of no known version")
        shape = tuple(body.number(8) for _ in range(rank))
        count(shape, body.where)
        return shape

    def _attribute(self, body: Cursor) -> tuple[str, Attribute]:
        version, flags = body.number(1), body.number(1)
        if version not in (1, 2, 3) or flags & 2:
            raise StateFileError(f"{body.where} has an attribute of a kind that is not read")
        sizes = [body.number(2) for _ in range(3)]
        if version == 3:
            body.skip(1)
        padded = [(size + 7) // 8 * 8 if version == 1 else size for size in sizes]
        parts = [body.take(size) for size in padded]
        name = Cursor(memoryview(bytes(parts[0]) + b"\0"), body.where).word()
        kind = Cursor(parts[1], body.where)
        return name, Attribute(
            self.shared_type(kind) if flags & 1 else self._type(kind),
            self._shape(Cursor(parts[2], body.where)),
            body.take(len(body)),
        )

    # -- types --------------------------------------------------------------------------------

    def shared_type(self, body: Cursor) -> Type:
        """The type that stands elsewhere in the file on its own."""
        version, _ = body.number(1), body.number(1)
        if version == 1:
            body.skip(6)
        return self.type_at(body.number(8), body.where)

    def type_at(self, address: int, where: str) -> Type:
        """The type that stands at an address."""
        if address not in self._types:
            found = self.object(address, where).type
            if found is None or found.address not in (None, address):
                raise StateFileError(f"{where} is damaged: there is no type at {address}")
            self._types[address] = Type(**{**vars(found), "address": address})
        return self._types[address]

    def _type(self, body: Cursor, depth: int = 0) -> Type:
        if depth > 32:
            raise StateFileError(f"{body.where} has a type of more than 32 levels")
        first = body.number(1)
        version, bits, size = first >> 4, body.number(3), body.number(4)
        try:
            kind = Kind(first & 15)
        except ValueError:
            raise StateFileError(f"{body.where} is of an unknown HDF5 type") from None
        self.budget.visit(1, body.where)
        order = ">" if bits & 1 else "<"
        if kind == Kind.INTEGER:
            offset, precision = body.number(2), body.number(2)
            if offset or precision != 8 * size or size not in (1, 2, 4, 8, 16):
                raise StateFileError(f"{body.where} has integers of {precision} bits")
            if size == 16:
                return Type(kind, size, signed=bool(bits & 8))
            return Type(kind, size, np.dtype(f"{order}{'i' if bits & 8 else 'u'}{size}"))
        if kind == Kind.FLOAT:
            layout = body.number(2), body.number(2), *(body.number(1) for _ in range(4))
            bias = body.number(4)
            known = {
                2: (0, 16, 10, 5, 0, 10, 15),
                4: (0, 32, 23, 8, 0, 23, 127),
                8: (0, 64, 52, 11, 0, 52, 1023),
            }
            if known.get(size) != (*layout, bias) or bits & 0x40:
                raise StateFileError(f"{body.where} has floating-point numbers that are not IEEE's")
            return Type(kind, size, np.dtype(f"{order}f{size}"))
        if kind == Kind.BITS:
            body.skip(4)
            return Type(kind, size)
        if kind == Kind.OPAQUE:
            body.skip(bits & 0xFF)
            return Type(kind, size)
        if kind in (Kind.STRING, Kind.REFERENCE):
            if kind == Kind.REFERENCE and (size != 8 or bits & 15):
                raise StateFileError(f"{body.where} has references to parts, which are not read")
            return Type(kind, size)
        if kind == Kind.LIST:
            entry = self._type(body, depth + 1)
            if size != 16:
                raise StateFileError(f"{body.where} is damaged: a list in it has no place")
            return Type(kind, size, entry=entry, text=bool(bits & 15))
        if kind == Kind.ENUM:
            entry = self._type(body, depth + 1)
            for _ in range(bits & 0xFFFF):
                _padded_word(body, version)
            body.skip((bits & 0xFFFF) * entry.size)
            return Type(kind, size, entry.dtype, entry=entry)
        if kind == Kind.ARRAY:
            rank = body.number(1)
            body.skip(3 if version < 3 else 0)
            shape = tuple(body.number(4) for _ in range(rank))
            body.skip(4 * rank if version < 3 else 0)
            entry = self._type(body, depth + 1)
            if count(shape, body.where) * entry.size != size:
                raise StateFileError(f"{body.where} is damaged: an array in it has another size")
            return Type(kind, size, entry=entry, shape=shape)
        if kind == Kind.COMPOUND:
            return self._compound(body, version, bits & 0xFFFF, size, depth)
        raise StateFileError(f"{body.where} is of the HDF5 type {kind.name}, which is not read")

    def _compound(self, body: Cursor, version: int, members: int, size: int, depth: int) -> Type:
        found = []
        for _ in range(members):
            name = _padded_word(body, version)
            offset = body.number(max(1, (size.bit_length() + 7) // 8) if version >= 3 else 4)
            shape: tuple[int, ...] = ()
            if version == 1:
                rank = body.number(1)
                body.skip(11)
                shape = tuple(body.number(4) for _ in range(4))[:rank]
            kind = self._type(body, depth + 1)
            if shape:
                kind = Type(Kind.ARRAY, kind.size * prod(shape), entry=kind, shape=shape)
            if offset + kind.size > size:
                raise StateFileError(f"{body.where} is damaged: its part {name} has no room")
            found.append((name, offset, kind))
        return Type(Kind.COMPOUND, size, members=tuple(found))

    # -- contents -----------------------------------------------------------------------------

    def content_of(self, dataset: Object, where: str) -> memoryview:
        """The entries of a dataset, one after the other."""
        assert dataset.type is not None and dataset.layout is not None
        size = count(dataset.shape or (), where) * dataset.type.size
        if dataset.shape is None or size == 0:
            return memoryview(b"")
        body = Cursor(dataset.layout, where)
        version = body.number(1)
        if version in (1, 2):
            rank, layout = body.number(1), body.number(1)
            body.skip(5)
            address = body.number(8) if layout else 0
            dims = tuple(body.number(4) for _ in range(rank))
            if layout == 0:
                return self._whole(body.take(body.number(4)), size, where)
            if layout == 1:
                return self._contiguous(address, size, where)
            return self._chunks(address, dims[:-1], dataset, where)
        layout = body.number(1)
        if version not in (3, 4) or layout > 2:
            raise StateFileError(f"{where} is stored in a way that is not read (layout {layout})")
        if layout == 0:
            return self._whole(body.take(body.number(2)), size, where)
        if layout == 1:
            return self._contiguous(body.number(8), size, where)
        if version == 3:
            rank, address = body.number(1), body.number(8)
            dims = tuple(body.number(4) for _ in range(rank))
            return self._chunks(address, dims[:-1], dataset, where)
        return self._only_chunk(body, dataset, where)

    def _whole(self, raw: memoryview, size: int, where: str) -> memoryview:
        inside(raw, 0, size, where)
        return raw[:size]

    def _contiguous(self, address: int, size: int, where: str) -> memoryview:
        if address == UNDEFINED:
            self.budget.spend(size, where)
            return memoryview(bytes(size))
        inside(self.content, address, size, where)
        return self.content[address : address + size]

    def _only_chunk(self, body: Cursor, dataset: Object, where: str) -> memoryview:
        """Layout 4, of which JLD2 writes one chunk as large as the array."""
        assert dataset.type is not None and dataset.shape is not None
        flags, rank, width = body.number(1), body.number(1), body.number(1)
        dims = tuple(body.number(width) for _ in range(rank))
        if body.number(1) != 1:
            raise StateFileError(
                f"{where} is stored in chunks whose index is not read; store it in one piece"
            )
        size = count(dataset.shape, where) * dataset.type.size
        if dims[:-1] != dataset.shape:
            raise StateFileError(f"{where} is damaged: its only chunk has the size {dims[:-1]}")
        packed, mask = (body.number(8), body.number(4)) if flags & 2 else (size, 0)
        address = body.number(8)
        inside(self.content, address, packed, where)
        raw = self.content[address : address + packed]
        return self._unpacked(raw, mask, dataset, size, where)

    def _chunks(self, root: int, dims, dataset: Object, where: str) -> memoryview:
        assert dataset.type is not None and dataset.shape is not None
        kind, shape = dataset.type, dataset.shape
        if len(dims) != len(shape) or 0 in dims:
            raise StateFileError(f"{where} is damaged: its chunks have the size {dims}")
        size = count(dims, where) * kind.size
        grid = count([-(-n // chunk) for n, chunk in zip(shape, dims, strict=True)], where)
        parts = dict(self._chunk_list(root, len(shape), where)) if root != UNDEFINED else {}
        if len(parts) != grid:
            raise StateFileError(f"{where} has {len(parts)} chunks of {grid}")
        packed = sum(length for length, _, _ in parts.values())
        self.budget.unfolded(packed, count(shape, where) * kind.size, where)
        result = np.zeros(shape, np.dtype(("V", kind.size)))
        for start, (length, mask, address) in parts.items():
            if any(at % chunk or at >= n for at, chunk, n in zip(start, dims, shape, strict=True)):
                raise StateFileError(f"{where} is damaged: it has a chunk at {start}")
            inside(self.content, address, length, where)
            raw = self._unpacked(
                self.content[address : address + length], mask, dataset, size, where
            )
            chunk = np.frombuffer(raw, np.dtype(("V", kind.size))).reshape(dims)
            ends = [min(at + n, full) for at, n, full in zip(start, dims, shape, strict=True)]
            window = tuple(slice(*ends) for ends in zip(start, ends, strict=True))
            result[window] = chunk[
                tuple(slice(0, end - at) for at, end in zip(start, ends, strict=True))
            ]
        return memoryview(result.tobytes())

    def _chunk_list(self, root: int, rank: int, where: str):
        nodes, seen = [root], set()
        while nodes:
            address = nodes.pop()
            if address in seen:
                raise StateFileError(f"{where} is damaged: its list of chunks runs in a circle")
            seen.add(address)
            node = self.at(address, where)
            if bytes(node.take(4)) != b"TREE" or node.number(1) != 1:
                raise StateFileError(f"{where} is damaged: it has no list of chunks at {address}")
            level, entries = node.number(1), node.number(2)
            node.skip(16)
            self.budget.visit(entries, where)
            for _ in range(entries):
                length, mask = node.number(4), node.number(4)
                start = tuple(node.number(8) for _ in range(rank))
                node.skip(8)
                child = node.number(8)
                if level:
                    nodes.append(child)
                else:
                    yield start, (length, mask, child)

    def _unpacked(self, raw, mask: int, dataset: Object, size: int, where: str) -> memoryview:
        assert dataset.type is not None
        for i, (code, values) in reversed(list(enumerate(dataset.filters))):
            if mask >> i & 1:
                continue
            if code == 2:
                raw = _unshuffled(raw, values[0] if values else dataset.type.size, where)
            elif code == 3:
                raw = raw[:-4]  # fletcher32, a checksum
            else:
                self.budget.unfolded(len(raw), size, where)
                # one filter before this one may still have added its checksum
                raw = _decompressed(code, raw, size + 4, where)
        if len(raw) != size:
            raise StateFileError(
                f"{where} is damaged: {size} bytes were expected of its compressed numbers, "
                f"{len(raw)} came"
            )
        return memoryview(raw)

    def list_content(self, raw: memoryview, entry: Type, where: str) -> memoryview:
        """The entries of a list, of which `raw` is the place: length, heap and index."""
        place = Cursor(raw, where)
        length, address, index = place.number(4), place.number(8), place.number(4)
        if not address and not index:
            return memoryview(b"")
        if address not in self._heaps:
            self._heaps[address] = dict(self._heap(address, where))
        if index not in self._heaps[address]:
            raise StateFileError(f"{where} is damaged: nothing is at {index} of heap {address}")
        start, size = self._heaps[address][index]
        if length * entry.size > size:
            raise StateFileError(
                f"{where} is damaged: {length} entries are claimed where {size} bytes are"
            )
        return self.content[start : start + length * entry.size]

    def _heap(self, address: int, where: str):
        heap = self.at(address, where)
        if bytes(heap.take(4)) != b"GCOL" or heap.number(1) != 1:
            raise StateFileError(f"{where} is damaged: there is no list of strings at {address}")
        heap.skip(3)
        end = min(heap.number(8) + 16 + address, len(self.content))
        while heap.at + 16 <= end:
            start, index = heap.at, heap.number(2)
            heap.skip(6)
            size = heap.number(8)
            if not index:
                return
            if heap.at + size > end:
                raise StateFileError(
                    f"is damaged: its list of strings at byte {self.start + address} is broken at "
                    f"byte {self.start + start}"
                )
            self.budget.visit(1, where)
            yield index, (heap.at, size)
            heap.at = min(heap.at + (size + 7) // 8 * 8, end)


def _padded_word(body: Cursor, version: int) -> str:
    start = body.at
    word = body.word()
    if version < 3:
        body.skip(-(body.at - start) % 8)
    return word


def _filters(body: Cursor) -> list[tuple[int, tuple[int, ...]]]:
    version, number = body.number(1), body.number(1)
    if version == 1:
        body.skip(6)
    found = []
    for _ in range(number):
        code = body.number(2)
        length = body.number(2) if version == 1 or code >= 256 else 0
        body.skip(2)
        values = body.number(2)
        body.skip((length + 7) // 8 * 8 if version == 1 else length)
        found.append((code, tuple(body.number(4) for _ in range(values))))
        if version == 1 and values % 2:
            body.skip(4)
    return found


def _unshuffled(raw, width: int, where: str) -> bytes:
    if not width or len(raw) % width:
        raise StateFileError(f"{where} is damaged: it is shuffled in entries of {width} bytes")
    return np.frombuffer(raw, np.uint8).reshape(width, -1).T.tobytes()


def _decompressed(code: int, raw, most: int, where: str) -> bytes:
    """`raw` unfolded to at most `most` bytes."""
    try:
        if code == 1:
            return zlib.decompressobj().decompress(raw, most)
        if code == 307:
            return bz2.BZ2Decompressor().decompress(bytes(raw), most)
        if code == 32015:
            import zstandard

            return zstandard.ZstdDecompressor().decompress(bytes(raw), max_output_size=most)
        if code == 32004:
            return _unpacked_lz4(Cursor(memoryview(raw), where), most)
    except ImportError as missing:
        raise StateFileError(
            f"{where} is compressed with {missing.name}: pip install {missing.name}, or save "
            "without compression or with Deflate()"
        ) from None
    except StateFileError:
        raise
    except Exception as error:  # every library has errors of its own for damaged bytes
        raise StateFileError(f"{where} is damaged: it cannot be decompressed: {error}") from None
    raise StateFileError(
        f"{where} is compressed with a filter that is not known here (HDF5 filter {code}); save "
        "without compression or with Deflate()"
    )


def _unpacked_lz4(body: Cursor, most: int) -> bytes:
    """The LZ4 filter of HDF5: sizes, big-endian, before every block."""
    import lz4.block

    size, block = (int.from_bytes(body.take(n), "big") for n in (8, 4))
    result = b""
    while len(result) < min(size, most):
        packed = int.from_bytes(body.take(4), "big")
        raw = bytes(body.take(packed))
        left = min(block, size - len(result))
        result += (
            raw if packed == left else lz4.block.decompress(raw, uncompressed_size=min(left, most))
        )
    return result


def _lookup3(content: memoryview) -> int:
    """Bob Jenkins's checksum of 32 bits, which HDF5 writes behind its headers."""
    length = len(content)
    mask = 0xFFFFFFFF
    a = b = c = 0xDEADBEEF + length & mask
    padded = bytes(content) + bytes(-length % 12)
    words = np.frombuffer(padded, "<u4").tolist()
    if not words:
        return c
    for i in range(0, len(words) - 3, 3):
        a = a + words[i] & mask
        b = b + words[i + 1] & mask
        c = c + words[i + 2] & mask
        a = (a - c & mask) ^ ((c << 4 | c >> 28) & mask)
        c = c + b & mask
        b = (b - a & mask) ^ ((a << 6 | a >> 26) & mask)
        a = a + c & mask
        c = (c - b & mask) ^ ((b << 8 | b >> 24) & mask)
        b = b + a & mask
        a = (a - c & mask) ^ ((c << 16 | c >> 16) & mask)
        c = c + b & mask
        b = (b - a & mask) ^ ((a << 19 | a >> 13) & mask)
        a = a + c & mask
        c = (c - b & mask) ^ ((b << 4 | b >> 28) & mask)
        b = b + a & mask
    a, b, c = (x + word & mask for x, word in zip((a, b, c), words[-3:], strict=True))
    # the last three words are mixed in this order: c by b, a by c, b by a, and again
    for turn in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - (b << turn | b >> 32 - turn)) & mask
        a, b, c = b, c, a
    return b
