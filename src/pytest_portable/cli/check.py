"""`pytest-portable check MODULE:NAME|FILE`: load an object in another environment, compare."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_portable.cli import parsers
from pytest_portable.cli.objects import payload_or_object

if TYPE_CHECKING:
    from pytest_portable.verdict import Verdict

__all__ = ["add_parser", "run"]


def add_parser(commands: parsers.Commands) -> None:
    """Add the command `check`."""
    parser = commands.add_parser("check", help="load an object in another environment and compare")
    parser.add_argument(
        "object", help="MODULE:NAME, MODULE:FACTORY(), or a file that holds payloads"
    )
    parsers.add_leg_options(parser)
    parser.add_argument(
        "--probe",
        action="append",
        help="an expression over `obj`, evaluated there and here (repeatable)",
    )
    parser.add_argument(
        "-v",
        "--verbose",
        action="count",
        default=0,
        help="add the target's traceback; twice: the opcodes around the place in the payload",
    )
    parser.add_argument("--suggest", action="store_true", help="try remedies before printing them")
    parsers.add_store_options(parser)
    parsers.add_json_option(parser)


def run(given: argparse.Namespace) -> int:
    """Check one object; 0 where it is portable, 1 where it is not."""
    from pytest_portable.portable import portable_on

    leg = parsers.leg_of(given)
    data, obj = payload_or_object(given.object)
    several = given.probe is not None and len(given.probe) > 1
    probe = given.probe if several or given.probe is None else given.probe[0]
    wanted = {"suggest": given.suggest, "verbosity": given.verbose}
    with parsers.open_session(given, **wanted) as session:
        portable = portable_on(session, leg)
        if data is not None:
            verdicts = portable.check_records(data, probe=probe)
        else:
            verdicts = [portable.check(obj, probe=probe)]
    are_portable = all(verdict.portable for verdict in verdicts)
    print(_data(verdicts) if given.json else _text(verdicts, are_portable=are_portable))
    return 0 if are_portable else 1


def _data(verdicts: Sequence[Verdict]) -> str:
    """Return JSON: one verdict as an object, several as a list."""
    found = [verdict.to_dict() for verdict in verdicts]
    return json.dumps(found[0] if len(found) == 1 else found, indent=2)


def _text(verdicts: Sequence[Verdict], *, are_portable: bool) -> str:
    from pytest_portable.cli.as_options import diagnosis
    from pytest_portable.cli.colours import painted
    from pytest_portable.report.summary import CODES

    codes = "" if are_portable else f"\n\ncodes: {CODES}"
    if len(verdicts) == 1:
        return f"{painted(diagnosis(verdicts[0]))}{codes}"
    lost = [number for number, verdict in enumerate(verdicts) if not verdict.portable]
    told = "\n\n".join(
        f"record {number}: {painted(diagnosis(verdicts[number]))}" for number in lost
    )
    count = f"{len(verdicts) - len(lost)} of {len(verdicts)} records are portable"
    return f"{told}{codes}\n\n{count}" if lost else count
