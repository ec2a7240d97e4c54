"""`pytest-portable pythons`: every interpreter that can be a target, and why others cannot."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_portable.cli import parsers

if TYPE_CHECKING:
    from pytest_portable.environment import Survey

__all__ = ["add_parser", "run"]


def add_parser(commands: parsers.Commands) -> None:
    """Add the command `pythons`."""
    parser = commands.add_parser("pythons", help="list the interpreters that can be targets")
    parser.add_argument("--cache-dir", type=Path, metavar="DIR")
    parsers.add_json_option(parser)


def run(given: argparse.Namespace) -> int:
    """List interpreters."""
    from pytest_portable.environment import survey_interpreters

    survey = survey_interpreters(cache_dir=given.cache_dir)
    print(json.dumps(_as_data(survey), indent=2) if given.json else _as_text(survey))
    return 0


def _as_data(survey: Survey) -> dict[str, Any]:
    return {
        "pythons": [
            {
                "version": each.interpreter.version,
                "implementation": each.interpreter.implementation,
                "free_threaded": each.interpreter.facts["free_threaded"],
                "platform": each.interpreter.platform,
                "path": str(each.interpreter.path),
                "found_in": each.place,
            }
            for each in survey.found
        ],
        "refused": [
            {"path": str(each.path), "found_in": each.place, "reason": each.reason}
            for each in survey.refused
        ],
    }


def _as_text(survey: Survey) -> str:
    rows = [
        (each.interpreter.name, str(each.interpreter.path), each.place) for each in survey.found
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    lines = [f"{name:<{widths[0]}}  {path:<{widths[1]}}  {place}" for name, path, place in rows]
    if survey.refused:
        lines += ["", "refused:"]
        alike: dict[tuple[Path, str, str], list[str]] = {}
        for each in survey.refused:
            key = (each.path.parent, each.place, each.reason)
            alike.setdefault(key, []).append(each.path.name)
        for (folder, place, reason), names in alike.items():
            lines += [f"  {folder}/{', '.join(names)} ({place})", f"    {reason}"]
    return "\n".join(lines)
