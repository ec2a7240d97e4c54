"""Match the elements of two sets, where neither hash order nor `==` is enough."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final, cast

from pytest_portable.equivalence.guard import FAILED, attempt, holds, instance_attributes
from pytest_portable.equivalence.leaves import LEAVES
from pytest_portable.equivalence.text import kind_name
from pytest_portable.equivalence.walk import Walk

__all__ = ["Match", "fingerprint", "match", "token"]

MAX_LEVELS: Final = 4
MAX_FIELDS: Final = 16


@dataclass
class Match:
    """Elements by their position on either side.

    Attributes:
        same: positions of elements that are the same value and need no more comparison.
        pairs: positions of elements that belong together and may still differ inside.
        lost: positions of originals without a counterpart.
        added: positions of returned elements without a counterpart.
    """

    same: list[tuple[int, int]] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    added: list[int] = field(default_factory=list)


def match(walk: Walk, lefts: list[object], rights: list[object]) -> Match:
    """Return the counterpart of every element, whatever the order.

    The same object is matched first, then the same value (strictly by type), then by `==` and hash,
    then by structure. What remains is paired where one is left on each side.
    """
    found = Match()
    lost, added = _match_by_key(lefts, rights, found, signed_zero=walk.tolerance.signed_zero)
    if lost and added:
        lost, added = _match_by_hash(walk, lefts, rights, (lost, added), found)
    if lost and added:
        lost, added = _match_by_structure(walk, lefts, rights, (lost, added), found)
    if len(lost) == len(added) == 1 and _may_be_changed(lefts[lost[0]], rights[added[0]]):
        found.pairs.append((lost.pop(), added.pop()))
    found.lost, found.added = lost, added
    return found


def _may_be_changed(left: object, right: object) -> bool:
    """Return whether the last two can be one element that changed inside."""
    return type(left) is type(right) and type(left) not in LEAVES


def _match_by_key(
    lefts: list[object], rights: list[object], found: Match, *, signed_zero: bool
) -> tuple[list[int], list[int]]:
    """Match identical objects and leaves, tuples and frozensets of leaves included."""
    by_id = {id(value): position for position, value in enumerate(rights)}
    by_token: dict[Hashable, list[int]] = defaultdict(list)
    taken = set()
    rest = []
    for position, value in enumerate(lefts):
        same = by_id.get(id(value))
        if same is None:
            rest.append(position)
        else:
            found.same.append((position, same))
            taken.add(same)
    for position, value in enumerate(rights):
        name = None if position in taken else token(value, signed_zero=signed_zero)
        if name is not None:
            by_token[name].append(position)
    lost = []
    for position in rest:
        name = token(lefts[position], signed_zero=signed_zero)
        if name is not None and by_token.get(name):
            right = by_token[name].pop()
            found.same.append((position, right))
            taken.add(right)
        else:
            lost.append(position)
    return lost, [position for position in range(len(rights)) if position not in taken]


def token(  # noqa: PLR0911 - one return a kind
    value: object, level: int = 0, *, signed_zero: bool = False
) -> Hashable:
    """Return a key by which values without identity are equal, or `None` for other objects."""
    kind = type(value)
    if kind is float:
        number = cast("float", value)
        if signed_zero and not number:
            return (kind, repr(number))
        return (kind, "nan" if math.isnan(number) else number)
    if kind is complex:
        parts = cast("complex", value).real, cast("complex", value).imag
        return (kind, *(token(part, signed_zero=signed_zero) for part in parts))
    if kind in LEAVES:
        return (kind, value)
    if kind not in {tuple, frozenset} or level > MAX_LEVELS:
        return None
    tokens = [
        token(part, level + 1, signed_zero=signed_zero) for part in cast("Iterable[object]", value)
    ]
    if None in tokens:
        return None
    if kind is tuple:
        return (kind, *tokens)
    return (kind, len(tokens), frozenset(tokens))


def _match_by_hash(
    walk: Walk,
    lefts: list[object],
    rights: list[object],
    left_over: tuple[list[int], list[int]],
    found: Match,
) -> tuple[list[int], list[int]]:
    """Match what `==` and the hash of its class call equal, if the structure agrees."""
    index: dict[object, int] = {}
    for position in left_over[1]:
        attempt(index.__setitem__, rights[position], position)
    lost = []
    taken = set()
    for position in left_over[0]:
        left = lefts[position]
        right = attempt(index.get, left, FAILED)
        if isinstance(right, int) and right not in taken and walk.trial(left, rights[right]):
            found.pairs.append((position, right))
            taken.add(right)
        else:
            lost.append(position)
    return lost, [position for position in left_over[1] if position not in taken]


def _match_by_structure(
    walk: Walk,
    lefts: list[object],
    rights: list[object],
    left_over: tuple[list[int], list[int]],
    found: Match,
) -> tuple[list[int], list[int]]:
    """Match by comparing candidates; the last pair is left to the walk."""
    exact = walk.tolerance.is_exact
    names = {position: fingerprint(lefts[position], exact=exact) for position in left_over[0]}
    sizes = Counter(names.values())
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for position in left_over[1]:
        groups[fingerprint(rights[position], exact=exact)].append(position)
    lost = []
    taken = set()
    for position, name in names.items():
        group = groups.get(name, ())
        alone = len(group) == sizes[name] == 1
        right = None
        for candidate in group:
            if candidate in taken:
                continue
            if alone or walk.trial(lefts[position], rights[candidate]):
                right = candidate
                break
        if right is None:
            lost.append(position)
        else:
            found.pairs.append((position, right))
            taken.add(right)
    return lost, [position for position in left_over[1] if position not in taken]


def fingerprint(value: object, *, exact: bool, level: int = 0) -> Hashable:
    """Return a key that is the same for equal objects and rarely for different ones."""
    kind = type(value)
    if kind in {float, complex} and not exact:
        return kind
    name = token(value) if exact or kind in LEAVES else None
    if name is not None:
        return name
    label = kind_name(kind)
    if level == MAX_LEVELS or holds(kind, "__eq__"):
        # `==` of the class may call any two equal, so the contents are no part of the key.
        return (label, len(cast("tuple[object]", value))) if kind in _SIZED else label
    if any(holds(kind, name) for name in ("__reduce_ex__", "__reduce__", "__getstate__")):
        return label
    attributes = sorted(instance_attributes(value).items(), key=lambda item: str(item[0]))
    return (
        label,
        tuple(
            (str(key), fingerprint(part, exact=exact, level=level + 1))
            for key, part in attributes[:MAX_FIELDS]
        ),
    )


_SIZED: Final = frozenset({list, tuple, dict, set, frozenset})
