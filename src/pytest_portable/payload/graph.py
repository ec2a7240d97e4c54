"""The symbolic pickle machine: it runs a payload's opcodes on numbers instead of objects.

Source: CPython, `Lib/pickle.py` (`_Unpickler`) for what each opcode does to stack and memo.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from pytest_portable.errors import PayloadError
from pytest_portable.payload import opcodes as op
from pytest_portable.payload.arrays import WRAPPER, raw_array_end
from pytest_portable.payload.nodes import Graph

__all__ = ["Graph", "pickles", "read"]

_STOPPED = -1
_FRAME_HEAD_BYTES = 9


def read(
    data: bytes | bytearray | memoryview,
    *,
    segments: Sequence[tuple[int, int]] | None = None,
    partial: bool = False,
) -> Graph:
    """Read one pickle into a graph; nothing in it is imported or executed.

    Args:
        data: the payload; what follows the first STOP is not read (`Graph.end` says where).
        segments: byte ranges that hold opcodes, in order, where other bytes stand between them;
            offsets stay those of `data`. (The raw arrays in joblib's streams are known here.)
        partial: return the graph of what could be read, marked `damaged`, instead of raising.

    Returns:
        The graph, whole unless `damaged` is set.

    Raises:
        PayloadError: the bytes are no pickle or end too early; `offset` says where.
    """
    shifts: tuple[tuple[int, int], ...] = ()
    if segments is None:
        joined = data if isinstance(data, bytes) else bytes(data)
    else:
        joined, shifts = _join(memoryview(data), segments)
    graph = _Machine(Graph(joined, shifts=shifts)).run()
    if graph.damaged is not None and not partial:
        raise PayloadError(
            f"no readable pickle: stopped at byte {graph.damaged} of {len(data)}", graph.damaged
        )
    return graph


def pickles(data: bytes) -> Iterator[tuple[int, int, int | None]]:
    """Yield the pickles that follow one another in a payload.

    Yields:
        First byte, byte after the last, and the offset of a damage or None. The row ends with a
        damaged pickle, or before bytes that are no pickle.
    """
    arrays, start = WRAPPER in data, 0
    while start < len(data):
        graph = _Machine(Graph(data), arrays=arrays).run(start)
        if start and graph.damaged is not None and data[start] != op.PROTO:
            return  # raw bytes or padding, not a damaged pickle
        yield start, len(data) if graph.damaged is not None else graph.end, graph.damaged
        if graph.damaged is not None:
            return
        start = graph.end


def _join(
    data: memoryview, segments: Sequence[tuple[int, int]]
) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    joined, shifts = bytearray(), []
    for start, end in segments:
        shifts.append((len(joined), start - len(joined)))
        joined += data[start:end]
    return bytes(joined), tuple(shifts)


class _Machine:
    """Stack, marks and memo of one run, which makes a graph."""

    def __init__(self, graph: Graph, *, arrays: bool | None = None) -> None:
        self.graph = graph
        self.data = graph.data
        self.stack: list[int] = []
        self.marks: list[int] = []
        self.memo: dict[int, int] = {}
        self.protocol = 0
        self.at = 0
        self.arrays = WRAPPER in graph.data if arrays is None else arrays

    def run(self, start: int = 0) -> Graph:
        """Run all opcodes up to STOP, or to where the bytes make no sense."""
        damaged: int | None = None
        try:
            self._loop(start)
        except PayloadError as error:
            damaged = error.offset
        except (IndexError, KeyError, struct.error, ValueError):
            damaged = self.at
        if damaged is None:
            return self._finish(self.stack[-1], (), None)
        self._cut(len(self.data))
        known = [node for node in self.stack if node < len(self.graph)]
        root = known[0] if known else len(self.graph) - 1
        return self._finish(root, tuple(known[1:]), self.graph.original(damaged))

    def _finish(self, root: int, leftovers: tuple[int, ...], damaged: int | None) -> Graph:
        return replace(
            self.graph,
            protocol=self.protocol,
            root=root,
            leftovers=leftovers,
            end=self.graph.original(self.at),
            damaged=damaged,
        )

    def _cut(self, size: int) -> None:
        # The last leaf of truncated bytes may claim more bytes than there are: drop it.
        graph = self.graph
        if len(graph):
            last = len(graph) - 1
            try:
                whole = op.opcode_end(self.data, graph.offsets[last]) <= size
            except PayloadError:
                whole = False
            if not whole:
                del graph.kinds[last], graph.offsets[last], graph.parts[last]

    def _loop(self, position: int = 0) -> None:
        """Run opcodes: the six most frequent ones in line, the others by a table."""
        data, stack, memo = self.data, self.stack, self.memo
        kinds, offsets, parts = self.graph.kinds, self.graph.offsets, self.graph.parts
        push, add_kind, add_offset, add_part = (
            stack.append,
            kinds.append,
            offsets.append,
            parts.append,
        )
        fixed, lengths, table = op.FIXED_BYTES, op.LENGTH_BYTES, self._table()
        size = len(data)
        last = position
        try:
            while position >= 0:
                last = position
                code = data[position]
                if fixed[code] or code == op.SHORT_BINUNICODE:
                    push(len(parts))
                    add_kind(code)
                    add_offset(position)
                    add_part(None)
                    position += fixed[code] or 2 + data[position + 1]
                elif code == op.MEMOIZE:
                    memo[len(memo)] = stack[-1]
                    position += 1
                elif code == op.BINGET:
                    push(memo[data[position + 1]])
                    position += 2
                elif lengths[code]:
                    push(len(parts))
                    add_kind(code)
                    add_offset(position)
                    add_part(None)
                    position = op.sized_end(data, position, lengths[code])
                else:
                    position = table[code](position)
                if position > size:
                    break
        finally:
            self.at = last
        if position > size:
            raise PayloadError("the bytes end inside an opcode", last)
        self.at = last + 1

    def _table(self) -> list[Callable[[int], int]]:
        handlers: dict[str, Callable[[int], int]] = {
            "(": self._mark,
            ".": self._stop,
            "0": self._pop,
            "1": self._pop_mark,
            "2": self._dup,
            "]})\x8f": self._empty,
            "ldt\x91": self._from_mark,
            "\x85\x86\x87": self._short_tuple,
            "a": self._append,
            "e\x90": self._extend,
            "s": self._set_item,
            "u": self._set_items,
            "b": self._build,
            "R\x81": self._call,
            "\x92": self._new_with_names,
            "oi": self._instance,
            "\x93": self._stack_global,
            "Q": self._persistent,
            "ILFSVPc": self._text,
            "\x98": self._skip,
            "\x95": self._frame,
            "\x80": self._proto,
            "pqr": self._put,
            "gj": self._get,
        }
        table: list[Callable[[int], int]] = [self._unknown] * 256
        for codes, handler in handlers.items():
            for code in codes:
                table[ord(code)] = handler
        return table

    def _make(self, kind: int, position: int, parts: Sequence[int] | None) -> None:
        graph = self.graph
        self.stack.append(len(graph.parts))
        graph.kinds.append(kind)
        graph.offsets.append(position)
        graph.parts.append(parts)

    def _touch(self, position: int) -> int:
        node = self.stack[-1]
        self.graph.touches.append(position)
        self.graph.touched.append(node)
        return node

    def _since_mark(self) -> list[int]:
        at = self.marks.pop()
        found = self.stack[at:]
        del self.stack[at:]
        return found

    def _unknown(self, position: int) -> int:
        raise PayloadError(f"byte 0x{self.data[position]:02x} is no opcode", position)

    def _mark(self, position: int) -> int:
        self.marks.append(len(self.stack))
        return position + 1

    def _stop(self, position: int) -> int:
        if not self.stack:
            raise PayloadError("the pickle ends with nothing on its stack", position)
        return _STOPPED

    def _pop(self, position: int) -> int:
        # A mark on top counts as an element; CPython's POP removes it too.
        if self.marks and self.marks[-1] >= len(self.stack):
            self.marks.pop()
            return position + 1
        node = self.stack.pop()
        if self.graph.kinds[node] == op.REDUCE:
            self.graph.effects.append(node)
        return position + 1

    def _pop_mark(self, position: int) -> int:
        self._since_mark()
        return position + 1

    def _dup(self, position: int) -> int:
        self.stack.append(self.stack[-1])
        return position + 1

    def _empty(self, position: int) -> int:
        code = self.data[position]
        self._make(code, position, () if code == op.TUPLE else [])
        return position + 1

    def _from_mark(self, position: int) -> int:
        kinds = {0x6C: op.LIST, 0x64: op.DICT, 0x74: op.TUPLE, 0x91: op.FROZENSET}
        kind = kinds[self.data[position]]
        found = self._since_mark()
        self._make(kind, position, tuple(found) if kind == op.TUPLE else found)
        return position + 1

    def _short_tuple(self, position: int) -> int:
        count = self.data[position] - 0x84
        found = tuple(self.stack[-count:])
        if len(found) < count:
            raise IndexError(count)
        del self.stack[-count:]
        self._make(op.TUPLE, position, found)
        return position + 1

    def _grow(self, position: int, found: list[int], kinds: tuple[int, ...]) -> int:
        node = self._touch(position)
        own = self.graph.parts[node]
        if self.graph.kinds[node] in kinds and isinstance(own, list):
            own.extend(found)
        elif op.DICT in kinds:
            self.graph.pairs.setdefault(node, []).extend(found)
        else:
            self.graph.items.setdefault(node, []).extend(found)
        return position + 1

    def _append(self, position: int) -> int:
        return self._grow(position, [self.stack.pop()], (op.LIST,))

    def _extend(self, position: int) -> int:
        return self._grow(position, self._since_mark(), (op.LIST, op.SET))

    def _set_item(self, position: int) -> int:
        value = self.stack.pop()
        return self._grow(position, [self.stack.pop(), value], (op.DICT,))

    def _set_items(self, position: int) -> int:
        return self._grow(position, self._since_mark(), (op.DICT,))

    def _build(self, position: int) -> int:
        state = self.stack.pop()
        node = self._touch(position)
        self.graph.states.setdefault(node, []).append(state)
        return self._after_array(node, position + 1) if self.arrays else position + 1

    def _after_array(self, node: int, position: int) -> int:
        end = raw_array_end(self.graph, node, position)
        if end >= 0:
            if end > position:
                self.graph.raw.append((position, end))
            return end
        # An array of objects is a separate pickle with its own stack and memo.
        # No raw bytes are expected in it, so that hostile bytes cannot nest arrays.
        inner = _Machine(self.graph, arrays=False)
        inner._loop(position)
        self.graph.items.setdefault(node, []).append(inner.stack[-1])
        return inner.at

    def _call(self, position: int) -> int:
        arguments = self.stack.pop()
        self._make(self.data[position], position, (self.stack.pop(), arguments))
        return position + 1

    def _new_with_names(self, position: int) -> int:
        names, arguments = self.stack.pop(), self.stack.pop()
        self._make(op.NEWOBJ_EX, position, (self.stack.pop(), arguments, names))
        return position + 1

    def _instance(self, position: int) -> int:
        found = tuple(self._since_mark())
        if self.data[position] == op.OBJ and not found:
            raise PayloadError("an instance without a class", position)
        self._make(self.data[position], position, found)
        return op.opcode_end(self.data, position)

    def _stack_global(self, position: int) -> int:
        name = self.stack.pop()
        self._make(op.STACK_GLOBAL, position, (self.stack.pop(), name))
        return position + 1

    def _persistent(self, position: int) -> int:
        self._make(op.BINPERSID, position, (self.stack.pop(),))
        return position + 1

    def _text(self, position: int) -> int:
        self._make(self.data[position], position, None)
        return op.opcode_end(self.data, position)

    def _skip(self, position: int) -> int:
        return position + 1

    def _frame(self, position: int) -> int:
        self.protocol = max(self.protocol, 4)
        return position + _FRAME_HEAD_BYTES

    def _proto(self, position: int) -> int:
        self.protocol = max(self.protocol, self.data[position + 1])
        return position + 2

    def _argument(self, position: int) -> int:
        end = op.opcode_end(self.data, position)
        if self.data[position] in b"gp":
            return int(self.data[position + 1 : end - 1])
        return int.from_bytes(self.data[position + 1 : end], "little")

    def _put(self, position: int) -> int:
        if self.data[position] == op.BINPUT:  # most of protocols 1 to 3
            self.memo[self.data[position + 1]] = self.stack[-1]
            return position + 2
        if self.data[position] == op.LONG_BINPUT:
            end = position + 5
            self.memo[int.from_bytes(self.data[position + 1 : end], "little")] = self.stack[-1]
            return end
        self.memo[self._argument(position)] = self.stack[-1]
        return op.opcode_end(self.data, position)

    def _get(self, position: int) -> int:
        self.stack.append(self.memo[self._argument(position)])
        return op.opcode_end(self.data, position)
