"""Import packages that are sent as source beside the payload: their files, in fixed order."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from pytest_portable.errors import OptionError
from pytest_portable.host_modules import distribution_of
from pytest_portable.serializers.shipping.as_main import SPAWNED

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

__all__ = ["MAIN", "Sources", "collect"]

MAIN: Final = f"{SPAWNED}.py"

# Time of the last change and of the last status change, size and file number.
Stamp: TypeAlias = tuple[int, int, int, int]
_LEFT_OUT_FOLDERS: Final = frozenset(
    (
        *("__pycache__", ".git", ".hg", ".svn", ".bzr", "CVS", "_darcs"),
        *(".tox", ".nox", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
        *(".hypothesis", ".ipynb_checkpoints", ".idea", ".vscode", "node_modules"),
    )
)
_LEFT_OUT_SUFFIXES: Final = (".pyc", ".pyo", ".swp", "~")
_LEFT_OUT_FILES: Final = frozenset((".DS_Store", "Thumbs.db"))
_EXTENSIONS: Final = (".so", ".pyd", ".dylib", ".dll")
_SITE_FOLDERS: Final = frozenset(("site-packages", "dist-packages"))


@dataclass(frozen=True)
class Sources:
    """Files of import packages, by their path below a folder of the target's `sys.path`.

    Attributes:
        names: the import packages, as the leg names them.
        files: path with `/` -> content, sorted.
        stamps: path with `/` -> what tells one state of that file here from the next.
        loaded: the modules of these packages that were loaded here, by name, as `__spec__` has
            them: a reload gives a module another one.
        main: the file here of the script that a spawned process runs as its main module; empty
            for none. Its text is the file `MAIN`.
    """

    names: tuple[str, ...]
    files: dict[str, bytes]
    stamps: dict[str, Stamp] = field(default_factory=dict)
    loaded: dict[str, object] = field(default_factory=dict)
    main: str = ""

    def as_loaded(self) -> Sources:
        """Return these sources, read again where edited ones were loaded here since.

        An edit alone changes nothing, and neither does what is forgotten: this process still runs
        what was read before.

        Raises:
            OptionError: with every package that cannot be sent any more, and why.
        """
        now = _loaded(self.names)
        is_new = any(spec is not self.loaded.get(name) for name, spec in now.items())
        return collect(self.names) if is_new and _stamps(self.names) != self.stamps else self

    @cached_property
    def digest(self) -> str:
        """SHA-256 of paths and contents, different for every version of a package."""
        found = hashlib.sha256()
        for path, content in self.files.items():
            found.update(f"{path}\0{len(content)}\0".encode())
            found.update(content)
        return found.hexdigest()

    @cached_property
    def data(self) -> bytes:
        """All contents, joined."""
        return b"".join(self.files.values())

    @property
    def extensions(self) -> tuple[str, ...]:
        """Files of machine code, which belong to one platform, and mostly to one Python."""
        return tuple(path for path in self.files if path.endswith(_EXTENSIONS))

    def bytes_of(self, name: str) -> int:
        """Count the bytes of one package."""
        stem = name.replace(".", "/")
        return sum(
            len(content)
            for path, content in self.files.items()
            if path.startswith(f"{stem}/") or path == f"{stem}.py"
        )


def collect(names: Sequence[str]) -> Sources:
    """Read the files of import packages.

    Args:
        names: packages or modules that are importable here from a source tree.

    Raises:
        OptionError: with every package that cannot be sent, and why.
    """
    files: dict[str, bytes] = {}
    stamps: dict[str, Stamp] = {}
    mistakes = []

    def read(name: str) -> None:
        try:
            for path, file in _files(name):
                stamps[path] = _stamp(file)  # before its content: what changes now is read again
                files[path] = file.read_bytes()
        except (ValueError, OSError) as error:
            mistakes.append(f"ship: {name!r} {error}")

    for name in names:
        read(name)
    if mistakes:
        raise OptionError(mistakes)
    return Sources(tuple(names), dict(sorted(files.items())), stamps, _loaded(names))


def _loaded(names: Sequence[str]) -> dict[str, object]:
    """Return the `__spec__` of every loaded module of some packages."""
    stems = tuple(f"{name}." for name in names)
    return {
        name: getattr(module, "__spec__", None)
        for name, module in list(sys.modules.items())
        if name in names or name.startswith(stems)
    }


def _stamps(names: Sequence[str]) -> dict[str, Stamp]:
    """Return the stamps of all files as they are now; none where one cannot be had."""
    try:
        return {path: _stamp(file) for name in names for path, file in _files(name)}
    except (ValueError, OSError):
        return {}


def _stamp(file: Path) -> Stamp:
    told = file.stat()
    return told.st_mtime_ns, told.st_ctime_ns, told.st_size, told.st_ino


def _files(name: str) -> Iterator[tuple[str, Path]]:
    """Yield path and place of every file of a package or module.

    Raises:
        ValueError: it cannot be sent.
    """
    spec = _spec(name)
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or spec.origin in {"built-in", "frozen"}:
        raise ValueError("is in the standard library, which is there anyway")
    stem = name.replace(".", "/")
    if spec.submodule_search_locations is None:
        file = Path(str(spec.origin))
        _refuse_installed(name, file)
        if not file.is_file():
            raise ValueError(f"is no file that could be sent: {spec.origin}")
        yield stem + _suffix(file), file
        return
    folders = [Path(location) for location in spec.submodule_search_locations]
    own = [folder for folder in folders if not _is_installed(folder)]
    if not own:
        _refuse_installed(name, folders[0])
    for folder in reversed(own):  # a namespace has several; the first wins
        if not folder.is_dir():
            raise ValueError(f"lies in no folder, perhaps in an archive: {folder}")
        for path in _walk(folder):
            yield f"{stem}/{path.relative_to(folder).as_posix()}", path


def _spec(name: str) -> ModuleSpec:
    loaded = sys.modules.get(name)
    try:
        spec = getattr(loaded, "__spec__", None) or importlib.util.find_spec(name)
    except (ImportError, ValueError) as error:
        raise ValueError(f"cannot be imported here: {error}") from error
    if spec is None:
        near = "; is it installed, or is its folder on sys.path?"
        raise ValueError(f"is not importable here{near}")
    parent = name.rpartition(".")[0]
    if parent and (above := importlib.util.find_spec(parent)) and above.origin is not None:
        raise ValueError(f"is a part of {parent}, which must travel whole: name {parent} instead")
    return spec


def _suffix(file: Path) -> str:
    """Return the suffix by which a module is found: `.py`, `.cpython-311-x86_64-linux-gnu.so`."""
    for suffix in (*importlib.machinery.EXTENSION_SUFFIXES, ".py"):
        if file.name.endswith(suffix):
            return suffix
    raise ValueError(f"has no source: {file}")


def _is_installed(path: Path) -> bool:
    return bool(_SITE_FOLDERS.intersection(path.parts))


def _refuse_installed(name: str, path: Path) -> None:
    if _is_installed(path):
        owner = distribution_of(name) or name
        raise ValueError(f"is installed here, from {path.parent}: name it in deps=[{owner!r}]")


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files of a package; links are followed, each folder is visited once."""
    seen: set[str] = set()
    for current, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(current)
        is_environment = "pyvenv.cfg" in names
        if real in seen or is_environment:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(set(folders) - _LEFT_OUT_FOLDERS)
        for name in sorted(set(names) - _LEFT_OUT_FILES):
            path = Path(current, name)
            if not name.endswith(_LEFT_OUT_SUFFIXES) and path.is_file():
                yield path
