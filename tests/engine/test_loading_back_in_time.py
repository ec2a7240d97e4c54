"""What does not end when it is loaded back here: it gets the time that the leg has, once."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_portable.engine.session import Session
from pytest_portable.errors import PortabilityError
from pytest_portable.portable import Portable, portable_on
from pytest_portable.settings.legs import Leg

LIMIT_SECONDS = 0.5
WAITS_HERE = "__import__('time').sleep(30 * (__import__('os').getpid() == {0}))"
SWALLOWS = """
import os, time
def wait():
    while os.getpid() == {0}:
        try:
            time.sleep(1)
        except Exception:
            pass
wait()
"""


class Waits:
    """Does not end to load in the process that made it."""

    def __init__(self, source: str) -> None:
        self.source = source.format(os.getpid())

    def __reduce__(self) -> tuple[object, ...]:
        return Waits._made, (self.source,)

    @staticmethod
    def _made(source: str) -> Waits:
        exec(source, {})
        made = object.__new__(Waits)
        made.source = source
        return made


class WaitingError(ValueError):
    """Does not end to load in the process that made it."""

    def __reduce__(self) -> tuple[object, ...]:
        return eval, (f"{self.args[0]} or ValueError()",)


def raise_one(source: str) -> None:
    raise WaitingError(source)


@pytest.fixture
def portable(tmp_path: Path) -> Iterator[Portable]:
    session = Session(root=tmp_path, cache_dir=tmp_path / "cache")
    leg = Leg(python=sys.executable, deps=None, timeout_seconds=LIMIT_SECONDS, ship=(__name__,))
    yield portable_on(session, leg)
    session.close()


@pytest.mark.parametrize("source", [WAITS_HERE, SWALLOWS])
def test_an_object_that_does_not_end_to_load_here_is_told(portable: Portable, source: str) -> None:
    before, begun = signal.getsignal(signal.SIGALRM), time.monotonic()

    verdict = portable.check(Waits(source))

    assert time.monotonic() - begun < 4 * LIMIT_SECONDS
    assert [problem.code for problem in verdict.problems] == ["result-not-portable"]
    assert "cannot be loaded here: it did not finish in 0.5 s" in verdict.problems[0].message
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_so_is_an_exception_that_a_call_raises(portable: Portable) -> None:
    begun = time.monotonic()

    with pytest.raises(PortabilityError, match=r"it did not finish in 0\.5 s"):
        portable.call(raise_one, WAITS_HERE.format(os.getpid()))

    assert time.monotonic() - begun < 4 * LIMIT_SECONDS
