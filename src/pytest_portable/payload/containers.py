"""Files that hold pickles: compressed, zipped, in an envelope, several in a row; none is loaded.

Source: joblib 1.6, `joblib/compressor.py` (the signs); PyTorch 2.13, `torch/serialization.py`
(`_save`: an archive with `data.pkl` and one file a storage); NumPy 2.4, `numpy/lib/_format_impl.py`
(an array of objects is a pickle behind a header).
"""

from __future__ import annotations

import importlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pytest_portable.errors import PayloadError
from pytest_portable.payload.arrays import WRAPPER
from pytest_portable.payload.budget import check_size, limit_for, read_within
from pytest_portable.payload.formats import NUMPY_ARCHIVE, NUMPY_FILE, FileFormat, format_of
from pytest_portable.payload.graph import pickles
from pytest_portable.payload.messages import open_message

__all__ = ["Container", "NamedPickle", "is_pickle", "open_container", "unpack"]

_MAX_STREAMS: Final = 1000
_ZIP: Final = b"PK\x03\x04"
_NPY: Final = b"\x93NUMPY"
_PROTO: Final = 0x80
_HIGHEST_PROTOCOL: Final = 15  # far above that of today: a newer pickle is one all the same
# joblib 0.9 and older: a sign, the unpacked length as text (Python 2: and a space), then zlib.
_OLD_JOBLIB: Final = b"ZF"
_OLD_JOBLIB_HEAD: Final = 21
_JOBLIB: Final = b"joblib.numpy_pickle"
_HEAD_BYTES: Final = 4096
# Protocols 0 and 1 have no sign of their own, but they number what they keep.
_OLD_PICKLE: Final = re.compile(rb"(?:\A|[\nldt(\]})])p\d+\n|\A[\]}(]*q\x00")


@dataclass(frozen=True)
class NamedPickle:
    """One pickle of a file, and the name of what it loads as.

    Attributes:
        root: the name; paths begin with it.
        data: its bytes.
        storages: bytes that its persistent ids name, by key.
        start: where it begins in the unpacked file.
    """

    root: str
    data: bytes
    storages: Mapping[str, int] = field(default_factory=dict)
    start: int = 0


@dataclass(frozen=True)
class Container:
    """What a file is.

    Attributes:
        kind: `pickle`, `joblib file`, `torch.save archive`, ...
        compression: how it is packed, or None.
        file_bytes: its length.
        unpacked_bytes: length of what it unpacks to; the same where it is not packed.
        streams: the pickles in it, in order.
        rest: bytes behind the last pickle that are no pickle.
        other: what it is, where it holds no pickle.
    """

    kind: str
    compression: str | None
    file_bytes: int
    unpacked_bytes: int
    streams: tuple[NamedPickle, ...]
    rest: int = 0
    other: FileFormat | None = None

    def to_dict(self) -> dict[str, object]:
        """Return plain data for reports and `--json`."""
        return {
            "kind": self.kind,
            "compression": self.compression,
            "file_bytes": self.file_bytes,
            "unpacked_bytes": self.unpacked_bytes,
            "pickles": len(self.streams),
            "rest": self.rest,
        }


def open_container(data: bytes, *, root: str = "obj") -> Container:
    """Return the pickles in the bytes of a file, however they are packed.

    Args:
        data: the file.
        root: name of the object in paths, where there is one.

    Returns:
        A container; with one damaged stream where the bytes begin as a pickle does.

    Raises:
        PayloadError: it is packed, and cannot be unpacked here.
    """
    size, is_old_joblib = len(data), data.startswith(_OLD_JOBLIB)
    compression, data = unpack(data)
    other: FileFormat | None = None
    if data.startswith(_ZIP):
        kind, streams, rest = _archive(data, root)
        other = NUMPY_ARCHIVE if kind == NUMPY_ARCHIVE.kind else format_of(data)
    elif data.startswith(_NPY):
        kind, streams, rest, other = NUMPY_FILE.kind, tuple(_npy(data, root)), 0, NUMPY_FILE
    elif (message := open_message(data)) is not None:
        kind, rest = message[0], 0
        streams = tuple(NamedPickle(root, one) for one in message[1])
    elif is_pickle(data):
        kind, streams, rest = _plain(data, root)
        kind = "joblib file" if is_old_joblib else kind
    else:
        other = format_of(data)
        kind, streams, rest = other.kind, (), 0
    return Container(
        kind, compression, size, len(data), streams, rest, other=None if streams else other
    )


def is_pickle(data: bytes) -> bool:
    """Return whether bytes are a pickle, or begin as one that was damaged later."""
    if data[:1] == bytes((_PROTO,)):
        return data[1:2] <= bytes((_HIGHEST_PROTOCOL,))
    if format_of(data[:_HEAD_BYTES]).is_signed:
        return False
    first = next(pickles(data), None)
    return first is not None and (first[2] is None or bool(_OLD_PICKLE.search(data[:_HEAD_BYTES])))


# Compression


def unpack(data: bytes) -> tuple[str | None, bytes]:
    """Return how bytes are packed, and what they unpack to, within the budget.

    Args:
        data: of a file.

    Returns:
        The name of the packing, or `None`, and the bytes; those that are not packed as they are.

    Raises:
        PayloadError: they only look packed, or unpack to more than the limit.
    """
    for name, fits, unpacker in _PACKINGS:
        if not fits(data):
            continue
        try:
            return name, unpacker(data)
        except PayloadError:
            raise
        except Exception as error:
            if name == "zlib":  # two bytes are a weak sign: it may be something else
                break
            raise PayloadError(f"looks packed with {name}, and is not: {error}", 0) from error
    return None, data


def _through(module: str, opener: str) -> Callable[[bytes], bytes]:
    """Return a function that unpacks with a module's file class."""

    def read(data: bytes) -> bytes:
        try:
            open_file = getattr(importlib.import_module(module), opener)
        except ImportError:
            distribution = module.partition(".")[0]
            raise PayloadError(
                f"it is packed with {distribution}, which is not installed here: "
                f"pip install {distribution}",
                0,
            ) from None
        with open_file(io.BytesIO(data)) as stream:
            return read_within(stream, limit_for(len(data)))

    return read


def _zlib(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    limit = limit_for(len(data))
    unpacked = unpacker.decompress(data, limit + 1)
    check_size(len(unpacked), limit)
    if not unpacker.eof:
        raise ValueError("the bytes end too early")
    return unpacked


def _starts(*signs: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(signs)


def _is_zlib(data: bytes) -> bool:
    # The method, then a check: the first two bytes are a multiple of 31.
    return len(data) > 1 and data[0] == 0x78 and int.from_bytes(data[:2], "big") % 31 == 0  # noqa: PLR2004


_PACKINGS: Final[tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes], bytes]], ...]] = (
    ("gzip", _starts(b"\x1f\x8b"), _through("gzip", "open")),
    ("bz2", _starts(b"BZh"), _through("bz2", "BZ2File")),
    ("xz", _starts(b"\xfd7zXZ\0"), _through("lzma", "LZMAFile")),
    ("lzma", _starts(b"]\0\0"), _through("lzma", "LZMAFile")),
    ("lz4", _starts(b"\x04\x22\x4d\x18"), _through("lz4.frame", "LZ4FrameFile")),
    ("zlib", _is_zlib, _zlib),
    ("zlib", _starts(_OLD_JOBLIB), lambda data: _zlib(data[_OLD_JOBLIB_HEAD:].lstrip(b" "))),
)


# Contents


def _plain(data: bytes, root: str) -> tuple[str, tuple[NamedPickle, ...], int]:
    """Split bytes into the pickles that follow one another."""
    found = []
    for start, end, _ in pickles(data):
        found.append((start, end))
        if len(found) >= _MAX_STREAMS:
            break
    one = len(found) <= 1
    streams = tuple(
        NamedPickle(root if one else f"{root}s[{number}]", data[start:end], start=start)
        for number, (start, end) in enumerate(found)
    )
    rest = len(data) - (found[-1][1] if found else 0)
    is_joblib = WRAPPER in data or _JOBLIB in data
    kind = "joblib file" if is_joblib else "pickle" if one else "pickles"
    return kind, streams, rest


def _archive(data: bytes, root: str) -> tuple[str, tuple[NamedPickle, ...], int]:
    """Open a zip: what `torch.save` writes, `numpy.savez`, or one with pickles in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _members(archive, root, limit_for(len(data)))
    except PayloadError:
        raise
    except Exception as error:  # a damaged archive breaks its reader in many ways
        raise PayloadError(f"a zip archive that cannot be read: {error}", 0) from error


def _members(
    archive: zipfile.ZipFile, root: str, limit: int
) -> tuple[str, tuple[NamedPickle, ...], int]:
    sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    # Members may share their bytes, and each is unpacked by itself.
    check_size(sum(entry.file_size for entry in archive.infolist()), limit)
    main = next((name for name in sizes if f"/{name}".endswith("/data.pkl")), None)
    streams = []
    if main is not None:
        folder = main.removesuffix("data.pkl")
        storages = {
            name.removeprefix(f"{folder}data/"): size
            for name, size in sizes.items()
            if name.startswith(f"{folder}data/")
        }
        streams.append(NamedPickle(root, archive.read(main), storages))
    for name in sizes:
        if len(streams) >= _MAX_STREAMS:
            break
        if name != main and name.endswith((".pkl", ".pickle")):
            streams.append(NamedPickle(f"{root}[{name!r}]", archive.read(name)))
        elif name.endswith(".npy"):
            streams += _npy(archive.read(name), f"{root}[{name.removesuffix('.npy')!r}]")
    is_numpy = bool(sizes) and all(name.endswith(".npy") for name in sizes)
    named = "torch.save archive" if main is not None else "zip archive"
    return NUMPY_ARCHIVE.kind if is_numpy else named, tuple(streams), 0


def _npy(data: bytes, root: str) -> Iterator[NamedPickle]:
    """Yield the pickle of a NumPy file; numbers need none."""
    width = 2 if data[6:7] == b"\x01" else 4
    head = len(_NPY) + 2 + width
    start = head + int.from_bytes(data[head - width : head], "little")
    if data[start : start + 1] == bytes((_PROTO,)) and b"O" in data[head:start]:
        yield NamedPickle(root, data[start:])
