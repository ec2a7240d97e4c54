"""`pytest-portable verify DIR...`: load bundles in an environment and compare."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_portable.cli import parsers
from pytest_portable.errors import BundleError

if TYPE_CHECKING:
    from pytest_portable.engine.session import Session
    from pytest_portable.settings.legs import Leg
    from pytest_portable.verdict import Verdict

__all__ = ["add_parser", "run"]


def add_parser(commands: parsers.Commands) -> None:
    """Add the command `verify`."""
    parser = commands.add_parser(
        "verify",
        help="load bundles here, or in another environment, and compare with what was dumped",
        description="Without --declared, --dep and --python the environment is the running one.",
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="bundles lie below")
    parser.add_argument(
        "--declared",
        action="store_true",
        help="in the environment that each manifest names (--python replaces its Python)",
    )
    parser.add_argument(
        "--serializer",
        dest="allowed",
        action="append",
        default=[],
        metavar="MODULE:NAME",
        help="a Serializer of yours that manifests may name; it is imported (repeatable)",
    )
    parsers.add_leg_options(parser, serializer=False)
    parsers.add_report_option(parser, "--report", "write a report")
    parsers.add_store_options(parser)
    parsers.add_json_option(parser)


def run(given: argparse.Namespace) -> int:
    """Verify every bundle; 0 where all are portable, 1 where one is not."""
    from pytest_portable.bundle.manifest import find_bundles

    leg = parsers.leg_of(given)
    parsers.check_reports("--report", given.report)
    if not (given.declared or given.dep or given.python):
        leg = replace(leg, python=sys.executable, deps=None)
    bundles = [bundle for folder in given.folders for bundle in find_bundles(folder)]
    damaged = 0
    verdicts = []
    with parsers.open_session(given) as session:
        for name in given.allowed:
            session.serializers.allow(name)
        for folder in bundles:
            try:
                verdict = _verify(session, folder, leg, declared=given.declared)
            except BundleError as error:
                damaged += 1
                print(f"pytest-portable: {error}", file=sys.stderr)
                continue
            verdicts.append(verdict)
            if not given.json:
                _tell(folder, verdict)
    failed = sum(not verdict.portable for verdict in verdicts)
    for wanted in given.report:
        for line in _report(verdicts, wanted):
            print(line, file=sys.stderr)
    if given.json:
        print(json.dumps([verdict.to_dict() for verdict in verdicts], indent=2))
    else:
        words = f", {damaged} damaged" if damaged else ""
        count = "1 bundle" if len(bundles) == 1 else f"{len(bundles)} bundles"
        print(f"{count}: {len(verdicts) - failed} verified, {failed} not{words}")
    return 2 if damaged else int(failed > 0)


def _verify(session: Session, folder: Path, leg: Leg, *, declared: bool) -> Verdict:
    from pytest_portable.bundle.manifest import read_bundle
    from pytest_portable.bundle.verify import leg_for, verify_bundle

    bundle = read_bundle(folder, session.serializers.find_mistake_in_data)
    checker = session.checker(leg_for(bundle.manifest, leg, declared=declared))
    return verify_bundle(bundle, checker)


def _report(verdicts: list[Verdict], wanted: str) -> Iterator[str]:
    from pytest_portable.report.run import Run
    from pytest_portable.report.writing import write_report

    run = Run(settings="pytest-portable verify")
    run.add({"checks": [verdict.to_dict() for verdict in verdicts]})
    return write_report(run, wanted)


def _tell(folder: Path, verdict: Verdict) -> None:
    from pytest_portable.cli.colours import painted
    from pytest_portable.report.visible import visible

    print(f"{'ok  ' if verdict.portable else 'FAIL'}  {visible(str(folder))}")
    if not verdict.portable:
        print("\n".join(f"      {line}" for line in painted(str(verdict)).splitlines()))
