"""The environments of one run: adopted, found at hand, or built together before the first test."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pytest_portable.environment import (
    CommandTarget,
    Environment,
    EnvironmentRequest,
    StoreSettings,
    find_environment,
    prepare,
    prepare_all,
)
from pytest_portable.errors import InterpreterNotFoundError, OptionError, SetupError
from pytest_portable.report.progress import Progress
from pytest_portable.report.redaction import redact
from pytest_portable.serializers import Serializer, runtime_of
from pytest_portable.settings.legs import Leg

__all__ = ["Environments", "adopt_nothing", "describe"]

_LONGEST_NAME: Final = 72
_MOST_LOST: Final = 5


def adopt_nothing(leg: Leg) -> object:
    """Leave every leg to us."""
    del leg
    return None


@dataclass
class Environments:
    """Gives legs their environments; each is asked for once in a run, whatever came of it.

    Attributes:
        root: where relative paths of a leg start.
        settings: makes the store's settings, when the first environment is needed.
        adopt: asked before anything is built: gives an interpreter's path or a `CommandTarget`
            for a leg that brings its own environment, `None` for all others.
        report: told the steps of an environment that was not prepared before.
        seconds: how long each environment took to be had, by its executable.
    """

    root: Path
    settings: Callable[[], StoreSettings]
    adopt: Callable[[Leg], object] = adopt_nothing
    report: Callable[[str], None] = lambda _step: None
    seconds: dict[str, float] = field(default_factory=dict)
    _store: StoreSettings | None = None
    _rebuilt: set[EnvironmentRequest] = field(default_factory=set)
    _known: dict[EnvironmentRequest, Environment | SetupError] = field(default_factory=dict)

    def environment(self, leg: Leg, serializer: Serializer) -> Environment:
        """Give the environment of a leg; it is built now where that was not done before.

        One that somebody has deleted since (with the whole cache, mostly) is built once more.

        Raises:
            SetupError: it cannot be had; the same error for every leg that needs it.
        """
        request = self.request(leg, serializer)
        if request not in self._known or _is_gone(self._known[request]):
            begun = time.monotonic()
            try:
                made = prepare(request, self._settings(), report=self.report)
                self._keep(request, made, time.monotonic() - begun)
            except SetupError as error:
                self._known[request] = error
        found = self._known[request]
        if isinstance(found, SetupError):
            raise found.with_traceback(None)
        return found

    def rebuild(
        self, leg: Leg, serializer: Serializer, broken: Environment, lost: Sequence[str]
    ) -> None:
        """Build the environment of a leg again, once in a run.

        Args:
            leg: one whose environment was given.
            serializer: of the leg.
            broken: that environment; another may have taken its place since.
            lost: what is wrong with its files; see `environment.find_damage`.

        Raises:
            SetupError: it cannot be built now, or was built again before.
        """
        request = self.request(leg, serializer)
        if self._known.get(request, broken) != broken:
            return
        words = _told_broken(broken, lost)
        if request in self._rebuilt:
            raise SetupError(f"{words}\n  it was built again in this run already: what changes it?")
        self._rebuilt.add(request)
        settings = replace(self._settings(), refresh=True, since=time.time())
        begun = time.monotonic()
        try:
            made = prepare(request, settings, report=self.report)
        except SetupError as error:
            raise SetupError(f"{words}\n  it could not be built again: {error}") from error
        self._keep(request, made, time.monotonic() - begun)

    def find(self, leg: Leg, serializer: Serializer) -> Environment | None:
        """Give the environment of a leg where it is at hand; nothing is built."""
        return find_environment(self.request(leg, serializer), self._settings())

    def prepare(self, wanted: Iterable[tuple[Leg, Serializer]], progress: Progress) -> None:
        """Prepare the environments of several legs together, in parallel.

        What fails is kept and raised when `environment` is asked for it: one leg's trouble is no
        other leg's.

        Args:
            wanted: every leg that will be asked for, with its serializer.
            progress: told what is done for which environment; one at hand is not mentioned.
        """
        requests = []
        for leg, serializer in wanted:
            with contextlib.suppress(OptionError, SetupError):  # its own set-up says so
                requests.append(self.request(leg, serializer))
        telling = _Telling(progress, self._keep)
        new = [request for request in requests if request not in self._known]
        try:
            prepare_all(new, self._settings(), telling.step, telling.ended)
        finally:
            telling.close()

    def request(self, leg: Leg, serializer: Serializer) -> EnvironmentRequest:
        """Give what a leg asks the store for.

        Raises:
            SetupError: a hook answered with something that is no environment.
        """
        root = leg.deps_root or self.root
        adopted = self.adopt(leg)
        if isinstance(adopted, CommandTarget):
            return EnvironmentRequest(python=None, requirements=None, root=root, command=adopted)
        if isinstance(adopted, str | Path):
            path = Path(adopted).expanduser()
            if not path.is_absolute():
                raise SetupError(f"pytest_portable_prepare: '{path}' is not an absolute path")
            return EnvironmentRequest(python=str(path), requirements=None, root=root)
        if adopted is not None:
            raise SetupError(
                f"pytest_portable_prepare: {adopted!r} is no environment; valid: the path of an "
                "interpreter, a pytest_portable.CommandTarget, None"
            )
        deps = leg.deps
        runtime: tuple[str, ...] = ()
        if leg.install_serializer and deps is not None:
            runtime = runtime_of(serializer)
            if serializer.requirement_is_firm:
                deps, runtime = (*deps, *runtime), ()
        return EnvironmentRequest(python=leg.python, requirements=deps, runtime=runtime, root=root)

    def _settings(self) -> StoreSettings:
        if self._store is None:
            self._store = self.settings()
        return self._store

    def _keep(
        self, request: EnvironmentRequest, found: Environment | SetupError, seconds: float
    ) -> None:
        self._known[request] = found
        if not isinstance(found, SetupError):
            self.seconds.setdefault(str(found.executable), seconds)


def _is_gone(found: Environment | SetupError) -> bool:
    if isinstance(found, SetupError) or found.command is not None:
        return False
    return not os.path.lexists(found.executable)


def _told_broken(environment: Environment, lost: Sequence[str]) -> str:
    shown = "".join(f"\n    {each}" for each in lost[:_MOST_LOST])
    more = f"\n    and {len(lost) - _MOST_LOST} more" if len(lost) > _MOST_LOST else ""
    return (
        f"the environment {environment.path} is broken: files that its distributions list "
        f"are gone or changed{shown}{more}\n  to do: --portable-refresh builds it again"
    )


@dataclass
class _Telling:
    """Turns what happens to requests into what people read."""

    progress: Progress
    keep: Callable[[EnvironmentRequest, Environment | SetupError, float], None]
    _told: set[EnvironmentRequest] = field(default_factory=set)
    _remarks: dict[str, list[str]] = field(default_factory=dict)

    def step(self, request: EnvironmentRequest, text: str) -> None:
        self._told.add(request)
        self.progress.step(describe(request), text)

    def ended(
        self, request: EnvironmentRequest, found: Environment | SetupError, seconds: float
    ) -> None:
        self.keep(request, found, seconds)
        name = describe(request)
        if isinstance(found, InterpreterNotFoundError):
            self.progress.ended(name, "no such interpreter")
        elif isinstance(found, SetupError):
            self.progress.ended(name, f"failed after {seconds:.1f} s")
        else:
            if request in self._told:
                self.progress.ended(name, f"ready in {seconds:.1f} s")
            for remark in found.remarks:
                self._remarks.setdefault(remark, []).append(name)

    def close(self) -> None:
        for remark, names in self._remarks.items():
            where = names[0] if len(names) == 1 else f"{len(names)} environments"
            self.progress.note(f"{where}: {remark}")
        self.progress.close()


def describe(request: EnvironmentRequest) -> str:
    """Name an environment as people know it: its Python and what it holds, credentials cut."""
    if request.command is not None:
        return _shortened(str(request.command))
    python = request.python or "this Python"
    name = f"py{python}" if python[:1] in "0123456789<>=!~" and "/" not in python else python
    if request.requirements is None:
        return _shortened(f"{name} as it is")
    held = ", ".join([*request.requirements, *request.runtime]) or "nothing"
    return _shortened(f"{name} with {redact(held)}")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 3]}..."
