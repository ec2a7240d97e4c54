"""Environments that hold one framework each, where suites run with the plugin of this checkout."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import filelock
import platformdirs
from uv import find_uv_bin

from pytest_portable.environment.interpreters import find_interpreter

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "FRAMEWORKS",
    "OWN",
    "Framework",
    "Host",
    "Run",
    "make_environment",
    "make_group",
    "make_host",
]

ROOT: Final = Path(__file__).parents[2]
SUITES: Final = ROOT / "tests" / "frameworks" / "suites"
CONSTRAINTS: Final = ROOT / "constraints" / "frameworks"
# What pytest-portable itself asks for: the checkout is put on the path, not installed, so that one
# environment serves every checkout.
OWN: Final = (
    "cloudpickle>=2.2",
    "coverage>=7.10",  # where CI measures, see `.ci/run`
    "dill>=0.3.5.1",
    "packaging>=24",
    "pytest>=8",
    "virtualenv>=20.26",
    "uv",
)


class Framework(NamedTuple):
    """What an environment holds, beside what pytest-portable asks for.

    Attributes:
        requirements: what uv installs.
        by_pip: what pip installs first. It heeds `pip.conf` and `PIP_FIND_LINKS`, where machines
            keep builds of torch without CUDA, a tenth in size; and what it pins does not bind
            the rest.
        python: the oldest minor version that it is used with.
    """

    requirements: tuple[str, ...] = ()
    by_pip: tuple[str, ...] = ()
    python: str = "3.11"


# `tasks/constraints.py` settles what each of them brings along, in `constraints/frameworks`.
FRAMEWORKS: Final = {
    "covalent": Framework(("covalent==0.240.0", "pandas==2.3.3")),
    "dask": Framework(("distributed==2026.8.0", "numpy")),
    # The last release whose `redef_in_main` was in use; it brings dill 0.3.5.1. By pip first,
    # because its own pin of packaging is older than what pytest-portable asks for.
    "garden": Framework(by_pip=("garden-ai==2.3.2",), python="3.10"),
    # What garden-ai 3.2.3 brings; one environment for both of Garden's ways.
    "garden-3": Framework(("modal==1.0.5", "groundhog-hpc==0.9.3", "inflection==0.5.1")),
    "globus-compute": Framework(("globus-compute-sdk==4.19.0",)),
    "orquestra": Framework(("orquestra-sdk==1.1.0",)),
    "parsl": Framework(("parsl==2026.10.26",)),
    "ray": Framework(("ray==2.60.0", "numpy")),
    "spark": Framework(("pyspark==4.3.0",)),
    "torch": Framework(("numpy",), by_pip=("torch==2.13.0",)),
}


@dataclass(frozen=True)
class Run:
    """What a suite did: test names by outcome, and what pytest printed."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]
    skipped: tuple[str, ...]
    output: str


@dataclass(frozen=True)
class Host:
    """An environment that holds a framework."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def environment(self, home: Path) -> dict[str, str]:
        found = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST", "PYTHON", "COV_", "VIRTUAL_ENV"))
        }
        real = Path.home()
        return {
            "UV_CACHE_DIR": str(platformdirs.user_cache_path("uv")),
            **found,
            "HOME": str(home),
            "PYENV_ROOT": found.get("PYENV_ROOT", str(real / ".pyenv")),
            "PYTHONPATH": str(ROOT / "src"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_PORTABLE_CACHE_DIR": str(_cache() / "environments"),
        }

    def run(self, suite: str, tmp_path: Path, *args: str) -> Run:
        """Run `suites/SUITE` (or a file elsewhere) with pytest in this environment."""
        project, home = tmp_path / "project", tmp_path / "home"
        source = SUITES / suite
        if source.is_dir():
            shutil.copytree(source, project)
        else:
            project.mkdir()
            shutil.copy(suite, project)
        shutil.copytree(SUITES / "labpkg", project / "labpkg")
        home.mkdir()
        (project / "pytest.ini").write_text("[pytest]\n")
        report = tmp_path / "report.xml"
        options = ["-p", "pytest_portable.plugin", "-p", "no:cacheprovider", "-ra"]
        done = subprocess.run(
            [self.python, "-m", "pytest", *options, f"--junitxml={report}", *args],
            cwd=project,
            env=self.environment(home),
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
        output = done.stdout + done.stderr
        assert report.exists(), output
        return _read(report, output)

    def script(self, source: str | Path, tmp_path: Path) -> str:
        """Run a script in this environment, given as its text or file; give what it printed."""
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        done = subprocess.run(
            [self.python, *((source,) if isinstance(source, Path) else ("-c", source))],
            cwd=tmp_path,
            env=self.environment(home),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _read(report: Path, output: str) -> Run:
    cases = ET.parse(report).getroot().iter("testcase")
    found: dict[str, list[str]] = {"passed": [], "failed": [], "skipped": []}
    for case in cases:
        tags = {child.tag for child in case}
        outcome = "failed" if tags & {"failure", "error"} else "passed"
        found["skipped" if "skipped" in tags else outcome].append(str(case.get("name")))
    return Run(tuple(found["passed"]), tuple(found["failed"]), tuple(found["skipped"]), output)


def _cache() -> Path:
    return platformdirs.user_cache_path("pytest-portable") / "test-frameworks"


def make_environment(name: str, requirements: Sequence[str], python: str) -> Path:
    """Build an environment of these requirements alone, or take an earlier one; give its Python."""
    return _build(name, Framework(tuple(requirements)), python).python


def make_host(name: str, python: str = "") -> Host:
    """Build an environment for a framework, or take the one that an earlier run built.

    A framework that cannot be installed is a failure, not a skip.

    Args:
        name: a key of `FRAMEWORKS`.
        python: minor version, where it is not the framework's.
    """
    known = FRAMEWORKS[name]
    framework = known._replace(requirements=(*known.requirements, *OWN))
    first, then = CONSTRAINTS / f"{name}.pip.txt", CONSTRAINTS / f"{name}.txt"
    return _build(name, framework, python or known.python, first=first, then=then)


def make_group(name: str) -> Host:
    """Build the environment of a group of `tests/zoo`, or take an earlier one."""
    wanted = (CONSTRAINTS.parent / "zoo" / f"{name}.in").read_text("utf-8").split()
    group = Framework((*wanted, *OWN))
    then = CONSTRAINTS.parent / "zoo" / f"{name}.txt"
    return _build(f"zoo-{name}", group, "3.11", then=then)


def _build(
    name: str,
    framework: Framework,
    python: str,
    *,
    first: Path | None = None,
    then: Path | None = None,
) -> Host:
    by_pip, requirements = framework.by_pip, framework.requirements
    files = [file for file in (first if by_pip else None, then) if file]
    lines = (python, *by_pip, *requirements, *(file.read_text("utf-8") for file in files))
    key = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    folder = _cache() / f"{name}-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            interpreter = find_interpreter(python)
            _uv("venv", "--quiet", "--python", str(interpreter.path), str(folder))
            target = str(folder / "bin" / "python")
            install = ("pip", "install", "--quiet", "--python", target)
            if by_pip:
                _uv(*install, *_known(first), "pip", "setuptools", "wheel")
                _done(target, "-m", "pip", "install", "--quiet", *_known(first), *by_pip)
            _uv(*install, *_known(then), *requirements)
            (folder / "complete").touch()
    return Host(folder)


def _known(file: Path | None) -> tuple[str, ...]:
    """Bind what is installed, and what it is built with where there is no wheel."""
    return ("-c", str(file), "--build-constraint", str(file)) if file else ()


def _uv(*args: str) -> None:
    _done(find_uv_bin(), *args)


def _done(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
