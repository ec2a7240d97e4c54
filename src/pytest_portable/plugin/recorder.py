"""Gather what tests found, in this process or sent home by workers, and report it at the end.

Part of every start of pytest, so it imports nothing; the reports' own code waits until there is
something to report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_portable.engine.observe import Checked
    from pytest_portable.portable import Portable
    from pytest_portable.report.run import Run

__all__ = ["ATTRIBUTE", "Recorder", "inspect_checked", "properties_of", "record_of"]

# The attribute of a test's report under which its record travels, between processes too.
ATTRIBUTE = "portable"
_PROPERTIES = ("portable", "stage", "object", "serializer", "payload_bytes")
_LONG = frozenset({"traceback", "payload"})


def inspect_checked(done: Checked) -> Mapping[str, object]:
    """Read the payload of a finished check, for reports that show the object."""
    if done.sent.data("obj") is None:
        return {}
    return {"inspection": done.sent.inspection("obj").to_dict()}


def record_of(
    found: Portable, location: tuple[str, int | None, str], seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Return what one test leaves, as plain data.

    Args:
        found: what the fixture gave.
        location: of the item: file from the rootdir, line from 0, name.
        seconds: how long each environment took to be had, by executable.
    """
    where = [location[0], (location[1] or 0) + 1]
    checks = [
        {**verdict.to_dict(), "location": where, **found.details.get(number, {})}
        for number, verdict in enumerate(found.verdicts)
    ]
    executable = found.target.executable
    environment = {
        "leg": checks[0]["leg"]["label"] if checks else "",  # type: ignore[index]  # to_dict's leg
        "executable": executable,
        "seconds": round(seconds.get(executable, 0.0), 3),
    }
    return {"checks": checks, "environment": environment} if checks else {}


def properties_of(record: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Return what a JUnit file keeps of a test: one property a check, in JSON.

    What the target printed and the tracebacks stand in the file already.
    """
    import json

    found: list[tuple[str, object]] = []
    for check in record.get("checks", ()):
        told = {key: check[key] for key in _PROPERTIES}
        told["problems"] = [
            {key: value for key, value in problem.items() if key not in _LONG}
            for problem in check["problems"]
        ]
        found.append(("portable", json.dumps({"leg": check["leg"]["label"], **told})))
    return found


class Recorder:
    """A pytest plugin object: what the process that prints the summary knows of all tests."""

    def __init__(self, settings: str, wanted: Sequence[str]) -> None:
        """Take the header's settings and the reports that were asked for."""
        self._settings = settings
        self._wanted = wanted
        self._records: list[Mapping[str, Any]] = []

    def pytest_runtest_logreport(self, report: object) -> None:
        """Keep the record of a test."""
        if record := getattr(report, ATTRIBUTE, None):
            self._records.append(record)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:  # noqa: ANN401 - pytest's
        """Print the section and write the reports."""
        if not self._records and not self._wanted:
            return
        run = self._run()
        if (run.checks or run.setup_failures) and terminalreporter.verbosity >= 0:
            from pytest_portable.report.summary import summary_lines

            width = terminalreporter._tw.fullwidth  # noqa: SLF001 - no public way to ask
            terminalreporter.section("portability")
            _print(summary_lines(run, width), terminalreporter.line)
        if self._wanted:
            _print(self._write(run), terminalreporter.line)

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


def _print(lines: Iterator[str], write: Callable[[str], object]) -> None:
    for line in lines:
        write(line)
