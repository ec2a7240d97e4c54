"""Start installers and other tools; nothing else does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pytest_portable.errors import SetupError

__all__ = ["Completed", "Processes", "Runner"]

# How long to wait for the output of a finished tool: a grandchild may hold the pipe open.
_DRAIN_SECONDS = 1.0
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Completed:
    """How a tool ended.

    Attributes:
        status: exit status, negative for a signal.
        output: standard output and standard error together, credentials cut.
        timed_out: whether it was stopped at the time limit.
    """

    status: int
    output: str
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether the tool succeeded."""
        return self.status == 0 and not self.timed_out


class Runner(Protocol):
    """Starts tools; tests replace it by a fake."""

    def run(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout_seconds: float
    ) -> Completed:
        """Run a tool to its end and return its output."""
        ...


class Processes:
    """Runs tools in process groups of their own, until they end, time out or are stopped."""

    def __init__(
        self, redact: Callable[[str], str], log: Path | None, stop: threading.Event
    ) -> None:
        """Prepare to run tools.

        Args:
            redact: cuts credentials; applied to each line before it is kept anywhere.
            log: file the output is appended to.
            stop: once set, running tools are ended and no more are started.
        """
        self._redact = redact
        self._log = log
        self._stop = stop

    def run(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout_seconds: float
    ) -> Completed:
        """Run a tool to its end; its whole process group is killed at the time limit.

        Raises:
            SetupError: the tool cannot be started, or everything was stopped.
        """
        self._check()
        self._note(f"$ {' '.join(argv)}\n")
        try:
            process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                encoding="utf-8",
                env=dict(env),
                errors="replace",
                start_new_session=sys.platform != "win32",
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
            )
        except OSError as error:
            raise SetupError(f"cannot start {argv[0]}: {error.strerror}") from error
        try:
            completed = self._wait(process, timeout_seconds)
        finally:
            # Also on Ctrl-C: the signal of the terminal does not reach its session.
            _kill(process)
        self._check()
        return completed

    def _check(self) -> None:
        if self._stop.is_set():
            raise SetupError("the preparation was stopped")

    def _wait(self, process: subprocess.Popen[str], timeout_seconds: float) -> Completed:
        lines: list[str] = []
        reader = threading.Thread(target=self._read, args=(process, lines), daemon=True)
        reader.start()
        deadline = time.monotonic() + timeout_seconds
        # The end of the output wakes us at once; `Popen.wait(timeout)` may be 50 ms late.
        while reader.is_alive() and process.poll() is None and not self._stop.is_set():
            if (left := deadline - time.monotonic()) <= 0:
                break
            reader.join(min(_POLL_SECONDS, left))
        patience = 0.0 if self._stop.is_set() else min(_DRAIN_SECONDS, deadline - time.monotonic())
        timed_out = not _ends_within(process, patience)
        if timed_out:
            _kill(process)
        reader.join(_DRAIN_SECONDS)
        return Completed(process.wait(), "".join(lines), timed_out)

    def _read(self, process: subprocess.Popen[str], lines: list[str]) -> None:
        assert process.stdout is not None, "it is started with a pipe"
        with process.stdout as stream, contextlib.suppress(ValueError):
            for line in stream:
                cut = self._redact(line)
                lines.append(cut)
                self._note(cut)

    def _note(self, text: str) -> None:
        if self._log is None:
            return
        # A log that cannot be written must not fail the build.
        with contextlib.suppress(OSError), self._log.open("a", encoding="utf-8") as stream:
            stream.write(self._redact(text))


def _ends_within(process: subprocess.Popen[str], seconds: float) -> bool:
    if process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, seconds))
    return process.poll() is not None


def _kill(process: subprocess.Popen[str]) -> None:
    """End a process and its children."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_DRAIN_SECONDS)
