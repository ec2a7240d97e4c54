"""Installers without a tool behind them: real files, no resolver, no process."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_portable.environment.layout import environment_python, site_folders
from pytest_portable.environment.processes import Completed
from pytest_portable.environment.request import EnvironmentRequest
from pytest_portable.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_portable.environment.installers import Bench, Installation
    from pytest_portable.environment.probing import Interpreter

__all__ = [
    "BrokenInstaller",
    "RecordingInstaller",
    "RecordingRunner",
    "SatisfiedInstaller",
    "UnpackInstaller",
    "ask",
]


def ask(root: Path, *requirements: str, runtime: tuple[str, ...] = ()) -> EnvironmentRequest:
    """Ask for an environment of the host's interpreter."""
    return EnvironmentRequest(python=None, requirements=requirements, runtime=runtime, root=root)


@dataclass
class UnpackInstaller:
    """Unzips pure wheels of a folder; only `==` is understood, dependencies are not."""

    wheelhouse: Path
    name: str = "unpack"

    def create(self, path: Path, interpreter: Interpreter, bench: Bench) -> None:
        """Lay out what `venv` lays out."""
        del bench
        python = environment_python(path)
        python.parent.mkdir(parents=True)
        python.symlink_to(os.path.realpath(sys.executable))
        major, minor, _ = interpreter.version_info
        (path / "lib" / f"python{major}.{minor}" / "site-packages").mkdir(parents=True)
        home = python.resolve().parent
        (path / "pyvenv.cfg").write_text(f"home = {home}\n", encoding="utf-8")

    def install(
        self, python: Path, interpreter: Interpreter, work: Installation, bench: Bench
    ) -> Completed:
        """Unzip the newest wheel that each line names."""
        del interpreter, bench
        for line in work.lines:
            wheel = self._find(line)
            if wheel is None:
                return Completed(1, f"no wheel for {line}\n")
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(site_folders(python.parent.parent)[0])
        return Completed(0, "unpacked\n")

    def check(
        self, python: Path, interpreter: Interpreter, work: Installation, bench: Bench
    ) -> Completed:
        """Know no better than to build again."""
        del python, interpreter, work, bench
        return Completed(1, "")

    def build_wheel(
        self, source: Path, out: Path, python: Path, interpreter: Interpreter, bench: Bench
    ) -> Completed:
        """Build nothing."""
        del source, out, python, interpreter, bench
        return Completed(1, "this installer builds nothing\n")

    def _find(self, line: str) -> Path | None:
        name, _, version = re.split(r"\s*[@<>]", line)[0].strip().partition("==")
        wheels = sorted(self.wheelhouse.glob(f"{name.replace('-', '_')}-{version or '*'}-*.whl"))
        return wheels[-1] if wheels else None


@dataclass
class RecordingInstaller(UnpackInstaller):
    """Unpacks, and keeps what it was asked for."""

    name: str = "recording"
    created: list[Path] = field(default_factory=list)
    asked: list[Installation] = field(default_factory=list)

    def create(self, path: Path, interpreter: Interpreter, bench: Bench) -> None:
        """Keep the path."""
        self.created.append(path)
        super().create(path, interpreter, bench)

    def install(
        self, python: Path, interpreter: Interpreter, work: Installation, bench: Bench
    ) -> Completed:
        """Keep the installation."""
        self.asked.append(work)
        return super().install(python, interpreter, work, bench)


@dataclass
class BrokenInstaller(UnpackInstaller):
    """Fails as asked: `creating`, or while `installing` by an answer or an exception."""

    name: str = "broken"
    creating: str = ""
    installing: Completed | BaseException = field(default_factory=lambda: Completed(1, "broken\n"))

    def create(self, path: Path, interpreter: Interpreter, bench: Bench) -> None:
        """Fail after the first files."""
        super().create(path, interpreter, bench)
        if self.creating:
            raise SetupError(self.creating)

    def install(
        self, python: Path, interpreter: Interpreter, work: Installation, bench: Bench
    ) -> Completed:
        """Fail."""
        del python, interpreter, work, bench
        if isinstance(self.installing, BaseException):
            raise self.installing
        return self.installing


@dataclass
class SatisfiedInstaller(RecordingInstaller):
    """Unpacks, and always finds that nothing would change."""

    def check(
        self, python: Path, interpreter: Interpreter, work: Installation, bench: Bench
    ) -> Completed:
        """Be satisfied."""
        del python, interpreter, bench
        self.asked.append(work)
        return Completed(0, "")


@dataclass
class RecordingRunner:
    """Starts nothing; keeps the command lines and answers as told."""

    answers: list[Completed] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)
    environments: list[Mapping[str, str]] = field(default_factory=list)

    def run(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout_seconds: float
    ) -> Completed:
        """Keep the command; give the next answer, success when there is none left."""
        del cwd, timeout_seconds
        self.commands.append(list(argv))
        self.environments.append(env)
        return self.answers.pop(0) if self.answers else Completed(0, "")
