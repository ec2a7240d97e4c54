"""Dump again with a pickler that goes on: it replaces what fails and keeps the place.

The pure-Python pickler calls the same reducers in the same order as the one in C. A part that
cannot be dumped becomes a placeholder in the stream. All of them are found in one pass, and the
payload graph reads their paths from the stream, like all paths.
"""

from __future__ import annotations

import contextlib
import contextvars
import io
import os
import pickle
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from pytest_portable.agent.in_target.asking import is_kind
from pytest_portable.diagnosis.dump.picklers import Flavour
from pytest_portable.equivalence.guard import module_of, qualname_of
from pytest_portable.interrupts import pass_on

__all__ = ["DEEP", "MAX_LEAVES", "GaveUpError", "Leaf", "Trace", "trace"]

MAX_LEAVES: Final = 20
# A recursion error at this depth is caused by the object's structure, not by a reducer.
DEEP: Final = 200
_MAX_SECONDS: Final = 5.0
# The pure-Python pickler needs up to seven frames a level; the one in C allows 10,000 levels.
_FRAMES: Final = 120_000
# Reserved for reducers that recurse in C, which need up to a kilobyte a frame.
_STACK_BYTES: Final = 512 << 20
# No path goes through long text or bytes.
_LONG: Final = 1000
_KEPT_STACK: Final = 300
_UNWINDING_SAVES: Final = 1_000_000


@dataclass(frozen=True)
class Leaf:
    """A smallest part that cannot be dumped.

    Attributes:
        number: its placeholder's.
        value: the part.
        error: what was raised for it.
        stack: what was being dumped, the last few levels, outermost first.
        by: name of the serializer whose own format refuses it; empty where a pickler failed.
    """

    number: int
    value: object
    error: BaseException
    stack: tuple[object, ...] = ()
    by: str = ""


@dataclass(frozen=True)
class Trace:
    """What one pass found.

    Attributes:
        data: the stream, with a placeholder for every leaf.
        leaves: parts that cannot be dumped, in the order of the dump.
        depth: levels of the deepest save; `deepest` is where in the stream it began, and `stack`
            what was being dumped there.
        ended: empty, or why the pass stopped early: `depth`, `time` or `count`.
        ended_in: class of what was being dumped when the time was over.
    """

    data: bytes = b""
    leaves: tuple[Leaf, ...] = ()
    depth: int = 0
    deepest: int = 0
    stack: tuple[object, ...] = ()
    ended: str = ""
    ended_in: str = ""


class GaveUpError(Exception):
    """The time for the pass is over."""


class _EndedError(Exception):
    """The pass does not end even though nothing more is saved."""


class Tracing:
    """Mixin over a pure-Python pickler: failing parts are replaced, and saving goes on."""

    # Attributes of the pickler that are used here.
    write: Any
    memo: dict[int, Any]
    framer: Any

    def prepare(self, stream: io.BytesIO, deadline: float) -> None:
        """Keep the stream that the pickler writes to, and the time at which to stop."""
        # Without frames everything is written to the stream at once, and can be removed again.
        self.framer.start_framing = lambda: None
        self.stream = stream
        self.deadline = deadline
        self.found = Trace()
        self.levels: list[object] = []
        self.failed: dict[int, Leaf] = {}
        self.after = 0

    def save(self, obj: object, save_persistent_id: bool = True) -> None:
        """Save a part, or a placeholder where that fails."""
        if self.found.ended:
            self._skip()
            return
        if id(obj) in self.failed:
            self._place(self.failed[id(obj)].number)
            return
        start, known = self.stream.tell(), len(self.memo)
        levels = self.levels
        levels.append(obj)
        try:
            self._note(start)
            super().save(_short(obj), save_persistent_id)  # type: ignore[misc]
        except _EndedError:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a reducer raises is the finding
            pass_on(error)
            self._take_back(start, known)
            self._fail(obj, error)
        finally:
            levels.pop()

    def _note(self, start: int) -> None:
        depth = len(self.levels)
        if depth > self.found.depth:
            stack = self.found.stack if depth % _KEPT_STACK else self._stack()
            self.found = replace(self.found, depth=depth, deepest=start, stack=stack)
        if time.monotonic() > self.deadline:
            self.found = replace(self.found, ended="time", ended_in=self.where())
            raise GaveUpError

    def _stack(self) -> tuple[object, ...]:
        return tuple(self.levels[-_KEPT_STACK:])

    def where(self) -> str:
        """Return the class of what is being dumped, plain containers left out."""
        for level in reversed(self.levels):
            if module_of(type(level)) != "builtins":
                return qualname_of(type(level))
        return "plain containers"

    def _skip(self) -> None:
        self.after += 1
        if self.after > _UNWINDING_SAVES:
            raise _EndedError
        self.write(pickle.NONE)

    def _take_back(self, start: int, known: int) -> None:
        self.stream.seek(start)
        self.stream.truncate()
        while len(self.memo) > known:
            self.memo.popitem()

    def _fail(self, obj: object, error: BaseException) -> None:
        if is_kind(error, RecursionError) and len(self.levels) > DEEP:
            self.found = replace(self.found, ended="depth", stack=self._stack())
        leaf = Leaf(len(self.found.leaves), obj, error, self._stack()[:-1])
        self._place(leaf.number)
        self.failed[id(obj)] = leaf
        leaves = (*self.found.leaves, leaf)
        is_enough = len(leaves) >= MAX_LEAVES
        ended = self.found.ended or ("count" if is_enough else "")
        self.found = replace(self.found, leaves=leaves, ended=ended)

    def _place(self, number: int) -> None:
        text = b"%d" % number
        self.write(pickle.SHORT_BINUNICODE + bytes([len(text)]) + text + pickle.BINPERSID)


def _short(obj: object) -> object:
    if type(obj) in (bytes, str, bytearray) and len(obj) > _LONG:  # type: ignore[arg-type]
        return obj[:0]  # type: ignore[index]
    return obj


def trace(obj: object, flavour: Flavour, *, seconds: float = _MAX_SECONDS) -> Trace:
    """Dump an object with a tracing pickler, in a thread with a deep stack.

    The reducers run again: what they print and warn about is dropped. The recursion limit is
    restored afterwards.

    Args:
        obj: what could not be dumped.
        flavour: which pickler to imitate.
        seconds: wall-clock limit; a thread with a hanging reducer is abandoned.
    """
    stream = io.BytesIO()
    pickler = flavour.make(Tracing, stream)
    pickler.prepare(stream, time.monotonic() + seconds)

    def run() -> None:
        with contextlib.suppress(BaseException):
            pickler.dump(obj)

    context = contextvars.copy_context()
    with _quiet():
        worker = _Worker(lambda: context.run(run))
        worker.work_for(seconds + 1)
    found: Trace = pickler.found
    ended = "time" if worker.is_alive() else found.ended
    is_slow = ended == "time" and not found.ended_in
    ended_in = pickler.where() if is_slow else found.ended_in
    return replace(found, data=stream.getvalue(), ended=ended, ended_in=ended_in)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,  # noqa: PTH123 - a device
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


# The recursion limit belongs to the process, and so does its lock.
_LIMIT_LOCK: Final = threading.Lock()


class _Worker(threading.Thread):
    """A thread with a deep stack and a high recursion limit; abandoned where it takes too long."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.left_behind = False
        self.limit_before = sys.getrecursionlimit()

    def run(self) -> None:
        """Work, and restore the recursion limit where nothing waits for the thread any more."""
        try:
            self.work()
        finally:
            if self.left_behind:
                _lower_limit(self.limit_before)

    def work_for(self, seconds: float) -> None:
        """Start the thread, and wait at most so many seconds."""
        with _LIMIT_LOCK:
            limits = (worker.limit_before for worker in _workers())
            self.limit_before = min((self.limit_before, *limits))
            size = threading.stack_size(_STACK_BYTES)
            try:
                sys.setrecursionlimit(max(self.limit_before, _FRAMES))
                self.start()
            finally:
                threading.stack_size(size)
        self.join(seconds)
        self.left_behind = True
        _lower_limit(self.limit_before)


def _workers() -> list[_Worker]:
    return [thread for thread in threading.enumerate() if isinstance(thread, _Worker)]


def _lower_limit(limit: int) -> None:
    """Restore the recursion limit, unless another thread of ours needs the present one.

    CPython 3.11 aborts the process when a thread that is deeper than the limit makes its next call
    ("Cannot recover from stack overflow"); that thread lowers the limit when it ends.
    """
    with _LIMIT_LOCK:
        others = [worker for worker in _workers() if worker is not threading.current_thread()]
        if not any(not worker.left_behind or _is_deep(worker, limit // 2) for worker in others):
            sys.setrecursionlimit(limit)


def _is_deep(worker: threading.Thread, limit: int) -> bool:
    stacks = sys._current_frames()  # noqa: SLF001 - documented, the underscore is a warning
    frame, depth = stacks.get(worker.ident or 0), 0
    while frame is not None and depth <= limit:
        frame, depth = frame.f_back, depth + 1
    return depth > limit
