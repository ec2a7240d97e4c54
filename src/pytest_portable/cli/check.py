"""`pytest-portable check MODULE:NAME|FILE`: load an object in another environment, compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_portable.cli.objects import resolve
from pytest_portable.cli.parsers import (
    Commands,
    add_json_option,
    add_leg_options,
    add_store_options,
    leg_of,
    open_session,
)

if TYPE_CHECKING:
    import argparse

__all__ = ["add_parser", "run"]


def add_parser(commands: Commands) -> None:
    """Add the command `check`."""
    parser = commands.add_parser("check", help="load an object in another environment and compare")
    parser.add_argument("object", help="MODULE:NAME, or a file that holds a payload")
    add_leg_options(parser)
    parser.add_argument("--probe", help="an expression over `obj`, evaluated there and here")
    parser.add_argument(
        "-v",
        "--verbose",
        action="count",
        default=0,
        help="add the target's traceback; twice: the opcodes around the place in the payload",
    )
    parser.add_argument("--suggest", action="store_true", help="try remedies before printing them")
    add_store_options(parser)
    add_json_option(parser)


def run(given: argparse.Namespace) -> int:
    """Check one object; 0 where it is portable, 1 where it is not."""
    leg = leg_of(given)
    file = Path(given.object)
    data = file.read_bytes() if file.is_file() else None
    obj = None if data is not None else resolve(given.object)
    session = open_session(given)
    session.suggest, session.verbosity = given.suggest, given.verbose
    try:
        portable = session.portable(leg)
        if data is not None:
            verdict = portable.check_payload(data, probe=given.probe)
        else:
            verdict = portable.check(obj, probe=given.probe)
    finally:
        session.close()
    print(json.dumps(verdict.to_dict(), indent=2) if given.json else str(verdict))
    return 0 if verdict.portable else 1
