"""An object that raises `KeyboardInterrupt` is told apart from Ctrl-C and from other signals."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from pytest_portable.interrupts import listening, pass_on

if TYPE_CHECKING:
    from types import FrameType


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, ValueError])
def test_what_an_object_raises_is_not_passed_on(kind: type[BaseException]) -> None:
    with listening():
        pass_on(kind())


def test_ctrl_c_is_passed_on_and_ends_the_check_even_where_it_was_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt), listening():  # noqa: PT012 - what follows it
        with suppress(BaseException):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            pass_on(ValueError())
    pass_on(KeyboardInterrupt())  # it was heard, and the next check begins without it


def test_the_handler_before_is_called_and_put_back() -> None:
    heard: list[int] = []

    def handler(number: int, frame: FrameType | None) -> None:
        del frame
        heard.append(number)

    before = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(KeyboardInterrupt), listening(), listening():
            signal.raise_signal(signal.SIGINT)
        assert heard == [signal.SIGINT]
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_limit_that_a_signal_keeps_is_passed_on() -> None:
    class OverError(BaseException):
        pass

    def over(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise OverError

    before = signal.signal(signal.SIGUSR1, over)
    try:
        with pytest.raises(OverError), listening():  # noqa: PT012 - as a guard does
            try:
                signal.raise_signal(signal.SIGUSR1)
            except BaseException as error:
                pass_on(error)
                raise AssertionError("it was taken for the object's") from error
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_thread_hears_nothing() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with listening():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [before]


def test_where_ctrl_c_is_ignored_nothing_is_heard() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with listening():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
