"""Bundles as items of pytest: one for each bundle below the folders of `--portable-verify`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.bundle.manifest import find_bundles, read_bundle
from pytest_portable.bundle.verify import leg_for, verify_bundle
from pytest_portable.errors import PortabilityError, SetupError
from pytest_portable.plugin.keys import ADDED
from pytest_portable.portable import Portable
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from pytest_portable.engine.session import Session
    from pytest_portable.settings.options import Settings

__all__ = ["BundleItem", "bundle_items"]


class BundleItem(pytest.Item):
    """Verifies one bundle."""

    def __init__(
        self,
        *,
        open_session: Callable[[], Session],
        settings: Settings,
        **rest: Any,  # noqa: ANN401 - what pytest's own constructor takes
    ) -> None:
        """Take the folder as `path`."""
        super().__init__(**rest)
        self._open_session = open_session
        self._settings = settings
        self.found: Portable | None = None

    def runtest(self) -> None:
        """Load the bundle in its environment and compare."""
        session = self._open_session()
        bundle = read_bundle(self.path, session.serializers.find_mistake_in_data)
        declared = bool(self._settings.pythons)
        leg = leg_for(bundle.manifest, _leg(self._settings), declared=declared)
        checker = session.checker(leg)
        self.found = Portable(checker)
        verdict = verify_bundle(bundle, checker)
        if not verdict.portable:
            raise PortabilityError(verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any) -> str:  # noqa: ANN401 - pytest's own
        """Return the diagnosis, without our own traceback."""
        if isinstance(excinfo.value, PortabilityError):
            return str(excinfo.value)
        if isinstance(excinfo.value, SetupError):
            return f"set-up failure: {excinfo.value}"
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return how the output of the run names the item."""
        return self.path, None, f"bundle {self.path.name}"


def _leg(settings: Settings) -> Leg:
    timeout_seconds = settings.timeout_seconds or settings.default_timeout_seconds
    if settings.pythons:
        return Leg(python=settings.pythons[0], timeout_seconds=timeout_seconds)
    if settings.default_deps:
        return Leg(deps=settings.default_deps, timeout_seconds=timeout_seconds)
    return Leg(python=sys.executable, deps=None, timeout_seconds=timeout_seconds)


def bundle_items(
    parent: pytest.Session, settings: Settings, open_session: Callable[[], Session]
) -> Iterator[BundleItem]:
    """Yield an item for every bundle.

    Raises:
        BundleError: a folder holds none.
    """
    for folder in settings.verify_dirs:
        for path in find_bundles(folder):
            item = BundleItem.from_parent(
                parent,
                name=path.name,
                path=path,
                nodeid=f"{folder.name}/{path.relative_to(folder).as_posix()}",
                open_session=open_session,
                settings=settings,
            )
            item.add_marker(ADDED)  # `-m portable` selects it too
            yield item
