"""The built-in containers and those of `collections`."""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Collection, Sequence
from itertools import chain
from types import CellType, MappingProxyType
from typing import Final, cast

from pytest_portable.equivalence.guard import attempt, is_a
from pytest_portable.equivalence.leaves import LEAVES
from pytest_portable.equivalence.mappings import (
    check_lookup,
    mapping,
    mapping_with_attributes,
    ordered_mapping,
)
from pytest_portable.equivalence.matching import match
from pytest_portable.equivalence.paths import Path, attribute, element
from pytest_portable.equivalence.streams import have_same_values
from pytest_portable.equivalence.text import shorten
from pytest_portable.equivalence.walk import Handler, Walk

__all__ = ["CONTAINERS", "elements", "unordered"]

VALUES: Final = LEAVES | {tuple, frozenset}


def elements(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare two sequences; of different lengths only the lengths are worth reporting."""
    lefts, rights = cast("Sequence[object]", left), cast("Sequence[object]", right)
    if len(lefts) != len(rights):
        walk.differ(path, left, right, f"length {len(lefts)}, then {len(rights)}")
    else:
        walk.sequence(lefts, rights, path)


def unordered(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare two sets by matching elements: their order differs between processes."""
    lefts, rights = cast("set[object]", left), cast("set[object]", right)
    base = frozenset if is_a(left, frozenset) else set
    kinds = set(map(type, lefts))
    if not walk.tolerance.signed_zero and (
        _are_simple_and_equal(lefts, rights, kinds) or _are_values_and_equal(lefts, rights, kinds)
    ):
        return
    members = list(base.__iter__(lefts)), list(base.__iter__(rights))  # type: ignore[arg-type]
    found = match(walk, *members)
    lost = [members[0][position] for position in found.lost]
    added = [members[1][position] for position in found.added]
    if lost or added:
        words = [f"{len(lost)} missing"] * bool(lost) + [f"{len(added)} added"] * bool(added)
        texts = [f"{{{shorten(part, 70)[1:-1]}}}" if part else "{}" for part in (lost, added)]
        walk.report(path, *texts, f"elements differ: {', '.join(words)}")  # type: ignore[call-arg]
    for one, other in reversed(found.pairs):
        pair = members[0][one], members[1][other]
        walk.push(*pair, element(path, one))
        check_lookup(walk, (left, right), pair, element(path, one))


def _are_simple_and_equal(
    left: Collection[object], right: Collection[object], kinds: set[type]
) -> bool:
    """Return whether two sets hold the same leaves, all of one type."""
    if len(kinds) > 1 or not kinds <= LEAVES or set(map(type, right)) != kinds:
        return False
    equals = (set if is_a(left, set) else frozenset).__dict__["__eq__"]
    return equals(left, right) is True


def _are_values_and_equal(
    left: Collection[object], right: Collection[object], kinds: set[type]
) -> bool:
    """Return whether two sets hold the same values, sorted into the order of one of them."""
    if not kinds <= VALUES:
        return False
    partners = {value: value for value in right}
    lefts = list(left)
    rights = attempt(lambda: list(map(partners.__getitem__, lefts)))
    if not isinstance(rights, list) or len(left) != len(partners):
        return False
    is_flat = kinds == {tuple} and _are_flat_and_of_same_types(lefts, rights)
    return is_flat or have_same_values(lefts, rights)


def _are_flat_and_of_same_types(lefts: list[object], rights: list[object]) -> bool:
    """Return whether equal tuples hold only leaves, strictly of the same types."""
    if set(map(type, rights)) != {tuple}:
        return False
    rows = cast("list[tuple[object]]", lefts), cast("list[tuple[object]]", rights)
    kinds = [list(map(type, chain.from_iterable(side))) for side in rows]
    return kinds[0] == kinds[1] and set(kinds[0]) <= LEAVES


def _deque(walk: Walk, left: object, right: object, path: Path) -> None:
    lefts, rights = cast("deque[object]", left), cast("deque[object]", right)
    walk.push(lefts.maxlen, rights.maxlen, attribute(path, "maxlen"))
    elements(walk, list(lefts), list(rights), path)


def _defaultdict(walk: Walk, left: object, right: object, path: Path) -> None:
    lefts = cast("defaultdict[object, object]", left)
    rights = cast("defaultdict[object, object]", right)
    mapping(walk, left, right, path)
    walk.push(lefts.default_factory, rights.default_factory, attribute(path, "default_factory"))


def _mapping_proxy(walk: Walk, left: object, right: object, path: Path) -> None:
    lefts = cast("MappingProxyType[object, object]", left)
    rights = cast("MappingProxyType[object, object]", right)
    copies = dict(lefts), dict(rights)
    walk.keep(*copies)
    mapping(walk, *copies, path)


def _array(walk: Walk, left: object, right: object, path: Path) -> None:
    lefts, rights = cast("array[float]", left), cast("array[float]", right)
    if lefts.typecode != rights.typecode:
        walk.differ(attribute(path, "typecode"), lefts.typecode, rights.typecode, "values differ")
    elif lefts.tobytes() != rights.tobytes():
        elements(walk, lefts.tolist(), rights.tolist(), path)


def _bytearray(walk: Walk, left: object, right: object, path: Path) -> None:
    if left != right:
        copies = bytes(cast("bytearray", left)), bytes(cast("bytearray", right))
        walk.push(*copies, path)


def _memoryview(walk: Walk, left: object, right: object, path: Path) -> None:
    lefts, rights = cast("memoryview", left), cast("memoryview", right)
    if (lefts.format, lefts.shape) != (rights.format, rights.shape):
        walk.differ(path, lefts.format, rights.format, "format or shape differs")
    else:
        walk.push(lefts.tobytes(), rights.tobytes(), path)


def _cell(walk: Walk, left: object, right: object, path: Path) -> None:
    values = [attempt(getattr, cell, "cell_contents") for cell in (left, right)]
    walk.push(values[0], values[1], attribute(path, "cell_contents"))  # an empty cell: FAILED


CONTAINERS: Final[dict[type, Handler]] = {
    list: elements,
    tuple: elements,
    dict: mapping,
    Counter: mapping_with_attributes,
    set: unordered,
    frozenset: unordered,
    OrderedDict: ordered_mapping,
    defaultdict: _defaultdict,
    deque: _deque,
    MappingProxyType: _mapping_proxy,
    array: _array,
    bytearray: _bytearray,
    memoryview: _memoryview,
    CellType: _cell,
}
"""Handlers of exact types; subclasses are instances with a content, see `instances`."""
