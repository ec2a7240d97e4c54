"""The same engine without pytest: `pytest-portable check MODULE:NAME|FILE`.

Exit status: 0 portable, 1 not portable, 2 misuse or set-up failure.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_portable.errors import OptionError, SetupError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_portable.plan import Leg
    from pytest_portable.verdict import Verdict

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    given = _parser().parse_args(arguments)
    try:
        verdict = _check(given)
    except (OptionError, SetupError) as error:
        print(f"pytest-portable: {error}", file=sys.stderr)
        return 2
    print(json.dumps(verdict.to_dict(), indent=2) if given.json else str(verdict))
    return 0 if verdict.portable else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pytest-portable", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="load an object in another environment and compare")
    check.add_argument("object", help="MODULE:NAME, or a file that holds a payload")
    check.add_argument("--dep", action="append", default=[], help="a requirement; repeatable")
    check.add_argument("--python", help="interpreter spec, the default is the running one")
    check.add_argument("--serializer", default="pickle")
    check.add_argument("--protocol", type=int)
    check.add_argument("--probe", help="an expression over `obj`, evaluated there and here")
    check.add_argument("--timeout", type=float, default=60.0, help="seconds")
    check.add_argument("--installer", choices=("auto", "uv", "pip"), default="auto")
    check.add_argument("--offline", action="store_true")
    check.add_argument("--refresh", action="store_true")
    check.add_argument("--cache-dir", type=Path)
    check.add_argument("--json", action="store_true")
    return parser


def _check(given: argparse.Namespace) -> Verdict:
    from pytest_portable.engine import Session  # noqa: PLC0415 - `--help` must be quick
    from pytest_portable.environment import (  # noqa: PLC0415 - the same
        default_cache_dir,
        validate_requirement,
    )

    mistakes = [found for line in given.dep if (found := validate_requirement(line))]
    if mistakes:
        raise OptionError(mistakes)
    session = Session(
        root=Path.cwd(),
        cache_dir=given.cache_dir or default_cache_dir(),
        installer=given.installer,
        offline=given.offline,
        refresh=given.refresh,
        report=lambda step: print(step, file=sys.stderr),
    )
    try:
        file = Path(given.object)
        if file.is_file():
            data = file.read_bytes()
            return session.portable(_leg(given)).check_payload(data, probe=given.probe)
        obj = _resolve(given.object)
        return session.portable(_leg(given)).check(obj, probe=given.probe)
    finally:
        session.close()


def _resolve(text: str) -> object:
    module, colon, name = text.partition(":")
    if not colon:
        raise OptionError(f"{text!r} is neither a file nor MODULE:NAME")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found: object = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise OptionError(f"{text!r} cannot be had: {error}") from error
    return found


def _leg(given: argparse.Namespace) -> Leg:
    from pytest_portable.plan import Leg  # noqa: PLC0415 - `--help` must be quick
    from pytest_portable.serializers import get_serializer  # noqa: PLC0415 - the same

    get_serializer(given.serializer)
    return Leg(
        python=given.python,
        deps=tuple(given.dep),
        serializer=given.serializer,
        protocol=given.protocol,
        timeout_seconds=given.timeout,
    )
