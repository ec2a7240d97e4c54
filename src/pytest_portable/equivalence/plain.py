"""Equal objects at the speed of the C pickler: equal streams are equal structures.

A pickle names type, value and sharing of everything in an object. Two objects that dump to the
same bytes are the same in all of that, and dumping both is cheaper than walking through a million
elements in Python. Different bytes prove nothing (the order of a set, one string object in place
of two equal ones): then the walk decides. So does it where an object is more than it reduces to,
and no code of the user's is called here.
"""

from __future__ import annotations

import copyreg
import operator
import pickle
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, Any, Final, cast

from pytest_portable.equivalence.guard import (
    attempt,
    bases,
    holds,
    instance_attributes,
    slot_names,
    static,
)
from pytest_portable.equivalence.leaves import LEAVES

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["are_plain_and_equal"]

SIMPLE: Final = frozenset(
    {
        *LEAVES,
        bytearray,
        date,
        datetime,
        Decimal,
        defaultdict,
        deque,
        dict,
        frozenset,
        list,
        OrderedDict,
        range,
        set,
        timedelta,
        timezone,
        tuple,
    }
)
"""Types whose pickle says all about an instance."""


class _RefusedError(Exception):
    """The stream is not, or cannot be, the same."""


class _Recorder:
    """A file that keeps what the original wrote and compares what the returned one writes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._position: int | None = None

    def rewind(self) -> None:
        """Begin to compare with what was kept; at the end of that it means nothing any more."""
        if self._position is None:
            self._position = 0

    def is_at_end(self) -> bool:
        """Tell whether all that was kept has been seen again."""
        return self._position == len(self._pieces)

    def write(self, piece: bytes) -> int:
        """Take a piece of the stream; both streams are cut in the same places."""
        if self._position is None:
            self._pieces.append(piece)
        elif self._position == len(self._pieces) or self._pieces[self._position] != piece:
            raise _RefusedError
        else:
            self._position += 1
        return len(piece)


class _Reducers(dict[type, Callable[[object], object]]):
    """What the pickler asks for the reducer of a class; raising ends the attempt.

    A `reducer_override` would be called for every instance, from C into Python and back; here
    that happens once per class.
    """

    def __init__(self, *, builtin_only: bool) -> None:
        super().__init__()
        self._builtin_only = builtin_only

    def __missing__(self, kind: type) -> Callable[[object], object]:
        """Judge a class that is met for the first time."""
        if type in bases(kind) or kind is BuiltinFunctionType:
            raise KeyError(kind)  # written by name, as functions are
        if kind in SIMPLE and kind not in copyreg.dispatch_table:
            self[kind] = _AS_USUAL
        elif self._builtin_only or not _is_plain(kind):
            raise _RefusedError
        elif slot_names(kind) or _is_of_numpy(kind):
            self[kind] = _AS_USUAL
        else:
            return self._reduce_first
        return _AS_USUAL

    def _reduce_first(self, obj: object) -> object:
        """Reduce the first instance of a class, and trust the others if it has attributes.

        One without any may be a sentinel: the walk looks for its name.
        """
        if not instance_attributes(obj):
            raise _RefusedError
        self[type(obj)] = _AS_USUAL
        return _AS_USUAL(obj)


_AS_USUAL: Final = operator.methodcaller("__reduce_ex__", pickle.HIGHEST_PROTOCOL)


def _is_of_numpy(kind: type) -> bool:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return False
    families = bases(kind)  # every dtype has a class of its own
    return kind is numpy.ndarray or numpy.dtype in families or numpy.generic in families


def _is_plain(kind: type) -> bool:
    """Tell whether the pickle of an instance is all there is to it."""
    if kind in copyreg.dispatch_table:
        return False
    if _is_of_numpy(kind):
        return True
    special = ("__reduce_ex__", "__reduce__", "__getstate__", "__new__")
    if any(holds(kind, name) for name in special):
        return False
    # With a hash of its own it may be a key that is lost: the walk looks that up too.
    return static(kind, "__hash__") in {None, object.__hash__}


def are_plain_and_equal(original: object, returned: object, *, builtin_only: bool) -> bool:
    """Tell whether both dump to the same bytes; no means that they have to be looked at."""
    return attempt(_are_equal, original, returned, builtin_only) is True


def _are_equal(original: object, returned: object, builtin_only: bool) -> bool:
    recorder = _Recorder()
    buffers: list[list[pickle.PickleBuffer]] = []
    for obj in (original, returned):
        buffers.append([])
        pickler = pickle.Pickler(
            recorder, protocol=pickle.HIGHEST_PROTOCOL, buffer_callback=buffers[-1].append
        )
        pickler.dispatch_table = cast("Any", _Reducers(builtin_only=builtin_only))
        pickler.dump(obj)
        recorder.rewind()
    return recorder.is_at_end() and _same_buffers(*buffers)


def _same_buffers(
    originals: Iterable[pickle.PickleBuffer], returned: Iterable[pickle.PickleBuffer]
) -> bool:
    """Compare the memory of arrays, which was left where it is."""
    return all(left.raw() == right.raw() for left, right in zip(originals, returned, strict=True))
