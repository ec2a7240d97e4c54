"""Tell Ctrl-C from an object that raises `KeyboardInterrupt`.

Code of the user's runs here while an object is dumped, compared, probed and loaded back. Whatever
it raises is a finding, `KeyboardInterrupt`, `SystemExit` and `GeneratorExit` too. What a signal
raises in the middle of that code is none: Ctrl-C ends the run, and a limit that a signal handler
keeps (pytest-timeout) ends the test.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

__all__ = ["listening", "pass_on"]


# Every check asks twice; `signal` makes an enum of each number and handler, which takes longer.
_SIGINT: Final = int(signal.SIGINT)


class _Ear:
    """Hears Ctrl-C while checks go on.

    Attributes:
        was_pressed: whether it was pressed since a check began.
        is_open: whether a check goes on.
    """

    def __init__(self) -> None:
        self.was_pressed = False
        self.is_open = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen for Ctrl-C, and let it end the run even where code of the user's swallows it.

        Only the main thread can: no signal arrives elsewhere.
        """
        is_heard = threading.current_thread() is threading.main_thread() and not self.is_open
        before: Any = _signal.getsignal(_SIGINT) if is_heard else None
        if not callable(before):  # a check within a check, or nobody wants to hear of it
            yield
            return

        def hear(number: int, frame: FrameType | None) -> None:
            self.was_pressed = True
            before(number, frame)

        self.was_pressed, self.is_open = False, True
        _signal.signal(_SIGINT, hear)
        try:
            yield
        finally:
            self.is_open = False
            if _signal.getsignal(_SIGINT) is hear:
                _signal.signal(_SIGINT, before)
            if self.was_pressed:
                self.was_pressed = False
                raise KeyboardInterrupt

    def pass_on(self, error: BaseException) -> None:
        """Raise what an object cannot be blamed for; return where it can.

        Args:
            error: what was raised while code of the user's ran.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed.
            BaseException: the error, where the handler of a signal raised it.
        """
        if self.was_pressed and threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt from error
        if not isinstance(error, Exception) and _is_of_handler(error):
            raise error


def _is_of_handler(error: BaseException) -> bool:
    """Return whether the handler of a signal raised an exception, written in Python."""
    handlers = {
        code
        for number in signal.valid_signals()
        if (code := getattr(signal.getsignal(number), "__code__", None)) is not None
    }
    step = BaseException.__dict__["__traceback__"].__get__(error)
    while step is not None:
        # Our own handler is below every Ctrl-C, which is known by then.
        if step.tb_frame.f_code in handlers:
            return True
        step = step.tb_next
    return False


_EAR: Final = _Ear()
listening: Final = _EAR.listening
pass_on: Final = _EAR.pass_on
