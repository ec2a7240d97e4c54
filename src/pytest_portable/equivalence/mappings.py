"""Dicts of all kinds, and attributes: compared by key, whatever the order of the keys."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, cast

from pytest_portable.equivalence.guard import attempt, instance_attributes, is_a
from pytest_portable.equivalence.leaves import LEAVES, Tolerance, are_flat_and_equal
from pytest_portable.equivalence.matching import match, token
from pytest_portable.equivalence.paths import ATTRIBUTE, INDEX, VALUE, Path, element
from pytest_portable.equivalence.text import shorten
from pytest_portable.equivalence.walk import MISSING, Walk

__all__ = ["attributes", "check_lookup", "mapping", "mapping_with_attributes", "ordered_mapping"]


def attributes(
    walk: Walk, left: dict[object, object], right: dict[object, object], path: Path
) -> None:
    """Compare what two objects hold by name."""
    _keyed(walk, left, right, path, ATTRIBUTE)


def mapping(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare two dicts, or instances of subclasses, by key; the order is no part of the value.

    `dict.__eq__` ignores the order too. Methods of `dict` are used, because a subclass may
    override them in any way.
    """
    lefts, rights = cast("dict[object, object]", left), cast("dict[object, object]", right)
    kinds = set(map(type, dict.keys(lefts))) | set(map(type, dict.keys(rights)))
    if kinds <= {str} or kinds == {int}:
        _keyed(walk, lefts, rights, path, INDEX)
    elif _have_same_keys(lefts, rights, Tolerance(signed_zero=walk.tolerance.signed_zero)):
        values = list(dict.values(lefts)), list(dict.values(rights))
        walk.sequence(*values, path, step=VALUE, labels=_Places(lefts))
    else:
        _matched(walk, lefts, rights, path)


def mapping_with_attributes(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare two dicts of a type whose instances have attributes too."""
    attributes(walk, instance_attributes(left), instance_attributes(right), path)
    mapping(walk, left, right, path)


class _Places:
    """The keys of a dict by position, listed when the first one is needed."""

    def __init__(self, owner: dict[object, object]) -> None:
        self._owner = owner
        self._keys: list[object] = []

    def __getitem__(self, index: int) -> tuple[object, int]:
        """Return one key and its position."""
        self._keys = self._keys or list(dict.keys(self._owner))
        return self._keys[index], index


def _have_same_keys(
    left: dict[object, object], right: dict[object, object], exact: Tolerance
) -> bool:
    """Return whether the keys are the same leaves in the same order, the usual case."""
    keys = list(dict.keys(left)), list(dict.keys(right))
    return len(keys[0]) == len(keys[1]) and are_flat_and_equal(*keys, exact)


def ordered_mapping(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare two ordered dicts, whose order is part of the value."""
    lefts = cast("OrderedDict[object, object]", left)
    rights = cast("OrderedDict[object, object]", right)
    before = walk.count
    mapping_with_attributes(walk, lefts, rights, path)
    if walk.count == before and not _have_same_order(walk, lefts, rights):
        orders = list(OrderedDict.__iter__(lefts)), list(OrderedDict.__iter__(rights))
        walk.differ(path, *orders, "order of the keys differs")


def _have_same_order(
    walk: Walk, left: OrderedDict[object, object], right: OrderedDict[object, object]
) -> bool:
    orders = list(OrderedDict.__iter__(left)), list(OrderedDict.__iter__(right))
    tokens = [[token(key) for key in order] for order in orders]
    if None not in tokens[0]:
        # Where the keys themselves differ, that is told by itself: order is of the same keys.
        return tokens[0] == tokens[1] or Counter(tokens[0]) != Counter(tokens[1])
    found = match(walk, *orders)
    return all(one == other for one, other in found.same + found.pairs)


def _keyed(
    walk: Walk, left: dict[object, object], right: dict[object, object], path: Path, step: int
) -> None:
    """Compare two dicts whose keys are of one simple type, by looking the keys up."""
    keys = list(dict.keys(left))
    if keys == list(dict.keys(right)):
        lefts, rights = list(dict.values(left)), list(dict.values(right))
    else:
        keys = _common_keys(walk, left, right, path, step)
        lefts, rights = list(map(_getter(left), keys)), list(map(_getter(right), keys))
    walk.sequence(lefts, rights, path, step=step, labels=keys)


def _getter(value: dict[object, object]) -> Callable[[object], object]:
    return value.__getitem__ if type(value) is dict else partial(dict.__getitem__, value)


def _common_keys(
    walk: Walk, left: dict[object, object], right: dict[object, object], path: Path, step: int
) -> list[object]:
    """Report the keys that only one side has and return the others."""
    common, lost, added = [], list[_Entry](), list[_Entry]()
    for position, (key, value) in enumerate(dict.items(left)):
        if dict.__contains__(right, key):
            common.append(key)
        else:
            lost.append(_Entry((path, step, key), position, key, value))
    if len(common) < len(right):
        for position, (key, value) in enumerate(dict.items(right)):
            if not dict.__contains__(left, key):
                added.append(_Entry((path, step, key), position, key, value))
    _report_keys(walk, lost, added, path)
    return common


class _Entry(NamedTuple):
    """A key that only one side has."""

    place: Path
    position: int
    key: object
    value: object


def _report_keys(walk: Walk, lost: list[_Entry], added: list[_Entry], path: Path) -> None:
    """Report keys of one side only; one of each side with the same value count as one change."""
    is_attribute = any(entry.place[1] == ATTRIBUTE for entry in lost + added)
    if len(lost) == len(added) == 1 and not is_attribute:
        one, other = lost[0], added[0]
        if walk.trial(one.value, other.value):
            walk.differ(element(path, one.position), one.key, other.key, "key differs")
            return
    what = "attribute" if is_attribute else "key"
    for entries, verb in ((lost, "is missing"), (added, "was added")):
        for entry in entries:
            is_spelled = entry.place[1] != VALUE
            reason = f"{what} {verb}" if is_spelled else f"{what} {verb}: {shorten(entry.key)}"
            texts = shorten(entry.value), MISSING
            walk.report(entry.place, *(texts if entries is lost else texts[::-1]), reason)


def _matched(
    walk: Walk, left: dict[object, object], right: dict[object, object], path: Path
) -> None:
    """Compare two dicts with keys of any kind."""
    keys = list(dict.keys(left)), list(dict.keys(right))
    values = list(dict.values(left)), list(dict.values(right))
    found = match(walk, *keys)
    lost, added = [
        [_Entry((path, VALUE, (names[at], at)), at, names[at], parts[at]) for at in positions]
        for names, parts, positions in zip(keys, values, (found.lost, found.added), strict=True)
    ]
    _report_keys(walk, lost, added, path)
    pairs = sorted(found.same + found.pairs)
    walk.sequence(
        [values[0][one] for one, _ in pairs],
        [values[1][other] for _, other in pairs],
        path,
        step=VALUE,
        labels=[(keys[0][one], one) for one, _ in pairs],
    )
    for one, other in reversed(found.pairs):
        walk.push(keys[0][one], keys[1][other], element(path, one))
        check_lookup(walk, (left, right), (keys[0][one], keys[1][other]), element(path, one))


def check_lookup(
    walk: Walk, owners: tuple[object, object], keys: tuple[object, object], path: Path
) -> None:
    """Report a key that its dict or set cannot find any more, because its old hash was sent."""
    kind = type(keys[1])
    if keys[0] is keys[1] or kind in LEAVES:
        return
    base: type = next(one for one in (dict, set, frozenset) if is_a(owners[1], one))
    contains = base.__dict__["__contains__"]
    if attempt(contains, owners[1], keys[1]) is True:
        return
    if attempt(contains, owners[0], keys[0]) is True:
        walk.differ(path, *keys, "cannot be found by its hash any more")
