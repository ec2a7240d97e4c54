"""The graph that a payload describes: nodes are numbers, everything about them is in arrays.

A node costs 17 bytes plus its children: a payload of a million objects must stay linear and
small. Leaves hold no value; it is decoded from the payload's bytes when it is needed.
"""

from __future__ import annotations

import bisect
import codecs
import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pytest_portable.payload import opcodes as op

__all__ = ["Graph", "Name"]

Name = tuple[str, str]

# Longer integers are not worth decoding (and `int` refuses long decimal text).
_MAX_INT_BYTES: Final = 1024
_KINDS: Final = {
    op.LIST: "list",
    op.DICT: "dict",
    op.TUPLE: "tuple",
    op.SET: "set",
    op.FROZENSET: "frozenset",
    op.REDUCE: "reduce",
    op.NEWOBJ: "new",
    op.NEWOBJ_EX: "new",
    op.INST: "new",
    op.OBJ: "new",
    op.PERSID: "persistent",
    op.BINPERSID: "persistent",
    op.NEXT_BUFFER: "buffer",
    **dict.fromkeys(op.GLOBALS, "global"),
}
# Looked up here, because a codec's first use imports its module and reading imports nothing.
_RAW_UNICODE: Final = codecs.lookup("raw-unicode-escape")
_CONSTANTS: Final = {0x4E: None, 0x88: True, 0x89: False}
_UNPACK: Final = {0x4A: "<i", 0x4B: "<B", 0x4D: "<H", 0x47: ">d"}


@dataclass(frozen=True)
class Graph:
    """What a payload describes, read without importing or executing anything.

    Nodes are numbered in the order of their opcodes in the payload.

    Attributes:
        data: the bytes that were read.
        kinds: the opcode that made each node (the ways to make one container share one).
        offsets: where that opcode is.
        parts: children by which the node was made: items of a list, tuple or set, keys and
            values in turn of a dict, callable and arguments of a reduce; None for leaves.
        items: what was appended or added to nodes that are no plain list or set.
        pairs: keys and values set on nodes that are no plain dict.
        states: states that BUILD gave to a node.
        effects: calls whose result was dropped, in order: state setters, for instance.
        touches: offsets of opcodes that changed a node, and `touched`, the node each changed.
        protocol: the highest protocol announced or needed.
        root: the node of the whole object; -1 where there is none.
        leftovers: other nodes on the stack of a damaged payload.
        end: bytes after the first pickle begin here.
        damaged: offset at which reading stopped, or None for a whole pickle.
        raw: ranges of bytes that are no opcodes: arrays in joblib's streams.
    """

    data: bytes
    kinds: bytearray = field(default_factory=bytearray)
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    parts: list[Sequence[int] | None] = field(default_factory=list)
    items: dict[int, list[int]] = field(default_factory=dict)
    pairs: dict[int, list[int]] = field(default_factory=dict)
    states: dict[int, list[int]] = field(default_factory=dict)
    effects: list[int] = field(default_factory=list)
    touches: array[int] = field(default_factory=lambda: array("Q"))
    touched: array[int] = field(default_factory=lambda: array("Q"))
    protocol: int = 0
    root: int = -1
    leftovers: tuple[int, ...] = ()
    end: int = 0
    damaged: int | None = None
    raw: list[tuple[int, int]] = field(default_factory=list)
    shifts: tuple[tuple[int, int], ...] = ()
    names: dict[int, Name | None] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self.kinds)

    def kind(self, node: int) -> str:
        """Return the kind of a node as a word: `list`, `reduce`, `global`, `leaf`, ..."""
        return _KINDS.get(self.kinds[node], "leaf")

    def children(self, node: int) -> Sequence[int]:
        """Return the nodes by which this one was made."""
        return self.parts[node] or ()

    def span(self, node: int) -> tuple[int, int]:
        """Return the first byte of the opcode that made a node, and the byte after it."""
        start = self.offsets[node]
        return self.original(start), self.original(op.opcode_end(self.data, start) - 1) + 1

    def own_bytes(self, node: int) -> int:
        """Return the size of the opcode that made a node, without its children."""
        start = self.offsets[node]
        return op.opcode_end(self.data, start) - start

    def original(self, position: int) -> int:
        """Return the offset in the given payload; differs where `segments` left bytes out."""
        for start, shift in reversed(self.shifts):
            if position >= start:
                return position + shift
        return position

    def position(self, offset: int) -> int:
        """Return the offset in `data` for one in the given payload."""
        for start, shift in reversed(self.shifts):
            if offset >= start + shift:
                return offset - shift
        return offset

    def node_at(self, offset: int) -> int:
        """Return the node that the opcode at an offset makes or changes, else the last before it.

        Returns:
            A node, or -1 where the payload has none up to there.
        """
        offset = self.position(offset)
        made = bisect.bisect_right(self.offsets, offset) - 1
        changed = bisect.bisect_right(self.touches, offset) - 1
        if changed >= 0 and (made < 0 or self.touches[changed] > self.offsets[made]):
            return self.touched[changed]
        return made

    def value(self, node: int) -> object:
        """Decode a leaf; None for what is no leaf or cannot be decoded."""
        code, start = self.kinds[node], self.offsets[node]
        if code in _CONSTANTS:
            return _CONSTANTS[code]
        try:
            if code in _UNPACK:
                return struct.unpack_from(_UNPACK[code], self.data, start + 1)[0]
            if op.LENGTH_BYTES[code]:
                return self._sized(code, start)
            return self._line(code, start)
        except (ValueError, struct.error, DeprecationWarning):  # escapes that Python refuses
            return None

    def text(self, node: int) -> str | None:
        """Decode a leaf that is text; None for anything else."""
        if self.kinds[node] == op.SHORT_BINUNICODE:  # nearly all names are
            head = self.offsets[node] + 2
            try:
                return self.data[head : head + self.data[head - 1]].decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                return None
        value = self.value(node) if self.kinds[node] in op.TEXTS else None
        return value if isinstance(value, str) else None

    def key_values(self, node: int) -> Iterator[tuple[int, int]]:
        """Return the keys and values of a dict, in order."""
        flat = self.children(node) if self.kinds[node] == op.DICT else self.pairs.get(node, ())
        return zip(flat[::2], flat[1::2], strict=False)

    def entries(self, node: int) -> dict[str, int]:
        """Return the values of a dict by those keys that are text."""
        found: dict[str, int] = {}
        for key, value in self.key_values(node):
            name = self.text(key)
            if name is not None:
                found[name] = value
        return found

    def _sized(self, code: int, start: int) -> object:
        head = start + 1 + abs(op.LENGTH_BYTES[code])
        end = op.opcode_end(self.data, start)
        if code in (0x8A, 0x8B):
            if end - head > _MAX_INT_BYTES:
                return None
            return int.from_bytes(self.data[head:end], "little", signed=True)
        raw = self.data[head:end]
        if code in (0x58, 0x8C, 0x8D):
            return raw.decode("utf-8", "surrogatepass")
        return raw.decode("latin-1") if code in (0x54, 0x55) else raw

    def _line(self, code: int, start: int) -> object:
        if code not in b"ILFSVP":
            return None
        raw = self.data[start + 1 : op.opcode_end(self.data, start) - 1]
        if code == op.PERSID:
            return raw.decode("latin-1")
        if code == ord("V"):
            return _RAW_UNICODE.decode(raw, "replace")[0]
        if code == ord("S"):
            decoded, _ = codecs.escape_decode(raw.strip()[1:-1])
            return decoded.decode("latin-1")
        return float(raw) if code == ord("F") else _decimal(raw)


def _decimal(raw: bytes) -> int | None:
    if raw in (b"00", b"01"):
        return raw == b"01"
    return int(raw.rstrip(b"L")) if len(raw) <= _MAX_INT_BYTES else None
