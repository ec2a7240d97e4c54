"""Payloads too big to be copied: their big parts stay outside the stream of opcodes.

Two kinds of parts stay outside: buffers that protocol 5 keeps out of band, and contents of big
bytes and texts, which any protocol writes in one piece. Both are the object's own memory.

Source: PEP 574, "Pickle protocol 5 with out-of-band data"; CPython, `Modules/_pickle.c`
(`_Pickler_write_bytes`: what is larger than a frame goes to the file without being copied).
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from typing import Final

__all__ = ["LEAST_BYTES", "Stream", "dump_outside", "readable", "searchable", "size_of", "whole"]

# Copying less is cheap, and the payload stays in one piece.
LEAST_BYTES: Final = 1 << 20
_FIRST_PROTOCOL: Final = 5
# Smaller payloads are searched whole for names, bytes and texts included (see `prescan`).
_SEARCHED_BYTES: Final = 1 << 16
_FRAME_BYTES: Final = 9
_BYTEARRAY8: Final = b"\x96"


class Stream(bytes):
    """A payload without its big parts.

    A caller that needs the payload later calls `whole` before the object changes.

    Attributes:
        pieces: the stream, in order; the big ones are not in the bytes of this object.
        buffers: what travels beside the stream, in the order in which loading needs it.
    """

    pieces: tuple[bytes, ...] = ()
    buffers: tuple[memoryview, ...] = ()


class _Pieces(list[bytes]):
    """A stream to dump to, which keeps what is written."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep bytes as they are, and copy a view: its memory may be freed after this call."""
        self.append(data if type(data) is bytes else bytes(data))


def dump_outside(
    dump: Callable[..., None], value: object, options: Mapping[str, object], protocol: int
) -> bytes:
    """Dump without copying the big parts.

    Args:
        dump: writes to a stream, as `pickle.dump` does.
        value: what to dump.
        options: keyword arguments of `dump`.
        protocol: pickle protocol.

    Returns:
        Plain bytes where nothing is big, else a `Stream`.
    """
    buffers: list[memoryview] = []

    def is_inside(buffer: pickle.PickleBuffer) -> bool:
        with memoryview(buffer) as view:
            if view.nbytes < LEAST_BYTES or not (view.c_contiguous or view.f_contiguous):
                return True
        buffers.append(buffer.raw())
        return False

    callback = {"buffer_callback": is_inside} if protocol >= _FIRST_PROTOCOL else {}
    pieces = _Pieces()
    dump(value, pieces, protocol=protocol, **{**callback, **options})
    small = [piece for piece in pieces if len(piece) < LEAST_BYTES]
    if len(small) == len(pieces) and not buffers:
        return b"".join(pieces)
    stream = Stream(b"".join(small))
    stream.pieces, stream.buffers = tuple(pieces), tuple(buffers)
    return stream


def size_of(data: bytes) -> int:
    """Return how many bytes travel, those beside the stream included."""
    if not isinstance(data, Stream):
        return len(data)
    return sum(map(len, data.pieces)) + sum(buffer.nbytes for buffer in data.buffers)


def readable(data: bytes) -> bytes:
    """Return a stream that can be read as one, buffers of protocol 5 left out."""
    if not isinstance(data, Stream) or sum(map(len, data.pieces)) == len(data):
        return data
    return b"".join(data.pieces)


def searchable(data: bytes) -> bytes:
    """Return bytes with every name of the payload, without a copy where possible."""
    return data if len(data) < _SEARCHED_BYTES else readable(data)


def whole(data: bytes) -> bytes:
    """Return the payload in one piece: as a plain dump, except for frames around buffers."""
    if not isinstance(data, Stream) or not data.buffers:
        return readable(data)
    from pickletools import genops

    stream = readable(data)
    pieces: list[bytes | memoryview] = []
    buffers = iter(data.buffers)
    last = 0
    for opcode, _, position in genops(stream):
        if opcode.name in {"FRAME", "NEXT_BUFFER", "READONLY_BUFFER"}:
            assert position is not None
            pieces.append(stream[last:position])
            last = position + (_FRAME_BYTES if opcode.name == "FRAME" else 1)
        if opcode.name == "NEXT_BUFFER":
            buffer = next(buffers)
            code = pickle.BINBYTES8 if buffer.readonly else _BYTEARRAY8
            pieces += [code, buffer.nbytes.to_bytes(8, "little"), buffer]
    return b"".join([*pieces, stream[last:]])
