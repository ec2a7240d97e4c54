from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import (
    Environment,
    EnvironmentRequest,
    preparation,
    prepare,
    prepare_all,
)
from pytest_portable.environment.installers import PipInstaller, UvInstaller
from pytest_portable.environment.processes import Completed
from pytest_portable.errors import InterpreterNotFoundError, SetupError
from support.installers import BrokenInstaller, RecordingInstaller, SatisfiedInstaller, ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_portable.environment import StoreSettings
    from support.wheels import Wheelhouse


@pytest.fixture
def recording(wheelhouse: Wheelhouse) -> RecordingInstaller:
    wheelhouse.add("a", "1.0")
    return RecordingInstaller(wheelhouse.folder)


def test_an_environment_is_built_once(
    tmp_path: Path, recording: RecordingInstaller, settings: Callable[..., StoreSettings]
) -> None:
    steps: list[str] = []
    first = prepare(ask(tmp_path, "a"), settings(recording), report=steps.append)
    told = len(steps)
    second = prepare(ask(tmp_path, "a"), settings(recording), report=steps.append)

    assert first == second
    assert first.distributions == {"a": "1.0"}
    assert first.executable.exists()
    assert len(recording.created) == 1
    assert told == len(steps) >= 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"requirements": ("a", "a==1.0")}, id="requirements"),
        pytest.param({"runtime": ("a==1.0",), "requirements": ()}, id="runtime"),
    ],
)
def test_another_request_is_another_environment(
    tmp_path: Path,
    recording: RecordingInstaller,
    settings: Callable[..., StoreSettings],
    change: dict[str, tuple[str, ...]],
) -> None:
    values = {"python": None, "requirements": ("a",), "root": tmp_path, **change}
    one = prepare(ask(tmp_path, "a"), settings(recording))
    other = prepare(EnvironmentRequest(**values), settings(recording))  # type: ignore[arg-type]

    assert one.key != other.key


def test_settings_that_shape_environments_are_part_of_the_key(
    tmp_path: Path,
    recording: RecordingInstaller,
    settings: Callable[..., StoreSettings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    constraints = tmp_path / "c.txt"
    constraints.write_text("a<2\n", encoding="utf-8")
    request = ask(tmp_path, "a")
    keys = {prepare(request, settings(recording)).key}
    keys.add(prepare(request, settings(recording, link_mode="copy")).key)
    keys.add(prepare(request, settings(recording, constraints=(constraints,))).key)
    monkeypatch.setenv("RECORDING_INDEX_URL", "https://host/simple")
    keys.add(prepare(request, settings(recording)).key)

    assert len(keys) == 4


def test_newer_versions_are_taken_when_the_time_is_over(
    tmp_path: Path,
    wheelhouse: Wheelhouse,
    recording: RecordingInstaller,
    settings: Callable[..., StoreSettings],
) -> None:
    old = prepare(ask(tmp_path, "a"), settings(recording))
    wheelhouse.add("a", "2.0")
    fresh = prepare(ask(tmp_path, "a"), settings(recording))
    offline = prepare(ask(tmp_path, "a"), settings(recording, ttl_seconds=0.0, offline=True))
    new = prepare(ask(tmp_path, "a"), settings(recording, ttl_seconds=0.0))

    assert fresh == offline == old
    assert new.distributions == {"a": "2.0"}
    assert new.key == old.key
    assert old.executable.exists()  # somebody may still run it


def test_the_same_versions_keep_the_build(
    tmp_path: Path, recording: RecordingInstaller, settings: Callable[..., StoreSettings]
) -> None:
    old = prepare(ask(tmp_path, "a"), settings(recording))
    refresh = settings(recording, refresh=True)
    new = prepare(ask(tmp_path, "a"), refresh)
    again = prepare(ask(tmp_path, "a"), refresh)

    assert new == again == old
    assert len(list((tmp_path / "cache" / "builds").iterdir())) == 1
    assert len(recording.created) == 2  # one session refreshes once


def test_an_installer_that_would_change_nothing_saves_the_build(
    tmp_path: Path, recording: RecordingInstaller, settings: Callable[..., StoreSettings]
) -> None:
    satisfied = SatisfiedInstaller(recording.wheelhouse)
    request = ask(tmp_path, "a", runtime=("a==9",))
    old = prepare(request, settings(satisfied))
    new = prepare(request, settings(satisfied, ttl_seconds=0.0))
    fresh = prepare(request, settings(satisfied))

    assert new == fresh == old
    assert len(satisfied.created) == 1
    assert satisfied.asked[-1].lines == ("a",)


def test_the_old_build_is_used_while_the_index_is_down(
    tmp_path: Path, recording: RecordingInstaller, settings: Callable[..., StoreSettings]
) -> None:
    old = prepare(ask(tmp_path, "a"), settings(recording))
    broken = BrokenInstaller(
        recording.wheelhouse, name="recording", installing=Completed(1, "index is down\n")
    )

    kept = prepare(ask(tmp_path, "a"), settings(broken, ttl_seconds=0.0))

    assert kept.path == old.path
    assert kept.remarks == ("not refreshed, 0 h old versions are used: index is down",)


def test_a_bare_environment_is_never_stale(
    tmp_path: Path, recording: RecordingInstaller, settings: Callable[..., StoreSettings]
) -> None:
    prepare(ask(tmp_path), settings(recording))
    prepare(ask(tmp_path), settings(recording, refresh=True, ttl_seconds=0.0))

    assert len(recording.created) == 1


def test_a_cache_that_cannot_be_written_costs_a_note_not_the_session(
    tmp_path: Path, recording: RecordingInstaller, settings: Callable[..., StoreSettings]
) -> None:
    (tmp_path / "cache").touch()

    first = prepare(ask(tmp_path, "a"), settings(recording))
    second = prepare(ask(tmp_path, "a"), settings(recording))

    assert first == second
    assert first.remarks == (
        f"{tmp_path}/cache cannot be written: environments are kept for this session only",
    )


def test_a_cache_that_became_read_only_serves_what_it_has(
    tmp_path: Path,
    recording: RecordingInstaller,
    settings: Callable[..., StoreSettings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = prepare(ask(tmp_path, "a"), settings(recording))
    monkeypatch.setattr("os.access", lambda _path, _mode: False)

    stale = prepare(ask(tmp_path, "a"), settings(recording, ttl_seconds=0.0))

    assert stale.path == there.path
    assert stale.remarks == (f"not refreshed, {tmp_path}/cache cannot be written",)


def test_a_full_disk_is_a_set_up_error(
    tmp_path: Path,
    recording: RecordingInstaller,
    settings: Callable[..., StoreSettings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pytest_portable.environment.store.write_atomically", fail)

    with pytest.raises(SetupError, match="No space left on device"):
        prepare(ask(tmp_path, "a"), settings(recording))

    assert list((tmp_path / "cache" / "builds").iterdir()) == []
    assert list((tmp_path / "cache" / "keys").iterdir()) == []


def test_a_relative_interpreter_starts_at_the_root(
    tmp_path: Path, recording: RecordingInstaller, settings: Callable[..., StoreSettings]
) -> None:
    (tmp_path / "python").symlink_to(sys.executable)
    request = EnvironmentRequest(python="./python", requirements=(), root=tmp_path)

    assert prepare(request, settings(recording)).interpreter.path == tmp_path / "python"


def test_several_are_prepared_together_and_one_failure_stops_nobody(
    tmp_path: Path, recording: RecordingInstaller, settings: Callable[..., StoreSettings]
) -> None:
    steps: list[tuple[EnvironmentRequest, str]] = []
    good, bad, bare = ask(tmp_path, "a"), ask(tmp_path, "absent"), ask(tmp_path)

    made = prepare_all(
        [good, bad, bare, good], settings(recording), lambda *step: steps.append(step)
    )

    assert list(made) == [good, bad, bare]
    assert isinstance(made[good], Environment)
    assert isinstance(made[bad], SetupError)
    assert isinstance(made[bare], Environment)
    assert {request for request, _ in steps} == {good, bad, bare}
    assert prepare_all([], settings(recording)) == {}


def test_a_python_that_is_not_there_is_its_own_error(
    tmp_path: Path, settings: Callable[..., StoreSettings]
) -> None:
    request = EnvironmentRequest(python="/absent", requirements=(), root=tmp_path)

    with pytest.raises(InterpreterNotFoundError):
        prepare(request, settings())


@pytest.mark.parametrize(
    ("wish", "uv", "expected"),
    [
        ("auto", "/tools/uv", UvInstaller),
        ("uv", "/tools/uv", UvInstaller),
        ("auto", None, PipInstaller),
        ("pip", "/tools/uv", PipInstaller),
    ],
)
def test_uv_is_taken_where_it_is_found(
    monkeypatch: pytest.MonkeyPatch,
    settings: Callable[..., StoreSettings],
    wish: str,
    uv: str | None,
    expected: type,
) -> None:
    monkeypatch.setattr(preparation, "find_uv", lambda _cache: uv)

    assert isinstance(preparation._installer(settings_of(settings, wish)), expected)


@pytest.mark.parametrize(
    ("wish", "words"), [("uv", "no uv from 0.7 on runs here"), ("conda", "valid: auto")]
)
def test_an_installer_that_cannot_be_had_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
    settings: Callable[..., StoreSettings],
    wish: str,
    words: str,
) -> None:
    monkeypatch.setattr(preparation, "find_uv", lambda _cache: None)

    with pytest.raises(SetupError, match=words):
        preparation._installer(settings_of(settings, wish))


def settings_of(settings: Callable[..., StoreSettings], wish: str) -> StoreSettings:
    from dataclasses import replace

    return replace(settings(), installer=wish)


def test_a_stop_ends_the_preparation_at_its_next_step(
    tmp_path: Path, recording: RecordingInstaller, settings: Callable[..., StoreSettings]
) -> None:
    def interrupt(_request: EnvironmentRequest, _step: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_all([ask(tmp_path, "a"), ask(tmp_path)], settings(recording), interrupt)

    assert list((tmp_path / "cache" / "builds").iterdir()) == []
