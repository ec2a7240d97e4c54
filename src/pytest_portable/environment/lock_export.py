"""Lock files of uv, Poetry and PDM as requirement lines, written by the tool that made them."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pytest_portable.agent.variables import tool_environment
from pytest_portable.environment.installers import OLDEST_UV, find_uv
from pytest_portable.environment.interpreters import default_cache_dir
from pytest_portable.errors import SetupError
from pytest_portable.report.redaction import host_redactor

__all__ = ["exported_lines"]

_TIMEOUT_SECONDS: Final = 120.0
_SAID: Final = 4


@functools.lru_cache(maxsize=64)
def exported_lines(path: Path, extras: str, group: str, digest: str) -> tuple[str, ...]:
    """Return what a lock file pins, without the project that it belongs to.

    Args:
        path: a `uv.lock`, `poetry.lock` or `pdm.lock`; its project lies beside it.
        extras: of the project, as written between brackets; empty for none.
        group: a dependency group besides the project's own dependencies; empty for none.
        digest: of the file, so that a changed one is exported again.

    Raises:
        SetupError: the tool is not installed, or refuses.

    Source:
        `uv export --help`; poetry-plugin-export's README; `pdm export --help`.
    """
    del digest  # part of the key
    named = [one for one in (each.strip() for each in extras.split(",")) if one]
    command = _COMMANDS[path.name](path, named, group)
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            cwd=path.parent,
            encoding="utf-8",
            env=tool_environment(os.environ),
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupError(f"{path}: {Path(command[0]).name} cannot export it: {error}") from error
    if done.returncode:
        said = host_redactor()(done.stderr or done.stdout).strip().splitlines()[-_SAID:]
        raise SetupError(
            "\n    ".join([f"{path}: {Path(command[0]).name} cannot export it:", *said])
        )
    return tuple(_absolute(line, path.parent) for line in done.stdout.splitlines() if line.strip())


def _absolute(line: str, folder: Path) -> str:
    """Write local projects, which the tool names from the folder of the lock, as paths."""
    text = line.strip().removeprefix("-e ").strip()
    return str((folder / text).resolve()) if text.startswith(".") else text


def _uv(path: Path, extras: Sequence[str], group: str) -> list[str]:
    uv = find_uv(default_cache_dir())
    if uv is None:
        raise SetupError(
            f"{path}: uv exports it, and no uv from {OLDEST_UV} on runs here; install it (pip "
            "install 'pytest-portable[uv]')"
        )
    command = [str(uv), "export", "--frozen", "--no-default-groups", "--no-emit-project"]
    command += ["--no-hashes", "--no-header", "--no-annotate", "--quiet"]
    command += ["--no-python-downloads", "--format", "requirements-txt"]
    command += [f"--extra={extra}" for extra in extras]
    return [*command, *([f"--group={group}"] if group else [])]


def _poetry(path: Path, extras: Sequence[str], group: str) -> list[str]:
    command = [_tool("poetry", path, "poetry export --without-hashes -o requirements.txt")]
    command += ["export", "--without-hashes", "--format", "requirements.txt", "--no-ansi"]
    command += [f"--extras={extra}" for extra in extras]
    return [*command, *([f"--with={group}"] if group else [])]


def _pdm(path: Path, extras: Sequence[str], group: str) -> list[str]:
    command = [_tool("pdm", path, "pdm export --prod --no-hashes -o requirements.txt")]
    command += ["export", "--prod", "--no-hashes", "--format", "requirements"]
    return [*command, *(f"--group={name}" for name in [*extras, *([group] if group else [])])]


def _tool(name: str, path: Path, by_hand: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SetupError(
            f"{path}: {name} exports it and is not on PATH; where it is, write with it\n"
            f"    {by_hand}\n  and declare '-r requirements.txt'"
        )
    return found


_COMMANDS: Final = {"uv.lock": _uv, "poetry.lock": _poetry, "pdm.lock": _pdm}
