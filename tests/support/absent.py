"""Tests that need a Python which this machine has not are skipped by its name; CI has all."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from pytest_portable.environment.interpreters import find_interpreter
from pytest_portable.errors import InterpreterNotFoundError

if TYPE_CHECKING:
    import pytest

__all__ = ["absent_pythons", "excuse"]

TARGETS: Final = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
_SAID: Final = (
    re.compile(r"no interpreter for python=\\?'(3\.\d+)\\?'"),
    re.compile(r"\bpy(3\.\d+)\b.*: no such interpreter"),
)


def absent_pythons() -> frozenset[str]:
    """Name the targets that are not here; none in CI, where their absence is a failure."""
    return frozenset() if os.environ.get("CI") else frozenset(filter(_is_absent, TARGETS))


def _is_absent(python: str) -> bool:
    try:
        find_interpreter(python)
    except InterpreterNotFoundError:
        return True
    return False


def excuse(report: pytest.TestReport, absent: frozenset[str]) -> None:
    """Turn a failure that says it lacks one of these Pythons into a skip.

    What says so may be the test itself, or the pytest or the command that it runs.
    """
    if not (absent and report.failed):
        return
    text = "\n".join((report.longreprtext, *(said for _, said in report.sections)))
    if lacking := absent & {name for one in _SAID for name in one.findall(text)}:
        path, line, _ = report.location
        report.outcome = "skipped"
        report.longrepr = (path, line or 0, f"Skipped: no CPython {', '.join(sorted(lacking))}")
