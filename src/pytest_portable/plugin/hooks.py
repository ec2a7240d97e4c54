"""The hooks and the fixture: marks become legs, errors become pytest's errors and failures.

Imported at every start of pytest, so it imports nothing beyond pytest and the table of options;
the rest waits until a test needs it.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.errors import OptionError, SetupError
from pytest_portable.plugin import keys, marks
from pytest_portable.plugin.extensions import Extensions
from pytest_portable.plugin.recorder import Recorder
from pytest_portable.settings.options import OPTIONS, Settings, read_settings

if TYPE_CHECKING:
    from pytest_portable.portable import Portable
    from pytest_portable.settings.legs import Leg

__all__ = ["portable"]

_MARK = (
    "portable(deps=(), *, python, serializer, protocol, options, install_serializer, timeout, "
    "env, round_trip, allow_bytecode, warnings, rtol, atol, signed_zero, seed, by_value, ship, "
    "as_main, absent, preload, via, producer, forbid, max_size): what the objects of this test "
    "must be portable to; the `portable` fixture checks it."
)
# What pytest does not take as the type that an ini key is registered with.
_REFUSED = object()
_NOTHING_ASKED = (
    "marked portable, but nothing asked for the fixture `portable`: nothing was checked. "
    "Take `portable` as an argument, or remove the mark."
)

_NOTHING_CHECKED = (
    "marked portable, and nothing of the fixture `portable` was used: nothing was checked. "
    "Check an object, as in `portable(obj)`, or remove the mark."
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
        is_list = option.kind == "list"
        taken: dict[str, Any] = {"action": "append" if is_list else "store"}
        taken["metavar"] = option.metavar
        if option.kind == "flag":
            taken = {"action": "store_true"}
        if option.flag:
            group.addoption(option.flag_name, dest=option.key, help=option.help, **taken)
        if option.ini:
            kind: Any = "linelist" if is_list else "string"
            parser.addini(option.key, option.help, type=kind, default=[] if is_list else None)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark and read the options."""
    config.addinivalue_line("markers", _MARK)
    try:
        config.stash[keys.EXTENSIONS] = extensions = Extensions(config)
        config.stash[keys.SETTINGS] = settings = _settings_of(config, extensions)
    except OptionError as error:
        raise pytest.UsageError(*error.mistakes) from None
    columns = getattr(config, "workerinput", {}).get("portable_columns")
    config.stash[keys.COLUMNS] = columns or shutil.get_terminal_size().columns
    if not hasattr(config, "workerinput"):  # workers of xdist send home what they find
        config.pluginmanager.register(Recorder(settings.header(), settings.reports))


def _settings_of(config: pytest.Config, extensions: Extensions) -> Settings:
    return read_settings(
        {option.key: config.getoption(option.key) for option in OPTIONS if option.flag},
        _ini_values(config, [option.key for option in OPTIONS if option.ini]),
        root=config.rootpath,
        command_dir=config.invocation_params.dir,
        ini_dir=config.inipath.parent if config.inipath else config.rootpath,
        checks=extensions.checks,
    )


def _ini_values(config: pytest.Config, keys: Iterable[str]) -> dict[str, object]:
    found = {key: _ini_value(config, key) for key in keys}
    refused = [key for key, value in found.items() if value is _REFUSED]
    if refused and config.inipath is not None:
        from pytest_portable.plugin.native_values import native_values

        found.update(native_values(config.inipath, refused))
    return found


def _ini_value(config: pytest.Config, key: str) -> object:
    try:
        return config.getini(key)
    except (TypeError, pytest.UsageError):  # which one depends on the release of pytest 9
        if config.inipath is None:
            raise
        return _REFUSED


def pytest_report_header(config: pytest.Config) -> str:
    """Return which settings are effective."""
    return config.stash[keys.SETTINGS].header()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End every agent."""
    _close(session.config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every agent where the run was interrupted, and remove what conftest files added."""
    _close(config)
    if (extensions := config.stash.get(keys.EXTENSIONS, None)) is not None:
        extensions.close()


def _close(config: pytest.Config) -> None:
    if (workers := config.stash.get(keys.WORKERS, None)) is not None:
        del config.stash[keys.WORKERS]
        workers.close()
    if (session := config.stash.get(keys.SESSION, None)) is not None:
        del config.stash[keys.SESSION]
        session.close()


# Items


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Mark what uses the fixture, and add an item for every bundle that is to be verified."""
    for item in items:
        marks.add_mark(item)
    settings = config.stash[keys.SETTINGS]
    if settings.verify_dirs:
        from pytest_portable.plugin.bundle_items import bundle_items
        from pytest_portable.plugin.run_session import session_of

        try:
            items += bundle_items(session, settings, lambda: session_of(config))
        except SetupError as error:
            raise pytest.UsageError(f"--portable-verify: {error}") from None


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise over the legs; mistakes wait until set-up, as errors of the item."""
    if choices := marks.choices_of(metafunc):
        metafunc.fixturenames.append(keys.CHOICE)
        metafunc.parametrize(
            keys.CHOICE,
            [pytest.param(choice, id=choice.id, marks=choice.marks) for choice in choices],  # type: ignore[arg-type]
        )


@pytest.hookimpl(trylast=True)  # after xdist's worker has reported that collection is over
def pytest_collection_finish(session: pytest.Session) -> None:
    """Prepare what the tests need, together, before the first of them."""
    if session.config.getoption("collectonly"):
        return
    legs: list[Leg] = []
    for item in session.items:
        if marks.is_ours(item) and item.get_closest_marker("skip") is None:
            with contextlib.suppress(OptionError):  # its own set-up reports it
                legs.append(marks.find_leg(item))
    if legs:
        from pytest_portable.plugin.progress import progress_of
        from pytest_portable.plugin.run_session import session_of

        session_of(session.config).prepare(legs, progress_of(session.config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - xdist's WorkerController
    """Let a worker of pytest-xdist report what it prepares: this process has the terminal."""
    config: pytest.Config = node.config
    if (workers := config.stash.get(keys.WORKERS, None)) is None:
        from pytest_portable.plugin.progress import Workers

        config.stash[keys.WORKERS] = workers = Workers(config)
    node.workerinput.update(workers.inputs, portable_columns=config.stash[keys.COLUMNS])


# Running


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a mark with mistakes before anything is set up."""
    __tracebackhide__ = True
    item.stash[keys.ASKED] = False
    if marks.is_ours(item):
        marks.leg_of(item)


@pytest.fixture
def portable(request: pytest.FixtureRequest) -> Iterator[Portable]:
    """Check that objects work in the environment that the mark `portable` declares."""
    __tracebackhide__ = True
    from pytest_portable.plugin.run_session import portable_of

    item: pytest.Item = request.node
    item.stash[keys.ASKED] = True
    item.stash[keys.PORTABLE] = found = portable_of(item)
    item.stash[keys.TOLD] = 0
    yield found
    for verdict in found.verdicts:
        item.ihook.pytest_portable_verdict(item=item, verdict=verdict)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test whose own mark promised a check that was not made; warn of unread verdicts."""
    __tracebackhide__ = True
    result = trouble = None
    try:
        result = yield
    except (SetupError, OptionError) as error:
        from pytest_portable.plugin.shown_failures import in_call

        trouble = in_call(error, item.path)
    # What failed or was skipped in a `unittest.TestCase` raises nothing here: pytest keeps it.
    if trouble is None and not getattr(item, "_excinfo", None):
        trouble = _unchecked(item) or _unread(item)
    if trouble is not None:
        pytest.fail(trouble, pytrace=False)
    return result


def _unchecked(item: pytest.Item) -> str | None:
    """Return what is wrong with a test that passed and whose own mark promised a check."""
    if not marks.is_marked(item):
        return None
    if not item.stash.get(keys.ASKED, False):
        return f"{item.nodeid}: {_NOTHING_ASKED}"
    found = item.stash.get(keys.PORTABLE, None)
    return None if found is None or found.is_used else f"{item.nodeid}: {_NOTHING_CHECKED}"


def _unread(item: pytest.Item) -> str | None:
    """Warn of failed verdicts that nobody looked at; return it where warnings are errors."""
    found = item.stash.get(keys.PORTABLE, None)
    if found is None or not (verdicts := found.unread):
        return None
    from pytest_portable.plugin.shown_failures import warn_unread

    return warn_unread(verdicts, item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the targets printed and the verdicts that the failure itself does not show."""
    report = yield
    raised = None if call.excinfo is None else call.excinfo.value
    if report.failed and raised is not None and marks.is_ours(item):
        from pytest_portable.plugin.shown_failures import shorten

        shorten(report.longrepr, raised)
    if report.when == "setup" and (failure := item.stash.get(keys.SETUP_FAILURE, None)):
        setattr(report, keys.RECORD, {"setup_failure": failure})
    found = item.stash.get(keys.PORTABLE, None) or getattr(item, "found", None)
    # What passed in set-up is told with the call.
    if found is not None and (report.when != "setup" or not report.passed):
        from pytest_portable.plugin.item_records import add_to_report
        from pytest_portable.plugin.run_session import session_of

        add_to_report(report, found, item, raised, session_of(item.config).seconds)
    return report
