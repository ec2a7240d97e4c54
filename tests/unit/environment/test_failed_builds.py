from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import prepare
from pytest_portable.errors import InstallError
from support.installers import BrokenInstaller, RecordingInstaller, ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_portable.environment import StoreSettings
    from support.wheels import Wheelhouse


def fail(
    installer: object, settings: Callable[..., StoreSettings], path: Path, since: float
) -> str:
    with pytest.raises(InstallError) as caught:
        prepare(ask(path, "absent"), settings(installer, since=since))
    return str(caught.value)


def test_one_session_fails_once(
    tmp_path: Path, wheelhouse: Wheelhouse, settings: Callable[..., StoreSettings]
) -> None:
    installer = RecordingInstaller(wheelhouse.folder)
    begun = time.time()

    first = fail(installer, settings, tmp_path, begun)
    second = fail(installer, settings, tmp_path, begun)

    assert first == second
    assert len(installer.asked) == 1


def test_the_next_session_tries_again(
    tmp_path: Path, wheelhouse: Wheelhouse, settings: Callable[..., StoreSettings]
) -> None:
    installer = RecordingInstaller(wheelhouse.folder)
    fail(installer, settings, tmp_path, time.time())

    wheelhouse.add("absent", "1.0")
    made = prepare(ask(tmp_path, "absent"), settings(installer, since=time.time()))

    assert made.distributions == {"absent": "1.0"}


def test_a_failure_that_cannot_be_kept_is_the_same_failure(
    tmp_path: Path,
    wheelhouse: Wheelhouse,
    settings: Callable[..., StoreSettings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pytest_portable.environment.failed_builds.write_atomically", refuse)

    assert "broken" in fail(BrokenInstaller(wheelhouse.folder), settings, tmp_path, time.time())
