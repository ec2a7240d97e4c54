"""Recognise equal objects at the speed of the C pickler: equal streams are equal structures.

A pickle holds type, value and sharing of everything in an object. Two objects that dump to the
same bytes agree in all of that, and dumping both is cheaper than walking through a million
elements in Python. Different bytes prove nothing (the order of a set, one string object in place
of two equal ones): then the walk decides. Instances whose value is more than what they reduce to
are left out of the stream, and the walk compares them.
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
from enum import Enum
from itertools import chain
from types import BuiltinFunctionType, FunctionType
from typing import Any, Final

from pytest_portable.equivalence.comparators import library_handler
from pytest_portable.equivalence.constants import sentinels_of
from pytest_portable.equivalence.guard import (
    attempt,
    bases,
    holds,
    instance_attributes,
    slot_names,
    static,
)
from pytest_portable.equivalence.holes import Holes
from pytest_portable.equivalence.instances import (
    GENERATED,
    has_own_equality,
    is_standard,
    may_hold_more,
)
from pytest_portable.equivalence.leaves import LEAVES
from pytest_portable.equivalence.lookups import is_answered
from pytest_portable.equivalence.lost import lost_attributes, lost_elements
from pytest_portable.equivalence.streams import Reducers, RefusedError, same_streams

__all__ = ["same_but_for_holes"]

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


CONTENTS: Final = frozenset({bytes, complex, dict, float, int, list, str, tuple})
"""Bases with a content: an instance without attributes is no sentinel then."""


class _Reducers(Reducers):
    """The pickler's table of reducers by class; raising an error ends the attempt.

    A `reducer_override` would be called for every instance, from C into Python and back; this
    table is asked once per class, and for every instance that is left out.
    """

    def __init__(self, *, builtin_only: bool) -> None:
        super().__init__()
        self._builtin_only = builtin_only
        self.reduced: list[object] = []

    def __missing__(self, kind: type) -> Callable[[Any], object]:
        """Decide about a class when its first instance is met."""
        if type in bases(kind) or kind is BuiltinFunctionType:
            raise KeyError(kind)  # written by name, as functions are
        if kind in SIMPLE and kind not in copyreg.dispatch_table:
            self[kind] = _AS_USUAL
        elif not _has_safe_hash(kind):
            raise RefusedError
        elif self._builtin_only:
            self[kind] = self._leave_out
        elif BaseException in bases(kind) and not _has_own_reducer(kind):
            self[kind] = self._reduce_exception
        elif not _is_plain(kind):
            self[kind] = self._leave_out
        elif _has_own_reducer(kind) and not _is_of_numpy(kind):
            self[kind] = self._leave_out if may_hold_more(kind) else self._reduce_as_itself
        elif slot_names(kind) or _is_of_numpy(kind) or not CONTENTS.isdisjoint(bases(kind)):
            self[kind] = _AS_USUAL
        else:
            return self._reduce_first
        return self[kind]

    def _reduce_first(self, obj: object) -> object:
        """Reduce the first instance of a class; the others are like it if it has attributes.

        Sentinels are left to the walk, which looks for their names; one without attributes may be
        one.
        """
        kind = type(obj)
        is_usual = instance_attributes(obj) and not sentinels_of(kind, is_bare=False)
        self[kind] = _AS_USUAL if is_usual else self._leave_out
        return self[kind](obj)

    def _reduce_as_itself(self, obj: object) -> object:
        """Keep the class beside the stream: a custom reducer may name another one."""
        self.reduced.append(obj)
        return _AS_USUAL(obj)

    def _reduce_exception(self, obj: BaseException) -> object:
        """Leave out an exception that has a cause, which pickle drops."""
        return (
            _AS_USUAL(obj)
            if BaseException.__dict__["__cause__"].__get__(obj) is None
            else self._leave_out(obj)
        )

    def _leave_out(self, obj: object) -> object:
        self.left_out.append(obj)
        return _HOLE


def _hole() -> None:
    """Placeholder in the stream for what the walk compares; never called."""


_HOLE: Final = (_hole, ())
_AS_USUAL: Final = operator.methodcaller("__reduce_ex__", pickle.HIGHEST_PROTOCOL)


def _is_of_numpy(kind: type) -> bool:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return False
    families = bases(kind)  # every dtype has its own class
    return kind is numpy.ndarray or numpy.dtype in families or numpy.generic in families


def _has_safe_hash(kind: type) -> bool:
    """Return whether a set or dict finds an instance again if its parts are the same.

    With a handwritten `__hash__` an old hash may have been sent, and then a key is lost: the walk
    looks every key up.
    """
    function = static(kind, "__hash__")
    if not isinstance(function, FunctionType) or Enum in bases(kind):
        return True
    return is_standard(kind) or _is_generated(function)


def _is_generated(function: object) -> bool:
    """Return whether a class has a method because a library generated it."""
    code = getattr(function, "__code__", None)
    home = str(getattr(function, "__module__", "")).partition(".")[0]
    is_of_library = home in {"attr", "dataclasses", "pydantic"}
    return code is not None and (code.co_filename.startswith(GENERATED) or is_of_library)


REDUCERS: Final = ("__reduce_ex__", "__reduce__", "__getstate__")


def _has_own_reducer(kind: type) -> bool:
    is_exception = BaseException in bases(kind)
    return any(
        holds(kind, name) and not (is_exception and _is_of_exceptions(static(kind, name)))
        for name in REDUCERS
    )


def _is_of_exceptions(method: object) -> bool:
    return getattr(getattr(method, "__objclass__", None), "__module__", "") == "builtins"


def _is_plain(kind: type) -> bool:
    """Return whether the pickle of an instance holds its whole value."""
    if kind in copyreg.dispatch_table:
        return False
    if _is_of_numpy(kind):
        return True
    if Enum in bases(kind) or library_handler(kind) is not None:
        return False
    own = [static(kind, name) for name in REDUCERS if holds(kind, name)]
    if own:
        # The walk compares what a custom reducer returns too, unless `==` decides.
        is_python = all(isinstance(method, FunctionType) for method in own)
        return is_python and (is_standard(kind) or not has_own_equality(kind))
    is_named_tuple = tuple in bases(kind) and isinstance(getattr(kind, "_fields", None), tuple)
    return is_named_tuple or not holds(kind, "__new__")


def _loses(one: object, other: object) -> bool:
    """Return whether an instance holds what its reducer leaves out and the other cannot give."""
    if is_standard(type(one)):
        return False
    return any(True for _ in lost_attributes(one, other)) or lost_elements(one, other) is not None


def same_but_for_holes(original: object, returned: object, *, builtin_only: bool) -> Holes | None:
    """Dump two objects and return what is still to be compared.

    Args:
        original: what was sent.
        returned: what came back.
        builtin_only: leave out all classes but those of the interpreter.

    Returns:
        What else has to be compared, or `None` where the streams differ, which proves nothing.
    """
    if type(original) is set and type(next(iter(original), None)) is tuple:
        return None  # it comes back in another order
    found = attempt(_same_but_for_holes, original, returned, builtin_only)
    return found if isinstance(found, Holes) else None


def _same_but_for_holes(original: object, returned: object, builtin_only: bool) -> Holes | None:
    reducers = [_Reducers(builtin_only=builtin_only) for _ in range(2)]
    memos = same_streams((original, returned), (reducers[0], reducers[1]))
    reduced = reducers[0].reduced, reducers[1].reduced
    if memos is None or list(map(type, reduced[0])) != list(map(type, reduced[1])):
        return None
    if any(map(_loses, *reduced)):
        return None
    left_out = [table.left_out for table in reducers]
    pairs = [pair for pair in zip(*left_out, strict=True) if pair[0] is not pair[1]]
    met = chain(zip(*reduced, strict=True), zip(*left_out, strict=True))
    has_shared = any(one is other and is_answered(one) for one, other in met)
    if not pairs:
        return Holes(has_shared=has_shared)
    copies = memos[0].copy(), memos[1].copy()
    for memo, objects in zip(copies, left_out, strict=True):
        for obj in objects:
            memo.pop(id(obj), None)
    return Holes(pairs, has_shared, copies)
