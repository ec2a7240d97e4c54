"""Where a module comes from: Python itself, an installed library, or the user's own files."""

from __future__ import annotations

import sys
import sysconfig
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from pytest_portable import host_modules
from pytest_portable.agent.in_target.asking import held_in

__all__ = ["distribution_of", "is_library_file", "is_user_code", "is_user_file"]

_OURS: Final = frozenset(
    {"__main__", "_pytest", "cloudpickle", "dill", "joblib", "pytest", "pytest_portable"}
)
"""The serializers and the test machinery: never what a test is about."""

_INSTALLED: Final = ("site-packages", "dist-packages")


@lru_cache(maxsize=1)
def _libraries() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(sorted({str(Path(paths[name])) for name in names}))


def is_library_file(file: str) -> bool:
    """Return whether a file, of this side or the other, was installed."""
    return any(part in _INSTALLED for part in Path(file).parts)


@lru_cache(maxsize=4096)
def is_user_file(file: str) -> bool:
    """Return whether a file is the user's: neither Python's own nor below `site-packages`."""
    if file.startswith("<") or is_library_file(file):
        return False
    return not file.startswith(_libraries())


def is_user_code(module: str) -> bool:
    """Return whether a module that was imported here comes from the user's own files.

    An editable install is the user's own; a project that was installed as a wheel is a library.
    """
    top = module.partition(".")[0]
    if top in _OURS or top in sys.stdlib_module_names:
        return False
    file = held_in(sys.modules.get(module)).get("__file__")
    return isinstance(file, str) and is_user_file(file)


def distribution_of(module: str) -> tuple[str, str] | None:
    """Return name and version of the distribution that a module belongs to here, if any does."""
    name = host_modules.distribution_of(module)
    if name is None:
        return None
    try:
        return name, version(name)
    except PackageNotFoundError:
        return None
