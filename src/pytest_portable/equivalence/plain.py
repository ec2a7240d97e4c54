"""Equal objects at the speed of the C pickler: equal streams are equal structures.

A pickle names type, value and sharing of everything in an object. Two objects that dump to the
same bytes are the same in all of that, and dumping both is cheaper than walking through a million
elements in Python. Different bytes prove nothing (the order of a set, one string object in place
of two equal ones): then the walk decides. So does it where an object is more than it reduces to,
and no code of the user's is called here.
"""

from __future__ import annotations

import copyreg
import pickle
import sys
from collections import OrderedDict, defaultdict, deque
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, auto
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.equivalence.guard import attempt, holds, slot_names, static
from pytest_portable.equivalence.leaves import LEAVES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
GLOBALS: Final = frozenset({type, FunctionType, BuiltinFunctionType})
"""What the pickler writes as a name, after it has made sure that the name leads there."""


_dict_of: Final = object.__getattribute__


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


class _Trust(Enum):
    """Whose pickle says all about them."""

    NONE = auto()
    WITH_ATTRIBUTES = auto()
    ALL = auto()


class _PlainPickler(pickle.Pickler):
    """Refuses whatever is more than it reduces to, or reduces by code of the user's."""

    def trust(self, judge: Callable[[type], _Trust]) -> None:
        """Set who decides about a class; asked once for each."""
        self._judge = judge
        self._known: dict[type, _Trust] = {}

    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401 - as the stub says: many forms
        """Say no, or leave it to the pickler, which asks for all that it does not know itself."""
        kind = type(obj)
        trust = self._known.get(kind)
        if trust is None:
            trust = self._known[kind] = self._judge(kind)
        if trust is _Trust.NONE:
            raise _RefusedError
        if trust is _Trust.WITH_ATTRIBUTES and not _dict_of(obj, "__dict__"):
            raise _RefusedError  # perhaps a sentinel: the walk looks for its name
        return NotImplemented


def _judge_builtin(kind: type) -> _Trust:
    return _Trust.ALL if kind in SIMPLE and kind not in copyreg.dispatch_table else _Trust.NONE


def _judge(kind: type) -> _Trust:
    """Tell whether the pickle of an instance is all there is to it."""
    if kind in copyreg.dispatch_table:
        return _Trust.NONE
    if kind in SIMPLE or kind in GLOBALS:
        return _Trust.ALL
    numpy = sys.modules.get("numpy")
    if numpy is not None and (
        kind in {numpy.ndarray, numpy.dtype} or numpy.generic in kind.__mro__
    ):
        return _Trust.ALL
    special = ("__reduce_ex__", "__reduce__", "__getstate__", "__new__")
    if any(holds(kind, name) for name in special):
        return _Trust.NONE
    # With a hash of its own it may be a key that is lost: the walk looks that up too.
    if static(kind, "__hash__") not in {None, object.__hash__}:
        return _Trust.NONE
    return _Trust.ALL if slot_names(kind) else _Trust.WITH_ATTRIBUTES


def are_plain_and_equal(original: object, returned: object, *, builtin_only: bool) -> bool:
    """Tell whether both dump to the same bytes; no means that they have to be looked at."""
    return attempt(_are_equal, original, returned, builtin_only) is True


def _are_equal(original: object, returned: object, builtin_only: bool) -> bool:
    recorder = _Recorder()
    buffers: list[list[pickle.PickleBuffer]] = []
    for obj in (original, returned):
        buffers.append([])
        pickler = _PlainPickler(recorder, protocol=5, buffer_callback=buffers[-1].append)
        pickler.trust(_judge_builtin if builtin_only else _judge)
        pickler.dump(obj)
        recorder.rewind()
    return recorder.is_at_end() and _same_buffers(*buffers)


def _same_buffers(
    originals: Iterable[pickle.PickleBuffer], returned: Iterable[pickle.PickleBuffer]
) -> bool:
    """Compare the memory of arrays, which was left where it is."""
    return all(left.raw() == right.raw() for left, right in zip(originals, returned, strict=True))
