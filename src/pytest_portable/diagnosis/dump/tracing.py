"""Dump once more with a pickler that goes on: what fails is replaced, and its place is kept.

The pure-Python pickler asks the same reducers in the same order as the one in C. Here a part that
cannot be dumped becomes a placeholder in the stream; all of them are found in one pass, and the
payload graph reads their paths from the stream as it reads everybody else's.
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
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_portable.diagnosis.dump.picklers import Flavour

__all__ = ["DEEP", "MAX_LEAVES", "GaveUpError", "Leaf", "Trace", "trace"]

MAX_LEAVES: Final = 20
# Where a recursion error comes at this depth, the object's structure is to blame, not a reducer.
DEEP: Final = 200
_MAX_SECONDS: Final = 5.0
# The pure-Python pickler takes up to seven frames a level; the one in C takes 10,000 levels.
_FRAMES: Final = 120_000
# Reserved, not used: a reducer that recurses in C needs up to a kilobyte a frame.
_STACK_BYTES: Final = 512 << 20
# Nobody's path goes through long text or bytes.
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


@dataclass
class Trace:
    """What one pass found.

    Attributes:
        data: the stream, with a placeholder for every leaf.
        leaves: parts that cannot be dumped, in the order of the dump.
        depth: levels of the deepest save; `deepest` is where in the stream it began, and `stack`
            what was being dumped there.
        ended: empty, or why the pass was cut short: `depth`, `time` or `count`.
        ended_in: class of what was being dumped when the time was over.
    """

    data: bytes = b""
    leaves: list[Leaf] = field(default_factory=list)
    depth: int = 0
    deepest: int = 0
    stack: tuple[object, ...] = ()
    ended: str = ""
    ended_in: str = ""


class GaveUpError(Exception):
    """The time for the pass is over."""


class _EndedError(Exception):
    """The pass does not come to its end even where nothing is saved any more."""


class Tracing:
    """Mixin over a pure-Python pickler: failing parts are replaced, and saving goes on."""

    # Of the pickler: what is used here.
    write: Any
    memo: dict[int, Any]
    framer: Any

    def prepare(self, stream: io.BytesIO, deadline: float) -> None:
        """Take the stream that the pickler writes to, and the time at which to stop."""
        # Without frames everything is in the stream at once, and can be taken back.
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
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a reducer raises is the finding
            self._take_back(start, known)
            self._fail(obj, error)
        finally:
            levels.pop()

    def _note(self, start: int) -> None:
        found = self.found
        if len(self.levels) > found.depth:
            found.depth, found.deepest = len(self.levels), start
            if found.depth % _KEPT_STACK == 0:
                found.stack = tuple(self.levels[-_KEPT_STACK:])
        if time.monotonic() > self.deadline:
            found.ended, found.ended_in = "time", self.where()
            raise GaveUpError

    def where(self) -> str:
        """Name the class of what is being dumped; plain containers say nothing."""
        for level in reversed(self.levels):
            if type(level).__module__ != "builtins":
                return type(level).__qualname__
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
        found = self.found
        if isinstance(error, RecursionError) and len(self.levels) > DEEP:
            found.ended = "depth"
            found.stack = tuple(self.levels[-_KEPT_STACK:])
        leaf = Leaf(len(found.leaves), obj, error, tuple(self.levels[-_KEPT_STACK:-1]))
        self._place(leaf.number)
        found.leaves.append(leaf)
        self.failed[id(obj)] = leaf
        if len(found.leaves) >= MAX_LEAVES:
            found.ended = found.ended or "count"

    def _place(self, number: int) -> None:
        text = b"%d" % number
        self.write(pickle.SHORT_BINUNICODE + bytes([len(text)]) + text + pickle.BINPERSID)


def _short(obj: object) -> object:
    if type(obj) in (bytes, str, bytearray) and len(obj) > _LONG:  # type: ignore[arg-type]
        return obj[:0]  # type: ignore[index]
    return obj


def trace(obj: object, flavour: Flavour, *, seconds: float = _MAX_SECONDS) -> Trace:
    """Dump an object with a tracing pickler, on a stack of its own that can go deep.

    The reducers run once more: what they print and warn about is dropped, and the recursion
    limit is as it was afterwards.

    Args:
        obj: what could not be dumped.
        flavour: which pickler to imitate.
        seconds: wall-clock limit; a reducer that hangs is left behind.
    """
    stream = io.BytesIO()
    pickler = flavour.make(Tracing, stream)
    pickler.prepare(stream, time.monotonic() + seconds)

    def run() -> None:
        with contextlib.suppress(Exception):
            pickler.dump(obj)

    context = contextvars.copy_context()
    with _quiet():
        worker = _Worker(lambda: context.run(run))
        worker.work_for(seconds + 1)
    found: Trace = pickler.found
    if worker.is_alive():
        found.ended = "time"
    if found.ended == "time" and not found.ended_in:
        found.ended_in = pickler.where()
    found.data = stream.getvalue()
    return found


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


# The recursion limit belongs to the process, and so does what guards it.
_LIMIT_LOCK: Final = threading.Lock()


class _Worker(threading.Thread):
    """Runs on a deep stack, with frames to fill it; left behind where it takes too long."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.left_behind = False
        self.limit_before = sys.getrecursionlimit()

    def run(self) -> None:
        """Work, and give the recursion limit back where nobody waits any more."""
        try:
            self.work()
        finally:
            if self.left_behind:
                _lower_limit(self.limit_before)

    def work_for(self, seconds: float) -> None:
        """Start, and wait at most so many seconds."""
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
    """Set the recursion limit back, unless another thread of ours needs it as it is.

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
