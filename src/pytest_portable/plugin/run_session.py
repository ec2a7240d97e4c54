"""The engine's session of one run, and what the fixture returns; loaded with the first test.

All that the engine takes from pytest's configuration and hooks is passed here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_portable.engine.reproduce import SameRun
from pytest_portable.engine.session import Session
from pytest_portable.environment import default_cache_dir
from pytest_portable.errors import InterpreterNotFoundError, OptionError, SetupError
from pytest_portable.plugin.item_records import inspect_checked
from pytest_portable.plugin.keys import COLUMNS, EXTENSIONS, SESSION, SETTINGS, SETUP_FAILURE
from pytest_portable.plugin.marks import leg_of
from pytest_portable.portable import Portable, portable_on
from pytest_portable.settings.options import INSTALLERS, OPTIONS, Settings

if TYPE_CHECKING:
    from pytest_portable.engine.observe import Observer

__all__ = ["portable_of", "session_of"]


def session_of(config: pytest.Config) -> Session:
    """Return the engine's session, made when the first test needs it."""
    if (known := config.stash.get(SESSION, None)) is not None:
        return known
    settings, extensions = config.stash[SETTINGS], config.stash[EXTENSIONS]
    config.stash[SESSION] = session = Session(
        root=settings.root,
        cache_dir=settings.cache_dir or default_cache_dir(),
        installer=settings.installer,
        offline=settings.offline,
        refresh=settings.refresh,
        install_python=settings.install_python,
        constraints=settings.constraints,
        serializers=extensions.registry,
        comparators=extensions.comparators,
        store=_store(config, settings),
        adopt=lambda leg: config.hook.pytest_portable_prepare(leg=leg),
        observers=_observers(settings),
        update=settings.update,
        suggest=settings.suggest,
        strict_notes=frozenset(settings.strict_notes),
        verbosity=max(0, config.getoption("verbose", 0)),  # absent with `-p no:terminal`
        columns=config.stash[COLUMNS],
        same_run=_same_run(config),
    )
    return session


# Options of the command line that decide about a verdict.
_DECIDING = frozenset(
    [
        "python",
        "serializer",
        "constraint",
        "installer",
        "offline",
        "cache-dir",
        "install-python",
        "timeout",
        "notes",
    ]
)


def _same_run(config: pytest.Config) -> SameRun:
    """Return how this run was started; files are named so that any folder finds them."""
    here = config.invocation_params.dir
    words: list[str] = []
    if ini := config.getoption("inifilename"):
        words += ["-c", str((here / ini).absolute())]
    for option in OPTIONS:
        given = config.getoption(option.key) if option.name in _DECIDING else None
        for value in given if isinstance(given, (list, tuple)) else [given] if given else []:
            path = here / str(value)
            named = option.metavar in {"FILE", "DIR"} or (os.sep in str(value) and path.exists())
            text = str(path) if named and here != config.rootpath else str(value)
            words.append(option.flag_name if value is True else f"{option.flag_name}={text}")
    return SameRun(tuple(words), None if here == config.rootpath else config.rootpath)


def _observers(settings: Settings) -> tuple[Observer, ...]:
    """Return the functions that get every finished check."""
    found: list[Observer] = [inspect_checked] if settings.wants_inspections() else []
    if settings.export_dir is not None:
        from pytest_portable.bundle.export import Exporter

        found.append(Exporter(settings.export_dir))
    return tuple(found)


def _store(config: pytest.Config, settings: Settings) -> dict[str, object]:
    """Return what else the store depends on: ini keys, added installers, when the run began."""
    shared = getattr(config, "workerinput", {})
    since = {"since": shared["portable_since"]} if "portable_since" in shared else {}
    if settings.installer in INSTALLERS:
        return {**settings.store, **since}
    return {**settings.store, **since, "installers": config.stash[EXTENSIONS].installers}


def portable_of(item: pytest.Item) -> Portable:
    """Return the value of the fixture, or end the item's set-up and say why there is none."""
    __tracebackhide__ = True
    leg = leg_of(item)
    try:
        return portable_on(session_of(item.config), leg)
    except InterpreterNotFoundError as error:
        if item.config.stash[SETTINGS].skip_missing_python:
            pytest.skip(str(error).splitlines()[0])
        trouble: Exception = error
    except (SetupError, OptionError) as error:
        trouble = error
    item.stash[SETUP_FAILURE] = {
        "test": item.nodeid,
        "leg": leg.id or leg.python or "this Python",
        "id": leg.id or "",
        "serializer": leg.serializer,
        "message": str(trouble),
    }
    pytest.fail(f"set-up failure: {trouble}", pytrace=False)
