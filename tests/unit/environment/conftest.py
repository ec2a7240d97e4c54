"""Unit tests of this room start no process and keep their hands off the user's cache."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.environment import StoreSettings, build, probing
from support.installers import RecordingRunner, UnpackInstaller
from support.wheels import Wheelhouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def _without_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let interpreters answer in this process, and tools not at all."""

    def ask(_path: Path) -> dict[str, Any]:
        said: list[str] = []
        # A `print` of its own: standard output belongs to all threads.
        exec(probing.PROBE_SOURCE, {"print": said.append})
        return dict(json.loads(said[0].split(">>", 1)[1].rsplit("<<", 1)[0]))

    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a unit test started a process")

    monkeypatch.setattr(probing, "_ask", ask)
    monkeypatch.setattr(build, "Processes", lambda *_arguments: RecordingRunner())
    monkeypatch.setattr("subprocess.Popen.__init__", refuse)
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(tmp_path / "default-cache"))


@pytest.fixture
def wheelhouse(tmp_path: Path) -> Wheelhouse:
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    return Wheelhouse(folder)


@pytest.fixture
def settings(tmp_path: Path, wheelhouse: Wheelhouse) -> Callable[..., StoreSettings]:
    """Make settings of a store in this test's folder."""

    def make(*installers: UnpackInstaller, **values: Any) -> StoreSettings:
        chosen = installers or (UnpackInstaller(wheelhouse.folder),)
        return StoreSettings(
            cache_dir=tmp_path / "cache", installer=chosen[0].name, installers=chosen, **values
        )

    return make
