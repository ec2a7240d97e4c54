"""Show environments while they are prepared: live, in plain lines, or to the process that prints.

Workers of pytest-xdist have no terminal: they write steps to files of a folder, and the process
that owns the terminal reads them from there.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

__all__ = [
    "LineProgress",
    "LiveProgress",
    "Progress",
    "SilentProgress",
    "StatusProgress",
    "StatusWatcher",
    "choose_progress",
]

_POLL_SECONDS: Final = 0.1
_WAITING: Final = "waiting for process"


class Progress:
    """A display of the work, called from several threads; this one shows nothing."""

    def step(self, name: str, text: str) -> None:
        """Show what is being done for an environment."""

    def ended(self, name: str, text: str) -> None:
        """Show that the work on an environment is over."""

    def note(self, text: str) -> None:
        """Show a remark about the whole run."""

    def close(self) -> None:
        """End the display."""


class SilentProgress(Progress):
    """Shows nothing."""


class LineProgress(Progress):
    """One plain line for each step: for logs, and for terminals without rich."""

    def __init__(self, write: Callable[[str], object]) -> None:
        """Keep the function that writes one line."""
        self._write = write
        self._lock = threading.Lock()
        self._noted: set[str] = set()

    def step(self, name: str, text: str) -> None:
        """Write a line."""
        self._line(f"portable: {name}: {text}")

    ended = step

    def note(self, text: str) -> None:
        """Write a line, once."""
        with self._lock:
            known = text in self._noted
            self._noted.add(text)
        if not known:
            self._line(f"portable: note: {text}")

    def _line(self, text: str) -> None:
        with self._lock:
            self._write(text)


class LiveProgress(Progress):
    """A table on the terminal: environment, step and seconds, kept up to date by rich."""

    def __init__(self, write: Callable[[str], object]) -> None:
        """Prepare a display, which starts with the first step.

        Args:
            write: writes one plain line, below the display once it has ended.
        """
        self.write = write
        self._lines = LineProgress(write)
        self._lock = threading.Lock()
        self._display: Any = None
        self._tasks: dict[str, Any] = {}
        self._after: list[Callable[[], None]] = []

    def step(self, name: str, text: str) -> None:
        """Show a step; the clock of the environment runs on."""
        with self._lock:
            if self._display is None:
                self._display = _rich_display()
                self._display.start()
            if name not in self._tasks:
                self._tasks[name] = self._display.add_task(name, total=1, step=text)
            self._display.update(self._tasks[name], step=text)

    def ended(self, name: str, text: str) -> None:
        """Stop the clock of an environment."""
        with self._lock:
            if name in self._tasks:
                self._display.update(self._tasks[name], completed=1, step=text)

    def note(self, text: str) -> None:
        """Keep a note until the display has ended."""
        self._after.append(lambda: self._lines.note(text))

    def close(self) -> None:
        """Leave the table as it is and write the notes below it."""
        with self._lock:
            display, self._display = self._display, None
        if display is not None:
            display.stop()
        for write in self._after:
            write()
        self._after.clear()


def _rich_display() -> Any:  # noqa: ANN401 - rich is an extra
    from rich import progress  # noqa: PLC0415 - an extra, and slow

    return progress.Progress(
        progress.SpinnerColumn(finished_text=" "),
        progress.TextColumn("{task.description}", markup=False),
        progress.TextColumn("{task.fields[step]}", markup=False),
        progress.TimeElapsedColumn(),
    )


def choose_progress(write: Callable[[str], object], *, is_terminal: bool) -> Progress:
    """Choose a display: live on a terminal where rich is installed, else plain lines.

    Args:
        write: writes one line.
        is_terminal: whether a person is looking; CI gets plain lines even on a terminal.
    """
    if is_terminal and not os.environ.get("CI"):
        with contextlib.suppress(ImportError):
            import rich  # noqa: F401, PLC0415 - an extra

            return LiveProgress(write)
    return LineProgress(write)


class StatusProgress(Progress):
    """Writes what happens to a file, for the process that owns the terminal."""

    def __init__(self, path: Path) -> None:
        """Keep the path; no other process writes to this file."""
        self._path = path
        self._lock = threading.Lock()

    def step(self, name: str, text: str) -> None:
        """Write a step."""
        self._write({"name": name, "step": text})

    def ended(self, name: str, text: str) -> None:
        """Write an end."""
        self._write({"name": name, "ended": text})

    def note(self, text: str) -> None:
        """Write a note."""
        self._write({"note": text})

    def _write(self, entry: dict[str, str]) -> None:
        # The other process removes the folder when it ends; that is no reason to stop the work.
        with self._lock, contextlib.suppress(OSError), self._path.open("ab") as stream:
            stream.write(json.dumps(entry).encode() + b"\n")


class StatusWatcher:
    """Reads what workers write to a folder, and shows each environment once."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        """Keep the folder and the display; the thread starts in `start`."""
        self._folder = folder
        self._progress = progress
        self._read: dict[Path, int] = {}
        self._steps: dict[str, str] = {}
        self._over: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Read until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Show what is left and end the display."""
        if self._stop.is_set():
            return
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.look()
        self._progress.close()

    def _watch(self) -> None:
        while not self._stop.wait(_POLL_SECONDS):
            self.look()

    def look(self) -> None:
        """Show what was written since the last look."""
        with contextlib.suppress(OSError):
            for path in sorted(self._folder.glob("*.jsonl")):
                with path.open("rb") as stream:
                    stream.seek(self._read.get(path, 0))
                    for line in stream:
                        if not line.endswith(b"\n"):
                            break  # the line is not complete yet
                        self._read[path] = self._read.get(path, 0) + len(line)
                        self._show(json.loads(line))

    def _show(self, entry: dict[str, str]) -> None:
        if "note" in entry:
            self._progress.note(entry["note"])
            return
        name = entry["name"]
        if "ended" in entry:
            if name not in self._over:
                self._over.add(name)
                self._progress.ended(name, entry["ended"])
            return
        # Workers wait for the one that builds; that is shown only where another run builds.
        is_known = self._steps.get(name) in {entry["step"], *self._builders(entry)}
        if name not in self._over and not is_known:
            self._steps[name] = entry["step"]
            self._progress.step(name, entry["step"])

    def _builders(self, entry: dict[str, str]) -> set[str]:
        step = self._steps.get(entry["name"], "")
        return {step} if entry["step"].startswith(_WAITING) and step else set()
