"""The tools that make and fill environments: uv, and pip with virtualenv."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from pytest_portable.environment.git_credentials import without_git_credentials
from pytest_portable.environment.layout import remove_seeds
from pytest_portable.environment.lock import lock_lines
from pytest_portable.environment.probing import Interpreter, base_executable, has_shim
from pytest_portable.environment.processes import Completed, Runner
from pytest_portable.errors import SetupError

__all__ = [
    "OLDEST_UV",
    "Bench",
    "Installation",
    "Installer",
    "PipInstaller",
    "UvInstaller",
    "find_uv",
]

# Older ones read no lock files, and install wheels of a wheelhouse for unsupported Pythons.
OLDEST_UV = Version("0.7")

_VERIFY_SECONDS = 30.0
# The uv package calls sysconfig, which is not safe when two threads call it first.
_FINDING = threading.Lock()
# The first pip that installs into another interpreter's environment.
_PIP_WITH_PYTHON_OPTION = Version("22.3")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where and how an installer works.

    Attributes:
        runner: starts its processes.
        folder: a private folder for its files; also its working directory, so that no project's
            configuration applies.
        env: its environment variables.
        timeout_seconds: limit of one process.
        offline: whether no index may be asked.
        refresh: whether kept answers of indexes are to be replaced.
        link_mode: how files are put into the environment, where the installer has a choice.
    """

    runner: Runner
    folder: Path
    env: Mapping[str, str]
    timeout_seconds: float = 900.0
    offline: bool = False
    refresh: bool = False
    link_mode: str | None = None

    def run(self, argv: Sequence[str | Path]) -> Completed:
        """Run one process here."""
        return self.runner.run(
            [str(each) for each in argv],
            cwd=self.folder,
            env=self.env,
            timeout_seconds=self.timeout_seconds,
        )

    def write(self, name: str, lines: Sequence[str]) -> Path:
        """Write lines to a file here, so that credentials in them are not on the command line."""
        path = self.folder / name
        text = "".join(f"{without_git_credentials(line)}\n" for line in lines)
        path.write_text(text, encoding="utf-8")
        return path


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What to install: requirement lines, or a lock file."""

    lines: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    lock: Path | None = None


class Installer(Protocol):
    """Makes bare environments and installs into them."""

    @property
    def name(self) -> str:
        """Its name for `--portable-installer`."""
        ...

    def create(self, path: Path, interpreter: Interpreter, bench: Bench) -> None:
        """Make an environment without any distribution.

        Raises:
            SetupError: it cannot be made.
        """
        ...

    def install(
        self, python: Path, interpreter: Interpreter, work: Installation, bench: Bench
    ) -> Completed:
        """Install into an environment, given by its interpreter."""
        ...

    def check(
        self, python: Path, interpreter: Interpreter, work: Installation, bench: Bench
    ) -> Completed:
        """Ask whether an installation of the newest versions would change nothing.

        Success means that it would not. Nothing is changed either way.
        """
        ...

    def build_wheel(
        self, source: Path, out: Path, python: Path, interpreter: Interpreter, bench: Bench
    ) -> Completed:
        """Build a wheel of a source tree into a folder."""
        ...


def _create(command: Sequence[str], path: Path, interpreter: Interpreter, bench: Bench) -> None:
    done = bench.run([*command, "--python", base_executable(interpreter), path])
    if not done.ok:
        shutil.rmtree(path, ignore_errors=True)
        _create_with_venv(path, interpreter, bench)
    remove_seeds(path)


def _create_with_venv(path: Path, interpreter: Interpreter, bench: Bench) -> None:
    """Make an environment with the target's own `venv`."""
    base = base_executable(interpreter)
    done = bench.run([base, "-I", "-m", "venv", "--without-pip", path])
    if not done.ok:
        words = done.output.strip().splitlines()
        raise SetupError(f"{interpreter} made no environment: {words[-1] if words else 'no words'}")


class UvInstaller:
    """Does everything with uv, which supports all targets from Python 3.6 on."""

    name = "uv"

    def __init__(self, executable: Path) -> None:
        """Keep the uv to run; it was started once already."""
        self.executable = executable

    def create(self, path: Path, interpreter: Interpreter, bench: Bench) -> None:
        """Make a bare environment; the target's own venv where uv cannot."""
        command = [str(self.executable), "venv", "--no-project", "--no-python-downloads"]
        _create(command, path, interpreter, bench)

    def install(
        self,
        python: Path,
        interpreter: Interpreter,  # noqa: ARG002 - the protocol's
        work: Installation,
        bench: Bench,
    ) -> Completed:
        """Install with `uv pip install`."""
        return bench.run(self._command(python, work, bench))

    def check(
        self,
        python: Path,
        interpreter: Interpreter,  # noqa: ARG002 - the protocol's
        work: Installation,
        bench: Bench,
    ) -> Completed:
        """Ask uv what it would change."""
        command = self._command(python, work, bench)
        done = bench.run([*command, "--upgrade", "--exact", "--dry-run"])
        return done if "Would make no changes" in done.output else replace(done, status=1)

    def _command(self, python: Path, work: Installation, bench: Bench) -> list[str | Path]:
        # Verbose, because else it does not print which versions it tries; the log keeps it.
        command: list[str | Path] = [self.executable, "pip", "install", "-v", *_UV_PLAIN]
        command += ["--python", python]
        if work.lock is not None:
            command += ["-r", work.lock]
        else:
            command += ["-r", bench.write("requirements.txt", (*work.options, *work.lines))]
        if work.constraints:
            command += ["-c", bench.write("constraints.txt", work.constraints)]
        command += ["--offline"] if bench.offline else ["--refresh"] if bench.refresh else []
        return [*command, *(["--link-mode", bench.link_mode] if bench.link_mode else [])]

    def build_wheel(
        self,
        source: Path,
        out: Path,
        python: Path,
        interpreter: Interpreter,  # noqa: ARG002 - the protocol's
        bench: Bench,
    ) -> Completed:
        """Build with `uv build --wheel`."""
        command: list[str | Path] = [self.executable, "build", "--wheel", *_UV_PLAIN]
        command += ["--python", python]
        command += ["--offline"] if bench.offline else []
        return bench.run([*command, "--out-dir", out, source])


_UV_PLAIN = ("--no-progress", "--color", "never", "--no-python-downloads")


class PipInstaller:
    """Makes environments with virtualenv; a pip from outside installs, so that none is inside."""

    name = "pip"

    def create(self, path: Path, interpreter: Interpreter, bench: Bench) -> None:
        """Make a bare environment; the target's own venv where virtualenv cannot."""
        command = [sys.executable, "-I", "-m", "virtualenv", "--no-seed", "--quiet"]
        _create(command, path, interpreter, bench)

    def install(
        self, python: Path, interpreter: Interpreter, work: Installation, bench: Bench
    ) -> Completed:
        """Install with the first pip that supports the target."""
        return bench.run(self._command(python, interpreter, work, bench))

    def check(
        self, python: Path, interpreter: Interpreter, work: Installation, bench: Bench
    ) -> Completed:
        """Ask pip what it would install."""
        command = self._command(python, interpreter, work, bench)
        eager = ["--upgrade", "--upgrade-strategy", "eager"]
        done = bench.run([*command, *eager, "--dry-run"])
        return replace(done, status=1) if "Would install" in done.output else done

    def _command(
        self, python: Path, interpreter: Interpreter, work: Installation, bench: Bench
    ) -> list[str | Path]:
        command = [*pip_command(python, interpreter), "install", *_PIP_PLAIN]
        # Bytecode is written later; a user's pip.conf may ask for the user's site.
        command += ["--no-compile", "--no-user"]
        if work.lock is not None:
            # pip reads lock files since 26, which old targets cannot run.
            lines = lock_lines(work.lock)
            command += ["--no-deps", "-r", bench.write("requirements.txt", lines)]
        else:
            command += ["-r", bench.write("requirements.txt", (*work.options, *work.lines))]
        if work.constraints:
            command += ["-c", bench.write("constraints.txt", work.constraints)]
        # pip has no offline mode; without an index it still reads wheelhouses.
        return [*command, *(["--no-index"] if bench.offline else [])]

    def build_wheel(
        self, source: Path, out: Path, python: Path, interpreter: Interpreter, bench: Bench
    ) -> Completed:
        """Build with `pip wheel`."""
        command = [*pip_command(python, interpreter), "wheel", "--no-deps", *_PIP_PLAIN]
        command += ["--no-index"] if bench.offline else []
        return bench.run([*command, "--wheel-dir", out, source])


_PIP_PLAIN = ("--no-input", "--disable-pip-version-check", "--progress-bar", "off")


def pip_command(python: Path, interpreter: Interpreter) -> list[str | Path]:
    """Return a pip that can install for a target.

    pip runs under the target's interpreter even where the host's pip is called, so the newest pip
    does not support old targets: the pip that came with them does.

    Raises:
        SetupError: no pip supports the target; uv would.
    """
    if _host_pip_serves(interpreter.version):
        return [sys.executable, "-I", "-m", "pip", "--python", python]
    wheels = [*_bundled_pips(interpreter), *_embedded_pips(interpreter)]
    if wheels:
        return [python, "-I", wheels[0] / "pip"]
    raise SetupError(
        f"no pip installs for {interpreter}: the host's pip does not support it and it brings none "
        "of its own; install uv (pip install 'pytest-portable[uv]')"
    )


@functools.cache
def _host_pip_serves(version: str) -> bool:
    try:
        metadata = importlib.metadata.metadata("pip")
        found = Version(metadata["Version"])
        wanted = SpecifierSet(metadata["Requires-Python"])
    except (importlib.metadata.PackageNotFoundError, KeyError, ValueError):
        return False
    return found >= _PIP_WITH_PYTHON_OPTION and wanted.contains(version, prereleases=True)


def _bundled_pips(interpreter: Interpreter) -> list[Path]:
    """Return the pips in the target's `ensurepip`, newest first."""
    base = base_executable(interpreter)
    major, minor, _ = interpreter.version_info
    names = [f"lib/python{major}.{minor}", f"lib/{interpreter.implementation}{major}.{minor}"]
    folders = [*(base.parent.parent / name for name in names), base.parent / "Lib"]
    wheels = [each for folder in folders for each in folder.glob("ensurepip/_bundled/pip-*.whl")]
    return sorted(wheels, key=_wheel_version, reverse=True)


def _wheel_version(wheel: Path) -> Version:
    try:
        return Version(wheel.name.split("-")[1])
    except (IndexError, InvalidVersion):
        return Version("0")


def _embedded_pips(interpreter: Interpreter) -> list[Path]:
    """Return the pip that virtualenv has for the target: Debian's Pythons have none."""
    with suppress(Exception):  # a private part of virtualenv, and not the only way
        from virtualenv.seed.wheels.embed import get_embed_wheel  # noqa: PLC0415 - slow to import

        wheel = get_embed_wheel("pip", "{}.{}".format(*interpreter.version_info[:2]))
        if wheel is not None:
            return [Path(wheel.path)]
    return []


def find_uv(cache_dir: Path) -> Path | None:
    """Return a uv that runs: the extra's, else one on `PATH` that is no shim.

    Args:
        cache_dir: has the record of executables that ran.

    Returns:
        Its path, or `None` where there is none.
    """
    with _FINDING:
        return _find_uv(cache_dir, os.environ.get("PATH", ""))


@functools.lru_cache(maxsize=16)
def _find_uv(cache_dir: Path, path: str) -> Path | None:
    with suppress(ImportError, FileNotFoundError):
        import uv  # noqa: PLC0415 - an extra

        if Version(importlib.metadata.version("uv")) >= OLDEST_UV:
            return Path(uv.find_uv_bin())
    name = "uv.exe" if sys.platform == "win32" else "uv"
    for entry in path.split(os.pathsep):
        candidate = Path(entry) / name
        if not entry or has_shim(candidate) or not candidate.is_file():
            continue
        if _runs(candidate, cache_dir):
            return candidate
    return None


def _runs(candidate: Path, cache_dir: Path) -> bool:
    """Return whether an executable is a uv that we can use; the answer is cached."""
    status = candidate.stat()
    seen = {"path": str(candidate), "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    record = cache_dir / "interpreters" / "uv.json"
    with suppress(OSError, ValueError):
        if json.loads(record.read_bytes()) == seen:
            return True
    try:
        done = subprocess.run(
            [str(candidate), "--version"],
            capture_output=True,
            check=False,
            cwd=tempfile.gettempdir(),
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_VERIFY_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    said = re.match(r"uv (\d+(?:\.\d+)*)", done.stdout)
    if done.returncode or said is None or Version(said[1]) < OLDEST_UV:
        return False
    with suppress(OSError):
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(seen), encoding="utf-8")
    return True
