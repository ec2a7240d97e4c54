"""One environment built: created bare, filled, warmed up, read back."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pytest_portable.environment.installers import Bench, Installation
from pytest_portable.environment.layout import (
    environment_python,
    import_names,
    installed,
    site_folders,
)
from pytest_portable.environment.processes import Processes, tool_environment
from pytest_portable.environment.redaction import host_redactor
from pytest_portable.environment.store import Record, Store
from pytest_portable.environment.trouble import install_error
from pytest_portable.environment.wheel import project_lines
from pytest_portable.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_portable.environment.installers import Installer
    from pytest_portable.environment.probing import Interpreter
    from pytest_portable.environment.processes import Completed
    from pytest_portable.environment.project import Tree
    from pytest_portable.environment.request import StoreSettings
    from pytest_portable.environment.requirements import Declared

__all__ = ["Plan", "build"]

_WARM_UP_SECONDS = 120.0
# Bytecode written now saves every later check the compilation: seconds for large packages.
_WARM_UP = """
import importlib, sys, warnings
warnings.simplefilter("ignore")
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException:
        pass
"""
# Modules that run something when imported, or belong to nobody's dependencies.
_COLD = frozenset({"antigravity", "conftest", "docs", "examples", "setup", "test", "tests", "this"})


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that settles one build.

    Attributes:
        key: where it will be found.
        interpreter: what it is made from.
        declared: what it holds.
        runtime: what the serializer needs, pinned.
        trees: the source trees of the declared projects, in their order.
        installer: what makes and fills it.
        settings: how.
    """

    key: str
    interpreter: Interpreter
    declared: Declared
    runtime: tuple[str, ...]
    trees: tuple[Tree, ...] = ()
    installer: Installer
    settings: StoreSettings

    @property
    def shown(self) -> list[str]:
        """What was asked for, credentials cut."""
        return [*self.declared.shown, *self.runtime]


@dataclass(frozen=True)
class _Attempt:
    """One way to write the serializer's requirements, and what to note where it is taken."""

    lines: tuple[str, ...]
    unpinned: tuple[str, ...] = ()


def build(plan: Plan, store: Store, report: Callable[[str], None]) -> Record:
    """Build an environment; the caller holds the lock of its key.

    Args:
        plan: what to build.
        store: where; nothing stays there when this fails.
        report: told each step.

    Returns:
        The record of the complete build, not yet published.

    Raises:
        InstallError: the requirements cannot be installed.
        SetupError: the environment cannot be made.
    """
    path = store.start_build(plan.key)
    log = store.root / "logs" / f"{path.name}.log"
    processes = Processes(host_redactor(*plan.declared.lines, *plan.declared.options), log)
    try:
        with _bench(plan, processes) as bench:
            report(f"creating an environment of {plan.interpreter.name}")
            plan.installer.create(path, plan.interpreter, bench)
            projects = project_lines(plan, store, path, bench, report)
            notes = _Filling(plan, path, bench, log).fill(projects, report)
            _warm_up(path, bench, report)
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        raise SetupError(f"cannot build an environment in {path}: {error}") from error
    except BaseException:  # Ctrl-C too: nothing half-built stays
        shutil.rmtree(path, ignore_errors=True)
        raise
    return _record(plan, path, notes)


@contextlib.contextmanager
def _bench(plan: Plan, processes: Processes) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="pytest-portable-") as folder:
        yield Bench(
            runner=processes,
            folder=Path(folder),
            env=tool_environment(os.environ),
            timeout_seconds=plan.settings.install_timeout_seconds,
            offline=plan.settings.offline,
            refresh=plan.settings.refresh,
            link_mode=plan.settings.link_mode,
        )


class _Filling:
    """Installs what a plan declares into a bare environment."""

    def __init__(self, plan: Plan, path: Path, bench: Bench, log: Path) -> None:
        self._plan = plan
        self._path = path
        self._bench = bench
        self._log = log

    def fill(self, projects: tuple[str, ...], report: Callable[[str], None]) -> list[str]:
        """Install everything, local projects too; give notes about what was taken instead."""
        declared = self._plan.declared
        if declared.is_empty and not self._plan.runtime:
            return []
        report(f"installing {', '.join(self._plan.shown)} with {self._plan.installer.name}")
        for lock in declared.locks:
            self._demand(Installation(lock=lock))
        if declared.is_hashed or declared.locks:
            # Hashes are demanded of every line of a run; what has none comes in one of its own.
            if declared.lines:
                self._demand(self._installation())
            if not projects and not self._plan.runtime:
                return []
            base = self._on_top()
        else:
            base = self._installation()
        return self._install_with_runtime(replace(base, lines=(*base.lines, *projects)))

    def _install_with_runtime(self, base: Installation) -> list[str]:
        done: Completed | None = None
        for attempt in _attempts(self._plan.runtime):
            done = self._run(replace(base, lines=(*base.lines, *attempt.lines)))
            if done.ok:
                return self._skew(attempt)
            if done.timed_out:
                break
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
        """Add to what is there and change none of it."""
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
        python = environment_python(self._path)
        return self._plan.installer.install(python, self._plan.interpreter, work, self._bench)

    def _skew(self, attempt: _Attempt) -> list[str]:
        found = installed(site_folders(self._path))
        return [
            f"{pin} does not install beside the requirements on {self._plan.interpreter.name}: "
            f"{_name(pin)} {found.get(_name(pin), '(none)')} was taken"
            for pin in attempt.unpinned
        ]


def _attempts(runtime: tuple[str, ...]) -> Iterator[_Attempt]:
    """Give the pins as they are, then with as few of them loosened as possible."""
    for count in range(len(runtime) + 1):
        for loose in itertools.combinations(runtime, count):
            lines = tuple(_name(pin) if pin in loose else pin for pin in runtime)
            yield _Attempt(lines, loose)


def _name(pin: str) -> str:
    return str(canonicalize_name(Requirement(pin).name))


def _warm_up(path: Path, bench: Bench, report: Callable[[str], None]) -> None:
    """Import what was installed once; failures are the checks' business, not ours."""
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


def _record(plan: Plan, path: Path, notes: list[str]) -> Record:
    now = time.time()
    folders = site_folders(path)
    return Record(
        key=plan.key,
        build=path.name,
        distributions=installed(folders),
        origins=_origins(folders),
        requirements=plan.shown,
        interpreter=str(plan.interpreter),
        installer=plan.installer.name,
        notes=notes,
        is_pinned=plan.declared.is_pinned and not plan.runtime,
        created=now,
        resolved=now,
    )


def _origins(folders: list[Path]) -> dict[str, str]:
    """Tell which commit or archive a distribution came from: its version may stay the same."""
    found = {}
    for folder in folders:
        for path in folder.glob("*.dist-info/direct_url.json"):
            with contextlib.suppress(OSError, ValueError):
                values = json.loads(path.read_bytes())
                details = values.get("vcs_info") or values.get("archive_info") or {}
                found[path.parent.name] = json.dumps(details, sort_keys=True)
    return found
