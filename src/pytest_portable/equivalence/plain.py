"""Plain data at the speed of the C pickler: equal streams are equal structures.

The pickler writes type, value and sharing of every list, tuple, dict, string and number. Two
objects that dump to the same bytes are the same in all of it, and dumping both is much cheaper
than walking through a million tuples in Python. Different bytes prove nothing (the order of a
set, one string object in place of two equal ones): then the walk decides.
"""

from __future__ import annotations

import hashlib
import pickle
from typing import Final, NoReturn

from pytest_portable.equivalence.guard import FAILED, attempt
from pytest_portable.equivalence.leaves import LEAVES

__all__ = ["are_plain_and_equal"]

MIN_ELEMENTS: Final = 64
CONTAINERS: Final = frozenset({list, tuple, dict})


class _RefusedError(Exception):
    """The object holds something that is not plain data."""


class _PlainPickler(pickle.Pickler):
    """Refuses everything that would need a class, a function or a reducer."""

    def reducer_override(self, obj: object) -> NoReturn:
        """End the attempt: the C pickler asks here for whatever it does not know itself."""
        raise _RefusedError(type(obj))


class _Digest:
    """A file that keeps only a hash of what is written: memory stays flat."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b()
        self.digest = self._hash.digest

    def write(self, data: bytes) -> int:
        """Take part of the stream."""
        self._hash.update(data)
        return len(data)


def _digest(obj: object) -> bytes:
    target = _Digest()
    _PlainPickler(target, protocol=5).dump(obj)
    return target.digest()


def are_plain_and_equal(original: object, returned: object) -> bool:
    """Tell whether both are the same plain data; no means that it has to be looked at."""
    kind = type(original)
    if kind not in CONTAINERS or kind is not type(returned):
        return False
    if attempt(_is_promising, original) is not True:
        return False
    left = attempt(_digest, original)
    return left is not FAILED and left == attempt(_digest, returned)


def _is_promising(obj: list[object] | tuple[object, ...] | dict[object, object]) -> bool:
    """Tell whether a big container begins with plain containers, so that trying is worth it.

    One of leaves only has a faster way of its own; a small one has nothing to gain.
    """
    if len(obj) < MIN_ELEMENTS:
        return False
    values = obj.values() if isinstance(obj, dict) else obj
    kinds = set(map(type, values))
    return not kinds <= LEAVES and kinds <= LEAVES | CONTAINERS | {set, frozenset}
