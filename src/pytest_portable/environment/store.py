"""Environments on disk: a pointer per key, immutable builds, a lock per key.

A visible build is never changed: it is made at its final path and becomes visible when its pointer
is replaced. Readers take no lock.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pytest_portable.environment.layout import environment_python
from pytest_portable.environment.request import DAY_SECONDS

__all__ = ["MARKER", "BuildRecord", "Store", "read_record", "session_store", "write_atomically"]

SCHEMA = 1
# In every build: first the key, so that leftovers have an owner; the record once it is complete.
MARKER = ".pytest-portable.json"
_WAIT_REPORT_SECONDS = 5.0
_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# Environments of pytest-portable; they can be deleted at any time.\n"
    "# Source: https://bford.info/cachedir/\n"
)


@dataclass(frozen=True, kw_only=True)
class BuildRecord:
    """What a pointer says about its build.

    Attributes:
        key: hash of everything that the build depends on.
        build: name of its folder below `builds/`.
        distributions: canonical name -> version.
        origins: canonical name -> commit or hash of what came from an address.
        requirements: the lines that were asked for, credentials cut.
        runtime: the requirements that were installed for the serializer.
        interpreter: the interpreter it was made from, for people.
        installer: the tool that installed.
        notes: for users of the environment.
        size: bytes of its files when it was built.
        is_pinned: whether no later resolution can lead to other versions.
        created: seconds since the epoch.
        resolved: when the versions were last confirmed, seconds since the epoch.
    """

    key: str
    build: str
    distributions: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    requirements: list[str] = field(default_factory=list)
    runtime: list[str] = field(default_factory=list)
    interpreter: str = ""
    installer: str = ""
    notes: list[str] = field(default_factory=list)
    size: int = 0
    is_pinned: bool = False
    created: float = 0.0
    resolved: float = 0.0
    schema: int = SCHEMA


class Store:
    """The folder that holds environments."""

    def __init__(self, root: Path) -> None:
        """Keep the folder's path; the folder is made when something is written."""
        self.root = root

    @property
    def builds(self) -> Path:
        """Folder of the environments themselves."""
        return self.root / "builds"

    def is_writable(self) -> bool:
        """Make the folders, and return whether environments can be kept here."""
        try:
            for name in ("builds", "failures", "keys", "locks", "logs", "wheels"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            tag = self.root / "CACHEDIR.TAG"
            if not tag.exists():
                (self.root / ".gitignore").write_text("*\n", encoding="utf-8")
                tag.write_text(_TAG, encoding="utf-8")
        except OSError:
            return False
        return all(os.access(self.root / name, os.W_OK) for name in ("builds", "keys", "locks"))

    def lookup(self, key: str) -> BuildRecord | None:
        """Return the record of a complete build whose interpreter is still there."""
        record = read_record(self.root / "keys" / f"{key}.json")
        if record is None or record.key != key:
            return None
        # Follows the link, which is dangling where the interpreter was removed.
        return record if environment_python(self.builds / record.build).exists() else None

    def touch(self, record: BuildRecord) -> None:
        """Record that a build is used, at most once a day."""
        marker = self.builds / record.build / MARKER
        with contextlib.suppress(OSError):  # a read-only store can be used too
            if time.time() - marker.stat().st_mtime > DAY_SECONDS:
                os.utime(marker)

    @contextlib.contextmanager
    def lock(self, key: str, report: Callable[[str], None]) -> Iterator[None]:
        """Hold the lock of a key; wait for as long as another process holds it."""
        from filelock import FileLock, Timeout  # noqa: PLC0415 - a hit needs no lock

        lock = FileLock(self.root / "locks" / f"{key}.lock")
        holder = self.root / "locks" / f"{key}.holder"
        while True:
            try:
                # The system frees the lock of a process that dies, so there is no time limit.
                lock.acquire(timeout=_WAIT_REPORT_SECONDS)
                break
            except Timeout:
                report(f"waiting for process {_holder(holder)} to build it")
        try:
            with contextlib.suppress(OSError):
                holder.write_text(str(os.getpid()), encoding="utf-8")
            yield
        finally:
            with contextlib.suppress(OSError):
                holder.unlink(missing_ok=True)
            lock.release()

    @contextlib.contextmanager
    def try_lock(self, key: str) -> Iterator[bool]:
        """Hold the lock of a key if it is free; yield whether it is held."""
        from filelock import FileLock, Timeout  # noqa: PLC0415 - a hit needs no lock

        lock = FileLock(self.root / "locks" / f"{key}.lock")
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def start_build(self, key: str) -> Path:
        """Return a new path for a build; unfinished builds of this key are removed first."""
        for leftover in self.builds.glob(f"{key[:12]}-*"):
            if not is_complete(leftover):
                shutil.rmtree(leftover, ignore_errors=True)
        path = Path(tempfile.mkdtemp(prefix=f"{key[:12]}-", dir=self.builds))
        # The tools that create environments make the folder themselves.
        path.rmdir()
        return path

    def publish(self, record: BuildRecord) -> None:
        """Make a build visible: its own record first, then the pointer, atomically."""
        try:
            write_atomically(self.builds / record.build / MARKER, asdict(record))
            self.point(record)
        except BaseException:
            shutil.rmtree(self.builds / record.build, ignore_errors=True)
            raise

    def point(self, record: BuildRecord) -> None:
        """Replace the pointer of a key."""
        write_atomically(self.root / "keys" / f"{record.key}.json", asdict(record))


def read_record(path: Path) -> BuildRecord | None:
    """Read a pointer or a build's own record; `None` where it is damaged or of another schema."""
    try:
        record = BuildRecord(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return record if record.schema == SCHEMA else None


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return "(unknown)"


def is_complete(build: Path) -> bool:
    """Return whether a build was finished."""
    return (build / MARKER).is_file()


def write_atomically(path: Path, value: object) -> None:
    """Write JSON atomically: readers see the old file or the new one, never a part."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(value, stream, indent=1, sort_keys=True)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


@functools.cache
def session_store(cache_dir: Path) -> Store:  # noqa: ARG001 - one per folder that refuses
    """Return a store for the time of this process, used where the cache cannot be written."""
    folder = Path(tempfile.mkdtemp(prefix="pytest-portable-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store(folder)
    store.is_writable()
    return store
