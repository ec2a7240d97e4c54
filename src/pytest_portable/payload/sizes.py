"""How many bytes of a payload each path takes, and payloads inside payloads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from pytest_portable.payload import opcodes as op
from pytest_portable.payload.graph import read
from pytest_portable.payload.paths import Paths

__all__ = ["Nested", "Size", "find_nested", "measure", "weigh"]

_MAX_SIZES: Final = 20
_MAX_FILLERS: Final = 10
# A part with this share of its owner's bytes is listed by itself.
_OWN_SHARE: Final = 0.1
_LEAST_SHARE: Final = 0.01
_MIN_NESTED_BYTES: Final = 4
_INSIDE_CODE: Final = (".co_code", ".co_linetable", ".co_lnotab", ".co_exceptiontable")
_BYTES: Final = re.compile(b"[CB\x8e\x96]")
# Protocol 2 and later begin like this; older ones have no head by which to recognise them.
_HEADS: Final = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))


@dataclass(frozen=True)
class Size:
    """Bytes of the payload that one path takes, with all that it leads to."""

    path: str
    bytes: int

    def to_dict(self) -> dict[str, object]:
        """Return plain data for reports and `--json`."""
        return {"path": self.path, "bytes": self.bytes}


@dataclass(frozen=True)
class Nested:
    """A bytes value that is a pickle itself.

    Attributes:
        path: expression that leads to the bytes.
        data: the bytes.
        offset: where they begin in the payload.
    """

    path: str
    data: bytes
    offset: int


def weigh(
    paths: Paths, beside: Mapping[int, int] | None = None
) -> tuple[tuple[Size, ...], tuple[Size, ...]]:
    """Measure a payload: bytes by path, and the paths that fill it.

    Args:
        paths: a walked graph.
        beside: bytes that some nodes have outside of the payload, as torch's storages do.

    Returns:
        What `measure` and `fillers` return.
    """
    if paths.graph.root < 0:
        return (), ()
    totals, leaves = _totals(paths, beside or {}), _leaves(paths)
    return measure(paths, totals, leaves), _fillers(paths, totals, leaves)


def measure(
    paths: Paths,
    totals: list[int] | None = None,
    leaves: list[int] | None = None,
    *,
    limit: int = _MAX_SIZES,
) -> tuple[Size, ...]:
    """Return bytes by path, biggest first; the whole object comes first.

    A shared object counts at its shortest path. Paths of which one child has nearly all bytes are
    listed too: `obj`, `obj['model']`, `obj['model'].table`.
    """
    graph = paths.graph
    if graph.root < 0:
        return ()
    totals = totals or _totals(paths, {})
    leaves = _leaves(paths) if leaves is None else leaves
    biggest = sorted(paths.order + leaves, key=totals.__getitem__, reverse=True)
    found: dict[str, int] = {paths.root: max(len(graph.data), totals[graph.root])}
    for node in biggest:
        if len(found) >= limit or totals[node] == 0:
            break
        path = paths.path(node)
        if not path.endswith(_INSIDE_CODE):
            found.setdefault(path, totals[node])
    return tuple(Size(path, count) for path, count in found.items())


def find_nested(paths: Paths) -> Iterator[Nested]:
    """Yield bytes values that are complete pickles, with nothing behind them."""
    graph = paths.graph
    for match in _BYTES.finditer(graph.kinds):
        node = match.start()
        start, kind = graph.offsets[node], graph.kinds[node]
        head = start + 1 + op.LENGTH_BYTES[kind]
        if graph.data[head : head + 2] not in _HEADS:
            continue
        end = op.opcode_end(graph.data, start)
        data = graph.data[head:end]
        if len(data) >= _MIN_NESTED_BYTES and data.endswith(b"."):
            inner = read(data, partial=True)
            if inner.damaged is None and inner.end == len(data):
                yield Nested(paths.path(node), data, graph.original(head))


def _fillers(paths: Paths, totals: list[int], leaves: list[int]) -> tuple[Size, ...]:
    """Return the paths that fill the payload by themselves, biggest first.

    A node counts with its bytes minus those of parts that are big compared with it: a list of a
    million numbers is listed, and not the dict that holds little but that list.
    """
    graph, parents = paths.graph, paths.parents
    least = max(1, int(max(len(graph.data), totals[graph.root]) * _LEAST_SHARE))
    big = {node for node in chain(paths.order, leaves) if totals[node] >= least}
    own = {node: totals[node] for node in big}
    for node in big:
        parent = parents[node]
        if parent in own and parent != node and totals[node] >= totals[parent] * _OWN_SHARE:
            own[parent] -= totals[node]
    found: dict[str, int] = {}
    # A chain of a million nodes with one child each has long paths: such nodes are left out here.
    fillers = [node for node in big if own[node] >= least]
    for node in sorted(fillers, key=lambda one: (-own[one], one)):
        path = paths.path(node)
        if not path.endswith(_INSIDE_CODE):
            found.setdefault(path, own[node])
        if len(found) >= _MAX_FILLERS:
            break
    return tuple(Size(path, count) for path, count in found.items())


def _leaves(paths: Paths) -> list[int]:
    # Leaves are not in the walk's order; only big ones can be among the biggest.
    graph = paths.graph
    ends = [*graph.offsets[1:], len(graph.data)]
    wanted = max(64, len(graph.data) // 1000)
    return [
        node
        for node, (start, end) in enumerate(zip(graph.offsets, ends, strict=False))
        if end - start >= wanted and op.ATOMS[graph.kinds[node]]
    ]


def _totals(paths: Paths, beside: Mapping[int, int]) -> list[int]:
    """Return the bytes of each node and everything reached through it."""
    graph, parents = paths.graph, paths.parents
    # An opcode that makes no node (a frame, a memo entry) counts with the node before it.
    totals = [
        end - start
        for start, end in zip(graph.offsets, [*graph.offsets[1:], len(graph.data)], strict=False)
    ]
    for node, count in beside.items():
        totals[node] += count
    for node, kind in enumerate(graph.kinds):
        if op.ATOMS[kind] and parents[node] >= 0 and parents[node] != node:
            totals[parents[node]] += totals[node]
    for node in reversed(paths.order):
        parent = parents[node]
        # Leaves are counted already, with those that only reducers lead to.
        if parent >= 0 and parent != node and not op.ATOMS[graph.kinds[node]]:
            totals[parent] += totals[node]
    return totals
