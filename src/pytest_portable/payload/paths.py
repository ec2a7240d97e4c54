"""The expression that leads to each node of a payload on the live object."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from pytest_portable.payload import opcodes as op
from pytest_portable.payload.lenses.edges import edges, later_edges
from pytest_portable.payload.lenses.view import HIDDEN, SAME, SLOT, View
from pytest_portable.payload.nodes import Graph

__all__ = ["MAX_PATHS", "Paths"]

MAX_PATHS: Final = 20
# Deeper paths are shortened in the middle: nobody reads a thousand brackets.
_MAX_LABELS: Final = 100
_KEPT_LABELS: Final = 40

_PLAIN: Final = frozenset((op.LIST, op.TUPLE, op.DICT, op.SET, op.FROZENSET))
_SHARED: Final = frozenset((*op.GLOBALS, op.REDUCE, op.INST))
_SAME_SLOT: Final = -1


class Paths:
    """Shortest paths from the root to every node, found breadth first and without recursion.

    Attributes:
        root: name of the whole object in every path.
        parents: node from which each node is reached; itself for the root, -1 for none.
        order: all nodes that are reached, parents first.
    """

    def __init__(self, graph: Graph, *, root: str = "obj", view: View | None = None) -> None:
        """Walk the graph once."""
        self.graph = graph
        self.view = view or View(graph)
        self.root = root
        self.parents = array("q", [-1]) * len(graph)
        self.slots = array("q", [_SAME_SLOT]) * len(graph)
        self.order: list[int] = []
        self.more: dict[int, list[tuple[int, int]]] = {}
        self.uses: dict[int, int] = {}
        self._hidden: list[tuple[int, int]] = []
        if graph.root >= 0:
            self.parents[graph.root] = graph.root
            self._walk([graph.root], loose=False)
            self._walk_hidden()

    def path(self, node: int) -> str:
        """Return the expression that leads to a node; the root's for unreachable nodes."""
        return self.spell(self.labels(node))

    def labels(self, node: int) -> list[str]:
        """Return the labels on the way from the root to a node, the root's own name left out."""
        labels: list[str] = []
        while 0 <= self.parents[node] != node:
            parent = self.parents[node]
            label = self._label(parent, self.slots[node])
            if label:
                labels.append(label)
            node = parent
        return labels[::-1]

    def paths(self, node: int, limit: int = MAX_PATHS) -> list[str]:
        """Return all expressions that lead to a node, the shortest walk first, at most `limit`."""
        found = [self.path(node)]
        for parent, slot in self.more.get(node, ())[: limit - 1]:
            text = self._join(self.path(parent), self._label(parent, slot))
            if text not in found:
                found.append(text)
        return found

    def path_at(self, offset: int) -> str:
        """Return the expression for what the opcode at an offset of the payload builds (blame)."""
        node = self.graph.node_at(offset)
        return self.path(node) if node >= 0 else self.root

    def spell(self, labels: Sequence[str]) -> str:
        """Join labels to an expression; a long one is shortened in the middle."""
        text = self.root
        count = len(labels)
        for index, label in enumerate(labels):
            if count <= _MAX_LABELS or index < _KEPT_LABELS or index >= count - _KEPT_LABELS:
                text = self._join(text, label)
            elif index == _KEPT_LABELS:
                text += "..."
        return text

    @staticmethod
    def _join(text: str, label: str) -> str:
        return label.replace(SLOT, text) if SLOT in label else text + label

    def _label(self, parent: int, slot: int) -> str:
        if slot == _SAME_SLOT:
            return SAME
        if slot < _SAME_SLOT:
            return later_edges(self.view, parent)[_SAME_SLOT - 1 - slot][0]
        if self.graph.kinds[parent] in _PLAIN:
            return self._item_label(parent, slot)
        return edges(self.view, parent)[slot][0]

    def _item_label(self, parent: int, slot: int) -> str:
        kind = self.graph.kinds[parent]
        if kind != op.DICT:
            return f"list({SLOT})[{slot}]" if kind in (op.SET, op.FROZENSET) else f"[{slot}]"
        children = self.graph.children(parent)
        if slot % 2:
            return self.view.key(children[slot - 1], slot // 2)
        # A key that is a leaf needs no path.
        return SAME if op.ATOMS[self.graph.kinds[children[slot]]] else f"list({SLOT})[{slot // 2}]"

    def _walk(self, queue: list[int], *, loose: bool) -> None:
        kinds, parts, effects = self.graph.kinds, self.graph.parts, self.view.effects
        for node in queue:
            self.order.append(node)
            kind = kinds[node]
            if kind in _PLAIN and node not in effects:
                self._reach(node, enumerate(parts[node] or ()), queue, loose=loose)
            elif kind in _PLAIN:
                self._reach(node, enumerate(parts[node] or ()), queue, loose=loose)
                # Slots below -1 count what was added later.
                for index, (label, child) in enumerate(later_edges(self.view, node)):
                    if label == HIDDEN:
                        self._hidden.append((node, child))
                    else:
                        self._reach(node, [(_SAME_SLOT - 1 - index, child)], queue, loose=loose)
            elif not op.ATOMS[kind]:
                self._open(node, queue, loose=loose)

    def _open(self, node: int, queue: list[int], *, loose: bool) -> None:
        named: list[tuple[int, int]] = []
        for slot, (label, child) in enumerate(edges(self.view, node)):
            if label == HIDDEN:
                self._hidden.append((node, child))
            else:
                named.append((slot, child))
        self._reach(node, named, queue, loose=loose)

    def _reach(
        self, node: int, children: Iterable[tuple[int, int]], queue: list[int], *, loose: bool
    ) -> None:
        parents, slots, kinds, atoms = self.parents, self.slots, self.graph.kinds, op.ATOMS
        for slot, child in children:
            if parents[child] < 0:
                parents[child] = node
                slots[child] = _SAME_SLOT if loose else slot
                if not atoms[kinds[child]]:
                    queue.append(child)
            elif kinds[child] in _SHARED and not loose:
                self.uses[child] = self.uses.get(child, 1) + 1
                known = self.more.setdefault(child, [])
                if len(known) < MAX_PATHS:
                    known.append((node, slot))

    def _walk_hidden(self) -> None:
        """Reach nodes that only hidden edges of reducers lead to; they get their owner's path."""
        strays = [*self.view.strays, *self.graph.leftovers]
        self._hidden += [(self.graph.root, stray) for stray in strays]
        while self._hidden:
            queue = []
            found, self._hidden = self._hidden, []
            for owner, child in found:
                if self.parents[child] < 0:
                    self.parents[child] = owner
                    queue.append(child)
            self._walk(queue, loose=True)
