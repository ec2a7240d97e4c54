"""A request for an environment, the settings, and the environment itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_portable.agent.command_target import CommandTarget
from pytest_portable.environment.installers import Installer
from pytest_portable.environment.probing import Interpreter

__all__ = ["DAY_SECONDS", "Environment", "EnvironmentRequest", "StoreSettings"]

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, kw_only=True)
class EnvironmentRequest:
    """One environment that is wanted.

    Attributes:
        python: interpreter spec; `None` for the host's interpreter.
        requirements: lines as in a requirements file; `()` for a bare environment; `None` to use
            the interpreter `python` as it is and install nothing.
        runtime: what the serializer needs, pinned at the host's version (`"dill==0.4.1"`).
            Dropped where `requirements` names the distribution; where the pin does not resolve
            with the requirements, the newest version that does is installed.
        root: where relative paths in requirement lines start.
        command: a target that a command starts, used as it is; the rest is ignored then.
    """

    python: str | None
    requirements: tuple[str, ...] | None
    runtime: tuple[str, ...] = ()
    root: Path
    command: CommandTarget | None = None


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """Where environments are kept and how they are made.

    Attributes:
        cache_dir: the store; replaced by one for the session where it cannot be written.
        installer: `auto` (uv where it is found, else pip), `uv`, `pip`, or the name of one of
            `installers`.
        offline: never ask an index.
        refresh: resolve unpinned requirements again, however fresh they are.
        install_python: let uv install a Python that is missing.
        ttl_seconds: age from which unpinned requirements are resolved again.
        link_mode: how uv puts files into an environment: `clone`, `copy`, `hardlink`, `symlink`;
            `None` for uv's default.
        install_timeout_seconds: limit of one run of the installer.
        constraints: files that constrain versions, as with `pip install -c`.
        since: moment from which a refresh counts, in seconds since the epoch: one session
            refreshes an environment once.
        installers: further installers, by name.
    """

    cache_dir: Path
    installer: str = "auto"
    offline: bool = False
    refresh: bool = False
    install_python: bool = False
    ttl_seconds: float = DAY_SECONDS
    link_mode: str | None = None
    install_timeout_seconds: float = 900.0
    constraints: tuple[Path, ...] = ()
    since: float = field(default_factory=time.time, compare=False)
    installers: tuple[Installer, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Environment:
    """A prepared environment, to be used read-only.

    Attributes:
        key: hash of everything that it depends on.
        path: its folder (`sys.prefix`).
        executable: its interpreter.
        interpreter: the interpreter it was made from.
        distributions: canonical name -> version of all that is installed.
        notes: for users, about its contents, such as a version other than the wanted one.
        remarks: for users, about its preparation this time, such as an index that could not be
            reached.
        command: what starts its interpreter, where that is no file of this machine.
    """

    key: str
    path: Path
    executable: Path
    interpreter: Interpreter
    distributions: Mapping[str, str]
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    command: CommandTarget | None = None
