"""Paths inside a virtual environment, and what is installed there."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from packaging.utils import canonicalize_name

__all__ = [
    "distributions_of",
    "environment_python",
    "import_names",
    "installed",
    "remove_seeds",
    "site_folders",
    "tree_bytes",
]

_OF_PYTHON = re.compile(r"py\d")
# virtualenv and uv put these there below Python 3.10: modules that nobody declared.
_SEEDS = ("_virtualenv.pth", "_virtualenv.py")


def environment_python(path: Path) -> Path:
    """Return the interpreter of the virtual environment in a folder."""
    return path / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def site_folders(path: Path) -> list[Path]:
    """Return the folders of a virtual environment that distributions are installed into."""
    return [*path.glob("lib/*/site-packages"), *path.glob("Lib/site-packages")][:1]


def remove_seeds(path: Path) -> None:
    """Remove modules that the creator of an environment put into it."""
    for folder in site_folders(path):
        for name in _SEEDS:
            (folder / name).unlink(missing_ok=True)


def installed(folders: list[Path]) -> dict[str, str]:
    """Return names and versions from the metadata folders; no process is started.

    Args:
        folders: as on `sys.path`; the first that holds a distribution wins.

    Returns:
        Canonical name -> version, sorted by name.
    """
    listed = []
    for folder in folders:
        with suppress(OSError):
            listed.append([entry.name for entry in os.scandir(folder)])
    return distributions_of(listed)


def distributions_of(folders: Iterable[Iterable[str]]) -> dict[str, str]:
    """Return names and versions from the names of metadata folders.

    Args:
        folders: the contents of each folder of `sys.path`, in its order; the first that holds a
            distribution wins.

    Returns:
        Canonical name -> version, sorted by name.
    """
    found: dict[str, str] = {}
    for names in folders:
        for entry in names:
            if parts := _name_and_version(entry):
                name = str(canonicalize_name(parts[0]))
                found.setdefault(name, parts[1].replace("_", "-"))
    return dict(sorted(found.items()))


def _name_and_version(entry: str) -> tuple[str, str] | None:
    """Split `NAME-VERSION.dist-info` or `NAME-VERSION-pyX.Y.egg-info`; `None` for other names."""
    stem, _, kind = entry.rpartition(".")
    words = stem.split("-")
    end = next((at for at in range(2, len(words)) if _OF_PYTHON.match(words[at])), len(words))
    name, version = "-".join(words[: end - 1]), words[end - 1]
    is_metadata = kind in {"dist-info", "egg-info"} and name and version
    return (name, version) if is_metadata else None


def tree_bytes(path: Path) -> int:
    """Add up the sizes of the files below a folder."""
    total = 0
    for parent, _, files in os.walk(path):
        for name in files:
            with suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 - many files
    return total


def import_names(folders: list[Path]) -> list[str]:
    """Return the top-level modules in a virtual environment, best effort."""
    return sorted({name for folder in folders for name in _modules(folder)})


def _modules(folder: Path) -> Iterator[str]:
    with suppress(OSError):
        for entry in os.scandir(folder):
            name = entry.name.partition(".")[0]
            if not name.isidentifier() or name.startswith("_"):
                continue
            if entry.name.endswith((".py", ".so", ".pyd")) or (
                entry.is_dir() and (folder / name / "__init__.py").is_file()
            ):
                yield name
