"""A time limit for loading an answer here: code of the user's runs while it is loaded."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

__all__ = ["TookTooLong", "time_limit"]

# Code of the user's may have caught the exception; it is raised again, so often.
_AGAIN_SECONDS: Final = 0.5


class TookTooLong(BaseException):
    """Raised in what does not end in time; no `except Exception` of the user's catches it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TookTooLong` in what runs longer, where that is possible: in the main thread.

    A timer of somebody else's that ends earlier is left alone, any other goes on afterwards.
    """
    left, interval = signal.getitimer(signal.ITIMER_REAL)
    if not _is_possible() or 0 < left <= seconds:
        yield
        return
    begun, is_open = time.monotonic(), True

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        if is_open:
            raise TookTooLong(f"it did not finish in {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
    try:
        yield
    finally:
        is_open = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            rest = max(left - (time.monotonic() - begun), 0.001)
            signal.setitimer(signal.ITIMER_REAL, rest, interval)


def _is_possible() -> bool:
    """Return whether a handler can be set, and later what was there: not one that C code set."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGALRM) is not None
