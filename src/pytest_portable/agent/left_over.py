"""Processes that outlive a lost agent: daemons of the user's code that nobody adopted."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import Final

__all__ = ["end_left_over"]

_PROCESSES: Final = Path("/proc")
_MAX_ROUNDS: Final = 100
_CLEAN_ROUNDS: Final = 2


def end_left_over(folder: Path) -> None:
    """Kill every process that was started by an agent with this folder (Linux; none elsewhere).

    An agent that runs ends its daemons itself. These are known by their first variables, which
    name the agent's folder.
    """
    mark = os.fsencode(f"={folder}/")
    clean = 0
    for _ in range(_MAX_ROUNDS):
        found = [process for process in _PROCESSES.glob("[0-9]*") if _is_of(mark, process)]
        for process in found:
            with contextlib.suppress(OSError):
                os.kill(int(process.name), signal.SIGKILL)
        # What ended while it was looked at may have forked another that was not there before.
        clean = 0 if found else clean + 1
        if clean == _CLEAN_ROUNDS:
            return


def _is_of(mark: bytes, process: Path) -> bool:
    try:
        return mark in (process / "environ").read_bytes()
    except OSError:  # gone, or another user's
        return False
