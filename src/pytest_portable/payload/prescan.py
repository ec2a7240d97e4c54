"""A search in a payload, cheap enough for every check, that decides whether to read it."""

from __future__ import annotations

import dis
import re
from collections.abc import Iterator
from typing import Final

__all__ = ["may_be_bound", "may_carry_code", "may_import", "opcode_ranges"]

_CODE_SIGNS: Final = (b"cloudpickle", b"dill", b"CodeType", b"marshal", b"new_class")

# Names that only some operating systems have and that objects really refer to.
_SYSTEM_SIGNS: Final = (b"PosixPath", b"posix", b"fcntl", b"unix_events")

_CODES: Final = 256  # higher numbers are pseudo-instructions, which no code holds
_OPERATIONS: Final = {
    name: re.escape(bytes([number])) for name, number in dis.opmap.items() if number < _CODES
}
_LEVELS: Final = b"|".join(
    _OPERATIONS[name] for name in ("LOAD_CONST", "LOAD_SMALL_INT") if name in _OPERATIONS
)
# An `import` in the bytecode of this Python, which compiled the code that is sent by value: the
# level, the imported names, the module. Arguments over 255 take two instructions.
_IMPORT_SIGN: Final = re.compile(
    b"(?:%(LEVEL)s).(?:%(EXTENDED_ARG)s.)?%(LOAD_CONST)s.(?:%(EXTENDED_ARG)s.)?%(IMPORT_NAME)s"
    % {key.encode(): value for key, value in {**_OPERATIONS, "LEVEL": _LEVELS}.items()},
    re.DOTALL,
)

# Searching costs 2 ms a megabyte: in big payloads, long bytes and texts are skipped.
_BIG_BYTES: Final = 100_000
_PROTOCOL: Final = 0x80
_FRAME: Final = 0x95
_HEAD_BYTES: Final = 9
_NAME_BYTES: Final = 1000  # no module has a longer name
# Opcodes without arguments: a frame of fewer than four bytes is written without its head.
_BARE: Final = frozenset(b"]})(\x8f\x94\x85\x86\x87N\x88\x89aesub.\x90\x91t")
# Opcodes of long bytes and text, and how many bytes their length takes.
_BLOBS: Final = {0x42: 4, 0x58: 4, 0x8E: 8, 0x8D: 8, 0x96: 8}


def may_carry_code(data: bytes) -> bool:
    """Return whether a payload could hold code sent by value; fast, and never a false no.

    Every serializer that sends code names its own functions for rebuilding it, and a pickle holds
    names as plain text. A compressed payload has to be unpacked first.
    """
    return _has_any(data, _CODE_SIGNS)


def may_import(data: bytes) -> bool:
    """Return whether code sent by value could import when it runs; almost never a false no."""
    if not may_carry_code(data):
        return False
    return any(_IMPORT_SIGN.search(data, start, end) for start, end in opcode_ranges(data))


def may_be_bound(data: bytes) -> bool:
    """Return whether a payload could name something of one operating system; never a false no."""
    return _has_any(data, _SYSTEM_SIGNS)


def _has_any(data: bytes, signs: tuple[bytes, ...]) -> bool:
    if len(data) < _BIG_BYTES:
        return any(sign in data for sign in signs)
    return any(data.find(sign, start, end) >= 0 for start, end in _parts(data) for sign in signs)


def opcode_ranges(data: bytes) -> Iterator[tuple[int, int]]:
    """Return the ranges of a payload that may hold opcodes; between them are long values."""
    return iter([(0, len(data))]) if len(data) < _BIG_BYTES else _parts(data)


def _parts(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the ranges that may hold opcodes: long bytes are outside the frames of protocol 4.

    Source: CPython, `Lib/pickle.py` (`_Framer.write_large_bytes`).
    """
    position, size = (2 if data[0] == _PROTOCOL else 0), len(data)
    while position < size:
        code = data[position]
        width = _BLOBS.get(code, 0)
        if code == _FRAME:
            start = position + _HEAD_BYTES
            position = start + int.from_bytes(data[position + 1 : start], "little")
            yield start, position
        elif width:
            start = position + 1 + width
            position = start + int.from_bytes(data[position + 1 : start], "little")
            if position - start < _NAME_BYTES:
                yield start, position
        elif code in _BARE:
            position += 1
        else:
            yield position, size
            return
