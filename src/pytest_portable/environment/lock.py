"""A lock file (PEP 751) as requirement lines, for installers that read no lock files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_portable.environment.sources import read_toml
from pytest_portable.errors import SetupError

__all__ = ["lock_lines"]


def lock_lines(path: Path) -> list[str]:
    """Return a lock's packages as lines to install without dependencies.

    Args:
        path: a `pylock.toml`.

    Returns:
        Pins with hashes and direct references, after the folders that hold local wheels.

    Raises:
        SetupError: the file cannot be read, or an entry does not say where it comes from.

    Source:
        PEP 751.
    """
    packages = read_toml(path, path.name).get("packages", [])
    folders = {
        (path.parent / wheel["path"]).resolve().parent
        for package in packages
        for wheel in package.get("wheels", [])
        if "path" in wheel
    }
    options = [f"--find-links {folder}" for folder in sorted(folders)]
    return [*options, *(_line(package, path) for package in packages)]


def _line(package: dict[str, Any], path: Path) -> str:
    name = package["name"]
    marker = f" ; {package['marker']}" if "marker" in package else ""
    if "vcs" in package:
        vcs = package["vcs"]
        address = vcs.get("url") or (path.parent / vcs["path"]).resolve().as_uri()
        part = f"#subdirectory={vcs['subdirectory']}" if "subdirectory" in vcs else ""
        return f"{name} @ {vcs['type']}+{address}@{vcs['commit-id']}{part}{marker}"
    for kind in ("archive", "directory"):
        if kind in package:
            entry = package[kind]
            address = entry.get("url") or (path.parent / entry["path"]).resolve().as_uri()
            return f"{name} @ {address}{marker}"
    files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    if "version" not in package or not files:
        raise SetupError(f"{path}: package {name!r} has neither a version with files nor a source")
    return " ".join([f"{name}=={package['version']}{marker}", *_hashes(files)])


def _hashes(files: list[dict[str, Any]]) -> Iterator[str]:
    for each in files:
        for algorithm, digest in each.get("hashes", {}).items():
            if algorithm in {"sha256", "sha384", "sha512"}:
                yield f"--hash={algorithm}:{digest}"
