"""Reports for people who read in a pull request: Markdown, and GitHub's summary and annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
# GitHub shows ten errors, ten warnings and ten notices of a step, and drops the rest in silence.
MAX_ANNOTATIONS: Final = 10


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
    findings = run.findings()
    for checks in findings[:MAX_DIAGNOSES]:
        yield ""
        yield f"<details><summary>{_plain(_name(checks))}</summary>"
        yield ""
        yield _fence(_diagnosis(checks))
        yield ""
        yield "</details>"
    if len(findings) > MAX_DIAGNOSES:
        yield ""
        yield f"{len(findings) - MAX_DIAGNOSES} more diagnoses are left out."
    for failures in run.refusals()[:MAX_DIAGNOSES]:
        tests = [f"`{failure['test']}`" for failure in failures]
        more = [f"and {len(tests) - MAX_PLACES} more"] if len(tests) > MAX_PLACES else []
        yield ""
        yield f"**Set-up failure** in {'; '.join([*tests[:MAX_PLACES], *more])}"
        yield ""
        yield _fence(failures[0]["message"])


def _name(checks: Sequence[Mapping[str, Any]]) -> str:
    """Return the test of a finding, without the leg where it is that of several."""
    first = checks[0]
    return str(first["test"] or first["object"]) if len(checks) == 1 else row_of(first)


def _diagnosis(checks: Sequence[Mapping[str, Any]]) -> str:
    """Return the diagnosis of the first leg, and on which others the same was found."""
    others = list(dict.fromkeys(column_of(check) for check in checks[1:]))
    also = f"\n  the same on: {'; '.join(others)}" if others else ""
    return f"{render(checks[0])}{also}"


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
    """Yield GitHub workflow commands: an error for each finding, a warning for each kind of note.

    Ten of each at most; a notice counts the others.

    Source:
        GitHub Docs, "Workflow commands for GitHub Actions", setting an error message;
        actions/toolkit, docs/problem-matchers.md, "Limitations".
    """
    errors = [*map(_of_finding, run.findings()), *map(_of_refusal, run.refusals())]
    yield from errors[:MAX_ANNOTATIONS]
    groups = group_notes(run)
    for group in groups[:MAX_ANNOTATIONS]:
        file, line = _location(group.checks[0])
        place = f"file={_property(file)},line={line},title={_property(group.head)}"
        told = [group.note["message"], *group.places()[:MAX_PLACES]]
        yield f"::warning {place}::{_data(chr(10).join(told))}"
    hidden = [
        f"{len(found) - MAX_ANNOTATIONS} more {what}"
        for found, what in ((errors, "failures"), (groups, "kinds of notes"))
        if len(found) > MAX_ANNOTATIONS
    ]
    if hidden:
        yield f"::notice title=portability::{' and '.join(hidden)} are in the summary of the run"


def _of_finding(checks: Sequence[Mapping[str, Any]]) -> str:
    first = checks[0]
    file, line = _location(first)
    more = f" and {len(checks) - 1} more" if len(checks) > 1 else ""
    title = f"{first['problems'][0]['code']} ({column_of(first)}{more})"
    place = f"file={_property(file)},line={line},title={_property(title)}"
    return f"::error {place}::{_data(_diagnosis(checks))}"


def _of_refusal(failures: Sequence[Mapping[str, Any]]) -> str:
    count = f" of {len(failures)} tests" if len(failures) > 1 else ""
    title = _property(f"set-up failure{count}")
    return f"::error title={title}::{_data(failures[0]['message'])}"


def _location(check: Mapping[str, Any]) -> tuple[str, int]:
    """Return file and line of the test of a check."""
    file, line = check.get("location") or (check["test"].partition("::")[0], 1)
    return file, line


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: object) -> str:
    return _data(str(text)).replace(":", "%3A").replace(",", "%2C")
