"""Two objects dumped by the C pickler, the second stream compared while it is written."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias, cast

from pytest_portable.equivalence import memory
from pytest_portable.equivalence.guard import FAILED, attempt

__all__ = ["LazyMemo", "Reducers", "RefusedError", "have_same_values", "same_streams"]

Memo: TypeAlias = dict[int, tuple[int, object]]


class RefusedError(Exception):
    """The streams differ, or cannot be compared."""


class _Recorder:
    """A file that keeps what the original wrote and compares what the returned one writes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._position: int | None = None

    def rewind(self) -> None:
        """Start to compare with what was kept."""
        if self._position is None:
            self._position = 0

    def is_at_end(self) -> bool:
        """Return whether everything that was kept was written again."""
        return self._position == len(self._pieces)

    def write(self, piece: bytes) -> int:
        """Keep or compare a piece of the stream; both streams come in the same pieces."""
        if self._position is None:
            self._pieces.append(piece)
        elif self._position == len(self._pieces) or self._pieces[self._position] != piece:
            raise RefusedError
        else:
            self._position += 1
        return len(piece)


class LazyMemo(Protocol):
    """The objects that a pickler has written."""

    def copy(self) -> Memo:
        """Return number and object by id."""


class Reducers(dict[type, "Callable[[Any], object]"]):
    """The reducers by class; a class without one is refused.

    Attributes:
        left_out: instances that are no part of the stream.
    """

    def __init__(self) -> None:
        """Start without classes."""
        super().__init__()
        self.left_out: list[object] = []

    def __missing__(self, kind: type) -> Callable[[Any], object]:
        """Refuse a class."""
        raise RefusedError


def same_streams(
    pair: tuple[object, object], tables: tuple[Reducers, Reducers]
) -> list[LazyMemo] | None:
    """Dump two objects and compare the streams.

    Args:
        pair: what to dump.
        tables: reducers by class, one table for each object; asked once per class.

    Returns:
        What either pickler has written where something was left out, nothing where the streams
        decide all; `None` where they differ.

    Raises:
        RefusedError: a stream ended early, or a table refused a class.
        Exception: whatever an object raises while it is reduced.
    """
    recorder = _Recorder()
    buffers: list[list[pickle.PickleBuffer]] = []
    memos: list[LazyMemo] = []
    for obj, table in zip(pair, tables, strict=True):
        buffers.append([])
        pickler = pickle.Pickler(
            recorder, protocol=pickle.HIGHEST_PROTOCOL, buffer_callback=buffers[-1].append
        )
        pickler.dispatch_table = cast("Any", table)
        pickler.dump(obj)
        recorder.rewind()
        if table.left_out:  # else the pickler is not needed any more, and its memo is big
            memos.append(cast("Any", pickler).memo)
    return memos if recorder.is_at_end() and _same_buffers(*buffers) else None


def _same_buffers(
    originals: Iterable[pickle.PickleBuffer], returned: Iterable[pickle.PickleBuffer]
) -> bool:
    """Compare the memory of arrays, which is not in the streams."""
    return all(
        memory.are_same(left.raw(), right.raw())
        for left, right in zip(originals, returned, strict=True)
    )


def have_same_values(lefts: list[object], rights: list[object]) -> bool:
    """Return whether two lists hold the same values of the interpreter's own kinds.

    False proves nothing. They may hold nothing mutable, because sharing is not compared.
    """
    found = attempt(same_streams, (lefts, rights), (Reducers(), Reducers()))
    return found is not FAILED and found is not None
