"""Build one environment: create it bare, install, compile bytecode, read what is installed."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pytest_portable.agent.variables import tool_environment
from pytest_portable.environment.build_plan import BuildPlan
from pytest_portable.environment.git_credentials import git_variables
from pytest_portable.environment.install_errors import install_error, is_network_trouble
from pytest_portable.environment.installers import Bench, Installation
from pytest_portable.environment.layout import (
    environment_python,
    import_names,
    installed,
    site_folders,
    tree_bytes,
)
from pytest_portable.environment.processes import Completed, Processes
from pytest_portable.environment.store import BuildRecord, Store
from pytest_portable.environment.wheel import project_lines
from pytest_portable.errors import SetupError
from pytest_portable.report.redaction import host_redactor

__all__ = ["build", "is_current"]

_WARM_UP_SECONDS = 120.0
# Bytecode written now saves the compilation in every later check: seconds for large packages.
_WARM_UP = """
import importlib, sys, warnings
warnings.simplefilter("ignore")
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException:
        pass
"""
# Modules that run something when imported, or that are no dependency.
_COLD = frozenset({"antigravity", "conftest", "docs", "examples", "setup", "test", "tests", "this"})


@dataclass(frozen=True)
class _Attempt:
    """One way to write the serializer's requirements, and the notes to make where it is used."""

    lines: tuple[str, ...]
    unpinned: tuple[str, ...] = ()


def build(plan: BuildPlan, store: Store, report: Callable[[str], None]) -> BuildRecord:
    """Build an environment; the caller holds the lock of its key.

    Args:
        plan: what to build.
        store: where; nothing stays there when this fails.
        report: called with each step.

    Returns:
        The record of the complete build, not yet published.

    Raises:
        InstallError: the requirements cannot be installed.
        SetupError: the environment cannot be made.
    """
    path = store.start_build(plan.key)
    log = store.root / "logs" / f"{path.name}.log"
    try:
        with _bench(plan, log) as bench:
            report(f"creating an environment of {plan.interpreter.name}")
            plan.installer.create(path, plan.interpreter, bench)
            projects = project_lines(plan, store, path, bench, report)
            filled = _Filling(plan, path, bench, log).fill(projects, report)
            _warm_up(path, bench, report)
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        raise SetupError(f"cannot build an environment in {path}: {error}") from error
    except BaseException:  # also after Ctrl-C: no unfinished build stays
        shutil.rmtree(path, ignore_errors=True)
        raise
    return _record(plan, path, filled)


@contextlib.contextmanager
def _bench(plan: BuildPlan, log: Path) -> Iterator[Bench]:
    redactor = host_redactor(*plan.declared.lines, *plan.declared.options)
    variables = tool_environment(os.environ)
    with tempfile.TemporaryDirectory(prefix="pytest-portable-") as folder:
        if plan.is_apart:
            variables |= {"UV_CACHE_DIR": f"{folder}/uv", "PIP_NO_CACHE_DIR": "1"}
        yield Bench(
            runner=Processes(redactor, log, plan.stop),
            folder=Path(folder),
            env={**variables, **git_variables(plan.declared.lines, variables)},
            timeout_seconds=plan.settings.install_timeout_seconds,
            # uv refuses `--refresh` where its own variable forbids the network.
            offline=plan.settings.offline or bool(os.environ.get("UV_OFFLINE")),
            refresh=plan.settings.refresh,
            link_mode=plan.settings.link_mode,
        )


_Filled = tuple[tuple[str, ...], list[str]]


class _Filling:
    """Installs what a plan declares into a bare environment."""

    def __init__(self, plan: BuildPlan, path: Path, bench: Bench, log: Path) -> None:
        self._plan = plan
        self._path = path
        self._bench = bench
        self._log = log

    def fill(self, projects: tuple[str, ...], report: Callable[[str], None]) -> _Filled:
        """Install everything, local projects too.

        Returns:
            The serializer's requirements as they were installed, and notes about versions that
            differ from the wanted ones.
        """
        declared = self._plan.declared
        if declared.is_empty and not self._plan.runtime:
            return (), []
        report(f"installing {', '.join(self._plan.shown)} with {self._plan.installer.name}")
        for lock in declared.locks:
            self._demand(Installation(lock=lock))
        if declared.is_hashed or declared.locks:
            # Installers want hashes for all lines of a run or for none, so there may be two runs.
            if declared.lines:
                self._demand(self._installation())
            if not projects and not self._plan.runtime:
                return (), []
            base = self._on_top()
        else:
            base = self._installation()
        return self._install_with_runtime(replace(base, lines=(*base.lines, *projects)))

    def _install_with_runtime(self, base: Installation) -> _Filled:
        done: Completed | None = None
        for attempt in _attempts(self._plan.runtime):
            done = self._run(replace(base, lines=(*base.lines, *attempt.lines)))
            if done.ok:
                return attempt.lines, self._skew(attempt)
            if done.timed_out or is_network_trouble(done.output):
                break  # another version would not help
        assert done is not None, "there is at least one attempt"
        raise install_error(self._plan, done, self._log)

    def _installation(self) -> Installation:
        declared = self._plan.declared
        return Installation(
            lines=tuple(declared.lines),
            options=tuple(declared.options),
            constraints=tuple(declared.constraints),
        )

    def _on_top(self) -> Installation:
        """Install more without changing what is installed."""
        held = installed(site_folders(self._path))
        options = self._plan.declared.options
        return Installation(
            options=tuple(each for each in options if not each.startswith("--require-hashes")),
            constraints=tuple(f"{name}=={version}" for name, version in held.items()),
        )

    def _demand(self, work: Installation) -> None:
        done = self._run(work)
        if not done.ok:
            raise install_error(self._plan, done, self._log)

    def _run(self, work: Installation) -> Completed:
        plan, python = self._plan, environment_python(self._path)
        pinned = self._settled(work)
        if pinned:
            offline = replace(self._bench, offline=True)
            done = plan.installer.install(python, plan.interpreter, work, offline)
            if done.ok and set(installed(site_folders(self._path))) <= pinned:
                return done
            if done.ok:  # dependencies of other lines are installed too, and may be outdated
                shutil.rmtree(self._path)
                plan.installer.create(self._path, plan.interpreter, self._bench)
        return plan.installer.install(python, plan.interpreter, work, self._bench)

    def _settled(self, work: Installation) -> set[str]:
        """Return the distributions, where all are pinned, so that no index is needed.

        uv keeps what it has downloaded, and not asking the index for pinned versions saves most
        of the time. pip keeps no index, so it could only fail.
        """
        may = self._plan.installer.name == "uv" and not (self._bench.offline or self._bench.refresh)
        return _pinned_names(work) if may and not installed(site_folders(self._path)) else set()

    def _skew(self, attempt: _Attempt) -> list[str]:
        found = installed(site_folders(self._path))
        return [
            f"{pin} does not install beside the requirements on {self._plan.interpreter.name}: "
            f"{_name(pin)} {found.get(_name(pin), '(none)')} was taken"
            for pin in attempt.unpinned
        ]


def _pinned_names(work: Installation) -> set[str]:
    """Return the distributions of an installation, if all have exact versions, else none."""
    names = set()
    for line in work.lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            return set()
        specifiers = list(requirement.specifier)
        exact = len(specifiers) == 1 and specifiers[0].operator == "=="
        if requirement.url or not exact or specifiers[0].version.endswith("*"):
            return set()
        names.add(str(canonicalize_name(requirement.name)))
    return set() if work.options else names


def _attempts(runtime: tuple[str, ...]) -> Iterator[_Attempt]:
    """Yield the pins as they are, then with as few of them loosened as possible."""
    for count in range(len(runtime) + 1):
        for loose in itertools.combinations(runtime, count):
            lines = tuple(_name(pin) if pin in loose else pin for pin in runtime)
            yield _Attempt(lines, loose)


def _name(pin: str) -> str:
    return str(canonicalize_name(Requirement(pin).name))


def _warm_up(path: Path, bench: Bench, report: Callable[[str], None]) -> None:
    """Import once what was installed; errors are ignored, because checks will report them."""
    names = [name for name in import_names(site_folders(path)) if name not in _COLD]
    if not names:
        return
    report(f"importing {len(names)} modules once")
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG")
    env = {name: bench.env[name] for name in kept if name in bench.env}
    env |= {"HOME": str(bench.folder), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    replace(bench, env=env, timeout_seconds=_WARM_UP_SECONDS).run(
        [environment_python(path), "-I", "-c", _WARM_UP, *names]
    )


def is_current(plan: BuildPlan, store: Store, old: BuildRecord) -> bool:
    """Return whether a build still holds what the installer would install today.

    Args:
        plan: what the build was made for.
        store: where it is.
        old: its record.

    Returns:
        False where a new build is needed.

    Raises:
        InstallError: the index cannot be asked.
    """
    if plan.declared.is_hashed or plan.declared.locks:
        return False
    path = store.builds / old.build
    log = store.root / "logs" / f"{old.build}.log"
    with _bench(plan, log) as bench:
        lines = (*project_lines(plan, store, path, bench, lambda _step: None), *old.runtime)
        work = Installation(
            lines=(*plan.declared.lines, *lines),
            options=tuple(plan.declared.options),
            constraints=tuple(plan.declared.constraints),
        )
        done = plan.installer.check(environment_python(path), plan.interpreter, work, bench)
    if done.timed_out or is_network_trouble(done.output):
        raise install_error(plan, done, log)
    return done.ok


def _record(plan: BuildPlan, path: Path, filled: _Filled) -> BuildRecord:
    runtime, notes = filled
    now = time.time()
    folders = site_folders(path)
    return BuildRecord(
        key=plan.key,
        build=path.name,
        distributions=installed(folders),
        origins=_origins(folders),
        requirements=plan.shown,
        runtime=list(runtime),
        interpreter=str(plan.interpreter),
        installer=plan.installer.name,
        notes=notes,
        size=tree_bytes(path),
        is_pinned=plan.declared.is_pinned and not notes,
        created=now,
        resolved=now,
    )


def _origins(folders: list[Path]) -> dict[str, str]:
    """Return the commit or archive of distributions whose version may stay the same."""
    found = {}
    for folder in folders:
        for path in folder.glob("*.dist-info/direct_url.json"):
            with contextlib.suppress(OSError, ValueError):
                values = json.loads(path.read_bytes())
                details = values.get("vcs_info") or values.get("archive_info") or {}
                found[path.parent.name] = json.dumps(details, sort_keys=True)
    return found
