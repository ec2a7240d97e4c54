"""Somebody deletes the cache while a run goes on: its environments are built once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.engine.session import Session
from pytest_portable.errors import SetupError
from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from pathlib import Path

TESTS = """
import os, shutil
import pytest

def lose():
    shutil.rmtree(os.environ["PYTEST_PORTABLE_CACHE_DIR"])

def test_first(portable):
    portable([1])
    lose()
    portable([2])

def test_same_environment(portable):
    assert os.path.exists(portable.target.executable)
    portable([3])

@pytest.mark.portable(python="3.10")
def test_other_environment(portable):
    portable([4])
    lose()
    assert not portable.check(lambda: 1)
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")], ids=["alone", "workers"])
def test_a_run_goes_on(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    pytester.makepyfile(test_lost_cache=TESTS)
    run = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "--portable-report=r.html", *workers
    )
    run.assert_outcomes(passed=3)


def test_what_was_not_built_here_is_told_where_it_is_gone(tmp_path: Path) -> None:
    session = Session(root=tmp_path, cache_dir=tmp_path / "cache")
    leg = Leg(python=str(tmp_path / "gone" / "python"), deps=None)
    with pytest.raises(SetupError, match="gone"):
        portable_on(session, leg)
    session.close()
