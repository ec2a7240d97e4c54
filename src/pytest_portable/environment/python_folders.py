"""Folders in which Pythons are installed: version managers, CI tool caches, the system's.

Version managers put shims on `PATH` that refuse to run outside a configured folder, so the
installations behind them are looked up directly.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_portable.environment.probing import has_shim
from pytest_portable.environment.specs import InterpreterSpec, Release

__all__ = ["Candidate", "Root", "candidates", "install_roots", "path_candidates"]

_DOTTED = re.compile(r"(?<![\d.])(\d)\.(\d{1,2})(?:\.(\d{1,3}))?")
_JOINED = re.compile(r"(?:cp|pp|python)(\d)(\d{1,2})(?!\d)", re.IGNORECASE)
_UNFINISHED = re.compile(r"\d(?:a|b|rc)\d|-?dev|alpha|beta", re.IGNORECASE)
_OTHER_IMPLEMENTATIONS = ("pypy", "graalpy", "jython", "ironpython", "micropython", "stackless")


@dataclass(frozen=True)
class Root:
    """A folder whose entries are Python installations.

    Attributes:
        label: what the place is called in messages.
        folder: the folder itself.
        pattern: glob from the folder to the installations.
    """

    label: str
    folder: Path
    pattern: str = "*"


@dataclass(frozen=True)
class Candidate:
    """An executable, not started yet, and the release that its path names."""

    path: Path
    release: Release
    is_final: bool = True


def install_roots(variables: Mapping[str, str], home: Path) -> tuple[Root, ...]:
    """Return the folders in which Pythons are installed, existing ones only.

    Args:
        variables: environment variables; those of the version managers move their roots.
        home: the user's home folder.
    """
    data = Path(variables.get("XDG_DATA_HOME") or home / ".local" / "share")

    def place(label: str, variable: str, default: Path, below: str = "", glob: str = "*") -> Root:
        return Root(label, Path(variables.get(variable) or default) / below, glob)

    roots = [
        place("pyenv", "PYENV_ROOT", home / ".pyenv", "versions"),
        place("uv", "UV_PYTHON_INSTALL_DIR", data / "uv" / "python"),
        place("mise", "MISE_DATA_DIR", data / "mise", "installs/python"),
        place("asdf", "ASDF_DATA_DIR", home / ".asdf", "installs/python"),
        place("hatch", "HATCH_DATA_DIR", data / "hatch", "pythons", "*/python"),
        Root("pdm", data / "pdm" / "python"),
        Root("poetry", data / "pypoetry" / "python"),
        place("rye", "RYE_HOME", home / ".rye", "py"),
        *_tool_caches(variables),
        *_conda(variables, home),
        Root("manylinux image", Path("/opt/python")),
        *(_macos(home) if sys.platform == "darwin" else ()),
        *(_windows(variables, home) if sys.platform == "win32" else ()),
    ]
    return tuple(root for root in roots if root.folder.is_dir())


def _tool_caches(variables: Mapping[str, str]) -> Iterator[Root]:
    for variable in ("RUNNER_TOOL_CACHE", "AGENT_TOOLSDIRECTORY"):
        if folder := variables.get(variable):
            yield Root("CI tool cache", Path(folder) / "Python", "*/*")
    yield Root("CI tool cache", Path("/opt/hostedtoolcache/Python"), "*/*")


def _conda(variables: Mapping[str, str], home: Path) -> Iterator[Root]:
    named = [variables.get(name) for name in ("MAMBA_ROOT_PREFIX", "CONDA_ROOT")]
    usual = [home / name for name in ("miniconda3", "miniforge3", "anaconda3", "mambaforge")]
    for prefix in [*map(Path, filter(None, named)), *usual, Path("/opt/conda")]:
        yield Root("conda", prefix, ".")
        yield Root("conda", prefix / "envs")


def _macos(home: Path) -> Iterator[Root]:
    yield Root("python.org", Path("/Library/Frameworks/Python.framework/Versions"))
    yield Root("Homebrew", Path("/opt/homebrew/opt"), "python@*")
    yield Root("Homebrew", Path("/usr/local/opt"), "python@*")
    yield Root("hatch", home / "Library" / "Application Support" / "hatch" / "pythons", "*/python")


def _windows(variables: Mapping[str, str], home: Path) -> Iterator[Root]:
    local = Path(variables.get("LOCALAPPDATA") or home / "AppData" / "Local")
    yield Root("python.org", local / "Programs" / "Python")
    yield Root("Python install manager", local / "Python", "pythoncore-*")
    yield Root("pyenv-win", home / ".pyenv" / "pyenv-win" / "versions")
    yield Root("uv", Path(variables.get("APPDATA") or home) / "uv" / "python")


def candidates(spec: InterpreterSpec, roots: tuple[Root, ...]) -> list[Candidate]:
    """Return the installations whose path may satisfy a spec, newest first."""
    found = [
        candidate
        for root in roots
        for prefix in _prefixes(root)
        if (candidate := _candidate(spec, root, prefix)) is not None
    ]
    # Finished releases before previews; the order of the roots decides between equals.
    return sorted(found, key=lambda each: (each.is_final, each.release), reverse=True)


def _prefixes(root: Root) -> list[Path]:
    # `Path.glob(".")` is an error before Python 3.13.
    return [root.folder] if root.pattern == "." else sorted(root.folder.glob(root.pattern))


def _candidate(spec: InterpreterSpec, root: Root, prefix: Path) -> Candidate | None:
    where = prefix.relative_to(root.folder).as_posix()
    release = _release(where) if where != "." else ()
    conda = prefix / "conda-meta"
    if conda.is_dir():
        release = next((_release(each.name) for each in conda.glob("python-[0-9]*.json")), ())
    if not release or not spec.admits_release(release):
        return None
    other = next((name for name in _OTHER_IMPLEMENTATIONS if name in where.lower()), "cpython")
    if other != spec.implementation:
        return None
    executable = _executable(prefix, release)
    if executable is None:
        return None
    return Candidate(executable, release, not _UNFINISHED.search(where))


def _release(text: str) -> Release:
    """Return the release in a folder's name, `()` where there is none."""
    found = _DOTTED.search(text) or _JOINED.search(text)
    return tuple(int(part) for part in found.groups() if part) if found else ()


def _executable(prefix: Path, release: Release) -> Path | None:
    exact = f"python{release[0]}.{release[1]}"
    names = (f"bin/{exact}", "bin/python3", "bin/python", "bin/pypy3", "python.exe")
    for base in (prefix, prefix / "install"):
        for name in names:
            if (base / name).is_file():
                return base / name
    return None


def path_candidates(spec: InterpreterSpec, variables: Mapping[str, str]) -> Iterator[Path]:
    """Yield the executables on `PATH` whose names fit a spec, shims left out."""
    stem = "python" if spec.implementation == "cpython" else spec.implementation
    numbers = ".".join(map(str, spec.release[:2]))
    names = [f"{stem}{numbers}", f"{stem}3", stem] if numbers else [f"{stem}3", stem]
    suffix = ".exe" if sys.platform == "win32" else ""
    for entry in variables.get("PATH", "").split(os.pathsep):
        folder = Path(entry)
        if not entry or not folder.is_absolute() or has_shim(folder):
            continue
        for name in names:
            if (path := folder / f"{name}{suffix}").is_file() and os.access(path, os.X_OK):
                yield path
