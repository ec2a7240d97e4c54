"""The pytest plugin: marks become legs, the fixture does the work, errors become pytest's words.

Imported at every start of pytest, so it imports nothing beyond pytest and the table of options;
the rest waits until a test needs it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Literal

import pytest

from pytest_portable.errors import OptionError, PortabilityError, SetupError
from pytest_portable.plugin.extensions import Extensions
from pytest_portable.plugin.recorder import (
    ATTRIBUTE,
    Recorder,
    inspect_checked,
    properties_of,
    record_of,
)
from pytest_portable.settings.options import INSTALLERS, OPTIONS, Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pytest_portable.engine.observe import Observer
    from pytest_portable.engine.session import Session
    from pytest_portable.portable import Portable
    from pytest_portable.report.progress import Workers
    from pytest_portable.settings.legs import Choice, Leg, Plan

__all__ = ["portable"]

_SETTINGS = pytest.StashKey[Settings]()
_SESSION = pytest.StashKey["Session"]()
_EXTENSIONS = pytest.StashKey[Extensions]()
_PORTABLE = pytest.StashKey["Portable"]()
_ASKED = pytest.StashKey[bool]()
_WORKERS: pytest.StashKey[Workers] = pytest.StashKey()
_SETUP_FAILURE = pytest.StashKey[dict[str, str]]()
_CHOICE = "_portable_leg"
_MARK = (
    "portable(deps=(), *, python, serializer, protocol, options, install_serializer, timeout, "
    "env, round_trip, allow_bytecode, warnings, rtol, atol, signed_zero, seed, by_value, ship, "
    "as_main, absent, preload, via, producer, forbid, max_size): what the objects of this test "
    "must be portable to; the `portable` fixture checks it."
)


# Options


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Register our hooks."""
    from pytest_portable.plugin import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register every option of the table, on the command line and in ini."""
    group = parser.getgroup("portable", "portability to other environments and Pythons")
    for option in OPTIONS:
        if option.flag and option.kind == "flag":
            group.addoption(
                option.flag_name, dest=option.key, action="store_true", help=option.help
            )
        elif option.flag:
            group.addoption(
                option.flag_name,
                dest=option.key,
                action="append" if option.kind == "list" else "store",
                metavar=option.metavar,
                help=option.help,
            )
        if option.ini:
            is_list = option.kind == "list"
            kind: Literal["linelist", "string"] = "linelist" if is_list else "string"
            parser.addini(option.key, option.help, type=kind, default=[] if is_list else None)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark and read the options."""
    config.addinivalue_line("markers", _MARK)
    root = config.rootpath
    try:
        config.stash[_EXTENSIONS] = extensions = Extensions(config)
        config.stash[_SETTINGS] = read_settings(
            {option.key: config.getoption(option.key) for option in OPTIONS if option.flag},
            {option.key: config.getini(option.key) for option in OPTIONS if option.ini},
            root=root,
            command_dir=config.invocation_params.dir,
            ini_dir=config.inipath.parent if config.inipath else root,
            checks=extensions.checks,
        )
    except OptionError as error:
        raise pytest.UsageError(*error.mistakes) from None
    if not hasattr(config, "workerinput"):  # workers of xdist send home what they find
        settings = config.stash[_SETTINGS]
        config.pluginmanager.register(Recorder(settings.header(), settings.reports))


def pytest_report_header(config: pytest.Config) -> str:
    """Say which settings are effective."""
    return config.stash[_SETTINGS].header()


def _close_session(config: pytest.Config) -> None:
    if (workers := config.stash.get(_WORKERS, None)) is not None:
        del config.stash[_WORKERS]
        workers.close()
    if (session := config.stash.get(_SESSION, None)) is not None:
        del config.stash[_SESSION]
        session.close()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End every agent."""
    _close_session(session.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every agent where the run was cut short, and what conftest files brought for it."""
    _close_session(config)
    if (extensions := config.stash.get(_EXTENSIONS, None)) is not None:
        extensions.close()


# Marks and legs


def _is_marked(node: pytest.Item | pytest.Collector) -> bool:
    return any(mark.name == "portable" for mark in node.own_markers)


def _plan(node: pytest.Item | pytest.Collector) -> tuple[Plan, list[str]]:
    """Merge the marks of a node and the options; give every mistake of the marks beside it."""
    from pytest_portable.plugin.marks import plan_of

    return plan_of(node, node.config.stash[_SETTINGS], node.config.stash[_EXTENSIONS].checks)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add an item for every bundle that is to be verified."""
    settings = config.stash[_SETTINGS]
    if settings.verify_dirs:
        from pytest_portable.plugin.bundle_items import bundle_items

        try:
            items += bundle_items(session, settings, lambda: _session(config))
        except SetupError as error:
            raise pytest.UsageError(f"--portable-verify: {error}") from None


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise over the legs; mistakes wait until set-up, as errors of the item."""
    definition = metafunc.definition
    if "portable" not in metafunc.fixturenames and not _is_marked(definition):
        return
    if not any(definition.iter_markers("portable")) and not _has_axes(definition.config):
        return
    plan, mistakes = _plan(definition)
    choices = [] if mistakes else plan.choices()
    if not choices:
        return
    metafunc.fixturenames.append(_CHOICE)
    metafunc.parametrize(
        _CHOICE,
        [pytest.param(choice, id=choice.id, marks=choice.marks) for choice in choices],  # type: ignore[arg-type]
    )


def _has_axes(config: pytest.Config) -> bool:
    settings = config.stash[_SETTINGS]
    return bool(
        settings.pythons
        or settings.serializers
        or settings.default_pythons
        or settings.default_serializers
    )


def _choice_of(item: pytest.Item) -> Choice | None:
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else callspec.params.get(_CHOICE)


def _find_leg(item: pytest.Item) -> Leg:
    """Give the leg of an item.

    Raises:
        OptionError: with every mistake of its marks.
    """
    plan, mistakes = _plan(item)
    choice = _choice_of(item)
    if not (mistakes := mistakes or plan.find_mistakes(choice)):
        leg = plan.leg(choice, item.nodeid)
        if not (
            mistakes := plan.find_serializer_mistakes(leg, item.config.stash[_EXTENSIONS].registry)
        ):
            return leg
    raise OptionError(mistakes)


def _leg(item: pytest.Item) -> Leg:
    """Give the leg of an item, or end its set-up with every mistake of its marks."""
    __tracebackhide__ = True
    try:
        return _find_leg(item)
    except OptionError as error:
        mistakes = error.mistakes
    lines = "\n".join(f"  {line}" for line in mistakes)
    count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    pytest.fail(f"{item.nodeid}: {count} in the mark portable\n{lines}", pytrace=False)


def _is_ours(item: pytest.Item) -> bool:
    return _is_marked(item) or "portable" in getattr(item, "fixturenames", ())


# Environments


@pytest.hookimpl(trylast=True)  # after xdist's worker has told that collection is over
def pytest_collection_finish(session: pytest.Session) -> None:
    """Prepare what the tests need, together, before the first of them."""
    config = session.config
    if config.getoption("collectonly"):
        return
    legs: list[Leg] = []
    for item in session.items:
        if _is_ours(item) and item.get_closest_marker("skip") is None:
            with contextlib.suppress(OptionError):  # its own set-up says so
                legs.append(_find_leg(item))
    if legs:
        from pytest_portable.report.progress import progress_of

        _session(config).prepare(legs, progress_of(config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - xdist's WorkerController
    """Let a worker of pytest-xdist tell us what it prepares: the terminal is ours."""
    config: pytest.Config = node.config
    if (workers := config.stash.get(_WORKERS, None)) is None:
        from pytest_portable.report.progress import Workers

        config.stash[_WORKERS] = workers = Workers(config)
    node.workerinput.update(workers.inputs)


# Running


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a mark with mistakes before anything is set up."""
    __tracebackhide__ = True
    item.stash[_ASKED] = False
    if _is_ours(item):
        _leg(item)


def _session(config: pytest.Config) -> Session:
    """Give the engine's session, made when the first test needs it."""
    if (known := config.stash.get(_SESSION, None)) is not None:
        return known
    from pytest_portable.engine.session import Session
    from pytest_portable.environment import default_cache_dir

    settings = config.stash[_SETTINGS]
    config.stash[_SESSION] = session = Session(
        root=settings.root,
        cache_dir=settings.cache_dir or default_cache_dir(),
        installer=settings.installer,
        offline=settings.offline,
        refresh=settings.refresh,
        constraints=settings.constraints,
        serializers=config.stash[_EXTENSIONS].registry,
        comparators=config.stash[_EXTENSIONS].comparators,
        store=_store(config, settings),
        adopt=lambda leg: config.hook.pytest_portable_prepare(leg=leg),
        observers=_observers(settings),
        update=settings.update,
        suggest=settings.suggest,
        verbosity=max(0, config.get_verbosity()),
    )
    return session


def _observers(settings: Settings) -> tuple[Observer, ...]:
    """Give what looks at every finished check."""
    found: list[Observer] = [inspect_checked] if settings.wants_inspections() else []
    if settings.export_dir is not None:
        from pytest_portable.bundle.export import Exporter

        found.append(Exporter(settings.export_dir))
    return tuple(found)


def _store(config: pytest.Config, settings: Settings) -> dict[str, object]:
    """Give what else shapes the store: ini keys, installers of others, a moment all share."""
    shared = getattr(config, "workerinput", {})
    since = {"since": shared["portable_since"]} if "portable_since" in shared else {}
    if settings.installer in INSTALLERS:
        return {**settings.store, **since}
    return {**settings.store, **since, "installers": config.stash[_EXTENSIONS].installers}


@pytest.fixture
def portable(request: pytest.FixtureRequest) -> Iterator[Portable]:
    """Check that objects work in the environment that the mark `portable` declares."""
    __tracebackhide__ = True
    item: pytest.Item = request.node
    item.stash[_ASKED] = True
    found = _set_up(item)
    item.stash[_PORTABLE] = found
    yield found
    for verdict in found.verdicts:
        item.ihook.pytest_portable_verdict(item=item, verdict=verdict)


def _set_up(item: pytest.Item) -> Portable:
    __tracebackhide__ = True
    from pytest_portable.errors import InterpreterNotFoundError
    from pytest_portable.portable import portable_on

    leg = _leg(item)
    try:
        return portable_on(_session(item.config), leg)
    except InterpreterNotFoundError as error:
        if item.config.stash[_SETTINGS].skip_missing_python:
            pytest.skip(str(error).splitlines()[0])
        trouble: Exception = error
    except (SetupError, OptionError) as error:
        trouble = error
    item.stash[_SETUP_FAILURE] = {
        "test": item.nodeid,
        "leg": leg.id or leg.python or "this Python",
        "message": str(trouble),
    }
    pytest.fail(f"set-up failure: {trouble}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test whose own mark promised a check that nothing asked for."""
    __tracebackhide__ = True
    result = trouble = None
    try:
        result = yield
    except (SetupError, OptionError) as error:
        from pytest_portable.plugin.shown_failures import in_call

        trouble = in_call(error, item.path)
    if trouble is not None:
        pytest.fail(trouble, pytrace=False)
    if _is_marked(item) and not item.stash.get(_ASKED, False):
        pytest.fail(
            f"{item.nodeid}: marked portable, but nothing asked for the fixture `portable`: "
            "nothing was checked. Take `portable` as an argument, or remove the mark.",
            pytrace=False,
        )
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the targets printed, and the verdicts that the failure itself does not tell."""
    report = yield
    if report.failed and call.excinfo is not None and _is_ours(item):
        from pytest_portable.plugin.shown_failures import shorten

        shorten(report.longrepr, call.excinfo.value)
    if report.when == "setup" and (failure := item.stash.get(_SETUP_FAILURE, None)):
        setattr(report, ATTRIBUTE, {"setup_failure": failure})
    found = item.stash.get(_PORTABLE, None) or getattr(item, "found", None)
    if found is None or report.when != "call":
        return report
    record = record_of(found, item.location, _session(item.config).seconds)
    setattr(report, ATTRIBUTE, record)
    # JUnit takes the properties of the last report of an item, so the item has to know them too.
    item.user_properties += properties_of(record)
    report.user_properties += properties_of(record)
    for verdict in found.verdicts:
        for stream in ("stdout", "stderr"):
            if text := getattr(verdict, stream):
                report.sections.append((f"portable {stream}", text))
    told = call.excinfo is not None and isinstance(call.excinfo.value, PortabilityError)
    if report.failed and not told:
        report.sections += [
            ("portable verdict", str(verdict)) for verdict in found.verdicts if not verdict.portable
        ]
    return report
