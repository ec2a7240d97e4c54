"""Pythons that uv installs, where a spec finds none and the user asked for that."""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pytest_portable.agent.variables import tool_environment
from pytest_portable.environment.install_errors import last_words
from pytest_portable.environment.installers import find_uv
from pytest_portable.environment.interpreters import find_interpreter, uv_request
from pytest_portable.environment.probing import Interpreter
from pytest_portable.environment.processes import Processes
from pytest_portable.environment.request import StoreSettings
from pytest_portable.errors import InterpreterNotFoundError
from pytest_portable.report.redaction import host_redactor

__all__ = ["find_or_install"]

_ONE_AT_A_TIME: Final = threading.Lock()
"""Two legs of one Python ask at the same time; the second finds what the first installed."""


def find_or_install(
    spec: str | None,
    settings: StoreSettings,
    report: Callable[[str], None],
    stop: threading.Event,
) -> Interpreter:
    """Return the interpreter that a spec names; install it where there is none and that is asked.

    uv puts it where it keeps its own Pythons (`uv python dir`), and no executable into a folder of
    `PATH`.

    Args:
        spec: as a user writes it; `None` for the host's interpreter.
        settings: whether to install, and how long that may take.
        report: called before something is installed.
        stop: once set, an installation is ended.

    Raises:
        InterpreterNotFoundError: there is none and none was installed; the message says why.
        SetupError: uv cannot be started, or everything was stopped.

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
            if why := _install(wanted, settings, stop):
                raise _not_installed(missing, why) from missing
    return find_interpreter(spec, cache_dir=settings.cache_dir)


def _install(wanted: str, settings: StoreSettings, stop: threading.Event) -> str | None:
    """Let uv install a Python; return why it did not."""
    if settings.offline:
        return "it is to be installed, but offline nothing is"
    uv = find_uv(settings.cache_dir)
    if uv is None:
        return "it is to be installed by uv, which is not here: pip install 'pytest-portable[uv]'"
    done = Processes(host_redactor(), None, stop).run(
        [str(uv), "python", "install", "--no-progress", wanted],
        cwd=Path(settings.cache_dir.anchor),
        env={**tool_environment(os.environ), "UV_PYTHON_INSTALL_BIN": "0"},
        timeout_seconds=settings.install_timeout_seconds,
    )
    if done.timed_out:
        return f"uv did not install it within {settings.install_timeout_seconds:g} s"
    if done.ok:
        return None
    said = last_words(done.output)
    return f"uv python install {shlex.quote(wanted)} ended with {done.status}:\n{said}"


def _not_installed(missing: InterpreterNotFoundError, why: str) -> InterpreterNotFoundError:
    return InterpreterNotFoundError(f"{missing}\n{why}", missing.spec, missing.looked_in)
