"""Every interpreter that a spec could name, where it was found, and why others are refused."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_portable.environment.interpreters import default_cache_dir
from pytest_portable.environment.probing import Interpreter, ProbeError, has_shim, probe
from pytest_portable.environment.python_folders import candidates, install_roots
from pytest_portable.environment.specs import OLDEST_TARGET, InterpreterSpec

__all__ = ["FoundInterpreter", "RefusedInterpreter", "Survey", "survey_interpreters"]

_VARIABLE = "PYTEST_PORTABLE_PYTHON_"
_NAME = re.compile(r"(?:python|pypy|graalpy)(?:\d(?:\.\d+)?t?)?(?:\.exe)?")
_ANY_RELEASE = ((">=", (2, 0)),)


@dataclass(frozen=True)
class FoundInterpreter:
    """An interpreter that can be a target.

    Attributes:
        interpreter: its facts.
        place: where it was found first.
    """

    interpreter: Interpreter
    place: str


@dataclass(frozen=True)
class RefusedInterpreter:
    """A file that looks like an interpreter and cannot be a target.

    Attributes:
        path: where it is.
        place: where it was found.
        reason: why it cannot be used.
    """

    path: Path
    place: str
    reason: str


@dataclass(frozen=True)
class Survey:
    """All interpreters that were found, newest first, each installation once."""

    found: tuple[FoundInterpreter, ...]
    refused: tuple[RefusedInterpreter, ...]


def survey_interpreters(
    *, cache_dir: Path | None = None, variables: Mapping[str, str] | None = None
) -> Survey:
    """Return all interpreters; every file that looks like one is started and asked.

    Args:
        cache_dir: where the answers of interpreters are kept, the default one if `None`.
        variables: environment variables, this process's if `None`.

    Returns:
        What was found, in the order in which specs are looked for.
    """
    cache = cache_dir or default_cache_dir()
    given = os.environ if variables is None else variables
    found: dict[str, FoundInterpreter] = {}
    refused: dict[Path, RefusedInterpreter] = {}
    for place, path in _everything(given):
        reason = None
        if has_shim(path):
            reason = "a shim of a version manager: it may refuse to run, so it is never started"
        else:
            try:
                interpreter = probe(path, cache)
            except ProbeError as error:
                reason = str(error)
            else:
                if interpreter.version_info[:2] >= OLDEST_TARGET:
                    base = interpreter.facts["base"]
                    found.setdefault(base, FoundInterpreter(interpreter, place))
                else:
                    wanted = ".".join(map(str, OLDEST_TARGET))
                    reason = f"{interpreter.name} is too old, targets run {wanted} or newer"
        if reason is not None:
            refused.setdefault(path, RefusedInterpreter(path, place, reason))
    newest = sorted(found.values(), key=lambda each: each.interpreter.version_info, reverse=True)
    return Survey(tuple(newest), tuple(refused.values()))


def _everything(variables: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    for name, value in sorted(variables.items()):
        if name.startswith(_VARIABLE) and value:
            yield name, Path(value).expanduser().absolute()
    yield "the running interpreter", Path(getattr(sys, "_base_executable", None) or sys.executable)
    for root in install_roots(variables, Path.home()):
        for implementation in ("cpython", "pypy", "graalpy"):
            spec = InterpreterSpec("", implementation=implementation, ranges=_ANY_RELEASE)
            for each in candidates(spec, (root,)):
                yield f"{root.label} ({root.folder})", each.path
    for entry in variables.get("PATH", "").split(os.pathsep):
        if entry and Path(entry).is_absolute():
            yield from (("PATH", path) for path in _named_like_python(Path(entry)))


def _named_like_python(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(
            path
            for path in folder.iterdir()
            if _NAME.fullmatch(path.name) and path.is_file() and os.access(path, os.X_OK)
        )
    return []
