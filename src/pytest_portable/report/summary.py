"""The section at the end of a run: legs and their checks, what failed and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pytest_portable.report.pairs import pairs_table
from pytest_portable.report.run import Run, column_of, is_failed, row_of

__all__ = ["CODES", "summary_lines"]

CODES: Final = (
    "https://github.com/pytest-portable/pytest-portable/blob/main/docs/reference/problems.md"
)
"""Where each code is explained."""
MAX_FAILURES: Final = 20
MAX_ENVIRONMENTS: Final = 3
SLOW_SECONDS: Final = 1.0


def summary_lines(run: Run, width: int = 80) -> Iterator[str]:
    """Yield the lines of the section, of at most `width` columns but for test ids.

    Args:
        run: what the run found.
        width: columns of the terminal.
    """
    yield from _legs(run)
    if table := pairs_table(run.in_order()):
        yield ""
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            cells = zip(row, widths, strict=True)
            yield "  ".join(f"{cell:<{width}}" for cell, width in cells).rstrip()
    groups = run.findings()
    if groups:
        yield ""
    for checks in groups[:MAX_FAILURES]:
        yield from _failure(checks, width)
    if len(groups) > MAX_FAILURES:
        more = len(groups) - MAX_FAILURES
        yield f"... and {more} more {'finding' if more == 1 else 'findings'}"
    slow = [found for found in run.environments.values() if found["seconds"] >= SLOW_SECONDS]
    slow.sort(key=lambda found: -found["seconds"])
    if slow:
        yield ""
        yield f"slowest {'environment' if len(slow) == 1 else 'environments'}:"
        for found in slow[:MAX_ENVIRONMENTS]:
            yield _cut(f"  {found['seconds']:.1f} s  {_holding(found)}", width)
    if groups:
        yield ""
        yield f"codes: {CODES}"


def _holding(environment: Mapping[str, Any]) -> str:
    """Name an environment by its Python and by what was declared for it."""
    deps = environment.get("deps")
    held = "as it is" if deps is None else ", ".join(deps) or "bare"
    return f"{environment['leg']}, {held}"


def _legs(run: Run) -> Iterator[str]:
    by_leg: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for check in run.checks:
        by_leg[column_of(check)].append(check)
    waiting = [str(failure["leg"]) for failure in run.setup_failures]
    width = max((len(name) for name in (*by_leg, *waiting, "leg")), default=3)
    yield f"{'leg':<{width}}  checks  failed  seconds"
    for name in run.columns():
        checks = by_leg[name]
        failed = sum(map(is_failed, checks))
        seconds = sum(check["seconds"].get("total", 0.0) for check in checks)
        yield f"{name:<{width}}  {len(checks):>6}  {failed or '-':>6}  {seconds:>7.2f}"
    for name in dict.fromkeys(waiting):
        tests = "test" if waiting.count(name) == 1 else "tests"
        yield f"{name:<{width}}  {'set-up failed':>14}, {waiting.count(name)} {tests}"


def _failure(checks: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    check = checks[0]
    problem = check["problems"][0]
    more = len(check["problems"]) - 1
    yield check["test"] if len(checks) == 1 else row_of(check)
    where = f" {problem['path']}" if problem["path"] not in (None, "obj") else ""
    tail = f" (+{more})" if more else ""
    yield _cut(f"  {check['stage']}: {problem['code']}{where}{tail}", width)
    yield _cut(f"  {problem['message']}", width)
    if len(checks) > 1:
        legs = "; ".join(dict.fromkeys(column_of(one) for one in checks))
        yield _cut(f"  on {legs}", width)


def _cut(text: str, width: int) -> str:
    line = " ".join(text.split("\n"))
    return line if len(line) <= width else line[: width - 3] + "..."
