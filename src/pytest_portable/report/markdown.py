"""Reports for people who read in a pull request: Markdown, and GitHub's summary and annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pytest_portable.report.notes import group_notes
from pytest_portable.report.pairs import pairs_table
from pytest_portable.report.run import Run, column_of, row_of
from pytest_portable.report.text import render

__all__ = ["annotation_lines", "markdown"]

# GitHub refuses a step summary over 1 MiB; the matrix matters more than the hundredth diagnosis.
MAX_DIAGNOSES: Final = 50
MAX_NOTES: Final = 50
MAX_PLACES: Final = 5


def markdown(run: Run) -> str:
    """Return the run as GitHub-flavoured Markdown: counts, the matrix, every diagnosis."""
    return "\n".join(_lines(run)) + "\n"


def _lines(run: Run) -> Iterator[str]:
    counts = run.summary()
    yield "# Portability"
    yield ""
    yield (
        f"{counts['checks']} checks: {counts['portable']} portable, "
        f"**{counts['not_portable']} not portable**, {counts['setup_failures']} set-up failures."
    )
    if run.checks:
        yield ""
        yield from _matrix(run)
    if table := pairs_table(run.in_order()):
        yield ""
        yield "## Who reads whom"
        yield ""
        head, *rows = ([_plain(cell) for cell in row] for row in table)
        yield f"| {' | '.join(head)} |"
        yield "|---" * len(head) + "|"
        yield from (f"| {' | '.join(row)} |" for row in rows)
    yield from _notes(run)
    failed = list(run.failed())
    for check in failed[:MAX_DIAGNOSES]:
        yield ""
        yield f"<details><summary>{_plain(check['test'] or check['object'])}</summary>"
        yield ""
        yield _fence(render(check))
        yield ""
        yield "</details>"
    if len(failed) > MAX_DIAGNOSES:
        yield ""
        yield f"{len(failed) - MAX_DIAGNOSES} more diagnoses are left out."
    for failure in run.setup_failures[:MAX_DIAGNOSES]:
        yield ""
        yield f"**Set-up failure** in `{failure['test']}`"
        yield ""
        yield _fence(failure["message"])


def _notes(run: Run) -> Iterator[str]:
    """Yield what was found and failed nothing."""
    groups = group_notes(run)
    if not groups:
        return
    yield ""
    yield "## Notes"
    yield ""
    for group in groups[:MAX_NOTES]:
        yield f"- **{group.head}**: {_plain(' '.join(group.note['message'].split()))}"
        places = group.places()
        shown = [f"`{place}`" for place in places[:MAX_PLACES]]
        more = [f"and {len(places) - MAX_PLACES} more"] if len(places) > MAX_PLACES else []
        yield f"  {'; '.join([*shown, *more])}"
    if len(groups) > MAX_NOTES:
        yield f"- and {len(groups) - MAX_NOTES} more kinds of notes"


def _matrix(run: Run) -> Iterator[str]:
    columns = run.columns()
    cells: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for check in run.in_order():
        cells.setdefault(row_of(check), {}).setdefault(column_of(check), []).append(check)
    yield "| test | " + " | ".join(map(_plain, columns)) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    for row, found in cells.items():
        shown = " | ".join(_cell(found.get(column, [])) for column in columns)
        yield f"| `{row}` | {shown} |".replace("``", "` `")


def _cell(checks: list[Mapping[str, Any]]) -> str:
    if not checks:
        return ""
    broken = [check for check in checks if not check["portable"]]
    if not broken:
        return "ok"
    first = broken[0]["problems"][0]
    return f"**{first['code']}**"


def _plain(text: str) -> str:
    """Escape text for Markdown and HTML."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("|", "\\|")


def _fence(text: str) -> str:
    """Return text as inline code; backticks in it cannot end the code."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


def annotation_lines(run: Run) -> Iterator[str]:
    """Yield GitHub workflow commands: an error for each check that failed, a warning for each note.

    Source:
        GitHub Docs, "Workflow commands for GitHub Actions", setting an error message.
    """
    for check in run.failed():
        problem = check["problems"][0]
        file, line = _location(check)
        title = f"{problem['code']} ({column_of(check)})"
        place = f"file={_property(file)},line={line},title={_property(title)}"
        yield f"::error {place}::{_data(render(check))}"
    for group in group_notes(run)[:MAX_NOTES]:
        file, line = _location(group.checks[0])
        place = f"file={_property(file)},line={line},title={_property(group.head)}"
        told = [group.note["message"], *group.places()[:MAX_PLACES]]
        yield f"::warning {place}::{_data(chr(10).join(told))}"
    for failure in run.setup_failures:
        yield f"::error title={_property('set-up failure')}::{_data(failure['message'])}"


def _location(check: Mapping[str, Any]) -> tuple[str, int]:
    """Return file and line of the test of a check."""
    file, line = check.get("location") or (check["test"].partition("::")[0], 1)
    return file, line


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: object) -> str:
    return _data(str(text)).replace(":", "%3A").replace(",", "%2C")
