"""`pytest-portable envs list|build|prune|where`: look after the environments that are kept."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_portable.cli import parsers
from pytest_portable.errors import OptionError

if TYPE_CHECKING:
    from pytest_portable.environment import Environment, StoredEnvironment

__all__ = ["add_parser", "run"]


def add_parser(commands: parsers.Commands) -> None:
    """Add the command `envs` with its four actions."""
    parser = commands.add_parser("envs", help="list, build, prune and find environments")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list the environments that are kept")
    build = actions.add_parser("build", help="build an environment, or find it at hand")
    prune = actions.add_parser("prune", help="remove environments that were not used for long")
    where = actions.add_parser(
        "where", help="say where environments are kept; with --python or --dep, where that one is"
    )
    prune.add_argument("--all", action="store_true", help="remove all, used ones too")
    prune.add_argument("--max-age", type=float, metavar="DAYS", help="without use (default: 30)")
    prune.add_argument("--max-size", metavar="SIZE", help="of all together (default: 10 GiB)")
    for action in (listing, prune):
        action.add_argument("--cache-dir", type=Path, metavar="DIR")
    for action in (build, where):
        parsers.add_leg_options(action)
        parsers.add_store_options(action)
    for action in (listing, build, prune, where):
        parsers.add_json_option(action)


def run(given: argparse.Namespace) -> int:
    """Run the action; 1 where `where` finds no such environment."""
    return _ACTIONS[given.action](given)


def _cache_dir(given: argparse.Namespace) -> Path:
    from pytest_portable.environment import default_cache_dir

    return given.cache_dir or default_cache_dir()


def _list(given: argparse.Namespace) -> int:
    from pytest_portable.environment import list_environments

    found = list_environments(_cache_dir(given))
    if given.json:
        print(json.dumps({"environments": [_stored(each) for each in found]}, indent=2))
        return 0
    for each in found:
        state = "" if each.is_current else "  (replaced)" if each.record else "  (unfinished)"
        record = each.record
        held = ", ".join([*record.requirements, *record.runtime]) if record else ""
        python = record.interpreter.partition(" (")[0] if record else "?"
        used = time.strftime("%Y-%m-%d", time.localtime(each.used))
        print(f"{each.path.name}  {python}  {_size(each.size)}  used {used}{state}")
        print(f"    {held or 'nothing'}")
    count = "1 environment" if len(found) == 1 else f"{len(found)} environments"
    print(f"{count}, {_size(sum(each.size for each in found))}")
    return 0


def _stored(each: StoredEnvironment) -> dict[str, Any]:
    record = {} if each.record is None else dataclasses.asdict(each.record)
    names = ("key", "interpreter", "installer", "requirements", "runtime", "distributions")
    return {
        "path": str(each.path),
        "bytes": each.size,
        "used": each.used,
        "is_current": each.is_current,
        "is_complete": each.record is not None,
        **{name: record.get(name) for name in (*names, "notes", "created", "resolved")},
    }


def _build(given: argparse.Namespace) -> int:
    with parsers.open_session(given) as session:
        environment = session.environment(parsers.leg_of(given))
    if given.json:
        print(json.dumps(_made(environment), indent=2))
        return 0
    for text in (*environment.notes, *environment.remarks):
        print(f"note: {text}", file=sys.stderr)
    print(environment.executable)
    return 0


def _made(environment: Environment) -> dict[str, Any]:
    return {
        "key": environment.key,
        "path": str(environment.path),
        "executable": str(environment.executable),
        "python": environment.interpreter.version,
        "implementation": environment.interpreter.implementation,
        "distributions": dict(environment.distributions),
        "notes": [*environment.notes, *environment.remarks],
    }


def _prune(given: argparse.Namespace) -> int:
    from pytest_portable.environment import prune
    from pytest_portable.settings.mark_checks import parse_size

    limits: dict[str, Any] = {}
    if given.max_age is not None:
        if not given.max_age >= 0:
            raise OptionError(f"--max-age: {given.max_age} is not a number of days")
        limits["max_age_days"] = given.max_age
    if given.max_size is not None:
        limits["max_bytes"] = parse_size(given.max_size)
        if limits["max_bytes"] is None:
            raise OptionError(f"--max-size: {given.max_size!r} is no size; valid: '5 GB', '500 MB'")
    pruned = prune(_cache_dir(given), everything=given.all, **limits)
    if given.json:
        paths = [str(path) for path in pruned.paths]
        print(json.dumps({"removed": paths, "bytes": pruned.size}, indent=2))
    else:
        print(f"{len(pruned.paths)} environments removed, {_size(pruned.size)}")
    return 0


def _where(given: argparse.Namespace) -> int:
    cache = _cache_dir(given)
    if given.python is None and not given.dep:
        print(json.dumps({"cache_dir": str(cache)}, indent=2) if given.json else cache)
        return 0
    with parsers.open_session(given) as session:
        found = session.find_environment(parsers.leg_of(given))
    if given.json:
        made = None if found is None else _made(found)
        print(json.dumps({"cache_dir": str(cache), "environment": made}, indent=2))
    elif found is None:
        print(f"there is no such environment in {cache}", file=sys.stderr)
    else:
        print(found.executable)
    return 0 if found is not None else 1


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": _list,
    "build": _build,
    "prune": _prune,
    "where": _where,
}
