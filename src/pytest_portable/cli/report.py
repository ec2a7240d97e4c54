"""`pytest-portable report REPORT.json...`: put the reports of several jobs into one table."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pytest_portable.cli import parsers
from pytest_portable.errors import OptionError

__all__ = ["add_parser", "run"]


def add_parser(commands: parsers.Commands) -> None:
    """Add the command `report`."""
    parser = commands.add_parser(
        "report",
        help="merge the JSON reports of several jobs into one",
        description="Prints the matrix of all checks by leg as Markdown; --to writes a report.",
    )
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="REPORT.json", help="or folders of them"
    )
    parsers.add_report_option(parser, "--to", "write a report instead")


def run(given: argparse.Namespace) -> int:
    """Merge reports; 0 where every check of all jobs is portable, 1 where one is not."""
    from pytest_portable.report.markdown import markdown
    from pytest_portable.report.run import Run
    from pytest_portable.report.visible import visible
    from pytest_portable.report.writing import write_report

    parsers.check_reports("--to", given.to)
    files = [file for path in given.files for file in _files(path)]
    merged = Run(settings=f"merged from {len(files)} reports")
    for file in files:
        found = _read(file)
        merged.checks += found["checks"]
        merged.setup_failures += found["setup_failures"]
        for environment in found["environments"]:
            merged.environments.setdefault(environment["executable"], environment)
    for wanted in given.to:
        for line in write_report(merged, wanted):
            print(line)
    if not given.to:
        print(visible(markdown(merged)), end="")
    return int(bool(merged.failed() or merged.setup_failures))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.json"))
    if not found:
        raise OptionError(f"{path}: no report in this folder: looked for *.json")
    return found


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise OptionError(f"{file}: no report can be read: {error}") from None
    keys = {"schema", "checks", "setup_failures", "environments"}
    if not isinstance(found, dict) or not keys <= found.keys():
        raise OptionError(f"{file}: is no report of pytest-portable")
    if found["schema"] != 1:
        raise OptionError(f"{file}: schema {found['schema']!r}, wanted 1")
    return found
