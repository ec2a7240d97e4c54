"""Facts of the host: distributions of modules, and where modules are."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_portable.agent.in_target.asking import held_in
from pytest_portable.host_modules import (
    distribution_of,
    linked_distribution_of,
    linked_distributions,
)
from pytest_portable.verdict import minor_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Elsewhere", "Here", "Owner", "Unknown", "canonical", "is_project"]

_PROJECT_NAME: Final = re.compile(r"^[ \t]*name\s*=\s*[\"']?([\w.-]+)", re.MULTILINE)
_PROJECT_FILES: Final = ("pyproject.toml", "setup.py", "setup.cfg")


class Owner(NamedTuple):
    """A distribution and its version, which is empty where nothing says it."""

    name: str
    version: str

    def __str__(self) -> str:
        """Return both as text."""
        return f"{self.name} {self.version}".rstrip()


def canonical(name: str) -> str:
    """Return a distribution's name as indexes write it.

    Source:
        PyPA specifications, "Names and normalization".
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def is_project(folder: Path) -> bool:
    """Return whether a folder is the root of a project's source tree."""
    return any((folder / name).is_file() for name in _PROJECT_FILES)


@dataclass
class Here:
    """Facts of the host, read lazily, once a check has failed.

    Attributes:
        root: directory of the project, where `deps=["."]` points.
        test: node id of the test that runs.
        where: how a sentence names the side that dumped.
    """

    root: Path
    test: str = ""
    python: str = "{}.{}.{}".format(*sys.version_info[:3])
    stdlib: frozenset[str] = field(default_factory=lambda: sys.stdlib_module_names)
    where: str = "here"

    @property
    def minor(self) -> str:
        """The host's Python, such as `3.11`."""
        return "{}.{}".format(*minor_of(self.python))

    def owner(self, module: str) -> Owner | None:
        """Return the distribution that provides a module here."""
        name = distribution_of(module) or linked_distribution_of(self.file(module))
        if name is None:
            return None
        version = self.version(name)
        return None if version is None else Owner(name, version)

    def keeper(self, module: str) -> Owner | None:
        """Return the distribution that holds the file of a module with an unrelated name.

        Compiled modules may be imported under a bare name: scikit-learn's `sklearn._loss._loss`
        calls its classes those of `_loss`.
        """
        file = self.file(module)
        installed = _name_as_installed(file) if file is not None else ""
        return self.owner(installed) if installed not in {"", module} else None

    def version(self, distribution: str) -> str | None:
        """Return the version that is installed here."""
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            return None

    def requires_python(self, distribution: str) -> str:
        """Return the Pythons that the version installed here supports; empty for any."""
        try:
            metadata = importlib.metadata.metadata(distribution)
        except importlib.metadata.PackageNotFoundError:
            return ""
        # To read a missing field warns since Python 3.12.
        return str((metadata.get_all("Requires-Python") or [""])[0])

    def is_edited(self, distribution: str) -> bool:
        """Return whether a distribution is installed as a link to its source tree."""
        return canonical(distribution) in map(canonical, linked_distributions())

    def is_own(self, distribution: str) -> bool:
        """Return whether a distribution is the project's own, installed or not."""
        for name in _PROJECT_FILES:
            try:
                text = (self.root / name).read_text("utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            found = _PROJECT_NAME.search(text)
            if found is not None and canonical(found[1]) == canonical(distribution):
                return True
        return False

    def file(self, module: str) -> Path | None:
        """Return the file of a module that was imported here, or its package's."""
        for name in (module, module.partition(".")[0]):
            found = sys.modules.get(name)
            held = held_in(found)
            file, folders = held.get("__file__"), held.get("__path__")
            if type(file) is str:
                return Path(file)
            if folders:
                return Path(next(iter(folders)))
        return None

    def is_test(self, module: str) -> bool:
        """Return whether a module is the test file itself, or a conftest."""
        file = self.file(module)
        if file is None or module == "__main__":
            return False
        if file.name == "conftest.py":
            return True
        test = self.test.partition("::")[0]
        return bool(test) and file.as_posix().endswith("/" + test.lstrip("/"))

    def is_findable(self, module: str) -> bool:
        """Return whether the import system would find a module that was loaded here."""
        top = module.partition(".")[0]
        # Not `importlib.util.find_spec`, which looks into `sys.modules` first.
        found = PathFinder.find_spec(top)
        if found is None:
            return False
        file = self.file(top)
        return file is None or found.origin is None or Path(found.origin) == file

    def project(self, module: str) -> Path | None:
        """Return the folder of the project whose source tree holds a module."""
        file = self.file(module)
        for folder in file.parents if file else ():
            if is_project(folder):
                return folder
            if folder == self.root:
                break
        return None


@dataclass
class Elsewhere(Here):
    """A maker that is another process: what is installed here says nothing of its versions.

    Source files are looked for here all the same: the project is most often the same one.

    Attributes:
        distributions: what is installed there, by name.
    """

    where: str = "where it was dumped"
    distributions: Mapping[str, str] = field(default_factory=dict)

    def owner(self, module: str) -> Owner | None:
        """Return the distribution that provides a module there, as far as its name is known."""
        for name in (distribution_of(module), module.partition(".")[0]):
            version = None if name is None else self.version(name)
            if name is not None and version is not None:
                return Owner(name, version)
        return None

    def version(self, distribution: str) -> str | None:
        """Return the version that is installed there."""
        wanted = canonical(distribution)
        found = (v for name, v in self.distributions.items() if canonical(name) == wanted)
        return next(found, None)

    def requires_python(self, distribution: str) -> str:
        """Return nothing: metadata of the maker are not looked at."""
        del distribution
        return ""


@dataclass
class Unknown(Elsewhere):
    """The maker of a file: it had what the bytes tell, and names of distributions are the same."""

    python: str = ""

    @property
    def minor(self) -> str:
        """Words for a Python that nobody knows."""
        return "another Python"

    def owner(self, module: str) -> Owner | None:
        """Return the distribution that provides a module here, with a version if that is known."""
        name = distribution_of(module)
        return None if name is None else Owner(name, self.version(name) or "")

    def version(self, distribution: str) -> str | None:
        """Return the version that the bytes tell; empty where they do not."""
        return super().version(distribution) or ""


def _name_as_installed(file: Path) -> str:
    """Return the name by which a file can be imported; empty where it is on no import path."""
    folders = [Path(entry) for entry in sys.path if entry and file.is_relative_to(entry)]
    if not folders:
        return ""
    inside = file.relative_to(max(folders, key=lambda folder: len(folder.parts)))
    return ".".join((*inside.parts[:-1], inside.name.partition(".")[0]))
