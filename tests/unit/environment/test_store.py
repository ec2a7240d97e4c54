from __future__ import annotations

import json
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import store as room
from pytest_portable.environment.layout import environment_python
from pytest_portable.environment.store import (
    MARKER,
    BuildRecord,
    Store,
    session_store,
    write_atomically,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY = "0123456789abcdef"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "cache")
    assert made.is_writable()
    return made


def publish(store: Store, key: str = KEY) -> BuildRecord:
    path = store.start_build(key)
    environment_python(path).parent.mkdir(parents=True)
    environment_python(path).touch()
    record = BuildRecord(key=key, build=path.name, distributions={"a": "1.0"})
    store.publish(record)
    return record


def test_what_was_published_is_found(store: Store) -> None:
    record = publish(store)

    assert store.lookup(KEY) == record
    assert store.lookup("another") is None


def test_a_build_without_its_interpreter_is_not_there(store: Store) -> None:
    record = publish(store)
    python = environment_python(store.builds / record.build)
    python.unlink()
    python.symlink_to("/absent/python")

    assert store.lookup(KEY) is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"key": 1}', '{"schema": 0}'])
def test_a_damaged_pointer_is_no_pointer(store: Store, content: str) -> None:
    (store.root / "keys" / f"{KEY}.json").write_text(content, encoding="utf-8")

    assert store.lookup(KEY) is None


def test_another_schema_is_not_read(store: Store) -> None:
    publish(store)
    pointer = store.root / "keys" / f"{KEY}.json"
    values = json.loads(pointer.read_bytes())
    pointer.write_text(json.dumps({**values, "schema": 0}), encoding="utf-8")

    assert store.lookup(KEY) is None


def test_the_folder_says_what_it_is(store: Store) -> None:
    assert (store.root / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172")
    assert (store.root / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_leftovers_of_a_killed_builder_go_with_the_next_build(store: Store) -> None:
    other = publish(store, "fedcba9876543210")
    complete = publish(store)
    leftover = store.builds / f"{KEY[:12]}-left"
    leftover.mkdir()

    store.start_build(KEY)

    assert not leftover.exists()
    assert (store.builds / complete.build).exists()
    assert (store.builds / other.build).exists()


def test_use_is_noted_at_most_daily(store: Store) -> None:
    record = publish(store)
    marker = store.builds / record.build / MARKER
    os.utime(marker, (time.time() - 3600,) * 2)
    store.touch(record)
    fresh = marker.stat().st_mtime
    os.utime(marker, (time.time() - 100_000,) * 2)
    store.touch(record)

    assert time.time() - fresh > 3000
    assert time.time() - marker.stat().st_mtime < 60


def test_a_waiter_is_told_who_builds_and_waits_to_the_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_WAIT_REPORT_SECONDS", 0.05)
    said: list[str] = []
    order: list[str] = []
    told = threading.Event()

    def wait() -> None:
        def report(step: str) -> None:
            said.append(step)
            told.set()

        with store.lock(KEY, report):
            order.append("waiter")

    with store.lock(KEY, said.append):
        waiter = threading.Thread(target=wait)
        waiter.start()
        assert told.wait(5)
        order.append("holder")
    waiter.join(5)

    assert order == ["holder", "waiter"]
    assert said[0] == f"waiting for process {os.getpid()} to build it"


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "pointer.json"
    write_atomically(path, {"a": 1})

    with pytest.raises(TypeError):
        write_atomically(path, {"a": object()})

    assert json.loads(path.read_bytes()) == {"a": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["pointer.json"]


def test_a_place_that_is_no_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert not Store(tmp_path / "file").is_writable()
    assert session_store(tmp_path / "file").is_writable()
    assert session_store(tmp_path / "file") is session_store(tmp_path / "file")
