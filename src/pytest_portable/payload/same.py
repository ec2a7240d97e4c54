"""Whether two pickles say the same: what is memoized differs from dump to dump."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pytest_portable.errors import PayloadError
from pytest_portable.payload.graph import Graph, read

__all__ = ["are_same_pickles"]

_MAX_DEPTH: Final = 4
"""Pickles within pickles within pickles."""
_SETS: Final = ("set", "frozenset")


def are_same_pickles(one: object, other: object, depth: int = _MAX_DEPTH) -> bool:
    """Return whether two values are pickles (as bytes) that describe the same graph.

    Nothing is loaded. One object in two places has to be one in the other pickle too, except for
    values that cannot change: text, numbers, names. The order of a set depends on the hash seed of
    who wrote it and means nothing.

    Args:
        one: the first value, whatever it is.
        other: the second.
        depth: how many pickles within pickles are read.
    """
    if not (isinstance(one, bytes) and isinstance(other, bytes) and depth):
        return False
    if one[:1] != b"\x80" or other[:1] != b"\x80":
        return False
    try:
        graphs = read(one), read(other)
    except PayloadError:
        return False
    ends = [graph.data[graph.end :] for graph in graphs]
    return ends[0] == ends[1] and _Pair(*graphs, depth).are_same()


class _Pair:
    """Two graphs, walked side by side without recursion."""

    def __init__(self, one: Graph, other: Graph, depth: int) -> None:
        self.one, self.other, self.depth = one, other, depth
        self.partners: dict[int, int] = {}
        self.back: dict[int, int] = {}

    def are_same(self) -> bool:
        one, other = self.one, self.other
        if len(one.effects) != len(other.effects):
            return False
        waiting = [(one.root, other.root), *zip(one.effects, other.effects, strict=True)]
        while waiting:
            left, right = waiting.pop()
            kind = one.kind(left)
            if kind != other.kind(right):
                return False
            if kind == "leaf" or (kind == "global" and not one.children(left)):
                if not self._are_same_leaves(left, right):
                    return False
                continue
            known = self.partners.get(left)
            if known is not None or right in self.back:
                if kind in {"global", "tuple"} and known != right:
                    pass  # values: how often they are written means nothing
                elif known != right or self.back.get(right) != left:
                    return False
                else:
                    continue
            self.partners[left], self.back[right] = right, left
            if not self._push(left, right, waiting):
                return False
        return True

    def _push(self, left: int, right: int, waiting: list[tuple[int, int]]) -> bool:
        """Add the parts of two nodes; false where their numbers differ."""
        sides = [
            [
                graph.children(node),
                graph.items.get(node, ()),
                graph.pairs.get(node, ()),
                graph.states.get(node, ()),
            ]
            for graph, node in ((self.one, left), (self.other, right))
        ]
        for lefts, rights in zip(*sides, strict=True):
            if len(lefts) != len(rights):
                return False
            if self.one.kind(left) in _SETS:
                lefts, rights = _sorted(self.one, lefts), _sorted(self.other, rights)  # noqa: PLW2901 - in their order
            waiting += zip(lefts, rights, strict=True)
        return True

    def _are_same_leaves(self, left: int, right: int) -> bool:
        raw = [_raw(graph, node) for graph, node in ((self.one, left), (self.other, right))]
        if raw[0] == raw[1]:
            return True
        values = self.one.value(left), self.other.value(right)
        if values[0] is None or type(values[0]) is not type(values[1]):
            return False
        return values[0] == values[1] or are_same_pickles(*values, self.depth - 1)


def _sorted(graph: Graph, nodes: Sequence[int]) -> Sequence[int]:
    """Return the elements of a set in an order that both pickles share.

    Where an element is no value, they stay as they were written.
    """
    keys = {node: _key(graph, node, _MAX_DEPTH) for node in nodes}
    if None in keys.values():
        return nodes
    return sorted(nodes, key=lambda node: str(keys[node]))


def _key(graph: Graph, node: int, depth: int) -> str | None:
    """Return a text by which a value is put in order: that of a leaf, or of a tuple of them."""
    kind = graph.kind(node)
    if kind == "leaf":
        value = graph.value(node)
        return repr(_raw(graph, node)) if value is None else f"{type(value).__name__} {value!r}"
    if kind not in {"tuple", "frozenset"} or not depth:
        return None
    parts = [_key(graph, part, depth - 1) for part in graph.children(node)]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return repr(sorted(known) if kind == "frozenset" else known)


def _raw(graph: Graph, node: int) -> bytes:
    start = graph.offsets[node]
    return graph.data[start : start + graph.own_bytes(node)]
