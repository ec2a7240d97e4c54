"""Distributions that are installed on the host, for as long as a test runs."""

from __future__ import annotations

import importlib
import zipfile
from typing import TYPE_CHECKING, Any

from pytest_portable import host_modules
from pytest_portable.engine import installed_requirements as brought
from support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

__all__ = ["Site"]


class Site:
    """A folder of the host's import path that wheels are unpacked into.

    Attributes:
        folder: on `sys.path` until the test is over.
        wheels: the same distributions as wheels.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put a new folder on the path."""
        self.folder, self.wheels = folder / "site", folder / "wheels"
        self.folder.mkdir()
        self.wheels.mkdir()
        monkeypatch.syspath_prepend(self.folder)

    def install(self, name: str, version: str = "1.0", **parts: Any) -> Path:
        """Make a wheel and unpack it; `parts` as `make_wheel` takes them."""
        wheel = make_wheel(self.wheels, name, version, **parts)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(self.folder)
        self.forget()
        return wheel

    @staticmethod
    def forget() -> None:
        """Let everybody look again."""
        importlib.invalidate_caches()
        host_modules._packages_on.cache_clear()
        host_modules._owner.cache_clear()
        brought._requirements.cache_clear()
