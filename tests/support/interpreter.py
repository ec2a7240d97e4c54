"""Checks in this very interpreter, used as it is: nothing is installed for them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_portable.engine.session import Session
    from pytest_portable.portable import Portable

__all__ = ["on", "session"]


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    from pytest_portable.engine.session import Session

    folder = tmp_path_factory.mktemp("engine")
    made = Session(root=folder, cache_dir=folder / "cache")
    yield made
    made.close()


@pytest.fixture
def on(session: Session) -> Callable[..., Portable]:
    """Give what checks on a leg with these keys."""

    def make(**keys: Any) -> Portable:
        leg = Leg(**{"python": sys.executable, "deps": None, "timeout_seconds": 20.0, **keys})
        return portable_on(session, leg)

    return make
