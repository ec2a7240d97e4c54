from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import list_environments, prune
from pytest_portable.environment.housekeeping import MAX_BYTES, clean_up
from pytest_portable.environment.layout import environment_python
from pytest_portable.environment.store import MARKER, BuildRecord, Store, read_record

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

DAY = 86_400


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "cache")
    assert made.is_writable()
    return made


def publish(store: Store, key: str, *, days: float = 0.0, size: int = 0) -> Path:
    path = store.start_build(key)
    environment_python(path).parent.mkdir(parents=True)
    environment_python(path).touch()
    (path / "data").write_bytes(b"x" * size)
    store.publish(BuildRecord(key=key, build=path.name, requirements=["a"]))
    (store.root / "logs" / f"{path.name}.log").touch()
    age(path / MARKER, days)
    return path


def age(path: Path, days: float) -> None:
    os.utime(path, (time.time() - days * DAY,) * 2)


def test_environments_are_listed_by_last_use(store: Store) -> None:
    old, new = publish(store, "a" * 64, days=3, size=5000), publish(store, "b" * 64)

    listed = list_environments(store.root)

    assert [each.path for each in listed] == [new, old]
    assert listed[1].size > 5000
    assert listed[1].record is not None
    assert listed[1].record.requirements == ["a"]
    assert all(each.is_current for each in listed)
    assert list_environments(store.root / "absent") == []


def test_what_was_not_used_for_long_goes_with_its_pointer_and_log(store: Store) -> None:
    old, new = publish(store, "a" * 64, days=31), publish(store, "b" * 64, days=29)
    log = store.root / "logs" / f"{old.name}.log"
    age(log, 31)

    pruned = prune(store.root)

    assert pruned.paths == (old,)
    assert new.exists()
    assert not old.exists()
    assert not log.exists()
    assert store.lookup("a" * 64) is None


def test_a_superseded_build_goes_after_a_day(store: Store) -> None:
    first = publish(store, "a" * 64, days=2)
    second = publish(store, "a" * 64, days=2)

    assert prune(store.root).paths == (first,)
    assert second.exists()


def test_the_least_used_go_until_the_rest_fits_but_never_what_may_be_in_use(
    store: Store,
) -> None:
    used = publish(store, "a" * 64, size=9000)
    middle = publish(store, "b" * 64, days=2, size=9000)
    oldest = publish(store, "c" * 64, days=3, size=9000)

    assert prune(store.root, max_bytes=25_000).paths == (oldest,)
    assert prune(store.root, max_bytes=10).paths == (middle,)
    assert used.exists()


def test_everything_goes_when_asked(store: Store) -> None:
    publish(store, "a" * 64)
    (store.root / "wheels" / "digest").mkdir()

    assert len(prune(store.root, everything=True).paths) == 1
    assert list_environments(store.root) == []
    assert list((store.root / "wheels").iterdir()) == []


def test_what_somebody_builds_right_now_stays(store: Store) -> None:
    path = publish(store, "a" * 64, days=99)
    growing = store.start_build("a" * 64)
    growing.mkdir()
    left = store.builds / "left-x"
    left.mkdir()
    age(left, 2)

    with store.lock("a" * 64, lambda _step: None):
        pruned = prune(store.root)

    assert pruned.paths == (left,)
    assert path.exists()
    assert growing.exists()


def test_what_is_finished_after_it_was_listed_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "a" * 64
    path = store.start_build(key)
    environment_python(path).parent.mkdir(parents=True)
    environment_python(path).touch()
    with store.lock(key, print):  # a builder at work: its lock is there
        pass
    free = Store.try_lock

    def finish_first(store: Store, key: str) -> AbstractContextManager[bool]:
        store.publish(BuildRecord(key=key, build=path.name))
        return free(store, key)

    monkeypatch.setattr(Store, "try_lock", finish_first)

    assert prune(store.root).paths == ()
    assert store.lookup(key) is not None


def test_what_is_used_after_it_was_listed_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = publish(store, "a" * 64, days=31)
    free = Store.try_lock

    def use_first(store: Store, key: str) -> AbstractContextManager[bool]:
        record = store.lookup(key)
        assert record is not None
        store.touch(record)
        return free(store, key)

    monkeypatch.setattr(Store, "try_lock", use_first)

    assert prune(store.root).paths == ()
    assert path.is_dir()


def test_what_a_killed_builder_left_goes_at_once(store: Store) -> None:
    with store.lock("a" * 64, lambda _step: None):
        left = store.start_build("a" * 64)
        left.mkdir()

    assert prune(store.root).paths == (left,)


def test_a_pointer_to_nothing_goes(store: Store) -> None:
    path = publish(store, "a" * 64)
    path.rename(store.root / "elsewhere")

    prune(store.root)

    assert list((store.root / "keys").iterdir()) == []


def test_cleaning_up_happens_at_most_daily(store: Store) -> None:
    first = publish(store, "a" * 64, days=31)
    clean_up(store)
    second = publish(store, "b" * 64, days=31)
    clean_up(store)
    kept = second.exists()
    age(store.root / ".pruned", 2)
    clean_up(store)

    assert not first.exists()
    assert kept
    assert not second.exists()


def test_cleaning_up_goes_by_the_sizes_that_were_written_down(store: Store) -> None:
    big = publish(store, "a" * 64, days=2)
    small = publish(store, "b" * 64, days=3)
    record = read_record(big / MARKER)
    assert record is not None
    (big / MARKER).write_text(json.dumps(asdict(replace(record, size=MAX_BYTES))), "utf-8")
    age(big / MARKER, 2)

    clean_up(store)

    assert big.exists()
    assert not small.exists(), "the least used goes until the rest fits"


def test_cleaning_up_waits_for_nobody(store: Store) -> None:
    path = publish(store, "a" * 64, days=99)

    with store.lock("a" * 64, lambda _step: None):
        begun = time.monotonic()
        clean_up(store)

    assert path.exists()
    assert time.monotonic() - begun < 2
