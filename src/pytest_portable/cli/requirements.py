"""`pytest-portable requirements MODULE:NAME|FILE`: what an object needs to load, and no more."""

from __future__ import annotations

import argparse
import json
import time

from pytest_portable.cli import parsers
from pytest_portable.cli.objects import payload_or_object
from pytest_portable.errors import PortabilityError

__all__ = ["add_parser", "run"]


def add_parser(commands: parsers.Commands) -> None:
    """Add the command `requirements`."""
    parser = commands.add_parser(
        "requirements",
        help="find the smallest requirements under which an object loads",
        description="Print the smallest requirements under which an object loads and its probe "
        "runs, one a line, tried in an environment of exactly these. Lines of --dep say where "
        "distributions come from (--index-url, a path) where that is no usual index.",
    )
    parser.add_argument("object", help="MODULE:NAME, or a file that holds a payload")
    parser.add_argument("--probe", help="an expression over `obj` that has to run there")
    parser.add_argument(
        "--style",
        choices=("pinned", "ranged", "bare"),
        default="pinned",
        help="how versions are written (default: pinned at the ones installed here)",
    )
    parsers.add_leg_options(parser)
    parsers.add_store_options(parser)
    parsers.add_json_option(parser)


def run(given: argparse.Namespace) -> int:
    """Print the requirements; 1 and the diagnosis where no requirements help."""
    from pytest_portable.cli.colours import painted
    from pytest_portable.portable import portable_on

    leg = parsers.leg_of(given)
    data, obj = payload_or_object(given.object)
    begun = time.monotonic()
    asked = {"probe": given.probe, "style": given.style}
    try:
        with parsers.open_session(given) as session:
            portable = portable_on(session, leg)
            if data is not None:
                lines = portable.requirements_of_payload(data, **asked)
            else:
                lines = portable.requirements(obj, **asked)
            target = portable.target
    except PortabilityError as error:
        print(json.dumps(error.verdict.to_dict(), indent=2) if given.json else painted(str(error)))
        return 1
    if given.json:
        answer = {
            "requirements": lines,
            "style": given.style,
            "python": target.python,
            "serializer": leg.serializer,
            "seconds": time.monotonic() - begun,
        }
        print(json.dumps(answer, indent=2))
    elif lines:
        print("\n".join(lines))
    else:
        print("# nothing but the standard library")
    return 0
