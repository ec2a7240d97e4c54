"""List the store and remove from it: by age, by size, and what no key leads to."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_portable.environment.layout import tree_bytes
from pytest_portable.environment.request import DAY_SECONDS
from pytest_portable.environment.store import MARKER, BuildRecord, Store, is_complete, read_record

__all__ = ["Pruned", "StoredEnvironment", "clean_up", "list_environments", "prune"]

MAX_AGE_DAYS = 30.0
MAX_BYTES = 10 * 1024**3
# A build that was used this recently may be in use, and an unfinished one may be at work.
_GRACE_SECONDS = DAY_SECONDS


@dataclass(frozen=True)
class StoredEnvironment:
    """One build in the store.

    Attributes:
        path: its folder.
        record: what it holds; `None` for one that was never finished.
        used: when it was last used, to the day, in seconds since the epoch.
        size: bytes of its files; those shared with the installer's cache count too.
        is_current: whether its key points to it; else a newer build took its place.
    """

    path: Path
    record: BuildRecord | None
    used: float
    size: int
    is_current: bool


@dataclass(frozen=True)
class Pruned:
    """What was removed."""

    paths: tuple[Path, ...] = ()
    size: int = 0


def list_environments(cache_dir: Path) -> list[StoredEnvironment]:
    """Return the builds of a store, the most recently used first."""
    store = Store(cache_dir)
    found = [_stored(store, path) for path in _entries(store.builds)]
    return sorted(found, key=lambda each: -each.used)


def prune(
    cache_dir: Path,
    *,
    max_age_days: float = MAX_AGE_DAYS,
    max_bytes: int | None = MAX_BYTES,
    everything: bool = False,
) -> Pruned:
    """Remove environments that were not used for long, then the least used until the rest fits.

    What was used within the last day stays, whatever its size: it may be in use.

    Args:
        cache_dir: the store.
        max_age_days: days without use after which a build is removed.
        max_bytes: what all builds together may take; `None` for any size.
        everything: remove all builds, used ones too.

    Returns:
        What was removed.
    """
    store = Store(cache_dir)
    now, total, gone = time.time(), 0, []
    for each in list_environments(cache_dir):
        total += each.size
        age = now - each.used
        limit = max_age_days * DAY_SECONDS if each.is_current else _GRACE_SECONDS
        limit = 0.0 if each.record is None else limit
        too_big = max_bytes is not None and total > max_bytes and age > _GRACE_SECONDS
        if (everything or age > limit or too_big) and _remove(store, each):
            gone.append(each)
            total -= each.size
    _clean_rest(store, now, max_age_days * DAY_SECONDS, everything=everything)
    return Pruned(tuple(each.path for each in gone), sum(each.size for each in gone))


def clean_up(store: Store) -> None:
    """Prune by age and size, at most once a day and without errors; called after a build."""
    stamp = store.root / ".pruned"
    with contextlib.suppress(OSError):
        if stamp.exists() and time.time() - stamp.stat().st_mtime < DAY_SECONDS:
            return
        stamp.touch()
        prune(store.root)


def _stored(store: Store, path: Path) -> StoredEnvironment:
    record = read_record(path / MARKER)
    current = store.lookup(record.key) if record else None
    marker = path / MARKER if record else path
    with contextlib.suppress(OSError):
        return StoredEnvironment(
            path=path,
            record=record,
            used=marker.stat().st_mtime,
            # The size when it was built: to count thousands of files every day would be slow.
            size=(record.size if record else 0) or tree_bytes(path),
            is_current=current is not None and current.build == path.name,
        )
    return StoredEnvironment(path, None, 0.0, 0, is_current=False)


def _entries(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from sorted(folder.iterdir())


def _remove(store: Store, each: StoredEnvironment) -> bool:
    """Remove a build while holding its key's lock; one that is being built or renewed stays."""
    if each.record is None:
        return _remove_unfinished(store, each)
    with store.try_lock(each.record.key) as held:
        if not held or _stored(store, each.path).used != each.used:
            return False  # it was used after it was listed
        if each.is_current:
            (store.root / "keys" / f"{each.record.key}.json").unlink(missing_ok=True)
        shutil.rmtree(each.path, ignore_errors=True)
        return True


def _remove_unfinished(store: Store, each: StoredEnvironment) -> bool:
    """Remove a build whose builder was killed; a working builder holds the lock of its key."""
    locks = list((store.root / "locks").glob(f"{each.path.name.partition('-')[0]}*.lock"))
    with contextlib.ExitStack() as held:
        if not all(held.enter_context(store.try_lock(lock.stem)) for lock in locks):
            return False
        if not locks and time.time() - each.used < _GRACE_SECONDS:
            return False  # a folder without a key
        if is_complete(each.path):
            return False  # its builder finished after it was listed
        shutil.rmtree(each.path, ignore_errors=True)
        return True


def _clean_rest(store: Store, now: float, limit: float, *, everything: bool) -> None:
    """Remove logs, wheels and locks without a build or a project."""
    builds = {path.name for path in _entries(store.builds)}
    for path in _entries(store.root / "logs"):
        if path.stem not in builds:
            _remove_old(path, now, 0.0 if everything else _GRACE_SECONDS)
    for path in _entries(store.root / "failures"):
        _remove_old(path, now, 0.0 if everything else _GRACE_SECONDS)
    for name in ("wheels", "interpreters"):
        for path in _entries(store.root / name):
            _remove_old(path, now, 0.0 if everything else limit)
    _remove_pointers(store, _entries(store.root / "keys"))


def _remove_old(path: Path, now: float, limit: float) -> None:
    with contextlib.suppress(OSError):
        if now - path.stat().st_mtime < limit:
            return
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _remove_pointers(store: Store, pointers: Iterable[Path]) -> None:
    """Remove pointers to removed builds; a lookup ignores them anyway."""
    for path in pointers:
        record = read_record(path)
        if record is not None and not (store.builds / record.build).is_dir():
            path.unlink(missing_ok=True)
