"""Hashes kept in instances: a hash of text differs in every process."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from types import FunctionType
from typing import Final

from pytest_portable.equivalence.guard import FAILED, attempt, instance_attributes, static
from pytest_portable.equivalence.paths import ATTRIBUTE, Path
from pytest_portable.equivalence.walk import Handler, Walk

__all__ = ["with_hash"]

MAX_ASKED: Final = 50
"""Instances of one class that are looked at: the others keep what these keep."""
MAX_ATTRIBUTES: Final = 8
SMALL: Final = 1 << 32
"""A hash of text is a large number; a small one may be anything."""


def with_hash(kind: type, handler: Handler) -> Handler:
    """Return a handler that looks for hashes that instances of a class keep and that are sent."""
    if type(static(kind, "__hash__")) is not FunctionType:
        return handler
    asked = 0

    def handle(walk: Walk, left: object, right: object, path: Path) -> None:
        nonlocal asked
        asked += 1
        if asked <= MAX_ASKED:
            _report(walk, left, right, path)
        handler(walk, left, right, path)

    return handle


def _report(walk: Walk, left: object, right: object, path: Path) -> None:
    found = instance_attributes(left)
    kept = [
        name
        for name, value in found.items()
        if type(value) is int and abs(value) > SMALL and attempt(hash, left) == value
    ]
    for name in kept:
        value = found[name]
        travelled = instance_attributes(right).get(name) == value
        if travelled and value in _hashes({k: v for k, v in found.items() if k not in kept}):
            reason = "a hash of text is kept and travels: every process has its own"
            walk.differ((path, ATTRIBUTE, name), value, value, reason)


def _hashes(attributes: dict[object, object]) -> Iterator[object]:
    """Yield possible hashes of the text in some attributes: of one, of several as a tuple."""
    values = list(attributes.values())[:MAX_ATTRIBUTES]
    textual = [value for value in values if _has_text(value)]
    if not textual:
        return
    for value in textual:
        yield attempt(hash, value)
    for size in range(1, len(values) + 1):
        for chosen in combinations(values, size):
            if any(value in textual for value in chosen):
                for made in (chosen, frozenset(chosen) if size > 1 else FAILED):
                    yield attempt(hash, made)


def _has_text(value: object) -> bool:
    """Return whether the hash of a value depends on the process."""
    if type(value) in {str, bytes}:
        return bool(value)
    if isinstance(value, (tuple, frozenset)):
        return any(_has_text(part) for part in value)
    return False
