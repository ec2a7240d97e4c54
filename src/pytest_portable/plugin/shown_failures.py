"""How pytest shows our errors: short, once, and without frames of our own.

Works on pytest's reports without importing pytest.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.errors import PortabilityError, PortabilityWarning, SetupError

if TYPE_CHECKING:
    import pytest

    from pytest_portable.verdict import Verdict

MAX_SUMMARY: Final = 200
# How `in_call` and a mark's mistakes begin.
_PLACED: Final = re.compile(
    r"(?P<place>[^:\s]+(?::\d+|::\S+)): (?P<kind>set-up failure|a mistake in this call"
    r"|(?:a mistake|\d+ mistakes) in the mark portable)(?:: (?P<said>.+))?$"
)

__all__ = ["in_call", "shorten", "summary_of", "warn_unread"]


def summary_of(verdict: Verdict) -> str:
    """Return one line for pytest's list of failures: code, path, leg."""
    label = verdict.leg.get("label", "")
    if not verdict.problems:
        return f"not portable to {label}"
    problem = verdict.problems[0]
    place = f" at {problem.path}" if problem.path else ""
    more = len(verdict.problems) - 1
    return f"{problem.code}{place}, {label}{f' (and {more} more)' if more else ''}"


def shorten(longrepr: Any, error: BaseException | None) -> None:  # noqa: ANN401 - pytest's, of many kinds
    """Remove lines without information from a report, and the second copy of a diagnosis.

    Args:
        longrepr: of a failed report; changed in place.
        error: what the test raised.
    """
    crash = getattr(longrepr, "reprcrash", None)
    if isinstance(error, PortabilityError):
        if crash is not None:
            crash.message = summary_of(error.verdict)
    elif getattr(error, "pytrace", True) is False:  # `pytest.fail(text, pytrace=False)`
        for traceback, *_ in getattr(longrepr, "chain", ()):
            traceback.extraline = None  # "All traceback entries are hidden"
        if crash is not None:
            crash.message = _cause_first([line.strip() for line in str(error).splitlines()])


def _cause_first(lines: list[str]) -> str:
    """Return the first line of a text of ours; the cause stands before where it is."""
    found = _PLACED.match(lines[0])
    if found is None:
        return " ".join(lines[:2])[:MAX_SUMMARY]
    said = found["said"] or lines[1]
    is_setup = found["kind"].startswith("set-up")
    where = found["place"] if is_setup else f"{found['kind']}, {found['place']}"
    return f"{'set-up failure: ' if is_setup else ''}{said[:MAX_SUMMARY]} ({where})"


def in_call(error: BaseException, test: Path) -> str:
    """Return the text of a set-up failure or a mistake that came out of a test's own call."""
    kind = "set-up failure" if isinstance(error, SetupError) else "a mistake in this call"
    line = next(_lines(error, test), None)
    return f"{kind}: {error}" if line is None else f"{test.name}:{line}: {kind}: {error}"


def _lines(error: BaseException, test: Path) -> Iterator[int]:
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(test):
            yield trace.tb_lineno
        trace = trace.tb_next


def warn_unread(verdicts: Sequence[Verdict], item: pytest.Item) -> str | None:
    """Warn of each verdict, at the test's place; return the text where a filter makes it an error.

    Args:
        verdicts: not portable, and nobody looked at them.
        item: the test that passed all the same.
    """
    for verdict in verdicts:
        text = (
            f"{verdict.object} is not portable: {summary_of(verdict)}; the test passed without "
            "looking at this verdict: assert it, or call portable(obj), which raises"
        )
        try:
            warnings.warn_explicit(
                PortabilityWarning(text), None, str(item.path), (item.location[1] or 0) + 1
            )
        except PortabilityWarning:
            return f"{item.nodeid}: {text}"
    return None
