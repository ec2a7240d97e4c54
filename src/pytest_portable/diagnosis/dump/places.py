"""Paths of the parts that a trace found, read from its stream."""

from __future__ import annotations

import gc
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pytest_portable.diagnosis.dump.tracing import Trace
from pytest_portable.equivalence.guard import is_a, module_of
from pytest_portable.payload import opcodes as op
from pytest_portable.payload.graph import read
from pytest_portable.payload.paths import Paths

__all__ = ["Chain", "find_chain", "paths_of_leaves", "read_trace"]

_MAX_UNIT: Final = 12
_MIN_REPEATS: Final = 8
_MAX_TAIL: Final = 24
_LAST: Final = 3
_MAX_REFERENTS: Final = 5_000
_NEAR: Final = 4


def read_trace(found: Trace, root: str) -> Paths:
    """Read the stream of a trace."""
    return Paths(read(found.data, partial=True), root=root)


def paths_of_leaves(paths: Paths) -> dict[int, list[str]]:
    """Return all paths of every placeholder, by its number, in the order of the stream."""
    graph = paths.graph
    found: dict[int, list[str]] = {}
    for node, kind in enumerate(graph.kinds):
        if kind == op.BINPERSID:
            text = graph.text(graph.children(node)[0]) or ""
            if text.isdigit():
                found.setdefault(int(text), []).append(paths.path(node))
    return found


@dataclass(frozen=True)
class Chain:
    """A chain of parts within parts, along the same attributes again and again.

    Attributes:
        path: where it begins.
        unit: what every turn adds to the path.
        turns: how many there were.
        endless: whether every turn made a new part, so that there is no end.
        kind: the repeated class, where it is no plain container.
    """

    path: str
    unit: str
    turns: int
    endless: bool
    kind: type | None


def find_chain(paths: Paths, found: Trace) -> Chain | None:
    """Return the repetition on the path to the deepest part; None where nothing repeats."""
    graph = paths.graph
    # Nodes are walked breadth first: the last ones are as deep as any. What a reducer was just
    # writing when it ended may have no path.
    near = [graph.node_at(found.deepest), *paths.order[-_LAST:]] if len(graph) else []
    labels = max((paths.labels(node) for node in near if node >= 0), key=len, default=[])
    if not labels:
        return None
    plain = [re.sub(r"\[\d+\]", "[*]", label) for label in labels]
    best = (0, 0, 0)
    for tail in range(min(_MAX_TAIL, len(plain))):
        for size in range(1, _MAX_UNIT + 1):
            run = _run(plain, len(plain) - tail, size)
            if run >= _MIN_REPEATS * size and run > best[0]:
                best = run, size, len(plain) - tail
    run, size, end = best
    if not run:
        return None
    start = _begin(labels, end - run, size)
    kind, endless = _what_repeats(found.stack)
    return Chain(
        path=paths.spell(labels[:start]),
        unit="".join(labels[start : start + size]),
        turns=(end - start) // size,
        endless=endless,
        kind=kind,
    )


def _begin(labels: Sequence[str], start: int, size: int) -> int:
    """Return where a turn starts: at an attribute, as an index before it is outside the chain."""
    for index in range(start, start + size):
        if not labels[index].startswith("["):
            return index
    return start


def _run(labels: Sequence[str], end: int, size: int) -> int:
    """Count the labels before `end` that are periodic with `size`."""
    index = end - 1
    while index >= size and labels[index] == labels[index - size]:
        index -= 1
    run = end - 1 - index
    return run + size if run else 0


def _what_repeats(stack: Sequence[object]) -> tuple[type | None, bool]:
    """Return the most frequent class on the stack, and whether its objects are new ones."""
    classes: dict[type, list[object]] = {}
    for part in stack:
        if not issubclass(type(part), (str, bytes, int, type)):
            classes.setdefault(type(part), []).append(part)
    named = {kind: parts for kind, parts in classes.items() if module_of(kind) != "builtins"}
    if not named:
        return None, False
    kind, parts = max(named.items(), key=lambda item: len(item[1]))
    if len(parts) < _MIN_REPEATS:
        return None, False
    return kind, not any(_leads_to(a, b) for a, b in zip(parts[-4:-1], parts[-3:], strict=True))


def _leads_to(outer: object, inner: object) -> bool:
    """Return whether an object holds another one, directly or through a few containers."""
    near = [outer]
    for _ in range(_NEAR):
        near = [part for part in gc.get_referents(*near)[:_MAX_REFERENTS] if not is_a(part, type)]
        if any(part is inner for part in near):
            return True
    return False
