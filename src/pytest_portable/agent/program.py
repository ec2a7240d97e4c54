"""The files of the agent as one program: where it starts, and as texts to send."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pytest_portable.agent.in_target import start

__all__ = ["FOLDER", "script", "sent_files"]

FOLDER: Final = Path(start.__file__).parent
# How a target that does not share our files names them in tracebacks.
_SENT_FOLDER: Final = "pytest_portable/agent/in_target"


def script() -> list[str]:
    """Return the arguments that make a Python which shares our files run the agent."""
    return [start.__file__, str(FOLDER)]


def sent_files() -> list[tuple[str, str]]:
    """Return what tracebacks call each file, and its text, in the order in which they are run."""
    names = [f"{name}.py" for name in ("start", *start.FILES)]
    return [(f"{_SENT_FOLDER}/{name}", (FOLDER / name).read_text("utf-8")) for name in names]
