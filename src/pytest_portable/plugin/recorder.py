"""Collect what tests found, in workers of pytest-xdist too, and report it at the end.

Part of every start of pytest, so it imports nothing; the reports' own code waits until there is
something to report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_portable.plugin.keys import RECORD

if TYPE_CHECKING:
    from pytest_portable.report.run import Run

__all__ = ["Recorder"]


class Recorder:
    """A pytest plugin: collects the records of all tests in the process that prints the summary."""

    def __init__(self, settings: str, wanted: Sequence[str]) -> None:
        """Keep the line of settings and the reports that were asked for."""
        self._settings = settings
        self._wanted = wanted
        self._records: list[Mapping[str, Any]] = []

    def pytest_runtest_logreport(self, report: Any) -> None:  # noqa: ANN401 - pytest's
        """Keep the record of a test, and colour its failure."""
        if record := getattr(report, RECORD, None):
            if report.outcome == "rerun":
                return  # pytest-rerunfailures runs the test again, and that one counts
            if hasattr(report, "wasxfail"):
                record = _as_expected(record)
            self._records.append(record)
            if report.failed:
                from pytest_portable.plugin.coloured import colour_failure

                colour_failure(report.longrepr)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:  # noqa: ANN401 - pytest's
        """Print the sections and write the reports."""
        if not self._records and not self._wanted:
            return
        run = self._run()
        if (run.checks or run.setup_failures) and terminalreporter.verbosity >= 0:
            from pytest_portable.report.summary import summary_lines

            width = terminalreporter._tw.fullwidth  # noqa: SLF001 - no public way to ask
            terminalreporter.section("portability")
            _print(summary_lines(run, width), terminalreporter.line)
        self._show_notes(run, terminalreporter)
        if self._wanted:
            _print(self._write(run), terminalreporter.line)

    @staticmethod
    def _show_notes(run: Run, terminalreporter: Any) -> None:  # noqa: ANN401 - pytest's
        """Print what was found and failed nothing, in yellow; on a quiet run how much it is."""
        if not any(check["notes"] for check in run.checks):
            return
        from pytest_portable.report.notes import group_notes, note_count, note_lines

        if terminalreporter.verbosity < 0:
            terminalreporter.write_line(note_count(run), yellow=True)
            return
        width = terminalreporter._tw.fullwidth  # noqa: SLF001 - no public way to ask
        terminalreporter.section("portable: notes", yellow=True)
        for line in note_lines(group_notes(run), width):
            terminalreporter.line(line, yellow=not line.startswith(" "))

    def _run(self) -> Run:
        from pytest_portable.report.run import Run

        run = Run(settings=self._settings)
        for record in self._records:
            run.add(record)
        return run

    def _write(self, run: Run) -> Iterator[str]:
        from pytest_portable.report.writing import write_report

        for wanted in self._wanted:
            yield from write_report(run, wanted)


def _as_expected(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record of a test that pytest counts as one that was expected to fail."""
    return {**record, "checks": [{**one, "expected": True} for one in record.get("checks", ())]}


def _print(lines: Iterator[str], write: Callable[[str], object]) -> None:
    for line in lines:
        write(line)
