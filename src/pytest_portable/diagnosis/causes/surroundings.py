"""Surroundings that a load or call needs: variables, files, sockets, entry points."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from pytest_portable.agent.records import TargetError
from pytest_portable.diagnosis.causes.wording import add
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.target_errors import Failure, chain_of, frames_of
from pytest_portable.verdict import Problem, Remedy

__all__ = ["EVERYWHERE", "EnvironmentDependency", "UnsetVariable", "entry_points_here"]

# Variables of every process or terminal, which printing code reads.
EVERYWHERE: Final = frozenset(
    {"PATH", "HOME", "TMPDIR", "TMP", "TEMP", "LANG", "LC_ALL", "TZ", "PWD", "USER", "SHELL"}
    | {"COLUMNS", "LINES", "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "PY_COLORS"}
)
_NETWORK_ERRORS: Final = frozenset({"ConnectionError", "gaierror", "TimeoutError"})
_FILE_ERRORS: Final = frozenset({"FileNotFoundError", "NotADirectoryError", "PermissionError"})


class EnvironmentDependency:
    """A variable, a file, a server or an entry point that is missing there."""

    code = "environment-dependency"

    def explain_failure(self, failure: Failure, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        for error in chain_of(failure.error):
            found = (
                self._variable(error, failure)
                or self._file(error, failure)
                or self._server(error, failure, evidence)
            )
            if found is not None:
                return found
        if failure.importing:
            return None
        return self._entry_point(failure, evidence) or self._unset(failure, evidence, named=True)

    def _problem(
        self,
        failure: Failure,
        message: str,
        remedies: tuple[Remedy, ...],
        distribution: str | None = None,
    ) -> Problem:
        frames = failure.frames
        return Problem(
            code=self.code,
            stage=failure.stage,
            path=failure.path,
            module=failure.importing or (frames[-1].module if frames else None),
            distribution=distribution,
            message=message,
            evidence=failure.said,
            remedies=remedies,
        )

    # --- variables ----------------------------------------------------------------------------

    def _variable(self, error: TargetError, failure: Failure) -> Problem | None:
        frames = frames_of(error)
        if "KeyError" not in error.bases or not frames or frames[-1].module != "os":
            return None
        name = error.message.strip("'\"")
        reader = next((f for f in reversed(frames) if f.module not in _READERS), None)
        who = f"{reader.module}.{reader.function}" if reader else "the object"
        return self._without(name, who, failure)

    def _without(self, name: str, who: str, failure: Failure) -> Problem:
        here = "; it is set here" if name in os.environ else "; it is not set here either"
        message = f"{who} reads the environment variable {name}, which is not set there{here}"
        return self._problem(failure, message, (Remedy(f'env={{"{name}": "..."}}'),))

    def _unset(self, failure: Failure, evidence: Evidence, *, named: bool) -> Problem | None:
        """Explain an error right after the code read a variable that is set here only."""
        if failure.stage != "load":
            return None
        for kind, name, offset in evidence.blame.surroundings:
            if kind != "variable" or name in EVERYWHERE or name not in os.environ:
                continue
            if name in failure.error.message or (
                not named
                and offset == evidence.blame.offset
                and "GLOBAL" not in evidence.blame.opcode
                and evidence.loads_here
            ):
                return self._without(name, _raiser(failure, evidence), failure)
        return None

    # --- files --------------------------------------------------------------------------------

    def _file(self, error: TargetError, failure: Failure) -> Problem | None:
        name = error.file
        if not name or not _FILE_ERRORS.intersection(error.bases):
            return None
        frames = frames_of(error)
        who = f"{frames[-1].module}.{frames[-1].function}" if frames else "the object"
        verb = "may not use" if "PermissionError" in error.bases else "does not find"
        if PurePath(name).is_absolute():
            where = "; it is there on the host" if os.path.exists(name) else ""  # noqa: PTH110
        else:
            where = ": a relative path, and the target starts in an empty working directory"
        message = f"{who} {verb} the file {name}{where}"
        fix = Remedy("send the contents, or read the file as package data (importlib.resources)")
        return self._problem(failure, message, (fix,))

    # --- servers ------------------------------------------------------------------------------

    def _server(self, error: TargetError, failure: Failure, evidence: Evidence) -> Problem | None:
        asked = next(_seen("connected", evidence), None)
        if asked is None or not _NETWORK_ERRORS.intersection(error.bases):
            return None
        frames = frames_of(error)
        who = f"{frames[-1].module}.{frames[-1].function}" if frames else "the object"
        message = f"{who} connects to {asked} while it is loaded, which fails there"
        return self._problem(failure, message, (Remedy("connect on first use, not while loading"),))

    # --- entry points -------------------------------------------------------------------------

    def _entry_point(self, failure: Failure, evidence: Evidence) -> Problem | None:
        if failure.stage == "load" and not failure.error.frames:
            return None  # no code of the user's ran
        message = failure.error.message
        looked = _looked_up(evidence) if failure.stage == "load" else None
        for group, name, owner in entry_points_here():
            if looked is not None and not (looked & {group, ""}):
                continue
            if evidence.installed(owner) is not None:
                continue
            named = f"{name!r}" in message or f'"{name}"' in message
            if group not in message and not (named and looked):
                continue
            text = (
                f"no entry point {name!r} in the group {group!r} there: here {owner} brings it, "
                "which no declared requirement does"
            )
            return self._problem(failure, text, add(evidence, owner), distribution=owner)
        return None


class UnsetVariable(EnvironmentDependency):
    """A variable that was read just before, where nothing else explains the exception."""

    def explain_failure(self, failure: Failure, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        if failure.importing:
            return None
        return self._unset(failure, evidence, named=False)


_READERS: Final = frozenset({"os", "_collections_abc", "collections.abc"})


def _raiser(failure: Failure, evidence: Evidence) -> str:
    frames = failure.frames
    return f"{frames[-1].module}.{frames[-1].function}" if frames else evidence.blame.place


def _seen(kind: str, evidence: Evidence) -> Iterator[str]:
    for seen, what, _ in evidence.blame.surroundings:
        if seen == kind:
            yield what


def _looked_up(evidence: Evidence) -> set[str]:
    """Return the groups of entry points that the load asked for; `""` where it asked for all."""
    return set(_seen("entry points", evidence))


def entry_points_here() -> Iterator[tuple[str, str, str]]:
    """Yield group, name and distribution of every entry point on the host."""
    for distribution in importlib.metadata.distributions():
        for point in distribution.entry_points:
            yield point.group, point.name, distribution.metadata["Name"]
