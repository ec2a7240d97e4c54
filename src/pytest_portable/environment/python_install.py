"""Pythons that uv installs, where a spec finds none and the user asked for that."""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pytest_portable.agent.variables import tool_environment
from pytest_portable.environment.install_errors import last_words
from pytest_portable.environment.installers import find_uv
from pytest_portable.environment.interpreters import find_interpreter, uv_request
from pytest_portable.environment.probing import Interpreter
from pytest_portable.environment.request import StoreSettings
from pytest_portable.errors import InterpreterNotFoundError
from pytest_portable.report.redaction import host_redactor

__all__ = ["find_or_install"]

_ONE_AT_A_TIME: Final = threading.Lock()
"""Two legs of one Python ask at the same time; the second finds what the first installed."""


def find_or_install(
    spec: str | None, settings: StoreSettings, report: Callable[[str], None]
) -> Interpreter:
    """Return the interpreter that a spec names; install it where there is none and that is asked.

    uv puts it where it keeps its own Pythons (`uv python dir`), and no executable into a folder of
    `PATH`.

    Args:
        spec: as a user writes it; `None` for the host's interpreter.
        settings: whether to install, and how long that may take.
        report: called before something is installed.

    Raises:
        InterpreterNotFoundError: there is none and none was installed; the message says why.

    Source:
        `uv python install --help`.
    """
    try:
        return find_interpreter(spec, cache_dir=settings.cache_dir)
    except InterpreterNotFoundError as error:
        if not settings.install_python or (wanted := uv_request(spec)) is None:
            raise
        missing = error
    with _ONE_AT_A_TIME:
        try:
            return find_interpreter(spec, cache_dir=settings.cache_dir)
        except InterpreterNotFoundError:
            report(f"installing Python {wanted} with uv")
            if why := _install(wanted, settings):
                raise _not_installed(missing, why) from missing
    return find_interpreter(spec, cache_dir=settings.cache_dir)


def _install(wanted: str, settings: StoreSettings) -> str | None:
    """Let uv install a Python; return why it did not."""
    if settings.offline:
        return "it is to be installed, but offline nothing is"
    uv = find_uv(settings.cache_dir)
    if uv is None:
        return "it is to be installed by uv, which is not here: pip install 'pytest-portable[uv]'"
    command = [str(uv), "python", "install", "--no-progress", wanted]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            cwd=Path(settings.cache_dir).anchor,
            encoding="utf-8",
            env={**tool_environment(os.environ), "UV_PYTHON_INSTALL_BIN": "0"},
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=settings.install_timeout_seconds,
        )
    except subprocess.TimeoutExpired:
        return f"uv did not install it within {settings.install_timeout_seconds:g} s"
    except OSError as error:
        return f"uv cannot be started: {error}"
    if not done.returncode:
        return None
    said = last_words(host_redactor()(done.stderr or done.stdout))
    return f"uv python install {shlex.quote(wanted)} ended with {done.returncode}:\n{said}"


def _not_installed(missing: InterpreterNotFoundError, why: str) -> InterpreterNotFoundError:
    return InterpreterNotFoundError(f"{missing}\n{why}", missing.spec, missing.looked_in)
