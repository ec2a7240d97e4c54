"""The time that loading an answer gets here."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from pytest_portable.judgement.time_limit import TookTooLong, time_limit


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    before = signal.getsignal(signal.SIGALRM)
    yield
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def wait(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def test_what_takes_longer_is_ended() -> None:
    with pytest.raises(TookTooLong, match=r"^it did not finish in 0\.05 s$"), time_limit(0.05):
        wait(5)


def test_so_is_what_catches_everything_once() -> None:
    caught = []

    def stubborn() -> None:
        try:
            wait(5)
        except BaseException as error:  # noqa: BLE001 - as rude code does
            caught.append(error)
        wait(5)

    with pytest.raises(TookTooLong), time_limit(0.05):
        stubborn()

    assert len(caught) == 1


def test_a_timer_of_somebody_else_goes_on() -> None:
    rung = []

    def ring(number: int, frame: FrameType | None) -> None:
        del number, frame
        rung.append(time.monotonic())

    before = signal.signal(signal.SIGALRM, ring)
    begun = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    with pytest.raises(TookTooLong), time_limit(0.05):
        wait(5)
    wait(0.4)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    with time_limit(5):  # theirs ends earlier
        wait(0.1)
    signal.signal(signal.SIGALRM, before)

    assert len(rung) == 2
    assert 0.3 <= rung[0] - begun < 0.4


def test_no_other_thread_can_be_ended_and_none_is_harmed() -> None:
    done = []

    def limited() -> None:
        with time_limit(0.01):
            wait(0.05)
        done.append(True)

    thread = threading.Thread(target=limited)
    thread.start()
    thread.join()

    assert done == [True]
