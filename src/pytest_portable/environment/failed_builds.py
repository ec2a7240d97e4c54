"""Failures of one session, shared: no process tries again what another could not install."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

from pytest_portable.environment.store import Store, write_atomically
from pytest_portable.errors import InstallError

__all__ = ["recall_failure", "remember_failure"]


def remember_failure(store: Store, key: str, error: InstallError) -> None:
    """Write down why a build failed; the caller holds the lock of its key."""
    value = {
        "time": time.time(),
        "message": str(error),
        "requirements": error.requirements,
        "output": error.output,
        "log": None if error.log is None else str(error.log),
    }
    with contextlib.suppress(OSError):  # the record only saves time
        write_atomically(store.root / "failures" / f"{key}.json", value)


def recall_failure(store: Store, key: str, *, since: float) -> InstallError | None:
    """Return the error of another process of this session, if there was one.

    Args:
        store: that has the record.
        key: of the environment.
        since: when this session began, in seconds since the epoch.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        value = json.loads((store.root / "failures" / f"{key}.json").read_bytes())
        if value["time"] >= since:
            log = None if value["log"] is None else Path(value["log"])
            return InstallError(value["message"], value["requirements"], value["output"], log)
    return None
