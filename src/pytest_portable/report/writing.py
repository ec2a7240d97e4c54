"""Write the reports that were asked for: `.json`, `.md`, `.html`, or `github`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pytest_portable.report.markdown import annotation_lines, markdown
from pytest_portable.report.run import Run
from pytest_portable.report.visible import visible

__all__ = ["write_report"]

SUMMARY_VARIABLE: Final = "GITHUB_STEP_SUMMARY"


def write_report(run: Run, wanted: str) -> Iterator[str]:
    """Write one report and yield the lines to print.

    Args:
        run: what the run found.
        wanted: a path ending in `.json`, `.md` or `.html`, or the word `github`.

    A report that cannot be written is a line too: the result of the run must still be shown.
    """
    if wanted == "github":
        yield from _github(run)
        return
    path = Path(wanted)
    try:
        _replace(path, _text(run, path))
    except OSError as error:
        yield f"report {path} could not be written: {error}"
    else:
        yield f"report: {path}"


def _text(run: Run, path: Path) -> str:
    if path.suffix == ".json":
        return json.dumps(run.to_dict(), indent=1, sort_keys=True) + "\n"
    if path.suffix == ".md":
        return markdown(run)
    from pytest_portable.report.page import page  # noqa: PLC0415 - needs Jinja2, an extra

    return page(run)


def _replace(path: Path, text: str) -> None:
    """Write a file in one step: a reader never sees half a report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(visible(text), "utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _github(run: Run) -> Iterator[str]:
    yield from annotation_lines(run)
    summary = os.environ.get(SUMMARY_VARIABLE)
    if not summary:
        yield f"no job summary: {SUMMARY_VARIABLE} is not set, so this is no GitHub job"
        return
    with Path(summary).open("a", encoding="utf-8") as stream:
        stream.write(visible(markdown(run)))
