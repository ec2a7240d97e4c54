"""Tell what an environment has lost since it was built: the disk against its records."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from pytest_portable.environment.layout import installed, site_folders
from pytest_portable.environment.store import MARKER, read_record

__all__ = ["find_damage"]

# A file that is written while its environment is built may get a later time than the record of
# the build, where clocks and file systems round.
_LEEWAY_SECONDS = 2.0


def find_damage(path: Path, *, as_recorded: bool = False) -> list[str]:
    """Return the files of an environment of ours that are gone or changed, as texts.

    A file that was not written since the environment was built is taken to be as it was.

    Args:
        path: folder of the environment; one that is not of ours has no record, and no damage.
        as_recorded: also compare files that were not written since.

    Returns:
        Paths in the environment, each with what is wrong with it; empty where nothing is.

    Source:
        Packaging specifications, "Recording installed projects", the RECORD file.
    """
    if not path.is_dir():
        return [f"{path}: gone"]
    record = read_record(path / MARKER)
    if record is None:
        return []
    folders = site_folders(path)
    held = installed(folders)
    named = record.distributions.items()
    lost = [f"{name} {version}: gone" for name, version in named if name not in held]
    since = 0.0 if as_recorded else record.created + _LEEWAY_SECONDS
    return lost + [found for folder in folders for found in _damage(folder, path, since)]


def _damage(folder: Path, environment: Path, since: float) -> Iterator[str]:
    for listed in sorted(info / "RECORD" for info in folder.glob("*.dist-info")):
        if not listed.is_file():
            yield f"{_shown(listed, environment)}: gone"
            continue
        with listed.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            for row in csv.reader(stream):
                if len(row) == 3 and row[1]:  # noqa: PLR2004 - path, hash, size
                    file = Path(os.path.normpath(folder / row[0]))
                    if what := _wrong(file, row[1], row[2], since):
                        yield f"{_shown(file, environment)}: {what}"


def _wrong(file: Path, digest: str, size: str, since: float) -> str:
    try:
        status = file.stat()
    except OSError:
        return "gone"
    if size.isdecimal() and status.st_size != int(size):
        # A copy keeps its time of writing; another name of the same file changes this one.
        return "changed" if status.st_ctime > since else ""
    return "changed" if status.st_mtime > since and not _has_hash(file, digest) else ""


def _has_hash(file: Path, digest: str) -> bool:
    name, _, wanted = digest.partition("=")
    try:
        found = hashlib.new(name, file.read_bytes()).digest()
    except (OSError, ValueError):
        return False
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode() == wanted


def _shown(file: Path, environment: Path) -> str:
    return str(file.relative_to(environment)) if file.is_relative_to(environment) else str(file)
