"""How the opcodes of pickle protocols 0 to 5 are laid out in bytes.

The tables are written here and not read from `pickletools`, whose import takes 3,000 lines; the
machine needs plain arrays indexed by opcode.

Source: CPython, `Lib/pickletools.py` (opcode table) and `Lib/pickle.py`.
"""

from __future__ import annotations

from pytest_portable.errors import PayloadError

__all__ = [
    "APPEND",
    "APPENDS",
    "ATOMS",
    "BINGET",
    "BINPERSID",
    "BINPUT",
    "BUILD",
    "DICT",
    "EXTENSIONS",
    "FIXED_BYTES",
    "FROZENSET",
    "GLOBAL",
    "GLOBALS",
    "INST",
    "LENGTH_BYTES",
    "LIST",
    "LONG_BINPUT",
    "MARK",
    "MEMOIZE",
    "NEWOBJ",
    "NEWOBJ_EX",
    "NEXT_BUFFER",
    "OBJ",
    "PERSID",
    "PROTO",
    "REDUCE",
    "SET",
    "SHORT_BINUNICODE",
    "STACK_GLOBAL",
    "TEXTS",
    "TUPLE",
    "line_end",
    "opcode_end",
    "sized_end",
]

# The opcode that made a node is its kind; all ways to make one container have one kind.
LIST, DICT, TUPLE, SET, FROZENSET = 0x5D, 0x7D, 0x29, 0x8F, 0x91
GLOBAL, STACK_GLOBAL, EXT1, EXT2, EXT4 = 0x63, 0x93, 0x82, 0x83, 0x84
REDUCE, NEWOBJ, NEWOBJ_EX, INST, OBJ = 0x52, 0x81, 0x92, 0x69, 0x6F
PERSID, BINPERSID, NEXT_BUFFER = 0x50, 0x51, 0x97
MARK, BUILD, APPEND, APPENDS = 0x28, 0x62, 0x61, 0x65
MEMOIZE, BINGET, SHORT_BINUNICODE = 0x94, 0x68, 0x8C
PROTO, BINPUT, LONG_BINPUT = 0x80, 0x71, 0x72

EXTENSIONS = frozenset((EXT1, EXT2, EXT4))
GLOBALS = frozenset((GLOBAL, STACK_GLOBAL, EXT1, EXT2, EXT4))

# Opcodes that push one leaf and have a fixed size, argument included.
_FIXED_LEAVES = {
    "N": 1,
    "\x88": 1,
    "\x89": 1,
    "J": 5,
    "K": 2,
    "M": 3,
    "G": 9,
    "\x82": 2,
    "\x83": 3,
    "\x84": 5,
    "\x97": 1,
}
# Opcodes that push one leaf whose length is in the next bytes; -4 is a signed length.
_SIZED_LEAVES = {
    "\x8a": 1,
    "\x8b": -4,
    "U": 1,
    "T": -4,
    "C": 1,
    "B": 4,
    "\x8e": 8,
    "\x96": 8,
    "\x8c": 1,
    "X": 4,
    "\x8d": 8,
}
_LINE_LEAVES = "ILFSVP"
# Everything else that has an argument: it makes no leaf.
_OTHER_FIXED = {"\x80": 2, "\x95": 9, "h": 2, "j": 5, "q": 2, "r": 5}
_LINES = {**dict.fromkeys(_LINE_LEAVES, 1), "c": 2, "i": 2, "g": 1, "p": 1}

FIXED_BYTES = bytes(_FIXED_LEAVES.get(chr(code), 0) for code in range(256))
LENGTH_BYTES = tuple(_SIZED_LEAVES.get(chr(code), 0) for code in range(256))
ATOMS = bytes(
    chr(code) in _FIXED_LEAVES or chr(code) in _SIZED_LEAVES or chr(code) in _LINE_LEAVES
    for code in range(256)
)
TEXTS = frozenset(map(ord, "SUTVX\x8c\x8d"))


def line_end(data: bytes, start: int) -> int:
    """Return the position after the newline that ends the line at `start`."""
    found = data.find(b"\n", start)
    if found < 0:
        raise PayloadError("a line of a text opcode has no end", start)
    return found + 1


def sized_end(data: bytes, start: int, width: int) -> int:
    """Return the position after a leaf at `start` whose length takes `width` bytes."""
    head = start + 1 + abs(width)
    size = int.from_bytes(data[start + 1 : head], "little", signed=width < 0)
    if size < 0:
        raise PayloadError("an opcode says that its argument has a negative length", start)
    return head + size


def opcode_end(data: bytes, start: int) -> int:
    """Return where the opcode at `start` ends, its argument included.

    Raises:
        PayloadError: an argument that is a line has no newline, or a length is negative.
    """
    code = data[start]
    if FIXED_BYTES[code]:
        return start + FIXED_BYTES[code]
    if LENGTH_BYTES[code]:
        return sized_end(data, start, LENGTH_BYTES[code])
    end = start + _OTHER_FIXED.get(chr(code), 1)
    for _ in range(_LINES.get(chr(code), 0)):
        end = line_end(data, end)
    return end
