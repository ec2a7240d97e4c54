"""Arguments that several commands share, and the leg and the session that they describe."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pytest_portable.engine.session import Session
    from pytest_portable.settings.legs import Leg

__all__ = [
    "Commands",
    "add_json_option",
    "add_leg_options",
    "add_report_option",
    "add_store_options",
    "check_reports",
    "leg_of",
    "open_session",
]


# What `ArgumentParser.add_subparsers` returns.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no public name


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add `--json`, with which a command prints data."""
    parser.add_argument("--json", action="store_true", help="answer with JSON")


def add_report_option(parser: argparse.ArgumentParser, flag: str, what: str) -> None:
    """Add the option that writes reports; `flag` can be given several times."""
    kinds = ".html, .json or .md, or the word github"
    parser.add_argument(
        flag, action="append", default=[], metavar="PATH", help=f"{what}: {kinds}; repeatable"
    )


def check_reports(flag: str, wanted: Sequence[str]) -> None:
    """Refuse names of reports that cannot be written, before anything is done.

    Raises:
        OptionError: with every mistake.
    """
    from pytest_portable.errors import OptionError
    from pytest_portable.settings.options import report_mistake

    if mistakes := [wrong for name in wanted if (wrong := report_mistake(name))]:
        raise OptionError([f"{flag}: {mistake}" for mistake in mistakes])


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for where environments are kept and how they are made."""
    parser.add_argument("--installer", choices=("auto", "uv", "pip"), default="auto")
    parser.add_argument(
        "--constraint", action="append", default=[], metavar="FILE", help="repeatable"
    )
    parser.add_argument("--offline", action="store_true", help="ask no index")
    parser.add_argument("--refresh", action="store_true", help="resolve anew")
    parser.add_argument(
        "--install-python", action="store_true", help="let uv install a Python that is missing"
    )
    parser.add_argument("--cache-dir", type=Path, metavar="DIR")


def add_leg_options(parser: argparse.ArgumentParser, *, serializer: bool = True) -> None:
    """Add the options for the environment and, where `serializer` is true, for the serializer."""
    parser.add_argument(
        "--dep", action="append", default=[], metavar="LINE", help="a requirement; repeatable"
    )
    parser.add_argument("--python", help="interpreter spec, the default is the running one")
    if serializer:
        parser.add_argument(
            "--serializer",
            default="pickle",
            metavar="NAME",
            help="a built-in one, or MODULE:NAME of a Serializer of yours",
        )
        parser.add_argument("--protocol", type=int)
    else:
        parser.set_defaults(serializer="pickle", protocol=None)
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds")


def leg_of(given: argparse.Namespace) -> Leg:
    """Return the leg that `add_leg_options` asked for.

    Raises:
        OptionError: a requirement, the interpreter spec or the serializer is not valid.
    """
    from pytest_portable.cli.objects import make_importable
    from pytest_portable.environment import find_place, validate_python, validate_requirement
    from pytest_portable.errors import OptionError
    from pytest_portable.serializers import Registry
    from pytest_portable.settings.legs import Leg
    from pytest_portable.settings.mark_checks import find_mistakes
    from pytest_portable.settings.options import Checks

    mistakes = [
        f"--dep: {found}"
        for line in given.dep
        if (found := validate_requirement(line) or find_place(line, Path.cwd()))
    ]
    if given.python is not None and (found := validate_python(given.python)):
        mistakes.append(f"--python: {found}")
    make_importable()
    registry = Registry()
    rest = {key: getattr(given, key) for key in ("serializer", "protocol", "timeout")}
    checks = Checks(validate_python, validate_requirement, registry.find_mistake)
    wrong = find_mistakes(rest, checks) or registry.get(given.serializer).find_mistakes(
        {}, given.protocol
    )
    mistakes += [f"--{mistake}" for mistake in wrong]
    if mistakes:
        raise OptionError(mistakes)
    return Leg(
        python=given.python,
        deps=tuple(given.dep),
        serializer=given.serializer,
        protocol=given.protocol,
        timeout_seconds=given.timeout,
    )


@contextmanager
def open_session(
    given: argparse.Namespace, *, suggest: bool = False, verbosity: int = 0
) -> Iterator[Session]:
    """Open the session that `add_store_options` describes; relative paths start in this folder.

    Raises:
        OptionError: a constraints file is not there.
    """
    from pytest_portable.engine.session import Session
    from pytest_portable.environment import default_cache_dir
    from pytest_portable.errors import OptionError

    constraints = tuple(Path.cwd() / name for name in given.constraint)
    missing = [f"--constraint: no such file: {path}" for path in constraints if not path.is_file()]
    if missing:
        raise OptionError(missing)
    session = Session(
        root=Path.cwd(),
        cache_dir=given.cache_dir or default_cache_dir(),
        installer=given.installer,
        offline=given.offline,
        refresh=given.refresh,
        install_python=given.install_python,
        constraints=constraints,
        report=lambda step: print(step, file=sys.stderr),
        suggest=suggest,
        verbosity=verbosity,
        columns=shutil.get_terminal_size().columns,
    )
    try:
        yield session
    finally:
        session.close()
