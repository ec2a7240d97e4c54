"""Show preparation on pytest's terminal, for workers of pytest-xdist too."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_portable.report.progress import (
    LineProgress,
    LiveProgress,
    Progress,
    SilentProgress,
    StatusProgress,
    StatusWatcher,
    choose_progress,
)

if TYPE_CHECKING:
    import pytest


__all__ = ["Workers", "progress_of"]


def progress_of(config: pytest.Config) -> Progress:
    """Return the display of one pytest process; a worker of xdist writes to a file."""
    given: dict[str, Any] | None = getattr(config, "workerinput", None)
    if given is not None:
        folder = given.get("portable_status")
        return (
            StatusProgress(Path(folder) / f"{given['workerid']}.jsonl")
            if folder
            else SilentProgress()
        )
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or reporter.verbosity < 0:
        return SilentProgress()
    return choose_progress(reporter.write_line, is_terminal=reporter.isatty)


class Workers:
    """What the process with the terminal and its workers of pytest-xdist share."""

    def __init__(self, config: pytest.Config) -> None:
        """Start to show what the workers do."""
        self._watcher: StatusWatcher | None = None
        self._folder = ""
        # One moment for all: else each worker would refresh what another one has just refreshed.
        self.inputs: dict[str, object] = {"portable_since": time.time()}
        progress = progress_of(config)
        if isinstance(progress, SilentProgress):
            return
        self._folder = tempfile.mkdtemp(prefix="pytest-portable-")
        self.inputs["portable_status"] = self._folder
        if isinstance(progress, LiveProgress):
            progress = LineProgress(progress.write)  # xdist rewrites lines of its own
        self._watcher = StatusWatcher(Path(self._folder), progress)
        self._watcher.start()

    def close(self) -> None:
        """End the display and remove the folder."""
        if self._watcher is not None:
            self._watcher.stop()
            shutil.rmtree(self._folder, ignore_errors=True)
