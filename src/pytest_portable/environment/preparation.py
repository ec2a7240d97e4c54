"""Prepare environments: find the wanted one in the store, or build it."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from pytest_portable.environment.as_it_is import as_it_is
from pytest_portable.environment.build import build, is_current
from pytest_portable.environment.build_plan import BuildPlan
from pytest_portable.environment.command import ask_command
from pytest_portable.environment.configuration import (
    index_configuration,
    wheelhouse_listing,
)
from pytest_portable.environment.damage import find_damage
from pytest_portable.environment.failed_builds import recall_failure, remember_failure
from pytest_portable.environment.housekeeping import clean_up
from pytest_portable.environment.install_errors import last_words
from pytest_portable.environment.installers import (
    OLDEST_UV,
    Installer,
    PipInstaller,
    UvInstaller,
    find_uv,
)
from pytest_portable.environment.interpreters import find_interpreter
from pytest_portable.environment.layout import environment_python
from pytest_portable.environment.probing import Interpreter
from pytest_portable.environment.project import read_tree
from pytest_portable.environment.python_install import find_or_install
from pytest_portable.environment.request import Environment, EnvironmentRequest, StoreSettings
from pytest_portable.environment.requirements import (
    canonical_digest,
    read_requirements,
    runtime_pins,
)
from pytest_portable.environment.specs import OLDEST_TARGET, too_old
from pytest_portable.environment.store import SCHEMA, BuildRecord, Store, session_store
from pytest_portable.errors import InstallError, SetupError

__all__ = ["find_environment", "prepare", "prepare_all"]


def _silent(_step: str) -> None:
    """Report nothing."""


def _silent_of(_request: EnvironmentRequest, _step: str) -> None:
    """Report nothing."""


def _forget(
    _request: EnvironmentRequest, _found: Environment | SetupError, _seconds: float
) -> None:
    """Do nothing: the results are returned at the end."""


def prepare(
    request: EnvironmentRequest,
    settings: StoreSettings,
    *,
    report: Callable[[str], None] = _silent,
) -> Environment:
    """Return the wanted environment; build it where the store does not have it.

    One in the store needs no process and no network access. Any number of processes and threads
    may ask for the same one at the same time: one builds, the others wait.

    Args:
        request: what it holds and which Python it runs.
        settings: where it is kept and how it is made.
        report: called with each step of the work, never for an environment that is in the store.

    Returns:
        An environment that holds exactly the declared distributions, to be used read-only.

    Raises:
        InterpreterNotFoundError: no interpreter satisfies the spec.
        InstallError: the requirements cannot be installed.
        SetupError: a requirement line is wrong or the environment cannot be made.
    """
    return _prepare(request, settings, report, threading.Event())


def find_environment(request: EnvironmentRequest, settings: StoreSettings) -> Environment | None:
    """Return the wanted environment if the store has it; nothing is built or changed.

    Raises:
        InterpreterNotFoundError: no interpreter satisfies the spec.
        SetupError: a requirement line is wrong.
    """
    if request.command is not None:
        return ask_command(request.command)
    interpreter = find_interpreter(_spec(request), cache_dir=settings.cache_dir)
    if request.requirements is None:
        return as_it_is(interpreter)
    plan = _plan(request, interpreter, settings, threading.Event())
    store = Store(settings.cache_dir)
    record = store.lookup(plan.key)
    return None if record is None else _environment(plan, store, record, [])


def _prepare(
    request: EnvironmentRequest,
    settings: StoreSettings,
    report: Callable[[str], None],
    stop: threading.Event,
) -> Environment:
    if request.command is not None:
        return ask_command(request.command)
    interpreter = find_or_install(_spec(request), settings, report, stop)
    if interpreter.version_info[:2] < OLDEST_TARGET:
        raise SetupError(too_old(interpreter))
    if request.requirements is None:
        return as_it_is(interpreter)
    plan = _plan(request, interpreter, settings, stop)
    store = Store(settings.cache_dir)
    record = store.lookup(plan.key)
    remarks: list[str] = []
    try:
        if record is None or _is_stale(record, settings) or _is_to_repair(record, store, settings):
            store, record, remarks = _provide(plan, store, record, report)
    except OSError as error:
        raise SetupError(f"environments cannot be kept in {store.root}: {error}") from error
    store.touch(record)
    return _environment(plan, store, record, remarks)


def _spec(request: EnvironmentRequest) -> str | None:
    """Return the interpreter spec; a relative path starts at the root of the requirements."""
    if request.python is None or not {"/", os.sep} & set(request.python):
        return request.python
    return str(request.root / Path(request.python).expanduser())


def _provide(
    plan: BuildPlan, store: Store, record: BuildRecord | None, report: Callable[[str], None]
) -> tuple[Store, BuildRecord, list[str]]:
    """Build or renew an environment; add a remark where it could not be renewed."""
    if store.is_writable():
        return store, *_obtain(plan, store, report)
    if record is not None:
        return store, record, [f"not refreshed, {store.root} cannot be written"]
    remarks = [f"{store.root} cannot be written: environments are kept for this session only"]
    store = session_store(store.root)
    record, more = _obtain(plan, store, report)
    return store, record, [*remarks, *more]


def prepare_all(
    requests: Iterable[EnvironmentRequest],
    settings: StoreSettings,
    report: Callable[[EnvironmentRequest, str], None] = _silent_of,
    ended: Callable[[EnvironmentRequest, Environment | SetupError, float], None] = _forget,
) -> dict[EnvironmentRequest, Environment | SetupError]:
    """Prepare several environments in parallel; one that fails does not stop the others.

    Args:
        requests: equal ones are prepared once.
        settings: for all of them.
        report: called with each step of each environment, from several threads.
        ended: called with the result of each environment and the seconds it took, as soon as it
            is ready, from several threads.

    Returns:
        The environment or the error, for every request, in their order.
    """
    wanted = list(dict.fromkeys(requests))
    stop = threading.Event()

    def one(request: EnvironmentRequest) -> Environment | SetupError:
        def tell(step: str) -> None:
            # Called between steps and while waiting for a lock: a good place to stop.
            if stop.is_set():
                raise SetupError("the preparation was stopped")
            report(request, step)

        found: Environment | SetupError
        begun = time.monotonic()
        try:
            found = _prepare(request, settings, tell, stop)
        except SetupError as error:
            found = error
        if not stop.is_set():
            ended(request, found, time.monotonic() - begun)
        return found

    with ThreadPoolExecutor(max(1, min(len(wanted), os.cpu_count() or 1))) as pool:
        try:
            return dict(zip(wanted, pool.map(one, wanted), strict=True))
        except BaseException:  # Ctrl-C reaches this thread only; this stops the others
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _plan(
    request: EnvironmentRequest,
    interpreter: Interpreter,
    settings: StoreSettings,
    stop: threading.Event,
) -> BuildPlan:
    declared = read_requirements(
        request.requirements or (),
        request.root,
        interpreter,
        constraint_files=settings.constraints,
    )
    installer = _installer(settings)
    runtime = runtime_pins(request.runtime, declared)
    trees = tuple(read_tree(project.path) for project in declared.projects)
    projects = zip(declared.projects, trees, strict=True)
    shape = {
        "schema": SCHEMA,
        "interpreter": interpreter.identity,
        "requirements": declared.identity,
        "runtime": sorted(runtime),
        "projects": sorted([tree.digest, each.extras, each.marker] for each, tree in projects),
        "installer": installer.name,
        "configuration": index_configuration(installer.name, os.environ, Path.home()),
        "wheelhouses": wheelhouse_listing(declared.options),
        "link_mode": settings.link_mode,
    }
    return BuildPlan(
        key=canonical_digest(shape),
        interpreter=interpreter,
        declared=declared,
        runtime=runtime,
        trees=trees,
        installer=installer,
        settings=settings,
        stop=stop,
    )


def _installer(settings: StoreSettings) -> Installer:
    for each in settings.installers:
        if each.name == settings.installer:
            return each
    if settings.installer == "pip":
        return PipInstaller()
    if settings.installer not in {"auto", "uv"}:
        names = ", ".join(["auto", "uv", "pip", *(each.name for each in settings.installers)])
        raise SetupError(f"no installer is called {settings.installer!r}; valid: {names}")
    executable = find_uv(settings.cache_dir)
    if executable is not None:
        return UvInstaller(executable)
    if settings.installer == "uv":
        raise SetupError(
            f"installer 'uv' was asked for, but no uv from {OLDEST_UV} on runs here; install it "
            "(pip install 'pytest-portable[uv]') or choose 'pip'"
        )
    return PipInstaller()


def _is_stale(record: BuildRecord, settings: StoreSettings) -> bool:
    """Return whether there may be newer versions, and they are wanted."""
    if settings.offline or record.is_pinned or not record.requirements:
        return False
    if settings.refresh and record.resolved < settings.since:
        return True
    return time.time() - record.resolved > settings.ttl_seconds


def _is_to_repair(record: BuildRecord, store: Store, settings: StoreSettings) -> bool:
    """Return whether a refresh was asked for, and the build is not what it was, pinned or not."""
    return (
        settings.refresh
        and record.created < settings.since
        and bool(find_damage(store.builds / record.build))
    )


def _obtain(
    plan: BuildPlan, store: Store, report: Callable[[str], None]
) -> tuple[BuildRecord, list[str]]:
    """Build or confirm the environment of a key, while holding its lock."""
    with store.lock(plan.key, report):
        old = store.lookup(plan.key)  # another process may have built it while we waited
        if old is None:
            return _build_first(plan, store, report), []
        if _is_to_repair(old, store, plan.settings):
            return _build_again(plan, store, report), []
        if not _is_stale(old, plan.settings):
            return old, []
        return _renew(old, plan, store, report)


def _build_first(plan: BuildPlan, store: Store, report: Callable[[str], None]) -> BuildRecord:
    known = recall_failure(store, plan.key, since=plan.settings.since)
    if known is not None:  # else eight workers would fail one after the other
        raise known
    try:
        record = build(plan, store, report)
    except InstallError as error:
        remember_failure(store, plan.key, error)
        raise
    store.publish(record)
    clean_up(store)
    return record


def _build_again(plan: BuildPlan, store: Store, report: Callable[[str], None]) -> BuildRecord:
    """Build what was damaged; its files may be those that the installer keeps, damaged as well."""
    report("building it again: files of it are gone or changed")
    record = build(plan, store, report)
    store.publish(record)
    if find_damage(store.builds / record.build, as_recorded=True):
        report("building it again, with nothing that the installer keeps")
        record = build(replace(plan, is_apart=True), store, report)
        store.publish(record)
    return record


def _renew(
    old: BuildRecord, plan: BuildPlan, store: Store, report: Callable[[str], None]
) -> tuple[BuildRecord, list[str]]:
    try:
        report(f"asking for newer versions of {', '.join(old.requirements)}")
        if is_current(plan, store, old):
            record = replace(old, resolved=time.time())
            store.point(record)
            return record, []
        record = build(plan, store, report)
    except InstallError as error:
        age = (time.time() - old.resolved) / 3600
        words = last_words(error.output).splitlines() or ["no words"]
        return old, [f"not refreshed, {age:.0f} h old versions are used: {words[-1].strip()}"]
    if (record.distributions, record.origins) == (old.distributions, old.origins):
        shutil.rmtree(store.builds / record.build, ignore_errors=True)
        record = replace(old, resolved=record.resolved)
        store.point(record)
    else:
        # The old build stays for its users; pruning removes it when it was not used for a while.
        store.publish(record)
        clean_up(store)
    return record, []


def _environment(
    plan: BuildPlan, store: Store, record: BuildRecord, remarks: list[str]
) -> Environment:
    path = store.builds / record.build
    return Environment(
        key=plan.key,
        path=path,
        executable=environment_python(path),
        interpreter=plan.interpreter,
        distributions=record.distributions,
        notes=tuple(record.notes),
        remarks=tuple(remarks),
    )
